// The sources of a leader outside of it: the steady clocks of its machine, and random numbers. Any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <random>

#include "core/wall_clock.h"
#include "leader/pace/pacer.h"

namespace anabranch::leader {

inline Pacer::Time steady_now() {
  return std::chrono::duration_cast<Pacer::Time>(
      std::chrono::steady_clock::now().time_since_epoch());
}

inline core::Millis steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_now()).count();
}

// Of a clock that goes on while the machine is suspended.
inline core::Millis boot_ms() {
  timespec now{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &now);
  constexpr std::int64_t kThousand = 1000;
  return now.tv_sec * kThousand + now.tv_nsec / (kThousand * kThousand);
}

inline std::int64_t steady_us() { return steady_now().count(); }

// Returns a random number, and never 0.
inline std::uint64_t random_number() {
  std::random_device device;
  return std::uniform_int_distribution<std::uint64_t>(1)(device);
}

}  // namespace anabranch::leader
