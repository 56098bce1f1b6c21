// Work that is run in one piece if that is short: how long it takes is known when it was tried.
// What it has written is undone by its transaction when it is given up.
//
//   const Trial trial(steady_now() + some_time);
//   run();                 // Throws Trial::Over when it takes longer.
#pragma once

#include <cstddef>

#include "core/pace.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Trial final : public core::Pace {
 public:
  // Thrown out of breathe() when the time is over.
  struct Over {};

  explicit Trial(SteadyTime until) : Pace(kPerLook), until_(until), before_(exchange(this)) {}
  ~Trial() { exchange(before_); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 private:
  void look() override {
    if (steady_now() >= until_) throw Over();
  }

  // Reading the clock costs less than a unit, but a unit may be a value of some MB.
  static constexpr std::size_t kPerLook = 4;

  const SteadyTime until_;
  Pace* const before_;
};

}  // namespace anabranch::server
