// For how long a read may use the state that it began with.
#pragma once

#include <cstdint>
#include <functional>

namespace anabranch::leader {

struct ReadLimit {
  std::int64_t ms = 0;                 // 0: as long as it likes.
  std::function<bool()> is_over = {};  // Whether that time has passed; empty without a limit.
};

}  // namespace anabranch::leader
