// The conflict log: what this leader has seen of values that lost, in a table of its own.
//
// Entries are written in the commit of the rows that caused them: by applying a batch, by a local
// write, by merging a snapshot. A merge that is not finished leaves its entries, and they come
// again with the next one. The log is local: nothing of it is sent, and nothing that is shown
// depends on it.
//
// Invariants: 1. the log has at most bytes_max bytes after each commit: the oldest entries go
// first; 2. entries of some age go in slices; 3. each dropped entry is counted. Not thread-safe;
// readers use snapshots (rows/conflicts/conflict_table.h).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/result.h"
#include "core/wall_clock.h"
#include "regions/conflicts/conflict_counts.h"
#include "regions/state/committed.h"
#include "rows/conflicts/conflict_choice.h"
#include "rows/conflicts/conflict_entry.h"
#include "rows/resolvers.h"

namespace anabranch::regions {

class ConflictLog final : public Participant {
 public:
  static constexpr core::Millis kLookMs = 60'000;  // From one search for old entries to the next.
  static constexpr std::size_t kDroppedAtOnce = 1000;
  static constexpr std::uint64_t kDroppedBytes = std::uint64_t{16} << 10U;  // Of these, about.

  struct Limits {
    std::uint64_t bytes_max = std::uint64_t{64} << 20U;  // 0: nothing is logged.
    core::Millis age_ms_max = core::Millis{30} * 24 * 3600 * 1000;
  };

  // All references must outlive this; `resolvers` may be null.
  ConflictLog(CommittedState& state, const rows::Resolvers* resolvers, const Limits& limits);

  // Reads the stored figures.
  core::Result<void> load();
  // Drops a slice of the entries that are too old, in a commit of its own, when that is due. `now`
  // is any steady clock's.
  core::Result<void> tick(core::Millis now);

  void record(Commit& commit) override;

  [[nodiscard]] const ConflictFigures& figures() const { return figures_; }
  // By policy, since this leader began.
  [[nodiscard]] const ConflictCounts& counts() const { return counts_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

 private:
  [[nodiscard]] rows::ConflictEntry entry_of(rows::ConflictNote note,
                                             const rows::PolicyTable& policies) const;
  [[nodiscard]] rows::ConflictChoice choice_of(const rows::ConflictNote& note,
                                               const rows::PolicyTable& policies) const;
  // Drops the oldest of the new entries as long as they are too many bytes.
  void keep_newest(std::vector<std::string>& added);
  // Drops stored entries, the oldest first, until `needed` bytes are free.
  void make_room(std::uint64_t needed, storage::Changes& changes);
  // Returns a walk over the stored entries from the oldest one on.
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_oldest(
      const storage::Snapshot& snapshot) const;
  void drop(const storage::Cursor& oldest, storage::Changes& changes);
  // Drops entries that were logged before a time; returns whether there are more of them.
  bool drop_before(core::Millis time, storage::Changes& changes);
  [[nodiscard]] storage::Change stored_figures() const;

  CommittedState& state_;
  const rows::Resolvers& resolvers_;
  Limits limits_;
  ConflictFigures figures_;
  ConflictCounts counts_;
  core::Millis next_look_ms_ = 0;
};

}  // namespace anabranch::regions
