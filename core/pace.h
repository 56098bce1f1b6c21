// How a piece of work is kept short: between two reads or writes it says how far it has come, and
// its pace ends the slice, or the work itself. The pace is that of the thread; nearly all threads
// have none.
//
//   Pace::breathe();       // Deep within a command: a row was looked at, or written.
//   Pace::pass();          // Within a walk over rows: one was passed.
//
// Both may throw, if the pace ends the work: whatever is half done is undone by its transaction.
// While the thread holds a mutex (mutex.h) both do nothing but count.
#pragma once

#include <cstddef>
#include <utility>

#include "core/mutex.h"

namespace anabranch::core {

class Pace {
 public:
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  // So many units are worth a look at the clock, whatever the pace.
  static constexpr std::size_t kLook = 16;

  // Called by the work after some units of it, a unit being to look at a row or to write it. Does
  // nothing outside of paced work.
  static void breathe(std::size_t units = 1) {
    if (running_ == nullptr) return;
    running_->units_ += units;
    running_->look_behind(units);
  }
  // The same for work that is a part of some unit, or is counted elsewhere.
  static void pass(std::size_t units = 1) {
    if (running_ != nullptr) running_->look_behind(units);
  }

 protected:
  // Looks at the clock after so many units, at most kLook.
  explicit Pace(std::size_t per_look) : per_look_(per_look) {}
  ~Pace() = default;

  // Has this pace be that of the thread; returns the one before.
  static Pace* exchange(Pace* pace) { return std::exchange(running_, pace); }
  // The units that count.
  [[nodiscard]] std::size_t units() const { return units_; }

 private:
  // Looks at the clock.
  virtual void look() = 0;

  void look_behind(std::size_t units) {
    since_look_ += units;
    if (since_look_ < per_look_ || Mutex::any_held()) return;
    since_look_ = 0;
    look();
  }

  static constinit inline thread_local Pace* running_ = nullptr;

  const std::size_t per_look_;
  std::size_t units_ = 0;
  std::size_t since_look_ = 0;
};

}  // namespace anabranch::core
