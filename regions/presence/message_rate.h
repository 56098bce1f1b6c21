// A bound on messages per second, and on their bytes: a token bucket that holds a second's worth.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/hlc.h"

namespace anabranch::regions {

class MessageRate {
 public:
  struct Limits {
    std::uint64_t messages = 0;  // Per second.
    std::uint64_t bytes = 0;     // Per second.
  };

  // Begins with a second's worth.
  MessageRate(Limits limits, core::Millis now)
      : limits_(limits),
        messages_(limits.messages * kParts),
        bytes_(limits.bytes * kParts),
        filled_ms_(now) {}

  // Takes a message of so many bytes out of the bound; returns false if that is used up.
  [[nodiscard]] bool take(std::size_t bytes, core::Millis now) {
    fill(now);
    if (messages_ < kParts || bytes_ < bytes * kParts) return false;
    messages_ -= kParts;
    bytes_ -= bytes * kParts;
    return true;
  }

 private:
  static constexpr std::uint64_t kParts = 1000;  // Tokens are counted in thousandths, as time is.

  void fill(core::Millis now) {
    const core::Millis past = std::clamp<core::Millis>(now - filled_ms_, 0, kParts);
    filled_ms_ = std::max(filled_ms_, now);
    const auto ms = static_cast<std::uint64_t>(past);
    messages_ = std::min(messages_ + ms * limits_.messages, limits_.messages * kParts);
    bytes_ = std::min(bytes_ + ms * limits_.bytes, limits_.bytes * kParts);
  }

  Limits limits_;
  std::uint64_t messages_;
  std::uint64_t bytes_;
  core::Millis filled_ms_;
};

}  // namespace anabranch::regions
