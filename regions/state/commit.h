// One commit while it is made, and the parts of a replica that have rows of their own in it.
#pragma once

#include <cstdint>
#include <span>

#include "core/batch.h"
#include "core/version_vector.h"
#include "crdt/row.h"
#include "rows/conflicts/conflict_note.h"
#include "rows/scores/score_reorder.h"
#include "rows/stage/stage.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct Commit {
  rows::Stage* stage = nullptr;                      // Rows that change; null: none do.
  std::span<const storage::LogRecord> records = {};  // Appended to the log.
  storage::Changes changes = {};
  const rows::ScoreReorder* reorder = nullptr;  // What is left of a walk over orders of scores.
  bool identity = false;                        // The identity is stored anew.
  bool counts_deep = false;        // Rows that are not in the stage have counts of deep rows.
  rows::ConflictNotes notes = {};  // Of rows that are not in the stage.
  bool swap = false;               // The next tables become the current ones; without a stage.
};

// The size of a commit, about: of its batches, or of the ops that will be them.
struct CommitSize {
  std::uint64_t bytes = 0;
  std::uint64_t ops = 0;
  std::uint64_t batches = 0;
};

// A part of the replica that stores rows of meta. It joins CommittedState once and is asked at each
// commit, of any part.
class Participant {
 public:
  Participant() = default;
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;
  virtual ~Participant() = default;

  // A batch is being applied; the vector goes on behind it. Own batches are decoded for this alone,
  // and where no part reads them they are not.
  virtual void applies(const core::Batch& /*batch*/, const core::VersionVector& /*deps*/) {}
  [[nodiscard]] virtual bool reads_batches() const { return false; }
  // The vector has gone on to the end of a batch that begins with `first`.
  virtual void applied(core::Origin /*origin*/, core::Seq /*first*/) {}
  // Adds its changes since the last commit.
  virtual void record(Commit& commit) = 0;
  // The commit has succeeded.
  virtual void committed(const Commit& /*commit*/) {}
};

// Sees each row that leaves a stage, and drops from it all that need not be stored.
class RowWatcher {
 public:
  RowWatcher() = default;
  RowWatcher(const RowWatcher&) = delete;
  RowWatcher& operator=(const RowWatcher&) = delete;
  virtual ~RowWatcher() = default;

  virtual void leaves(const core::Path& path, crdt::Row& row) = 0;
};

}  // namespace anabranch::regions
