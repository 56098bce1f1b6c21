#include "storage/memory_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace anabranch::storage {

const std::string* MemoryTable::find(std::string_view key) const {
  const Place place = lower_bound(key);
  return place == end() || at(place).key != key ? nullptr : &at(place).value;
}

MemoryTable::Place MemoryTable::lower_bound(std::string_view key) const {
  const auto leaf = std::ranges::partition_point(
      leaves_, [&](const std::shared_ptr<Leaf>& each) { return each->back().key < key; });
  if (leaf == leaves_.end()) return end();
  const auto entry = std::ranges::lower_bound(**leaf, key, {}, &Entry::key);
  return {static_cast<std::size_t>(leaf - leaves_.begin()),
          static_cast<std::size_t>(entry - (*leaf)->begin())};
}

MemoryTable::Place MemoryTable::next(Place place) const {
  if (++place.entry < leaves_[place.leaf]->size()) return place;
  return {place.leaf + 1, 0};
}

MemoryTable::Place MemoryTable::previous(Place place) const {
  if (place.entry > 0) return {place.leaf, place.entry - 1};
  if (place.leaf == 0) return end();
  return {place.leaf - 1, leaves_[place.leaf - 1]->size() - 1};
}

MemoryTable::Leaf& MemoryTable::own(std::size_t leaf) {
  std::shared_ptr<Leaf>& shared = leaves_[leaf];
  if (shared.use_count() > 1) shared = std::make_shared<Leaf>(*shared);
  return *shared;
}

MemoryTable MemoryTable::detached() const {
  MemoryTable copy = *this;
  for (std::size_t leaf = 0; leaf < copy.leaves_.size(); ++leaf) copy.own(leaf);
  return copy;
}

std::optional<std::string> MemoryTable::set(const std::string& key,
                                            const std::optional<std::string>& value) {
  const Place place = lower_bound(key);
  if (place == end() || at(place).key != key) {
    if (value) insert(place, key, *value);
    return std::nullopt;
  }
  Leaf& leaf = own(place.leaf);
  std::string before = std::move(leaf[place.entry].value);
  if (value) {
    leaf[place.entry].value = *value;
    return before;
  }
  leaf.erase(leaf.begin() + static_cast<std::ptrdiff_t>(place.entry));
  if (leaf.empty()) leaves_.erase(leaves_.begin() + static_cast<std::ptrdiff_t>(place.leaf));
  --size_;
  return before;
}

void MemoryTable::insert(Place place, const std::string& key, const std::string& value) {
  ++size_;
  if (leaves_.empty()) {
    leaves_.push_back(std::make_shared<Leaf>(1, Entry{key, value}));
    return;
  }
  if (place == end()) place = {leaves_.size() - 1, leaves_.back()->size()};
  Leaf& leaf = own(place.leaf);
  leaf.insert(leaf.begin() + static_cast<std::ptrdiff_t>(place.entry), {key, value});
  if (leaf.size() <= kLeafMax) return;
  const auto half = leaf.begin() + kLeafMax / 2;
  auto upper =
      std::make_shared<Leaf>(std::make_move_iterator(half), std::make_move_iterator(leaf.end()));
  leaf.erase(half, leaf.end());
  leaves_.insert(leaves_.begin() + static_cast<std::ptrdiff_t>(place.leaf) + 1, std::move(upper));
}

}  // namespace anabranch::storage
