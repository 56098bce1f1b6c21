// Detects jumps of this machine's wall clock against its steady clock: the wall clock was set by
// hand or by a time service, ran at another speed, or stood still while the machine slept. Either
// the readings before the jump or those since are wrong by its size, and this leader cannot tell
// which ones: it therefore clears no expired keys for a while (ExpirySweep), and reports the jump.
//
// Small steps, as time services make them, are forgotten after an hour. The last jump outlives
// restarts, in running time (heard_clocks.h); a clock that was set while the leader was off is not
// detected here. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/wall_clock.h"
#include "storage/storage.h"

namespace anabranch::regions {

class ClockJumps {
 public:
  // The window within which movements of the clock are added up.
  static constexpr core::Millis kWithinMs = 3'600'000;

  explicit ClockJumps(core::Millis drift_ms_max) : drift_ms_max_(drift_ms_max) {}
  core::Result<void> load(const storage::Snapshot& snapshot);

  // Records that the wall clock shows `wall` at the time `now` of the steady one. Returns the size
  // of the jump if it exceeds the drift; 0 otherwise.
  core::Millis look(core::Millis wall, core::Millis now, core::Millis running);
  // Returns whether the clock has jumped less than `wait` ago.
  [[nodiscard]] bool within(core::Millis wait, core::Millis running) const;
  // The running time of the last jump, in any opening; nullopt if there was none.
  [[nodiscard]] std::optional<core::Millis> last_ms() const {
    return last_ ? std::optional(last_->at_ms) : std::nullopt;
  }
  // The number of jumps in this opening.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The sentence for an operator while within() holds; empty otherwise.
  [[nodiscard]] std::string complaint(core::Millis wait, core::Millis running) const;

  [[nodiscard]] bool changed() const { return changed_; }
  // Returns the changed row of meta.
  [[nodiscard]] storage::Changes take_changes();

 private:
  struct Base {
    core::Millis ahead_ms = 0;  // Of the wall clock, against the steady one...
    core::Millis since_ms = 0;  // ...since this steady time.
  };
  struct Jump {
    core::Millis at_ms = 0;  // In running time.
    core::Millis by_ms = 0;
  };

  core::Millis drift_ms_max_;
  std::optional<Base> base_;
  std::optional<Jump> last_;
  std::uint64_t count_ = 0;
  bool changed_ = false;
};

}  // namespace anabranch::regions
