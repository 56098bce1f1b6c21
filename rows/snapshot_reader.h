// Reads rows from a storage snapshot.
#pragma once

#include <memory>
#include <optional>

#include "core/origin_table.h"
#include "rows/names.h"
#include "rows/row_reader.h"
#include "storage/storage.h"

namespace anabranch::rows {

// Selects how tallies are read that this leader has cleared but not yet listed in an op: as
// cleared, or as made by the ops logged so far, which is the state of every other replica that has
// applied them. Rows that leave this replica, or are compared with others, are read as logged.
enum class Tallies : std::uint8_t { kAsShown, kAsLogged };

// Used by one thread at a time, like the snapshot in it.
class SnapshotReader final : public RowReader {
 public:
  // `origins` must name every origin in the snapshot's rows, and outlive the reader.
  SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins,
                 Tallies tallies = Tallies::kAsShown);
  // The same if the caller knows the snapshot's masks; null for none.
  SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins,
                 std::shared_ptr<const Masks> masks, Tallies tallies = Tallies::kAsShown);
  // The same if the caller knows the snapshot's policies and regions of origins, too.
  SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot, const core::OriginTable& origins,
                 std::shared_ptr<const Masks> masks, std::shared_ptr<const PolicyTable> policies,
                 std::shared_ptr<const OriginRegions> regions, Tallies tallies);
  // Reads the newest state. Thread-safe.
  static SnapshotReader newest(const storage::Storage& storage, const Names& names,
                               Tallies tallies = Tallies::kAsShown);
  // Reads the tables that are going to be the current ones, which have no masks.
  static SnapshotReader next(std::unique_ptr<storage::Snapshot> snapshot,
                             const core::OriginTable& origins);

  [[nodiscard]] crdt::Row row(const core::Path& path) const override;
  [[nodiscard]] Glance glance(const core::Path& path) const override;
  using RowReader::scan;
  void scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const override;
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override;
  [[nodiscard]] std::shared_ptr<const PolicyTable> policies() const override;
  [[nodiscard]] std::shared_ptr<const OriginRegions> regions() const override;
  // Visits the rows behind a row key, in the order of keys.
  using VisitKey = std::function<bool(const std::string& key, const core::Path&, const crdt::Row&)>;
  void scan_rows(const std::string& after, const VisitKey& visit) const;
  // The number of stored rows.
  [[nodiscard]] std::uint64_t size() const { return snapshot_->size(rows_); }
  [[nodiscard]] const storage::Snapshot& snapshot() const { return *snapshot_; }

  [[nodiscard]] std::shared_ptr<const Masks> masks() const override;
  [[nodiscard]] crdt::Row stored_row(const core::Path& path) const override;
  [[nodiscard]] StoredCount stored_count(const core::Path& path) const override;
  [[nodiscard]] StoredTags stored_tags(const core::Path& place) const override;
  using RowReader::stored_below;
  [[nodiscard]] std::size_t stored_below(const core::PathRange& range,
                                         std::size_t at_most) const override;

  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const override;

 private:
  // The looks at a board of policies, before and after the snapshot was taken.
  struct PolicyLooks {
    const PublishedPolicies* board = nullptr;
    PublishedPolicies::Look before = 0;
    PublishedPolicies::Look after = 0;
  };
  // Returns the stored bytes of a row; nullopt if there are none.
  [[nodiscard]] std::optional<std::string_view> stored(const core::Path& path) const;
  // Decodes the stored bytes of a row.
  [[nodiscard]] crdt::Row decoded(const core::Path& path, std::string_view bytes) const;

  void hide(const core::Path& path, crdt::Row& row) const;

  std::unique_ptr<storage::Snapshot> snapshot_;
  const core::OriginTable& origins_;
  std::shared_ptr<const Masks> masks_;  // Null if there are none.
  // Null until they are known.
  mutable std::shared_ptr<const PolicyTable> policies_;
  mutable std::shared_ptr<const OriginRegions> regions_;
  PolicyLooks policy_looks_;
  PublishedRequests::Hold requests_;
  Tallies tallies_;
  storage::Table rows_ = storage::Table::kRows;
  storage::Table counts_ = storage::Table::kCounts;
  storage::Table scores_ = storage::Table::kScores;
};

// Encodes a stored count.
std::string encode_count(const core::Path& collection, StoredCount count);
// Throws Error{kCorrupt}.
StoredCount decode_count(std::string_view bytes);
// Returns the collection of a stored count.
core::Path counted_at(std::string_view key, std::string_view bytes);

// Returns the path of a stored row.
core::Path path_at(std::string_view key, const std::optional<core::Path>& stored);

}  // namespace anabranch::rows
