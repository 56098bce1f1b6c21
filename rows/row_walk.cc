#include "rows/row_walk.h"

#include <string>
#include <utility>

namespace anabranch::rows {

core::Result<PathRow> decode_row_at(std::string_view key, std::string_view value,
                                    const core::OriginTable& origins) {
  RowDecoder decoder;
  const core::Result<void> decoded = decoder.decode(key, value, origins);
  if (!decoded.ok()) return decoded.failure();
  return PathRow{decoder.path(), std::move(decoder.row())};
}

core::Result<void> RowDecoder::decode(std::string_view key, std::string_view value,
                                      const core::OriginTable& origins) {
  if (auto decoded = crdt::decode_row(value, origins, stored_); !decoded.ok()) return decoded;
  const bool hashed = stored_.path.has_value();
  if (hashed != core::is_hashed_key(key) || (hashed && core::row_key(*stored_.path) != key)) {
    return core::corrupt("a row does not belong at its key");
  }
  if (hashed) {
    path_ = *std::move(stored_.path);
    return {};
  }
  auto path = core::Path::from_encoded(key);
  if (!path.ok()) return path.failure();
  path_ = std::move(path).value();
  return {};
}

RowWalk::RowWalk(const storage::Snapshot& snapshot, const storage::KeyRange& range,
                 const core::OriginTable& origins)
    : cursor_(snapshot.scan(storage::Table::kRows, range)), origins_(origins) {}

core::Result<PathRow> RowWalk::row() const {
  try {
    return decode_row_at(key(), value(), origins_);
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
}

}  // namespace anabranch::rows
