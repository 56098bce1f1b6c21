// Small local numbers for origins, so that a stored row does not spend 8 bytes on each.
//
// Append-only. Numbers are local to one data directory and never travel: batches, digests and
// snapshots use full origins. One thread adds; origin() may be called by any thread at the same
// time and takes no lock, since every read of a row calls it: origins are stored in chunks that
// never move, each twice as large as the one before. A value type; a copy takes time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "core/dot.h"

namespace anabranch::core {

class OriginTable {
 public:
  OriginTable() = default;
  OriginTable(const OriginTable& other);
  OriginTable& operator=(const OriginTable&) = delete;

  // Returns the number of `origin`; assigns the next one (from 0) when the origin is new.
  std::uint32_t add(Origin origin);
  // Returns the number of an origin; nullopt when it was never added. For the thread that adds.
  [[nodiscard]] std::optional<std::uint32_t> number(Origin origin) const;
  // Returns the origin with a number; nullopt when the number was never assigned.
  [[nodiscard]] std::optional<Origin> origin(std::uint32_t number) const;
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  static constexpr std::uint32_t kFirstChunk = 64;
  static constexpr std::size_t kChunksMax = 26;

  // The place of a number in the chunks.
  struct Place {
    std::size_t chunk = 0;
    std::uint32_t index = 0;
  };
  static Place place_of(std::uint32_t number);

  std::array<std::unique_ptr<Origin[]>, kChunksMax> chunks_;  // Each set before a size beyond it.
  std::atomic<std::uint32_t> size_ = 0;
  std::unordered_map<Origin, std::uint32_t> numbers_;
};

}  // namespace anabranch::core
