#include "storage/engine/periodic_sync.h"

namespace anabranch::storage {

PeriodicSync::PeriodicSync(Wal& log, std::chrono::milliseconds interval)
    : log_(log), interval_(interval), thread_([this] { run(); }) {}

PeriodicSync::~PeriodicSync() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PeriodicSync::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval_, [&] { return stops_; })) {
    lock.unlock();
    const bool failed = !log_.sync().ok();  // The next commit tells.
    lock.lock();
    if (failed) return;
  }
}

}  // namespace anabranch::storage
