// Clears expired keys, in slices, in the order of their deadlines. Readers hide a key from its
// deadline on; the sweep frees its room and makes the expiry final.
//
// A key is cleared when its deadline has passed in every region, by that region's own wall clock,
// and all earlier writes of these regions have been applied here (StableTime::stable_time_ms): then
// no region can have prolonged the key. A disconnected region may have prolonged it, so the sweep
// waits for that region, for a time measured without this leader's wall clock: a wrong clock clears
// nothing early. The leader whose region set the deadline clears; any other leader does so
// `grace_ms` later. So normally only one region clears, but if that one is gone another one takes
// over. A leader whose own clock is in doubt (StableTime::may_clear) leaves the clear to the
// others. A listed member that follows clears nothing: it only stores its clock, so that the others
// can be told that this has passed a deadline.
//
// Expiries without a value, since their key or the value they were set over is gone, are removed by
// the same rule. A clear is an ordinary transaction: concurrent writes survive. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "leader/scopes/view.h"
#include "regions/replica.h"
#include "rows/resolvers.h"
#include "rows/snapshot_reader.h"
#include "storage/storage.h"

namespace anabranch::leader {

struct ExpiryLimits {
  core::Millis grace_ms = 60'000;
  std::size_t looks = 500;   // In one slice.
  std::size_t clears = 100;  // In one slice.
};

class ExpirySweep {
 public:
  static constexpr core::Millis kRestMs = 1'000;  // Between two rounds.
  // The rest between two slices of a round.
  static constexpr core::Millis kSliceRestMs = 50;

  // `storage` belongs to the replica. All references must outlive this object. Leaders that show
  // different values, by different resolvers, may clear different keys, each by the values it
  // shows.
  ExpirySweep(regions::Replica& replica, const storage::Storage& storage,
              const rows::Resolvers& resolvers, ExpiryLimits limits)
      : replica_(replica), storage_(storage), resolvers_(resolvers), limits_(limits) {}

  // Reads some of the due expiries, and clears the keys that may be cleared, in one commit. The
  // group must not be dirty. Returns whether it should be called again at once. Fails like
  // Replica::commit, and if stored rows cannot be read.
  core::Result<bool> slice(core::Millis now);

  // Expired keys that were not cleared yet, as of the last round.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  // The number of keys cleared since the start.
  [[nodiscard]] std::uint64_t cleared() const { return cleared_; }
  // A key that the last slice cleared.
  struct Cleared {
    std::string key;  // Encoded.
    core::Millis deadline = 0;
  };
  [[nodiscard]] const std::vector<Cleared>& last() const { return last_; }

 private:
  // The action due for one expiry.
  enum class Act : std::uint8_t { kKeep, kWait, kClear, kRemove };
  struct Verdict {
    Act act = Act::kKeep;
    core::Millis deadline = 0;
  };
  // The times of a slice: by this wall clock, and by the clocks of all regions; -1 if this leader
  // may not clear.
  struct Times {
    core::Millis now_ms = 0;
    core::Millis stable_time_ms = 0;
  };

  // Whether this leader's clock must be stored for the others: to show them that it has passed a
  // deadline, and later that it has passed the time at which they take over.
  [[nodiscard]] bool clock_is_wanted(core::Millis deadline, core::Millis now_ms) const;
  // Collects the actions; returns whether the round is over.
  bool look(const Times& times);
  // Handles one entry of the index.
  void take(const storage::Snapshot& snapshot, const rows::SnapshotReader& rows,
            const Times& times);
  // Judges the expiry of an entry with this deadline.
  [[nodiscard]] Verdict judge(const rows::SnapshotReader& rows, const core::Path& expiry,
                              core::Millis entry, const Times& times) const;
  [[nodiscard]] Verdict judge_spent(const crdt::Cell& cell, const Times& times) const;
  // Whether it is this leader's time to act on a sibling's expiry, given the latest moment that the
  // expiry names.
  [[nodiscard]] bool is_due(const crdt::Sibling& sibling, core::Millis deadline,
                            const Times& times) const;
  core::Result<void> carry_out();

  regions::Replica& replica_;
  const storage::Storage& storage_;
  const rows::Resolvers& resolvers_;
  ExpiryLimits limits_;
  core::Millis next_ms_ = 0;
  bool follows_ = false;
  std::string after_;           // The last entry of the index that was read.
  std::uint64_t found_ = 0;     // Waiting keys of this round.
  core::Millis latest_ms_ = 0;  // The latest of their deadlines.
  std::uint64_t waiting_ = 0;
  std::uint64_t cleared_ = 0;
  std::vector<Cleared> last_;
  std::vector<core::Path> removals_;
};

}  // namespace anabranch::leader
