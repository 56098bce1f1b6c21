// Clears keys that have expired, in slices, in the order of their deadlines. Readers hide them from
// their deadline on; what is done here makes room, and makes it final.
//
// A key is cleared when its deadline has passed in every region, by the region's own wall clock,
// and everything that any of them wrote before has been applied here (Replica::passed_ms): then
// nobody can have let it live longer. A region that is cut off may have, so it is waited for, for a
// time that is measured without this leader's wall clock: no clock that is wrong clears anything
// early. The leader whose region has set the deadline clears; any other `grace_ms` later, so that
// it happens once and not in every region, and happens all the same when that one is gone. One
// whose own clock is in doubt (Replica::may_clear) leaves it to the others.
//
// Expiries that stand alone, since their key or the value that they were set over is gone, are
// removed by the same rule. A clear is an ordinary transaction: what others write concurrently
// stays. Not thread-safe.
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
  std::size_t looks = 500;   // Of one slice.
  std::size_t clears = 100;  // Of one slice.
};

class ExpirySweep {
 public:
  static constexpr core::Millis kRestMs = 1'000;  // Between two rounds.
  // With more that wait, a round goes on after so long.
  static constexpr core::Millis kSliceRestMs = 50;

  // `storage` is the replica's. All of them must outlive this. Leaders that show different values,
  // by other resolvers, may clear different keys, each by what it shows.
  ExpirySweep(regions::Replica& replica, const storage::Storage& storage,
              const rows::Resolvers& resolvers, ExpiryLimits limits)
      : replica_(replica), storage_(storage), resolvers_(resolvers), limits_(limits) {}

  // Looks at some of what is due, and clears what may be cleared, in one commit. The group must not
  // be dirty. Returns whether it should be called again at once. Fails as Replica::commit, and when
  // stored rows cannot be read.
  core::Result<bool> slice(core::Millis now);

  // Keys that had expired and were not cleared yet, as of the last round.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  // Since the start.
  [[nodiscard]] std::uint64_t cleared() const { return cleared_; }
  // A key that was cleared by the last slice.
  struct Cleared {
    std::string key;  // Encoded.
    core::Millis deadline = 0;
  };
  [[nodiscard]] const std::vector<Cleared>& last() const { return last_; }

 private:
  // What is to be done about one expiry.
  enum class Act : std::uint8_t { kKeep, kWait, kClear, kRemove };
  struct Verdict {
    Act act = Act::kKeep;
    core::Millis deadline = 0;
  };
  // Of a slice: the time, by this wall clock and by all; -1 when this leader may not clear.
  struct Times {
    core::Millis now_ms = 0;
    core::Millis passed_ms = 0;
  };

  // Whether others wait for this clock to be stored, which have to know that it has passed a
  // deadline, and the time until they take over.
  [[nodiscard]] bool clock_is_wanted(core::Millis deadline, core::Millis now_ms) const;
  // Collects what is to be done; returns whether the round is over.
  bool look(const Times& times);
  // Takes up one entry of the index.
  void take(const storage::Snapshot& snapshot, const rows::SnapshotReader& rows,
            const Times& times);
  [[nodiscard]] Verdict judge(const rows::SnapshotReader& rows, const core::Path& expiry,
                              const Times& times) const;
  [[nodiscard]] Verdict judge_spent(const crdt::Cell& cell, const Times& times) const;
  // Whether it is time for this leader to do what follows from a sibling, at the latest moment that
  // it names.
  [[nodiscard]] bool is_due(const crdt::Sibling& sibling, core::Millis deadline,
                            const Times& times) const;
  core::Result<void> carry_out();

  regions::Replica& replica_;
  const storage::Storage& storage_;
  const rows::Resolvers& resolvers_;
  ExpiryLimits limits_;
  core::Millis next_ms_ = 0;
  std::string after_;           // The entry of the index that was looked at last.
  std::uint64_t found_ = 0;     // Waiting, in this round.
  core::Millis latest_ms_ = 0;  // The latest deadline of those.
  std::uint64_t waiting_ = 0;
  std::uint64_t cleared_ = 0;
  std::vector<Cleared> last_;
  std::vector<core::Path> removals_;
};

}  // namespace anabranch::leader
