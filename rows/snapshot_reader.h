// Rows as a storage snapshot has them.
#pragma once

#include <memory>
#include <optional>

#include "core/origin_table.h"
#include "rows/names.h"
#include "rows/row_reader.h"
#include "storage/storage.h"

namespace anabranch::rows {

// Whether tallies that this leader has cleared, but not yet listed in an op, are read as cleared;
// or as the ops make them that are logged so far, as every other replica that has applied them sees
// them. What leaves this replica, and what is compared with others, is read as logged.
enum class Tallies : std::uint8_t { kAsShown, kAsLogged };

// Used by one thread at a time, like the snapshot in it.
class SnapshotReader final : public RowReader {
 public:
  // `origins` must name every origin in the snapshot's rows, and outlive the reader.
  SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins,
                 Tallies tallies = Tallies::kAsShown);
  // The same when the snapshot's masks are known; null for none.
  SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins,
                 std::shared_ptr<const Masks> masks, Tallies tallies = Tallies::kAsShown);
  // The newest state; any thread may ask.
  static SnapshotReader newest(const storage::Storage& storage, const Names& names,
                               Tallies tallies = Tallies::kAsShown);
  // The tables that will be the current ones, which have no masks.
  static SnapshotReader next(std::unique_ptr<storage::Snapshot> snapshot,
                             const core::OriginTable& origins);

  [[nodiscard]] crdt::Row row(const core::Path& path) const override;
  using RowReader::scan;
  void scan(const core::PathRange& range, const Visit& visit) const override;
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override;
  // Visits the rows behind a row key, in the order of keys.
  using VisitKey = std::function<bool(const std::string& key, const core::Path&, const crdt::Row&)>;
  void scan_rows(const std::string& after, const VisitKey& visit) const;
  // How many rows are stored.
  [[nodiscard]] std::uint64_t size() const { return snapshot_->size(rows_); }

  [[nodiscard]] std::shared_ptr<const Masks> masks() const override;
  [[nodiscard]] crdt::Row stored_row(const core::Path& path) const override;
  [[nodiscard]] StoredCount stored_count(const core::Path& path) const override;
  [[nodiscard]] std::size_t stored_below(const core::Path& prefix,
                                         std::size_t at_most) const override;

  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      std::string_view from, storage::Direction direction) const override;

 private:
  void hide(const core::Path& path, crdt::Row& row) const;

  std::unique_ptr<storage::Snapshot> snapshot_;
  const core::OriginTable& origins_;
  std::shared_ptr<const Masks> masks_;  // Null when there are none.
  Tallies tallies_;
  storage::Table rows_ = storage::Table::kRows;
  storage::Table counts_ = storage::Table::kCounts;
  storage::Table scores_ = storage::Table::kScores;
};

// The stored form of a count.
std::string encode_count(const core::Path& collection, StoredCount count);
// Throws Error{kCorrupt}.
StoredCount decode_count(std::string_view bytes);
// The collection that a stored count is of.
core::Path counted_at(std::string_view key, std::string_view bytes);

// The path of a stored row.
core::Path path_at(std::string_view key, const std::optional<core::Path>& stored);

}  // namespace anabranch::rows
