#include "core/wall_clock.h"

#include <chrono>

namespace anabranch::core {

Millis SystemClock::now_ms() const {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

// The thread may be stopped between two readings: then they are no pair.
Moment SystemClock::moment(Millis /*steady_ms*/) const {
  const auto steady = [] {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_boot).count();
  };
  constexpr Millis kApart = 1;
  Moment read;
  for (int tries = 0; tries < 100; ++tries) {
    const Millis before = steady();
    read = {now_ms(), before};
    if (steady() - before <= kApart) break;
  }
  return read;
}

}  // namespace anabranch::core
