// How a piece of work is kept short: between two reads or writes it says how far it has come, and
// its pace ends the slice, or the work itself. The pace is that of the thread.
//
//   Pace::breathe();       // Deep within a command.
#pragma once

#include <cstddef>
#include <utility>

namespace anabranch::server {

class Pace {
 public:
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  // So many units are worth a look at the clock, whatever the pace.
  static constexpr std::size_t kLook = 16;

  // Called by the work after some units of it, a unit being to look at a row or to write it. Does
  // nothing outside of paced work.
  static void breathe(std::size_t units = 1) {
    if (running_ != nullptr) running_->add(units);
  }

 protected:
  // Looks at the clock after so many units, at most kLook.
  explicit Pace(std::size_t per_look) : per_look_(per_look) {}
  ~Pace() = default;

  // Has this pace be that of the thread; returns the one before.
  static Pace* exchange(Pace* pace) { return std::exchange(running_, pace); }
  // Counts units; returns whether to look at the clock.
  bool looks_behind(std::size_t units) {
    units_ += units;
    if (units_ - looked_at_ < per_look_) return false;
    looked_at_ = units_;
    return true;
  }
  [[nodiscard]] std::size_t units() const { return units_; }

 private:
  virtual void add(std::size_t units) = 0;

  static constinit inline thread_local Pace* running_ = nullptr;

  const std::size_t per_look_;
  std::size_t units_ = 0;
  std::size_t looked_at_ = 0;
};

}  // namespace anabranch::server
