// The join of a received snapshot with the own rows, into the next tables, in slices. `merge` of
// tests/model/model.py, one row at a time.
//
// Two sorted sequences are walked at once: the snapshot, and the own rows as they are when their
// turn comes, with all batches applied by then. Writing goes on meanwhile. Invariant: the next
// table holds, for each row up to the one that was merged last, the row of a replica that has
// applied the own vector and the snapshot's. So each batch is applied to both tables in one commit:
// to the current one as always, and to the merged rows of the next one, unless the snapshot's
// vector covers it, since then it is in them already, perhaps undone. Rows of the current table are
// read as the log says (Tallies::kAsLogged). No log is replayed at the end and no backlog is left;
// the swap takes no longer than any other commit.
//
// A large clear is put off: its rows are changed in slices before more is joined. No reader sees
// the next table before the swap, and a clear commutes with later ops, whose dots its context does
// not cover.
//
// Dead slots of the next table are kept until it is the current one. Not thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "regions/snapshot/snapshot_spool.h"
#include "rows/digests.h"
#include "rows/masks/masks.h"
#include "rows/snapshot_reader.h"
#include "rows/stage/stage.h"

namespace anabranch::regions {

class RowMerge {
 public:
  // kReplace: the own rows are left out, and so are batches applied to them.
  enum class Own : std::uint8_t { kJoin, kReplace };

  // The spool holds a whole snapshot that was checked. `origins` names all origins of the snapshot
  // and of the own rows. All of them must outlive the merge, and `scores` too. Clears of more than
  // `clear_rows_direct` rows are put off.
  RowMerge(const storage::Storage& storage, const storage::Spool& spool,
           const core::OriginTable& origins, const rows::Scores& scores,
           std::size_t clear_rows_direct, Own own)
      : storage_(storage),
        origins_(origins),
        scores_(scores),
        clear_rows_direct_(clear_rows_direct),
        theirs_(spool),
        own_(own) {}

  // Goes on with clears that were put off, or else joins the next rows; at most so many, or so many
  // bytes of values. `applied` is the vector applied here. Fails when the spool cannot be read.
  core::Result<void> slice(const core::VersionVector& applied, std::size_t rows_max,
                           std::size_t bytes_max);
  // Returns whether all rows were joined and no clear is put off.
  [[nodiscard]] bool finished() const { return all_ && put_off_.empty(); }
  // Applies a batch, which the current tables get in the same commit, to the merged rows.
  void apply(const core::Batch& batch, const core::VersionVector& deps);
  // Once all rows were joined: applies a batch to the next tables alone.
  void put_on_top(const core::Batch& batch, const core::VersionVector& deps);
  // The next tables.
  [[nodiscard]] const rows::RowReader& next_rows() { return stage(); }
  // The changes of the next tables since the last call; `note` sees each row.
  void take_changes(storage::Changes& changes, const rows::Stage::Collect& note);
  // Hands over what the changes so taken did to concurrent values.
  [[nodiscard]] rows::ConflictNotes take_notes() { return std::exchange(notes_, {}); }
  // Of the merged rows.
  [[nodiscard]] const rows::Digests& digests() const { return digests_; }
  // Whether the changes so far have numbers of deep rows (rows/counts.h).
  [[nodiscard]] bool counts_deep() const { return counts_deep_; }
  // The number of merged rows of the snapshot.
  [[nodiscard]] std::uint64_t rows() const { return theirs_.rows(); }

 private:
  struct Staged {
    Staged(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins,
           const rows::Scores& scores)
        : base(rows::SnapshotReader::next(std::move(snapshot), origins)),
          stage(base, rows::Stage::Undo::kNone, rows::ClearRules::direct(), scores) {}
    rows::SnapshotReader base;
    rows::Stage stage;
  };
  enum class Theirs : std::uint8_t { kUnread, kRow, kEnd };

  rows::Stage& stage();
  // Reads the next row of the snapshot unless there is one already.
  core::Result<void> look();
  // Joins the snapshot's rows before `key` (all the rest when there is none) as far as the budget
  // allows, and returns whether it did.
  bool join_theirs_before(const std::string* key);
  void join(const std::string& key, const core::Path& path, const crdt::Row& mine,
            const crdt::Row& theirs);
  [[nodiscard]] bool merged(const core::Path& path) const;
  // Puts the clearing of cells off when it is a large one; returns whether it did.
  bool put_off(const core::Clear& op, core::Dot dot, const core::VersionVector& context);
  void clear_slice(std::size_t rows_max, std::size_t bytes_max);

  const storage::Storage& storage_;
  const core::OriginTable& origins_;
  const rows::Scores& scores_;
  std::size_t clear_rows_direct_;
  SnapshotScan theirs_;
  Own own_;
  bool counts_deep_ = false;
  rows::Digests digests_;
  Theirs state_ = Theirs::kUnread;
  std::optional<Staged> staged_;
  std::string last_key_;  // All rows up to here are merged.
  bool all_ = false;
  std::vector<rows::Mask> put_off_;  // Clears, and their progress.
  rows::ConflictNotes notes_;
  // Of the slice that runs.
  const core::VersionVector* applied_ = nullptr;
  std::size_t rows_left_ = 0;
  std::size_t bytes_left_ = 0;
  std::optional<core::Failure> failure_;
};

}  // namespace anabranch::regions
