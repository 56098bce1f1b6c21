#include "leader/threads/watchdog.h"

#include <unistd.h>

#include <utility>

#include "core/log.h"
#include "leader/threads/begin_thread.h"

namespace anabranch::leader {

using std::chrono::milliseconds;

namespace {

std::uint64_t this_thread() {
  thread_local const auto number = static_cast<std::uint64_t>(::gettid());
  return number;
}

std::string seconds(milliseconds time) {
  const auto tenths = time.count() / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

}  // namespace

Watchdog::Watchdog(std::string region, milliseconds timeout)
    : region_(std::move(region)), patience_(timeout) {
  watcher_ = begin_thread([this] { watch(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  watcher_.join();
}

void Watchdog::begin(std::string what) {
  const std::lock_guard lock(mutex_);
  what_ = what.empty() ? "" : " (" + std::move(what) + ")";
  began_ = Clock::now();
  look_at_ = *began_ + patience_;
  thread_ = this_thread();
  if (std::exchange(asleep_, false)) changed_.notify_all();
}

void Watchdog::end() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(long_, false)) {
    core::log_warning(region_, "the transaction" + what_ + " in thread " + std::to_string(thread_) +
                                   " has ended after " + seconds(time()));
  }
  began_.reset();
}

std::optional<Watchdog::Long> Watchdog::running() const {
  const std::lock_guard lock(mutex_);
  if (!began_ || time() < patience_) return std::nullopt;
  return Long{time(), thread_};
}

std::uint64_t Watchdog::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

milliseconds Watchdog::time() const {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - *began_);
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (!began_) {
      asleep_ = true;
      changed_.wait(lock, [&] { return stopped_ || !asleep_; });
      asleep_ = false;
    } else if (Clock::now() >= look_at_) {
      warn();
    } else {
      changed_.wait_until(lock, look_at_, [&] { return stopped_; });
    }
  }
}

void Watchdog::warn() {
  if (!std::exchange(long_, true)) ++count_;
  look_at_ += Clock::now() - *began_;  // So a line comes each time it has doubled.
  core::log_error(
      region_, "a transaction" + what_ + " has been running for " + seconds(time()) +
                   " in thread " + std::to_string(thread_) +
                   ": nobody else can write, and nothing is exchanged with other regions, until it "
                   "is over");
}

}  // namespace anabranch::leader
