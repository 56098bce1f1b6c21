// Batches that are applied, or will be with the swap of a rejoin, but are not in the log yet: rows
// of meta in the order in which they will be logged. No peer is served while there are any, so that
// no batch stands in the log before its dependencies. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::regions {

class Unlogged {
 public:
  // Finds the rows of an earlier opening.
  void load(const storage::Snapshot& snapshot);
  // The row of one more batch, to be committed.
  [[nodiscard]] storage::Change add(const storage::LogRecord& record);
  [[nodiscard]] bool empty() const { return first_ == end_; }
  [[nodiscard]] std::uint64_t size() const { return end_ - first_; }

  // The next batches to be logged, and the removal of their rows, for one commit.
  struct Slice {
    std::vector<storage::StoredRecord> records;
    storage::Changes changes;
  };
  // Takes at most `records_max` batches, and about `bytes_max` bytes. Fails on rows that cannot be
  // read.
  core::Result<Slice> take(const storage::Snapshot& snapshot, std::size_t records_max,
                           std::size_t bytes_max);

 private:
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace anabranch::regions
