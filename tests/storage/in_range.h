// What a scan of a table must show, by a model of it.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/storage.h"

namespace anabranch::storage::test {

// Returns the entries of a model that a scan shows, in its order.
template <typename Value>
std::vector<std::pair<std::string, Value>> in_range(const std::map<std::string, Value>& model,
                                                    const KeyRange& range) {
  std::vector<std::pair<std::string, Value>> entries;
  for (const auto& [key, value] : model) {
    const bool inside = key >= range.from && (range.to.empty() || key < range.to);
    if (inside) entries.emplace_back(key, value);
  }
  if (range.direction == Direction::kBackward) std::ranges::reverse(entries);
  return entries;
}

}  // namespace anabranch::storage::test
