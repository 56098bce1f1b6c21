// Rows as a storage snapshot has them.
#pragma once

#include <memory>

#include "core/origin_table.h"
#include "regions/row_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

// Used by one thread at a time, like the snapshot in it.
class SnapshotReader final : public RowReader {
 public:
  // `origins` must name every origin in the snapshot's rows, and outlive the reader.
  SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins);

  [[nodiscard]] crdt::Row row(const core::Path& path) const override;
  void scan(const core::Path& prefix, const Visit& visit) const override;
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override;

 private:
  std::unique_ptr<storage::Snapshot> snapshot_;
  const core::OriginTable& origins_;
};

// The stored form of a count.
std::string encode_count(std::uint64_t count);

}  // namespace anabranch::regions
