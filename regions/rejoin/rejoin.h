// A leader that gives way to the others' history: it joins as if its directory were empty, and
// writes again, as new, the writes that only it has. For the side of a fork that gives way, and for
// a region that was declared lost and is back.
//
//   joining   To the others it is an empty leader under a new origin. It takes a snapshot into the
//             next tables, and walks its own log on top of that (branch_walk.h). Its callers read
//             and write the old tables meanwhile; their writes are walked as well. Then the swap:
//             one commit, after which it shows the others' rows and those of its own writes.
//   logging   The old log is forgotten, the batches put on top are logged, both in slices. Then it
//             shows its whole vector, and exchanges as ever.
//
// A crash while joining leaves the old rows and the old log, and the leader begins anew; after one
// while logging it goes on there. No memory grows with the data. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "regions/exchange/exchange.h"
#include "regions/rejoin/branch_walk.h"
#include "regions/rejoin/unlogged.h"
#include "regions/snapshot/joiner.h"
#include "regions/state/committed.h"

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
    CommittedState& state;
    const Exchange& exchange;
    const RegionList& regions;
    // Called with the origins whose history is another one from now on.
    std::function<void(const std::set<core::Origin>&)> history_replaced;
    std::function<void(const core::Failure&)> failed;
  };

  // All that the owner refers to must outlive this.
  Rejoin(Owner owner, const RejoinLimits& limits, RejoinState state);

  [[nodiscard]] const RejoinState& state() const { return state_; }
  [[nodiscard]] bool logging() const { return state_.stage == RejoinState::Stage::kLogging; }
  // The row of meta with the state.
  [[nodiscard]] storage::Change row() const;
  // The row of a batch that is committed while logging.
  [[nodiscard]] storage::Change defer(const storage::LogRecord& record) {
    return unlogged_.add(record);
  }
  // The numbers of ops that were taken as they were, and that were written again.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] std::uint64_t renamed() const { return renamed_; }
  [[nodiscard]] std::uint64_t unlogged() const { return unlogged_.size(); }
  // Reads the remains of an earlier opening, and removes them if they are useless. Fails as commits
  // do.
  core::Result<void> resume();
  // Removes all batches that were put aside to be logged.
  core::Result<void> clear();
  // The next batches to be logged, so many at most, and the changes of that commit.
  core::Result<Unlogged::Slice> next_slice(std::size_t records_max = SIZE_MAX);
  [[nodiscard]] bool all_logged() const { return unlogged_.empty(); }

  [[nodiscard]] std::optional<core::Origin> source(
      const std::set<core::Origin>& avoided) const override;
  [[nodiscard]] core::VersionVector least(core::Origin source) const override;
  core::Result<bool> accept(core::Origin source, const SnapshotHeader& header) override;
  core::Result<bool> put_on_top(RowMerge& merge, storage::Changes& changes) override;
  void take_over() override;
  [[nodiscard]] bool precedes(core::Origin asker) const override;
  void fail(const core::Failure& why) override { owner_.failed(why); }

 private:
  using Forks = std::map<core::Origin, core::Seq>;  // Where the histories of each origin part.

  // Returns whether a snapshot of a peer is of use, and may be asked for now.
  [[nodiscard]] bool is_source(const Peer& peer) const;
  // Returns whether every connected source shows nothing, since it gives way itself; also when no
  // source is connected.
  [[nodiscard]] bool sources_give_way() const;
  [[nodiscard]] core::Result<void> accept(core::Origin origin, const Head& there,
                                          const Forks& forks) const;
  // Returns the forks that stand against a snapshot. A source that has given way since it was
  // compared has the same history of an origin as this leader, up to the end of its snapshot; then
  // nothing that this leader has of that origin is a branch.
  [[nodiscard]] Forks forks_against(const SnapshotHeader& header) const;
  // Returns the vector that a snapshot of a source must have at least.
  [[nodiscard]] core::VersionVector least(core::Origin source, const Forks& forks) const;
  // The vector that connected peers have shown.
  [[nodiscard]] core::VersionVector shown() const;
  // Fails if a damaged record may be one that only this leader has.
  [[nodiscard]] core::Result<void> check_log() const;
  // Fails unless the rows confirm that this region was declared lost.
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
