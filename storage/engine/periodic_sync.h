// Syncs a write-ahead log at intervals, for commits that do not wait for it. A thread does so,
// which ends with the object; it does not sync once more then. What fails closes the log for
// writes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/wal/wal.h"

namespace anabranch::storage {

class PeriodicSync {
 public:
  // The log must outlive this.
  PeriodicSync(Wal& log, std::chrono::milliseconds interval);
  PeriodicSync(const PeriodicSync&) = delete;
  PeriodicSync& operator=(const PeriodicSync&) = delete;
  ~PeriodicSync();

 private:
  void run();

  Wal& log_;
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace anabranch::storage
