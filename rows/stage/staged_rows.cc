#include "rows/stage/staged_rows.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/word_compare.h"

namespace anabranch::rows {

namespace {

constexpr std::size_t kFew = 8;           // Rows without a table.
constexpr std::size_t kRowsMax = 256;     // Of each vector of further ones.
constexpr std::size_t kPlacesPerRow = 2;  // At least.

// Returns how many bytes all paths have in common at their beginning.
std::size_t shared_bytes(const std::vector<StagedRow*>& rows) {
  const std::string_view first = rows.front()->path.encoded();
  std::size_t shared = first.size();
  for (const StagedRow* row : rows) {
    const std::string_view path = row->path.encoded();
    shared = core::common_bytes(first.data(), path.data(), std::min(shared, path.size()));
  }
  return shared;
}

// Sorts rows by their paths: nearly all are told apart by the word behind the shared bytes.
void sort(std::vector<StagedRow*>& rows) {
  struct Keyed {
    std::uint64_t word;
    StagedRow* row;
  };
  const std::size_t shared = shared_bytes(rows);
  std::vector<Keyed> keyed;
  keyed.reserve(rows.size());
  for (StagedRow* row : rows) keyed.push_back({core::word_at(row->path.encoded(), shared), row});
  std::ranges::sort(keyed, [](const Keyed& one, const Keyed& other) {
    return one.word != other.word ? one.word < other.word : one.row->path < other.row->path;
  });
  std::ranges::transform(keyed, rows.begin(), &Keyed::row);
}

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
  if (changed.size() > 1) sort(changed);
  return changed;
}

}  // namespace anabranch::rows
