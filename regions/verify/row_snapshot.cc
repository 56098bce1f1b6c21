#include "regions/verify/row_snapshot.h"

#include <string>
#include <utility>

#include "crdt/canonical.h"
#include "rows/row_text.h"
#include "rows/row_walk.h"

namespace anabranch::regions {

using rows::RowWalk;

namespace {

// What cannot be read differs from every row, and from what cannot be read elsewhere.
core::Hash128 share_of(const RowWalk& walk) {
  const auto row = walk.row();
  return row.ok() ? crdt::row_digest(row.value().path, row.value().row)
                  : core::digest128(std::string(walk.key()) + row.failure().message);
}

}  // namespace

RowSnapshot::Part RowSnapshot::part(std::string_view from, std::string_view until,
                                    Detail detail) const {
  Part part;
  std::size_t bytes = 0;
  std::size_t read = 0;
  std::size_t steps = 0;
  RowWalk walk(*moment_.snapshot, {.from = from}, names_.origins());
  for (; walk.valid() && (until.empty() || walk.key() < until); walk.next()) {
    if (++steps > kRowsMax || bytes > kListBytesMax || read > kReadBytesMax) {
      part.next = walk.key();
      return part;
    }
    read += walk.value().size();
    const core::Hash128 share = share_of(walk);
    if (share == core::Hash128{}) continue;
    part.digest += share;
    ++part.rows;
    if (detail == Detail::kSum) continue;
    bytes += walk.key().size() + sizeof(share);
    part.list.push_back({std::string(walk.key()), share});
  }
  part.next = until;
  return part;
}

RowSnapshot::Shown RowSnapshot::show(std::string_view key) const {
  const RowWalk walk(*moment_.snapshot, {.from = key}, names_.origins());
  if (!walk.valid() || walk.key() != key) return {{}, {}, "nothing", 0};
  const auto row = walk.row();
  const std::size_t read = walk.key().size() + walk.value().size();
  if (!row.ok()) {
    return {share_of(walk), rows::quoted(key), "unreadable: " + row.failure().message, read};
  }
  return {share_of(walk), rows::path_text(row.value().path),
          rows::row_text(row.value().row, names_), read};
}

}  // namespace anabranch::regions
