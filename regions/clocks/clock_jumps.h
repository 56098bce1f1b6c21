// Whether this machine's wall clock has moved against its steady one: set by hand or by a time
// service, gone at another speed, or left behind while the machine slept. What it showed before, or
// what it shows since, was wrong by as much, and nobody here knows which: so this leader clears
// nothing for a while (ExpirySweep), and says so.
//
// Small steps, as time services make them, are forgotten after an hour. The last jump outlives
// restarts, in running time (heard_clocks.h); a clock that was set while the leader was off is not
// noticed here. Not thread-safe.
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
  // By how much it has moved within so long is what counts.
  static constexpr core::Millis kWithinMs = 3'600'000;

  explicit ClockJumps(core::Millis drift_ms_max) : drift_ms_max_(drift_ms_max) {}
  core::Result<void> load(const storage::Snapshot& snapshot);

  // The wall clock shows `wall` at the time `now` of the steady one. Gives by how much it has moved
  // when that is more than the drift; 0 else.
  core::Millis look(core::Millis wall, core::Millis now, core::Millis running);
  // Whether it has jumped less than `wait` ago.
  [[nodiscard]] bool within(core::Millis wait, core::Millis running) const;
  // How often, in this opening.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The sentence for an operator while that is so; empty else.
  [[nodiscard]] std::string complaint(core::Millis wait, core::Millis running) const;

  [[nodiscard]] bool changed() const { return changed_; }
  // The row of meta that has changed.
  [[nodiscard]] std::vector<storage::Change> take_changes();

 private:
  struct Base {
    core::Millis ahead_ms = 0;  // Of the steady clock...
    core::Millis since_ms = 0;  // ...then.
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
