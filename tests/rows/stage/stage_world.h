// A stage over committed rows in memory storage, and the rows that must be in it as a plain map:
// for tests of stages and counts.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rows/snapshot_reader.h"
#include "rows/stage/stage.h"
#include "storage/memory_storage.h"

namespace anabranch::test {

class StageWorld {
 public:
  using Rows = std::map<core::Path, crdt::Row>;

  // Rows may name the origins of crdt/random_row.h.
  StageWorld();

  rows::Stage& stage() { return *stage_; }
  const Rows& rows() const { return rows_; }
  // Sets a row, in the stage and in the map.
  void set(const core::Path& path, const crdt::Row& row);
  // Commits the staged rows and goes on with an empty stage over them.
  void commit() {
    if (committing()) finish_commit();
    begin_commit();
    finish_commit();
  }
  // The same in two steps: begins with an empty stage over the one that is committed, goes on with
  // it over the committed rows.
  void begin_commit();
  void finish_commit();
  [[nodiscard]] bool committing() const { return closed_ != nullptr; }
  // The committed rows.
  const rows::RowReader& base() const { return *base_; }
  storage::MemoryStorage& storage() { return storage_; }
  const storage::MemoryStorage& storage() const { return storage_; }
  // As the stage has kept them, over all that was committed.
  const rows::Digests& digests() const { return digests_; }
  const core::OriginTable& origins() const { return origins_; }

  // Goes back to a savepoint that was taken together with a copy of rows().
  void rollback(rows::Stage::Savepoint savepoint, Rows rows);

  // The first difference between the stage and the map, in words: rows, scans below every prefix
  // and counts. Empty when there is none.
  std::string difference() const;
  // The names shown in each collection by the shape of the paths, from the map alone.
  std::map<core::Path, std::set<std::string>> shown() const;

 private:
  storage::MemoryStorage storage_;
  core::OriginTable origins_;
  rows::Digests digests_;
  std::unique_ptr<rows::SnapshotReader> base_;
  std::unique_ptr<rows::Stage> closed_;  // Between the two steps of a commit, and its changes.
  storage::Changes changes_;
  std::unique_ptr<rows::Stage> stage_;
  Rows rows_;
  std::set<core::Path> collections_;  // All that ever showed anything.
};

// The rows that a scan visits, in its order.
std::vector<std::pair<core::Path, crdt::Row>> scanned(const rows::RowReader& reader,
                                                      const core::PathRange& range);
std::vector<std::pair<core::Path, crdt::Row>> scanned(const rows::RowReader& reader,
                                                      const core::Path& prefix);

}  // namespace anabranch::test
