#include "rows/expiry_index.h"

#include <algorithm>
#include <utility>

#include "crdt/expiry.h"
#include "rows/row_walk.h"
#include "storage/layout.h"

namespace anabranch::rows {

using core::Millis;
using core::Path;
using storage::Table;

namespace {

constexpr std::uint64_t kIndexFormat = 1;
constexpr std::size_t kDeadlineBytes = sizeof(std::uint64_t);

}  // namespace

std::string due_key(Millis deadline) {
  return storage::big_endian(static_cast<std::uint64_t>(deadline));
}

void index_expiry(const Path& path, const crdt::Row& before, const crdt::Row& after,
                  storage::Changes& changes) {
  const std::vector<Millis> old = crdt::deadlines(before.cell);
  const std::vector<Millis> now = crdt::deadlines(after.cell);
  if (old == now) return;
  const std::string row_key = core::row_key(path);
  for (const Millis deadline : old) {
    if (std::ranges::binary_search(now, deadline)) continue;
    changes.remove(Table::kExpiries, due_key(deadline) + row_key);
  }
  for (const Millis deadline : now) {
    if (std::ranges::binary_search(old, deadline)) continue;
    changes.put(Table::kExpiries, due_key(deadline) + row_key, "");
  }
}

core::Result<DueExpiry> read_due(std::string_view index_key) {
  if (index_key.size() <= kDeadlineBytes) return core::corrupt("a deadline has no key");
  const std::uint64_t deadline = storage::from_big_endian(index_key.substr(0, kDeadlineBytes));
  return DueExpiry{static_cast<Millis>(deadline), std::string(index_key.substr(kDeadlineBytes))};
}

std::string_view row_key_of_due(std::string_view index_key) {
  return index_key.substr(std::min(index_key.size(), kDeadlineBytes));
}

std::string_view key_of_expiry(std::string_view row_key) {
  constexpr std::size_t kTagBytes = 3;  // The size of a tag as a component of an encoded path.
  if (core::is_hashed_key(row_key)) return row_key.substr(0, Path::kHashedPrefix);
  return row_key.substr(0, row_key.size() - std::min(row_key.size(), kTagBytes));
}

core::Result<void> load_expiries(const storage::Snapshot& snapshot,
                                 const core::OriginTable& origins, PublishedExpiry& published,
                                 storage::Changes& changes) {
  if (snapshot.get(Table::kMeta, storage::kExpiriesKey)) {
    const auto cursor = snapshot.scan(Table::kExpiries, {});
    for (; cursor->valid(); cursor->next()) {
      const auto due = read_due(cursor->key());
      if (!due.ok()) return due.failure();
      published.mark(key_of_expiry(due.value().row_key));
    }
    return {};
  }
  for (RowWalk walk(snapshot, {}, origins); walk.valid(); walk.next()) {
    const auto row = walk.row();
    if (!row.ok()) return row.failure();
    if (!crdt::is_expiry(row.value().path)) continue;
    published.mark(crdt::key_part(row.value().path));
    for (const Millis deadline : crdt::deadlines(row.value().row.cell)) {
      std::string key = due_key(deadline) + core::row_key(row.value().path);
      if (snapshot.get(Table::kExpiries, key)) continue;
      changes.put(Table::kExpiries, key, "");
    }
  }
  changes.put(Table::kMeta, storage::kExpiriesKey, storage::big_endian(kIndexFormat));
  return {};
}

}  // namespace anabranch::rows
