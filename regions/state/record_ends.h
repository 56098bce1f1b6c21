// Where the batches of a log begin and end, with the chain hash before each: all that is asked of a
// record to compare histories. A record may have tens of MiB, and a peer may ask again and again:
// of large records the ends are kept, so that each is read once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "core/dot.h"
#include "core/hash.h"
#include "storage/storage.h"

namespace anabranch::regions {

enum class Wanted : std::uint8_t { kBefore, kBoth };

struct RecordEnds {
  core::Origin origin = 0;
  core::Seq first = 0;
  core::Seq last = 0;
  core::ChainHash before{};  // At the end of the batch before it.
  // At its own end; nullopt unless it was asked for: that takes a hash over all bytes, and mostly
  // the next record has it.
  std::optional<core::ChainHash> after = {};
  bool operator==(const RecordEnds&) const = default;
};

// The ends of the large records that were read lately. Not thread-safe.
class KnownEnds {
 public:
  static constexpr std::size_t kLargeBytes = 1024;  // Smaller records are read again.
  static constexpr std::size_t kKnownMax = 16'384;  // Beyond that those read first are forgotten.

  // nullptr: not known. Valid until the next call.
  [[nodiscard]] const RecordEnds* find(storage::Position position, Wanted wanted) const;
  void add(storage::Position position, std::size_t bytes, const RecordEnds& ends);
  // Forgets all records before a position.
  void forget_before(storage::Position position);
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    RecordEnds ends;
    std::uint64_t number = 0;  // In the order of their reading.
  };

  std::map<storage::Position, Known> known_;
  std::map<std::uint64_t, storage::Position> by_number_;
  std::uint64_t numbered_ = 0;
};

// How much of the log may be read to compare the history of one peer: so many bytes at once, and so
// many for each millisecond; and so many searches. The record that goes beyond that is read to its
// end, and paid for later. Not thread-safe.
class ReadAllowance {
 public:
  static constexpr std::int64_t kBytesMax = std::int64_t{32} << 20U;
  static constexpr std::int64_t kBytesAtFirst = 1 << 20U;  // Anybody can come as a new peer.
  static constexpr std::int64_t kBytesPerMs = 64 << 10U;   // Of all peers together.
  // The same of searches: small records are nearly all search.
  static constexpr std::int64_t kSearchesMax = 4'096;
  static constexpr std::int64_t kSearchesPerMs = 8;

  // Tells the time, which never goes back, and the number of peers that share the rate.
  void refill(std::int64_t now_ms, std::size_t peers);
  // Returns whether a record may be read; notes it when not.
  [[nodiscard]] bool take();
  // Returns whether a record may be searched, and counts that; notes it when not.
  [[nodiscard]] bool take_search();
  void spend(std::size_t bytes) { left_ -= static_cast<std::int64_t>(bytes); }
  // begin: a question begins; ran_out: returns whether a record was not read for it.
  void begin() { ran_out_ = false; }
  [[nodiscard]] bool ran_out() const { return ran_out_; }

 private:
  std::int64_t left_ = kBytesAtFirst;
  std::int64_t searches_left_ = kSearchesMax;
  std::int64_t refilled_ms_ = 0;
  bool ran_out_ = false;
};

}  // namespace anabranch::regions
