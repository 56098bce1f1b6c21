#include "tests/server/turns/waits.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <utility>

namespace anabranch::test {
namespace {

// Between two questions: the server is to work for others.
constexpr std::chrono::milliseconds kPause{1};
constexpr int kPerConnection = 8;

}  // namespace

Waits::Waits(RunningServer& server)
    : server_(server), waits_({{.request = "nothing"}}), thread_([this] { ask_always(); }) {}

Waits::~Waits() {
  ended_ = true;
  thread_.join();
}

void Waits::begin(const std::string& request) {
  const std::lock_guard lock(mutex_);
  waits_.push_back({.request = request});
}

void Waits::ask_always() {
  auto client = std::make_unique<RespClient>(server_.client());
  for (int asked = 0; !ended_; ++asked) {
    std::size_t current = 0;
    {
      const std::lock_guard lock(mutex_);
      current = waits_.size() - 1;
    }
    const auto wall = std::chrono::steady_clock::now();
    const double begin = server_.processor_ms();
    if (asked % kPerConnection == 0) client = std::make_unique<RespClient>(server_.client());
    client->ask(asked % 2 == 0 ? Words{"PING"} : Words{"GET", "nothing"});
    const double took = server_.processor_ms() - begin;
    const std::chrono::duration<double, std::milli> passed =
        std::chrono::steady_clock::now() - wall;
    {
      // Also beside the next one, if it has begun meanwhile: the first is the cause.
      const std::lock_guard lock(mutex_);
      waits_[current].ms = std::max(waits_[current].ms, took);
      waits_[current].wall_ms = std::max(waits_[current].wall_ms, passed.count());
    }
    std::this_thread::sleep_for(kPause);
  }
}

std::vector<Waits::Wait> Waits::longest() const {
  std::map<std::string, Wait> by_request;
  {
    const std::lock_guard lock(mutex_);
    for (const Wait& each : waits_) {
      Wait& most = by_request[each.request];
      most.ms = std::max(most.ms, each.ms);
      most.wall_ms = std::max(most.wall_ms, each.wall_ms);
    }
  }
  std::vector<Wait> all;
  for (const auto& [request, most] : by_request) all.push_back({request, most.ms, most.wall_ms});
  std::ranges::sort(all, std::ranges::greater(), &Wait::ms);
  return all;
}

}  // namespace anabranch::test
