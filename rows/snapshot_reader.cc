#include "rows/snapshot_reader.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/pace.h"
#include "core/planted_bug.h"
#include "core/varint.h"
#include "crdt/row_codec.h"
#include "rows/counts.h"
#include "rows/row_walk.h"

namespace anabranch::rows {

namespace {

using core::Path;

// The bytes of a row that cost as much to pass as to look at the row.
constexpr std::size_t kBytesPerPass = 1024;

// Returns the path of a stored row without reading the rest of it; nullopt if it is damaged.
std::optional<std::string_view> path_in(std::string_view key, std::string_view value) {
  if (!core::is_hashed_key(key)) return key;
  if (value.empty()) return std::nullopt;
  value.remove_prefix(1);  // The flags, as in crdt/row_codec.h.
  return core::take_bytes(value);
}

struct SharedRow : PathRow {
  std::size_t bytes = 0;
};

// Whether a row comes before another one. A heap of rows has the last one at its front.
auto in_order(bool backwards) {
  return [backwards](const SharedRow& a, const SharedRow& b) {
    return backwards ? b.path < a.path : a.path < b.path;
  };
}

// Those of the rows whose keys share their first 448 bytes that come first in a range, as many as
// there is room for. Such rows are not stored in the order of their paths, and there may be any
// number of them.
class SharedPart {
 public:
  explicit SharedPart(core::PathRange range) : range_(std::move(range)) {}

  // Takes rows up to the last one whose key has this beginning.
  void take(storage::Cursor& cursor, std::string_view shared, const core::OriginTable& origins) {
    for (; cursor.valid() && cursor.key().starts_with(shared); cursor.next()) {
      core::Pace::pass(1 + cursor.value().size() / kBytesPerPass);
      const auto path = path_in(cursor.key(), cursor.value());
      if (path && !is_wanted(*path)) continue;
      add(decode_row_at(cursor.key(), cursor.value(), origins).value_or_raise(),
          cursor.value().size());
    }
    std::ranges::sort_heap(rows_, in_order(range_.backwards));
  }
  // In the order of the range.
  [[nodiscard]] std::vector<SharedRow>& rows() { return rows_; }
  // The range behind these rows; nullopt when it has no more.
  [[nodiscard]] std::optional<core::PathRange> rest() const {
    if (!cut_) return std::nullopt;
    core::PathRange rest = range_;
    std::string last(rows_.back().path.encoded());
    if (rest.backwards) {
      rest.to = std::move(last);
    } else {
      rest.from = std::move(last.append(1, '\0'));
    }
    return rest;
  }

 private:
  static constexpr std::size_t kBytesMax = std::size_t{8} << 20U;

  [[nodiscard]] bool is_wanted(std::string_view path) const {
    if (path < range_.from || (!range_.to.empty() && path >= range_.to)) return false;
    if (!cut_) return true;
    const std::string_view last = rows_.front().path.encoded();
    return range_.backwards ? path > last : path < last;
  }
  void add(PathRow row, std::size_t stored) {
    rows_.push_back({std::move(row), sizeof(SharedRow) + stored});
    bytes_ += rows_.back().bytes;
    std::ranges::push_heap(rows_, in_order(range_.backwards));
    while (bytes_ > kBytesMax && rows_.size() > 1) {
      std::ranges::pop_heap(rows_, in_order(range_.backwards));
      bytes_ -= rows_.back().bytes;
      rows_.pop_back();
      cut_ = true;
    }
  }

  core::PathRange range_;
  std::vector<SharedRow> rows_;
  std::size_t bytes_ = 0;
  bool cut_ = false;  // There is no room for all.
};

// The first byte of a name below a path that is shorter than Path::kHashedPrefix, with the path.
class NameBelow {
 public:
  NameBelow(std::string_view above, char tag) : size_(above.size()) {
    above.copy(bytes_.data(), size_);
    set(tag);
  }
  void set(char tag) { bytes_[size_] = tag; }
  [[nodiscard]] std::string_view bytes() const { return {bytes_.data(), size_ + 1}; }

 private:
  std::array<char, Path::kHashedPrefix> bytes_;
  std::size_t size_;
};

}  // namespace

SnapshotReader::SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot,
                               const core::OriginTable& origins, std::shared_ptr<const Masks> masks,
                               Tallies tallies)
    : snapshot_(std::move(snapshot)),
      origins_(origins),
      masks_(std::move(masks)),
      tallies_(tallies) {}

SnapshotReader::SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot,
                               const core::OriginTable& origins, Tallies tallies)
    : snapshot_(std::move(snapshot)),
      origins_(origins),
      masks_(masks_of(*snapshot_)),
      tallies_(tallies) {}

SnapshotReader::SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot,
                               const core::OriginTable& origins, std::shared_ptr<const Masks> masks,
                               std::shared_ptr<const PolicyTable> policies,
                               std::shared_ptr<const OriginRegions> regions, Tallies tallies)
    : snapshot_(std::move(snapshot)),
      origins_(origins),
      masks_(std::move(masks)),
      policies_(std::move(policies)),
      regions_(std::move(regions)),
      tallies_(tallies) {}

SnapshotReader SnapshotReader::next(std::unique_ptr<storage::Snapshot> snapshot,
                                    const core::OriginTable& origins) {
  SnapshotReader reader(std::move(snapshot), origins, std::shared_ptr<const Masks>());
  reader.rows_ = storage::Table::kNextRows;
  reader.counts_ = storage::Table::kNextCounts;
  reader.scores_ = storage::Table::kNextScores;
  return reader;
}

SnapshotReader SnapshotReader::newest(const storage::Storage& storage, const Names& names,
                                      Tallies tallies) {
  const PublishedMasks::Look look = names.masks().look();
  const PublishedPolicies::Look policies = names.policies().look();
  PublishedRequests::Hold requests = names.requests().hold();
  auto snapshot = storage.snapshot();
  if (requests == nullptr) requests = names.requests().hold();  // The first may just have come.
  auto masks = names.masks().masks(look, *snapshot);
  SnapshotReader reader(std::move(snapshot), names.origins(), std::move(masks), tallies);
  reader.requests_ = std::move(requests);
  reader.policy_looks_ = {&names.policies(), policies, names.policies().look()};
  return reader;
}

std::shared_ptr<const PolicyTable> SnapshotReader::policies() const {
  if (policies_) return policies_;
  PolicyLooks looks = policy_looks_;
  if (planted(core::Bug::kPolicyOfNewest) && looks.board != nullptr) {
    looks.before = looks.after = looks.board->look();
  }
  if (looks.board != nullptr) policies_ = looks.board->policies(looks.before, looks.after);
  if (!policies_) policies_ = RowReader::policies();
  return policies_;
}

std::shared_ptr<const OriginRegions> SnapshotReader::regions() const {
  if (regions_) return regions_;
  const PolicyLooks& looks = policy_looks_;
  if (looks.board != nullptr) regions_ = looks.board->regions(looks.before, looks.after);
  if (!regions_) regions_ = RowReader::regions();
  return regions_;
}

void SnapshotReader::hide(const Path& path, crdt::Row& row) const {
  if (!masks_ || masks_->empty()) return;
  masks_->hide(path, row.cell);
  if (tallies_ == Tallies::kAsShown) masks_->hide(path, row.tally);
}

crdt::Row SnapshotReader::row(const Path& path) const {
  crdt::Row row = stored_row(path);
  hide(path, row);
  return row;
}

SnapshotReader::Glance SnapshotReader::glance(const Path& path) const {
  if (masks_ && !masks_->empty()) return {{}, row(path)};
  const auto bytes = stored(path);
  if (!bytes) return {};
  if (const auto value = crdt::plain_value(*bytes, origins_)) return {value, {}};
  return {{}, decoded(path, *bytes)};
}

crdt::Row SnapshotReader::stored_row(const Path& path) const {
  const auto bytes = stored(path);
  return bytes ? decoded(path, *bytes) : crdt::Row();
}

std::optional<std::string_view> SnapshotReader::stored(const Path& path) const {
  return core::is_hashed(path) ? snapshot_->get(rows_, core::row_key(path))
                               : snapshot_->get(rows_, path.encoded());
}

crdt::Row SnapshotReader::decoded(const Path& path, std::string_view bytes) const {
  crdt::StoredRow stored;
  crdt::decode_row(bytes, origins_, stored).value_or_raise();
  if (stored.path && *stored.path != path) {
    throw Error(ErrorCode::kCorrupt, "two paths have the same hash; neither was overwritten");
  }
  return std::move(stored.row);
}

void SnapshotReader::scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const {
  const auto direction =
      range.backwards ? storage::Direction::kBackward : storage::Direction::kForward;
  const std::string to = range.to_key();
  const auto cursor = snapshot_->scan(rows_, {range.from_key(), to, direction});
  const bool masked = masks_ && !masks_->empty();
  const auto offer = [&](const Path& path, crdt::Row& row) {
    if (masked) {
      hide(path, row);
      if (row.empty() && hidden == Hidden::kSkip) return true;
    }
    return visit(path, row);
  };
  // The keys of such a walk are in its range: it begins and ends there.
  const bool exact = !range.backwards && range.from.size() <= Path::kHashedPrefix;
  RowDecoder decoder;
  while (cursor->valid()) {
    if (cursor->key().size() > Path::kHashedPrefix) {
      const std::string shared(cursor->key().substr(0, Path::kHashedPrefix));
      std::optional<core::PathRange> rest = range;
      for (bool first = true; rest; first = false) {
        SharedPart part(*rest);
        const auto again = first ? nullptr : snapshot_->scan(rows_, {.from = shared});
        part.take(first ? *cursor : *again, shared, origins_);
        for (SharedRow& each : part.rows()) {
          if (!offer(each.path, each.row)) return;
        }
        rest = part.rest();
      }
    } else {
      core::Pace::pass(1 + cursor->value().size() / kBytesPerPass);
      decoder.decode(cursor->key(), cursor->value(), origins_).value_or_raise();
      const bool inside = exact || range.contains(decoder.path());
      if (inside && !offer(decoder.path(), decoder.row())) return;
      cursor->next();
    }
  }
}

void SnapshotReader::scan_rows(const std::string& after, const VisitKey& visit) const {
  const std::string from = after.empty() ? std::string() : after + '\0';
  const auto cursor = snapshot_->scan(rows_, {.from = from});
  for (; cursor->valid(); cursor->next()) {
    const std::string key(cursor->key());
    PathRow found = decode_row_at(key, cursor->value(), origins_).value_or_raise();
    hide(found.path, found.row);
    if (!found.row.empty() && !visit(key, found.path, found.row)) return;
  }
}

std::uint64_t SnapshotReader::count(const Path& path) const {
  if (is_deep_map(path)) return count_fields(path);
  const StoredCount stored = stored_count(path);
  return masks_ && masks_->voids(path, stored.stamp) ? 0 : stored.count;
}

std::shared_ptr<const Masks> SnapshotReader::masks() const {
  return masks_ ? masks_ : RowReader::masks();
}

StoredCount SnapshotReader::stored_count(const Path& path) const {
  const auto bytes = snapshot_->get(counts_, core::row_key(path));
  return bytes ? decode_count(*bytes) : StoredCount{};
}

// With one look for each tag, and one more.
StoredTags SnapshotReader::stored_tags(const Path& place) const {
  const std::string_view above = place.encoded();
  // Keys of longer paths may be hashes.
  if (above.size() >= Path::kHashedPrefix) return StoredTags::any();
  StoredTags tags;
  // Behind the row at the place itself: the member row of an element of a list of containers.
  NameBelow from(above, '\0');
  constexpr char kBehind = '\xFF';  // No type has that tag.
  const NameBelow to(above, kBehind);
  for (;;) {
    const std::string_view key = snapshot_->first_key(rows_, from.bytes(), to.bytes());
    if (key.empty()) return tags;
    const char tag = key[above.size()];
    tags.add(tag);
    from.set(static_cast<char>(static_cast<unsigned char>(tag) + 1));
  }
}

std::size_t SnapshotReader::stored_below(const core::PathRange& range, std::size_t at_most) const {
  const std::string to = range.to_key();
  const auto cursor = snapshot_->scan(rows_, {.from = range.from_key(), .to = to});
  std::size_t rows = 0;
  for (; rows < at_most && cursor->valid(); cursor->next()) ++rows;
  return rows;
}

std::optional<std::string> SnapshotReader::score_at(std::string_view key) const {
  const auto bytes = snapshot_->get(scores_, key);
  return bytes ? std::optional(std::string(*bytes)) : std::nullopt;
}

std::unique_ptr<storage::Cursor> SnapshotReader::scan_scores(const storage::KeyRange& range) const {
  return snapshot_->scan(scores_, range);
}

std::string encode_count(const Path& collection, StoredCount count) {
  std::string bytes;
  core::put_varint(bytes, count.count);
  core::put_varint(bytes, count.stamp);
  if (core::is_hashed(collection)) core::put_bytes(bytes, collection.encoded());
  return bytes;
}

StoredCount decode_count(std::string_view bytes) {
  const auto count = core::take_varint(bytes);
  const auto stamp = count ? core::take_varint(bytes) : std::nullopt;
  if (!stamp) throw Error(ErrorCode::kCorrupt, "a stored count cannot be read");
  return {*count, *stamp};
}

Path counted_at(std::string_view key, std::string_view bytes) {
  if (!core::is_hashed_key(key)) return Path::from_encoded(key).value_or_raise();
  const auto count = core::take_varint(bytes);
  const auto stamp = count ? core::take_varint(bytes) : std::nullopt;
  const auto path = stamp ? core::take_bytes(bytes) : std::nullopt;
  if (!path) throw Error(ErrorCode::kCorrupt, "a stored count cannot be read");
  return Path::from_encoded(*path).value_or_raise();
}

Path path_at(std::string_view key, const std::optional<Path>& stored) {
  return stored ? *stored : Path::from_encoded(key).value_or_raise();
}

}  // namespace anabranch::rows
