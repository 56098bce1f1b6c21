#include "core/origin_table.h"

#include <limits>

#include "core/assert.h"

namespace anabranch::core {

std::uint32_t OriginTable::add(Origin origin) {
  ANABRANCH_ASSERT(origins_.size() < std::numeric_limits<std::uint32_t>::max());
  const auto next = static_cast<std::uint32_t>(origins_.size());
  const auto [entry, added] = numbers_.try_emplace(origin, next);
  if (added) origins_.push_back(origin);
  return entry->second;
}

std::optional<std::uint32_t> OriginTable::number(Origin origin) const {
  const auto found = numbers_.find(origin);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::optional<Origin> OriginTable::origin(std::uint32_t number) const {
  if (number >= origins_.size()) return std::nullopt;
  return origins_[number];
}

}  // namespace anabranch::core
