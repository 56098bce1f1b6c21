#include "http/asker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <anabranch/error.h>

#include "core/log.h"
#include "leader/threads/begin_thread.h"

namespace anabranch::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kSecond{1};
constexpr int kForEver = -1;

void signal(const control::File& event) {
  const std::uint64_t one = 1;
  // Fails only if the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(event.fd(), &one, sizeof(one));
}

}  // namespace

Asker::Asker(const std::string& directory, std::chrono::milliseconds time, EverySecond every_second)
    : time_(time),
      every_second_(std::move(every_second)),
      stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      waits_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      client_(directory, stop_.fd()) {
  if (!stop_.open() || !waits_.open()) throw Error(ErrorCode::kIo, "eventfd failed");
}

Asker::~Asker() { stop(); }

void Asker::start() {
  thread_ = leader::begin_thread([this] { run(); });
}

void Asker::stop() {
  if (!thread_.joinable()) return;
  signal(stop_);
  thread_.join();
}

bool Asker::ask(Words words, Then then, bool alone) {
  {
    const std::lock_guard lock(mutex_);
    const auto same = std::ranges::find_if(questions_, [&](const Question& each) {
      return !alone && !each.alone && each.words == words;
    });
    if (same != questions_.end()) {
      same->then.push_back(std::move(then));
      return true;
    }
    if (questions_.size() >= kWaitingMax) return false;
    questions_.push_back({std::move(words), {std::move(then)}, alone});
  }
  signal(waits_);
  return true;
}

Asker::Question Asker::next(Clock::time_point until) {
  {
    const std::lock_guard lock(mutex_);
    if (!questions_.empty()) {
      Question first = std::move(questions_.front());
      questions_.pop_front();
      return first;
    }
  }
  std::array<pollfd, 2> polled{pollfd{stop_.fd(), POLLIN, 0}, pollfd{waits_.fd(), POLLIN, 0}};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  const bool ticks = !every_second_.words.empty();
  ::poll(polled.data(), polled.size(),
         ticks ? static_cast<int>(std::max<std::int64_t>(left, 0)) : kForEver);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(waits_.fd(), &count, sizeof(count));
  return {};
}

void Asker::run() {
  Clock::time_point due = Clock::now();
  for (;;) {
    pollfd over{stop_.fd(), POLLIN, 0};
    if (::poll(&over, 1, 0) > 0) return;
    if (!every_second_.words.empty() && Clock::now() >= due) {
      due = std::max(due + kSecond, Clock::now());
      every_second_.then(client_.call(every_second_.words, time_));
      continue;
    }
    const Question question = next(due);
    if (question.words.empty()) continue;
    const core::Result<std::string> answer = client_.call(question.words, time_);
    for (const Then& then : question.then) then(answer);
  }
}

}  // namespace anabranch::http
