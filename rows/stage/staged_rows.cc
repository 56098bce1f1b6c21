#include "rows/stage/staged_rows.h"

#include <algorithm>
#include <utility>

namespace anabranch::rows {

namespace {

constexpr std::size_t kFew = 8;           // Rows without a table.
constexpr std::size_t kRowsMax = 256;     // Of each vector of further ones.
constexpr std::size_t kPlacesPerRow = 2;  // At least.

}  // namespace

const StagedRow* StagedRows::find(const core::Path& path) const {
  if (places_.empty()) {
    const auto found = std::ranges::find(few_, path, &StagedRow::path);
    return found == few_.end() ? nullptr : &*found;
  }
  const std::uint64_t hash = hash_(path);
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash & mask; places_[at].row != nullptr; at = (at + 1) & mask) {
    const Place& place = places_[at];
    if (place.hash == hash >> 32U && place.row->path == path) return place.row;
  }
  return nullptr;
}

StagedRows::Rows& StagedRows::with_room() {
  if (size_ < kFew) {
    few_.reserve(kFew);
    return few_;
  }
  if (more_.empty() || more_.back().size() == more_.back().capacity()) {
    more_.emplace_back().reserve(std::min(size_, kRowsMax));
  }
  return more_.back();
}

StagedRow& StagedRows::add(const core::Path& path, crdt::Row row) {
  StagedRow& added = with_room().emplace_back(path, std::move(row));
  ++size_;
  if (size_ > kFew && size_ * kPlacesPerRow > places_.size()) {
    rehash(2 * kPlacesPerRow * size_);
  } else if (!places_.empty()) {
    enter(added, hash_(path));
  }
  return added;
}

void StagedRows::rehash(std::size_t places) {
  std::size_t size = 1;
  while (size < places) size *= 2;
  places_.assign(size, {});
  visit(*this, [&](StagedRow& row) { enter(row, hash_(row.path)); });
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
  visit(*this, [&](StagedRow& row) {
    if (row.changed) changed.push_back(&row);
  });
  std::ranges::sort(changed, ByPath());
  return changed;
}

}  // namespace anabranch::rows
