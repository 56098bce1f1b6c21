// A mutex that its thread knows of: work that goes in slices (pace.h) does not end one while it
// holds such a mutex. Whoever waited for it then would wait for a thread that does not run, and
// that may be the one which lets the work go on.
//
// Used like std::mutex with std::lock_guard and its like. Whatever is held while rows are walked
// over, or functions of others are called, is one.
#pragma once

#include <mutex>

namespace anabranch::core {

class Mutex {
 public:
  void lock() {
    mutex_.lock();
    ++held_;
  }
  bool try_lock() {
    const bool taken = mutex_.try_lock();
    if (taken) ++held_;
    return taken;
  }
  void unlock() {
    --held_;
    mutex_.unlock();
  }

  // Whether this thread holds any.
  [[nodiscard]] static bool any_held() { return held_ > 0; }

 private:
  std::mutex mutex_;
  static constinit inline thread_local int held_ = 0;
};

}  // namespace anabranch::core
