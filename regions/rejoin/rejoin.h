// A leader that gives way to the history that others have: it joins as if its directory were empty,
// and writes again, as new, what only it has. For the side of a fork that gives way, and for a
// region that was declared lost and is back.
//
//   joining   To the others it is an empty leader under a new origin. It takes a snapshot into the
//             next tables, and walks its own log on top of that (branch_walk.h). Its callers read
//             and write the old tables meanwhile; what they write is walked as well. Then the swap:
//             one commit, after which it shows what the others have and what it had itself.
//   logging   The old log is forgotten, what was put on top is logged, both in slices. Then it
//             shows itself with all that it has, and exchanges as ever.
//
// A crash while joining leaves the old rows and the old log, and it begins anew; one while logging
// goes on there. Nothing in memory grows with the data. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "regions/exchange/exchange.h"
#include "regions/log/sound_log.h"
#include "regions/rejoin/branch_walk.h"
#include "regions/rejoin/unlogged.h"
#include "regions/snapshot/joiner.h"

namespace anabranch::regions {

// Of one slice. Tests make them small.
struct RejoinLimits {
  std::size_t records_max = 1000;
  std::size_t ops_max = 1000;
  std::size_t bytes_max = std::size_t{1} << 20U;
};

class Rejoin final : public Joiner {
 public:
  struct Owner {
    storage::Storage& storage;
    const SoundLog& log;
    Applied& applied;
    ChainHashes& chains;
    const Exchange& exchange;
    const Identity& identity;
    const RegionList& regions;
    // The origins whose history is another one from now on.
    std::function<void(const std::set<core::Origin>&)> taken_over;
    std::function<void(const core::Failure&)> failed;
  };

  // All that the owner refers to must outlive this.
  Rejoin(Owner owner, const RejoinLimits& limits, RejoinState state);

  [[nodiscard]] const RejoinState& state() const { return state_; }
  [[nodiscard]] bool logging() const { return state_.stage == RejoinState::Stage::kLogging; }
  // The row of meta that says so.
  [[nodiscard]] storage::Change row() const;
  // The rows of meta that say where this leader has given way, for the swap.
  [[nodiscard]] std::vector<storage::Change> parted() const;
  // The row of a batch that is committed while logging.
  [[nodiscard]] storage::Change defer(const storage::LogRecord& record) {
    return unlogged_.add(record);
  }
  // Ops that were taken as they were, and that were written again.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] std::uint64_t renamed() const { return renamed_; }
  [[nodiscard]] std::uint64_t unlogged() const { return unlogged_.size(); }
  // Reads what an earlier opening has left, and removes it when it is of no use. Fails as commits
  // do.
  core::Result<void> resume();
  // Removes everything that was put aside to be logged.
  core::Result<void> clear();
  // The next batches to be logged, and the changes of that commit.
  core::Result<Unlogged::Slice> next_slice();
  [[nodiscard]] bool all_logged() const { return unlogged_.empty(); }

  [[nodiscard]] std::optional<core::Origin> source(
      const std::set<core::Origin>& avoided) const override;
  [[nodiscard]] core::VersionVector least(core::Origin source) const override;
  core::Result<void> accept(core::Origin source, const SnapshotHeader& header) override;
  core::Result<bool> put_on_top(RowMerge& merge, std::vector<storage::Change>& changes) override;
  void take_over() override;
  void fail(const core::Failure& why) override { owner_.failed(why); }

 private:
  using Forks = std::map<core::Origin, core::Seq>;  // Where the histories of each origin part.

  [[nodiscard]] core::Result<void> accept(core::Origin origin, const Head& there,
                                          const Forks& forks) const;
  // Returns the forks that stand against a snapshot. A source that has given way since it was
  // compared has the same history of an origin as this leader, up to the end of its snapshot; then
  // nothing that this leader has of that origin is a branch.
  [[nodiscard]] Forks forks_against(const SnapshotHeader& header) const;
  // Returns what a snapshot of a source must have at least.
  [[nodiscard]] core::VersionVector least(core::Origin source, const Forks& forks) const;
  // What connected peers have shown of what is here.
  [[nodiscard]] core::VersionVector shown() const;
  // Nothing of what only this leader has may be damaged.
  [[nodiscard]] core::Result<void> check_log() const;
  // Whoever said that this region is lost must be borne out by the rows.
  [[nodiscard]] core::Result<void> check_loss(const rows::RowReader& rows) const;
  void keep(const BranchWalk::Taken& taken);

  Owner owner_;
  RejoinLimits limits_;
  RejoinState state_;
  Unlogged unlogged_;
  Forks forks_;  // Those against the snapshot that was accepted last.
  std::optional<BranchWalk> walk_;
  bool prepared_ = false;
  storage::Position next_ = 0;  // The record of the log to be walked next.
  struct Checkpoint {
    core::Origin origin = 0;
    ChainLink link;
  };
  std::vector<Checkpoint> checkpoints_;  // Passed on the way.
  std::uint64_t taken_ = 0;
  std::uint64_t renamed_ = 0;
};

}  // namespace anabranch::regions
