#include "storage/change_order.h"

#include <algorithm>
#include <tuple>

#include "core/assert.h"

namespace anabranch::storage {

void sort_changes(std::span<const Change> changes, std::vector<const Change*>& sorted) {
  sorted.clear();
  sorted.reserve(changes.size());
  for (const Change& change : changes) {
    ANABRANCH_ASSERT(!change.key.empty() && change.key.size() <= kKeySizeMax);
    sorted.push_back(&change);
  }
  const auto before = [](const Change* a, const Change* b) {
    return std::tie(a->table, a->key) < std::tie(b->table, b->key);
  };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before)) {
    std::sort(sorted.begin(), sorted.end(), before);
  }
  const auto same = [](const Change* a, const Change* b) {
    return a->table == b->table && a->key == b->key;
  };
  ANABRANCH_ASSERT(std::adjacent_find(sorted.begin(), sorted.end(), same) == sorted.end());
}

}  // namespace anabranch::storage
