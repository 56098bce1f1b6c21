// For how long messages of a link were under way beyond the fastest ones of the last minutes, by
// the steady clocks of both ends. The clocks need not agree: only the change of their difference
// counts, as in LEDBAT (RFC 6817), whose base delay is a minimum over minutes too, so that clocks
// may drift. A link on which all messages have been late for minutes seems fast. Not thread-safe.
#pragma once

#include <algorithm>
#include <optional>

#include "core/hlc.h"

namespace anabranch::regions {

class LinkDelay {
 public:
  static constexpr core::Millis kHalfMs = 120'000;  // The minimum is over one to two of these.

  // Returns the delay of a message that was sent at a time of the sender's clock and came at `now`.
  core::Millis of(core::Millis sent, core::Millis now) {
    const core::Millis difference = now - sent;
    if (!least_ || now >= begun_ms_ + kHalfMs) {
      former_least_ = least_.value_or(difference);
      least_ = difference;
      begun_ms_ = now;
    }
    least_ = std::min(*least_, difference);
    return difference - std::min(*least_, former_least_);
  }

 private:
  std::optional<core::Millis> least_;  // Since begun_ms_...
  core::Millis former_least_ = 0;      // ...and in the time before.
  core::Millis begun_ms_ = 0;
};

}  // namespace anabranch::regions
