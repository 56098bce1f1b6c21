// A walk over the stored rows in the order of their storage keys, from any key on, without masks:
// for readers of all rows, or of a part of them in many steps.
//
// Storage keys are the same in every region, so the order is the same, too.
#pragma once

#include <memory>
#include <string_view>

#include "core/origin_table.h"
#include "core/path.h"
#include "core/result.h"
#include "crdt/row.h"
#include "crdt/row_codec.h"
#include "storage/storage.h"

namespace anabranch::rows {

struct PathRow {
  core::Path path;
  crdt::Row row;
};

// Decodes the row stored at a key. Fails with kCorrupt on bytes that are not a row, and on a row
// that does not belong at its key.
core::Result<PathRow> decode_row_at(std::string_view key, std::string_view value,
                                    const core::OriginTable& origins);
// The same for many rows one after another, whose memory is used again.
class RowDecoder {
 public:
  // Makes row() the row stored at a key.
  core::Result<void> decode(std::string_view key, std::string_view value,
                            const core::OriginTable& origins);
  [[nodiscard]] const core::Path& path() const { return path_; }
  [[nodiscard]] crdt::Row& row() { return stored_.row; }

 private:
  core::Path path_;
  crdt::StoredRow stored_;
};

// Used by one thread at a time, within the life of its snapshot.
class RowWalk {
 public:
  // Goes over a range of keys, forward. `origins` must name every origin in the rows.
  RowWalk(const storage::Snapshot& snapshot, const storage::KeyRange& range,
          const core::OriginTable& origins);

  [[nodiscard]] bool valid() const { return cursor_->valid(); }
  [[nodiscard]] std::string_view key() const { return cursor_->key(); }
  [[nodiscard]] std::string_view value() const { return cursor_->value(); }
  void next() { cursor_->next(); }
  // As decode_row_at(), also for a value that is damaged on the disk.
  [[nodiscard]] core::Result<PathRow> row() const;

 private:
  std::unique_ptr<storage::Cursor> cursor_;
  const core::OriginTable& origins_;
};

}  // namespace anabranch::rows
