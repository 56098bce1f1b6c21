// The thread of a watch. Stopped by the watch's own end, or by its store's, whichever is first.
#pragma once

#include <anabranch/watch.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "leader/leader.h"

namespace anabranch {

class Watch::Impl {
 public:
  // The leader must outlive stop().
  Impl(const leader::Leader& leader, leader::WatchFeed feed, OnChanges function);
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Returns when the function is not running any more; nothing to do the second time. Thread-safe.
  void stop();

 private:
  void run();
  void tell(const Changes& changes);

  const leader::Leader& leader_;
  leader::WatchFeed feed_;
  OnChanges function_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  // Of the joining.
  std::thread thread_;
};

}  // namespace anabranch
