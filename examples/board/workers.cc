#include "examples/board/workers.h"

#include <utility>

namespace board {
namespace {

constexpr std::size_t kWaitingMax = 1000;

}  // namespace

Workers::Workers(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    waiting_.clear();
    more_.notify_all();
  }
  for (std::thread& each : threads_) each.join();
}

bool Workers::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() == kWaitingMax || is_over_) return false;
  waiting_.push_back(std::move(work));
  more_.notify_one();
  return true;
}

void Workers::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [&] { return is_over_ || !waiting_.empty(); });
    if (is_over_) return;
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace board
