#include "regions/snapshot_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/varint.h"
#include "crdt/row_codec.h"

namespace anabranch::regions {

namespace {

using core::Path;

crdt::StoredRow decode(std::string_view bytes, const core::OriginTable& origins) {
  return crdt::decode_row(bytes, origins).value_or_raise();
}

struct PathRow {
  Path path;
  crdt::Row row;
};

PathRow decode_at(std::string_view key, std::string_view bytes, const core::OriginTable& origins) {
  crdt::StoredRow stored = decode(bytes, origins);
  if (stored.path) return {*std::move(stored.path), std::move(stored.row)};
  return {Path::from_encoded(key).value_or_raise(), std::move(stored.row)};
}

// Takes all rows whose keys share the cursor's first 448 bytes, sorted by path: those stored by
// hash are not in path order.
std::vector<PathRow> take_group(storage::Cursor& cursor, const core::OriginTable& origins) {
  const std::string shared(cursor.key().substr(0, Path::kHashedPrefix));
  std::vector<PathRow> group;
  for (; cursor.valid() && cursor.key().starts_with(shared); cursor.next()) {
    group.push_back(decode_at(cursor.key(), cursor.value(), origins));
  }
  std::ranges::sort(group, {}, &PathRow::path);
  return group;
}

}  // namespace

SnapshotReader::SnapshotReader(std::unique_ptr<storage::Snapshot> snapshot,
                               const core::OriginTable& origins)
    : snapshot_(std::move(snapshot)), origins_(origins) {}

crdt::Row SnapshotReader::row(const Path& path) const {
  const bool hashed = core::is_hashed(path);
  const auto bytes = hashed ? snapshot_->get(storage::Table::kRows, core::row_key(path))
                            : snapshot_->get(storage::Table::kRows, path.encoded());
  if (!bytes) return {};
  crdt::StoredRow stored = decode(*bytes, origins_);
  if (stored.path && *stored.path != path) {
    throw Error(ErrorCode::kCorrupt, "two paths have the same hash; neither was overwritten");
  }
  return std::move(stored.row);
}

void SnapshotReader::scan(const Path& prefix, const Visit& visit) const {
  const std::string_view from = std::string_view(prefix.encoded()).substr(0, Path::kHashedPrefix);
  const auto cursor = snapshot_->scan(storage::Table::kRows, from, storage::Direction::kForward);
  const auto offer = [&](const PathRow& found) {
    return !prefix.is_prefix_of(found.path) || visit(found.path, found.row);
  };
  while (cursor->valid() && cursor->key().starts_with(from)) {
    if (cursor->key().size() > Path::kHashedPrefix) {
      for (const PathRow& found : take_group(*cursor, origins_)) {
        if (!offer(found)) return;
      }
    } else {
      if (!offer(decode_at(cursor->key(), cursor->value(), origins_))) return;
      cursor->next();
    }
  }
}

std::uint64_t SnapshotReader::count(const Path& path) const {
  const auto bytes = snapshot_->get(storage::Table::kCounts, core::row_key(path));
  if (!bytes) return 0;
  std::string_view in = *bytes;
  const auto count = core::take_varint(in);
  if (!count) throw Error(ErrorCode::kCorrupt, "a stored count cannot be read");
  return *count;
}

std::string encode_count(std::uint64_t count) {
  std::string bytes;
  core::put_varint(bytes, count);
  return bytes;
}

}  // namespace anabranch::regions
