#include "core/origin_table.h"

#include <bit>

#include "core/assert.h"

namespace anabranch::core {

OriginTable::OriginTable(const OriginTable& other) {
  for (std::uint32_t number = 0; number < other.size(); ++number) add(*other.origin(number));
}

// Chunk k has 64 * 2^k places; the chunks before it have 64 * (2^k - 1).
OriginTable::Place OriginTable::place_of(std::uint32_t number) {
  const auto chunk = static_cast<std::size_t>(std::bit_width(number / kFirstChunk + 1)) - 1;
  return {chunk, number - kFirstChunk * ((std::uint32_t{1} << chunk) - 1)};
}

std::uint32_t OriginTable::add(Origin origin) {
  const auto next = static_cast<std::uint32_t>(size());
  const auto [entry, added] = numbers_.try_emplace(origin, next);
  if (!added) return entry->second;
  const Place place = place_of(next);
  ANABRANCH_ASSERT(place.chunk < kChunksMax);
  std::unique_ptr<Origin[]>& chunk = chunks_[place.chunk];
  if (!chunk) chunk = std::make_unique<Origin[]>(std::size_t{kFirstChunk} << place.chunk);
  chunk[place.index] = origin;
  size_.store(next + 1, std::memory_order_release);
  return next;
}

std::optional<std::uint32_t> OriginTable::number(Origin origin) const {
  const auto found = numbers_.find(origin);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::optional<Origin> OriginTable::origin(std::uint32_t number) const {
  if (number >= size()) return std::nullopt;
  const Place place = place_of(number);
  return chunks_[place.chunk][place.index];
}

}  // namespace anabranch::core
