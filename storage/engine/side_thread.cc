#include "storage/engine/side_thread.h"

#include <system_error>
#include <utility>

#include "core/assert.h"

namespace anabranch::storage {

SideThread::SideThread(Threads threads) {
  if (threads == Threads::kOne) returned_.emplace();
}

SideThread::~SideThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

SideThread::Run SideThread::begin(Function function) { return Run(start(std::move(function))); }

SideThread::Run SideThread::begin_told(Function function) {
  if (!returned_) return begin(std::move(function));
  auto task = [function = std::move(function), this] {
    struct Tell {
      const EventFd& returned;
      ~Tell() { returned.signal(); }
    };
    const Tell tell{*returned_};
    return function();
  };
  return Run(start(std::move(task)), &*returned_);
}

std::future<core::Result<void>> SideThread::start(Function function) {
  if (!returned_) return std::async(std::launch::deferred, std::move(function));
  std::packaged_task<core::Result<void>()> task(std::move(function));
  auto result = task.get_future();
  if (!has_thread()) {
    task();
    return result;
  }
  {
    const std::lock_guard lock(mutex_);
    ANABRANCH_ASSERT(!task_.valid());
    task_ = std::move(task);
  }
  changed_.notify_all();
  return result;
}

bool SideThread::has_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return false;  // There are as many threads as may be; the next call tries again.
  }
  return true;
}

void SideThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stops_ || task_.valid(); });
    if (!task_.valid()) return;
    auto task = std::exchange(task_, {});
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace anabranch::storage
