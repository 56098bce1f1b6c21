// The conditions on the links of a simulated network, and what went over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "core/wall_clock.h"

namespace anabranch::test {

// The conditions on all links.
struct Weather {
  double loss = 0;  // Probabilities.
  double repeat = 0;
  core::Millis delay_ms_min = 1;
  core::Millis delay_ms_max = 1;
  bool reorder = false;          // Otherwise messages arrive in order, for each link and direction.
  std::size_t bytes_per_ms = 0;  // For each link and direction; 0: any amount.
};

// As it was encoded.
struct OldMessage {
  std::uint8_t kind = 0;
  std::string body;
};

// Messages that one region sent to another: one of a few, the newest ones.
struct SentMessages {
  std::uint64_t sent = 0;
  std::deque<OldMessage> messages;
};

}  // namespace anabranch::test
