// The sources of a leader outside of it: the steady clock of its machine, and random numbers. Any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
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

inline std::int64_t steady_us() { return steady_now().count(); }

// Returns a random number, and never 0.
inline std::uint64_t random_number() {
  std::random_device device;
  return std::uniform_int_distribution<std::uint64_t>(1)(device);
}

}  // namespace anabranch::leader
