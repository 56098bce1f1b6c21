// The sparse index of a segment: for each 64 KiB of the log's byte stream, the first batch of each
// origin that begins there, and each batch that is large or begins a large record, of 64 KiB or
// more: it is found without reading it. Kept in memory, and written behind a segment that is
// closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/storage.h"

namespace anabranch::storage {

inline constexpr std::uint64_t kIndexBlock = std::uint64_t{64} << 10U;

struct IndexEntry {
  core::Origin origin = 0;
  core::Seq first = 0;      // The first seq of the batch.
  Position position = 0;    // The batch's own.
  std::uint64_t place = 0;  // Where the record of its commit begins in the stream.
  bool operator==(const IndexEntry&) const = default;
};

// A value type; not thread-safe.
class SparseIndex {
 public:
  // Adds a batch, unless its block has one of the origin already and it need not be there. Batches
  // come in order.
  void add(const IndexEntry& entry, bool always = false);
  // Forgets the batches of records that begin at or behind a place.
  void cut(std::uint64_t place);
  // Returns all entries, in the order of their positions.
  [[nodiscard]] std::span<const IndexEntry> entries() const { return entries_; }
  // Returns the last entry of an origin that begins at `seq` or before it; nullopt when all of them
  // begin behind it.
  [[nodiscard]] std::optional<IndexEntry> last_until(core::Origin origin, core::Seq seq) const;
  // Returns the first entry of an origin behind a position; nullopt when there is none.
  [[nodiscard]] std::optional<IndexEntry> first_behind(core::Origin origin,
                                                       Position position) const;
  // Returns the place of a record from which on all batches from `position` on are found; nullopt
  // when the index has none before it.
  [[nodiscard]] std::optional<std::uint64_t> place_before(Position position) const;

  // Returns the size of the footer, if so many batches more are added at most.
  [[nodiscard]] std::uint64_t encoded_size(std::uint64_t more = 0) const;
  // Returns the footer of a segment that ends at `end` in the stream.
  [[nodiscard]] std::string encode(std::uint64_t end) const;
  // Returns the size of the footer that `head` (its first kFooterHeadSize bytes) begins; nullopt
  // when it is none, or one of another end.
  [[nodiscard]] static std::optional<std::uint64_t> footer_size(std::string_view head,
                                                                std::uint64_t end);
  // Returns the index in a footer; nullopt when its checksum is wrong.
  [[nodiscard]] static std::optional<SparseIndex> decode(std::string_view footer);

 private:
  void push(const IndexEntry& entry);

  std::vector<IndexEntry> entries_;
  std::map<core::Origin, std::vector<std::uint32_t>> by_origin_;  // Their numbers in `entries_`.
};

inline constexpr std::size_t kFooterHeadSize = 32;

}  // namespace anabranch::storage
