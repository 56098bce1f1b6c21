// Batches: what one group commit of one origin appended to the log, the unit of replication, stored
// and applied whole. The bytes are encoded once, by the origin, and travel and rest unchanged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/op.h"
#include "core/result.h"

namespace anabranch::core {

// Who wrote from here on: in the first batch of each opening of a leader's directory.
struct Opening {
  Hash128 mesh;             // The mesh that the leader belongs to.
  std::string region;       // The leader's region.
  std::uint64_t number = 0; // Counts the openings of the directory.
  std::uint64_t nonce = 0;  // Random: two copies of one directory differ.
  Origin previous = 0;      // The incarnation before this one, 0 when there was none.
  bool operator==(const Opening&) const = default;
};

struct Batch {
  static constexpr std::uint64_t kFormat = 1;

  Origin origin = 0;
  ChainHash previous{};               // chain_hash of the origin's batch before, zero for the first.
  VersionVector deps_changed;         // Other origins' entries that changed since that batch.
  std::optional<Opening> opening;
  std::vector<Transaction> transactions;  // At least one, contiguous, each with at least one op.

  [[nodiscard]] Seq first() const { return transactions.front().first; }
  [[nodiscard]] Seq last() const { return transactions.back().last(); }
  bool operator==(const Batch&) const = default;
};

// What can be known of a batch without decoding its ops. Every batch begins with it.
struct BatchHeader {
  Origin origin = 0;
  Seq first = 0;
  Seq last = 0;
  ChainHash previous{};
};

std::string encode_batch(const Batch& batch);
// Fails on bytes that are not exactly one valid batch: unknown format, wrong counts, gaps, paths
// that no encoding has, trailing bytes.
Result<Batch> decode_batch(std::string_view bytes);
Result<BatchHeader> decode_batch_header(std::string_view bytes);

}  // namespace anabranch::core
