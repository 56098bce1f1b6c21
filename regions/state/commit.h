// One commit while it is made, and the parts of a replica that have rows of their own in it.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "crdt/row.h"
#include "rows/stage/stage.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct Commit {
  rows::Stage* stage = nullptr;                      // Rows that change; null: none do.
  std::span<const storage::LogRecord> records = {};  // Appended to the log.
  std::vector<storage::Change> changes = {};
  bool swap = false;  // The next tables become the current ones; without a stage.

  void add(std::vector<storage::Change> more) {
    changes.insert(changes.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  }
};

// A part of the replica that stores rows of meta. It joins CommittedState once and is asked at each
// commit, whoever makes that.
class Participant {
 public:
  Participant() = default;
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;
  virtual ~Participant() = default;

  // Adds to a commit the rows of this part that have changed since the last one.
  virtual void record(Commit& commit) = 0;
  // The commit has succeeded.
  virtual void committed(const Commit& /*commit*/) {}
};

// Sees each row that leaves a stage, and drops from it the slots that need not be stored.
class RowWatcher {
 public:
  RowWatcher() = default;
  RowWatcher(const RowWatcher&) = delete;
  RowWatcher& operator=(const RowWatcher&) = delete;
  virtual ~RowWatcher() = default;

  virtual void leaves(const core::Path& path, crdt::Row& row) = 0;
};

}  // namespace anabranch::regions
