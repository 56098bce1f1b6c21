#include "regions/clocks/clock_jumps.h"

#include <utility>

#include "core/codec.h"
#include "regions/state/time_text.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Millis;

core::Result<void> ClockJumps::load(const storage::Snapshot& snapshot) {
  const auto stored = snapshot.get(storage::Table::kMeta, storage::kJumpKey);
  if (!stored) return {};
  core::Reader in(*stored);
  const std::size_t newer = in.array_of(2);
  last_ = Jump{.at_ms = in.int64()};
  last_->by_ms = in.int64();
  in.skip(newer);
  return in.done() ? core::Result<void>() : in.failure();
}

Millis ClockJumps::look(Millis wall, Millis now, Millis running) {
  const Millis ahead = wall - now;
  const Millis moved = base_ ? ahead - base_->ahead_ms : 0;
  const bool jumped = moved > drift_ms_max_ || moved < -drift_ms_max_;
  if (!base_ || jumped || now - base_->since_ms >= kWithinMs) base_ = Base{ahead, now};
  if (!jumped) return 0;
  last_ = Jump{running, moved};
  ++count_;
  changed_ = true;
  return moved;
}

bool ClockJumps::within(Millis wait, Millis running) const {
  return last_ && running - last_->at_ms < wait;
}

std::string ClockJumps::complaint(Millis wait, Millis running) const {
  if (!within(wait, running)) return {};
  const Millis left = wait - (running - last_->at_ms);
  return "the clock of this machine has moved by " + duration_text(last_->by_ms) +
         (last_->by_ms < 0 ? " backwards" : " forwards") +
         " against its steady clock: set it right if that was wrong; for another " +
         duration_text(left) + " this leader clears no key that has expired";
}

storage::Changes ClockJumps::take_changes() {
  if (!std::exchange(changed_, false)) return {};
  std::string value;
  core::Writer(value).array(2).int64(last_->at_ms).int64(last_->by_ms);
  return {{storage::Table::kMeta, std::string(storage::kJumpKey), std::move(value)}};
}

}  // namespace anabranch::regions
