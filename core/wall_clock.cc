#include "core/wall_clock.h"

#include <chrono>

namespace anabranch::core {

Millis SystemClock::now_ms() const {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

}  // namespace anabranch::core
