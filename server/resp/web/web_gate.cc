#include "server/resp/web/web_gate.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace anabranch::server {

WebGate::WebGate(bool has_users)
    : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), has_users_(has_users) {
  if (!wake_.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

bool WebGate::ask(Question question, Then then) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaitingMax) return false;
    waiting_.emplace_back(std::move(question), std::move(then));
  }
  const std::uint64_t one = 1;
  // Fails only if the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(wake_.fd(), &one, sizeof(one));
  return true;
}

void WebGate::leave() {
  const std::lock_guard over(calling_);
  const std::lock_guard lock(mutex_);
  waiting_.clear();
}

void WebGate::serve(Judge& judge) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = ::read(wake_.fd(), &count, sizeof(count));
  const std::lock_guard calling(calling_);
  decltype(waiting_) waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const auto& [question, then] : waiting) then(judge.rule(question));
}

void WebGate::follow(Judge& judge) {
  judge.follow();
  has_users_ = judge.has_users();
}

}  // namespace anabranch::server
