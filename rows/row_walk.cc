#include "rows/row_walk.h"

#include <string>
#include <utility>

#include "crdt/row_codec.h"

namespace anabranch::rows {

core::Result<PathRow> decode_row_at(std::string_view key, std::string_view value,
                                    const core::OriginTable& origins) {
  auto stored = crdt::decode_row(value, origins);
  if (!stored.ok()) return stored.failure();
  if (stored.value().path.has_value() != core::is_hashed_key(key)) {
    return core::corrupt("a row does not belong at its key");
  }
  if (!stored.value().path) {
    auto path = core::Path::from_encoded(key);
    if (!path.ok()) return path.failure();
    return PathRow{std::move(path).value(), std::move(stored.value().row)};
  }
  if (core::row_key(*stored.value().path) != key) {
    return core::corrupt("a row does not belong at its key");
  }
  return PathRow{*std::move(stored.value().path), std::move(stored.value().row)};
}

RowWalk::RowWalk(const storage::Snapshot& snapshot, std::string_view from,
                 const core::OriginTable& origins)
    : cursor_(snapshot.scan(storage::Table::kRows, from, storage::Direction::kForward)),
      origins_(origins) {}

}  // namespace anabranch::rows
