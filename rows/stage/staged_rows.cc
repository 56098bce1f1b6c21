#include "rows/stage/staged_rows.h"

#include <algorithm>
#include <utility>

namespace anabranch::rows {

namespace {

constexpr std::size_t kFew = 8;           // Rows without a table.
constexpr std::size_t kRowsFirst = 4;     // Of the first vector of rows.
constexpr std::size_t kRowsMax = 256;     // Of each vector.
constexpr std::size_t kPlacesPerRow = 2;  // At least.

}  // namespace

const StagedRow* StagedRows::find(const core::Path& path) const {
  if (places_.empty()) return find_among_few(path);
  const std::uint64_t hash = core::seeded64(path.encoded(), seed_);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash & mask; places_[at].row != nullptr; at = (at + 1) & mask) {
    const Place& place = places_[at];
    if (place.hash == hash >> 32U && place.row->path == path) return place.row;
  }
  return nullptr;
}

const StagedRow* StagedRows::find_among_few(const core::Path& path) const {
  for (const Rows& rows : rows_) {
    for (const StagedRow& row : rows) {
      if (row.path == path) return &row;
    }
  }
  return nullptr;
}

StagedRow& StagedRows::add(const core::Path& path, crdt::Row row) {
  if (rows_.empty() || rows_.back().size() == rows_.back().capacity()) {
    const std::size_t room = std::clamp(size_, kRowsFirst, kRowsMax);
    rows_.emplace_back().reserve(room);
  }
  StagedRow& added = rows_.back().emplace_back(path, std::move(row));
  ++size_;
  if (size_ > kFew && size_ * kPlacesPerRow > places_.size()) {
    rehash(2 * kPlacesPerRow * size_);
  } else if (!places_.empty()) {
    enter(added, core::seeded64(path.encoded(), seed_));
  }
  return added;
}

void StagedRows::rehash(std::size_t places) {
  std::size_t size = 1;
  while (size < places) size *= 2;
  places_.assign(size, {});
  for (Rows& rows : rows_) {
    for (StagedRow& row : rows) enter(row, core::seeded64(row.path.encoded(), seed_));
  }
}

void StagedRows::enter(StagedRow& row, std::uint64_t hash) {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = hash & mask;
  while (places_[at].row != nullptr) at = (at + 1) & mask;
  places_[at] = {static_cast<std::uint32_t>(hash >> 32U), &row};
}

std::vector<StagedRow*> StagedRows::changed() {
  std::vector<StagedRow*> changed;
  changed.reserve(size_);
  for (Rows& rows : rows_) {
    for (StagedRow& row : rows) {
      if (row.changed) changed.push_back(&row);
    }
  }
  std::ranges::sort(changed, ByPath());
  return changed;
}

}  // namespace anabranch::rows
