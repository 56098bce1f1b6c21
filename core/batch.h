// Batches: the data that one group commit of one origin appended to the log; the unit of
// replication, stored and applied whole. The origin encodes the bytes once; they travel and are
// stored unchanged.
//
// The bytes are two msgpack values in a row, so that the head can be read without the ops:
//
//   head         [format, origin, first, last, previous: bin 32, checksum: bin 8 or nil], and
//                sometimes deps_hashes: bin or nil, 8 bytes for each entry of deps, big-endian
//   body         [deps, opening, transactions], and sometimes signature: bin 64
//
//   deps         [origin, seq, origin, seq, ...]      sorted by origin, only what changed
//   opening      nil, or [mesh: bin 16, region: text, number, nonce, previous origin]
//   transaction  [hlc, [op, op, ...]]                 seqs follow from `first`
//
//   put          [1, path: bin, value: bin, base: bin or nil, context or nil]
//   remove       [2, path, context or nil]
//   add          [3, path, birth, amount, total]
//   reset        [4, path, slots]
//   clear        [5, prefix, [path, slots, path, slots, ...]]
//
//   context      as deps, with the own origin
//   slots        [origin, birth, seq, total, origin, ...]   sorted by origin
//   number       int (64 bits), or bin 16 (128 bits, big-endian), or a 64-bit float
//
//   signature    Ed25519, of the region for `previous` at the position before this batch
//
// deps_hashes tell which history of another origin a batch depends on, so that it is applied onto
// no other one. A batch that was rewritten under a new name has none: its bytes follow from the
// branch alone.
//
// Rules for later versions: a newer version may append elements to head, body, opening, transaction
// and op, and may add kinds of op; this version skips the former and counts the latter (UnknownOp).
// A change that an older version cannot skip needs a new format number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/op.h"
#include "core/op_codec.h"
#include "core/result.h"

namespace anabranch::core {

// The author of the following batches: in the first batch of each opening of a leader's directory.
struct Opening {
  Hash128 mesh;              // The leader's mesh.
  std::string region;        // The leader's region.
  std::uint64_t number = 0;  // Counts the openings of the directory.
  std::uint64_t nonce = 0;   // Random: two copies of one directory differ.
  Origin previous = 0;       // The incarnation before this one, 0 when there was none.
  bool operator==(const Opening&) const = default;
};

// All of a batch but its transactions.
struct BatchFrame {
  static constexpr std::uint64_t kFormat = 1;
  static constexpr std::size_t kSignatureSize = 64;
  static constexpr std::size_t kRegionSizeMax = 64;

  Origin origin = 0;
  ChainHash previous{};        // chain_hash of the origin's previous batch, zero for the first.
  VersionVector deps_changed;  // Other origins' entries that changed since that batch.
  // history_hash() of the chain at each entry of deps_changed, 0 where it is not known; or empty.
  std::vector<std::uint64_t> deps_hashes = {};
  std::optional<Opening> opening;
  std::string signature = {};  // Of the position before, in some; else empty.
  bool operator==(const BatchFrame&) const = default;
};

struct Batch : BatchFrame {
  std::vector<Transaction> transactions;  // At least one, contiguous, each with at least one op.

  [[nodiscard]] Seq first() const { return transactions.front().first; }
  [[nodiscard]] Seq last() const { return transactions.back().last(); }
  [[nodiscard]] Extent extent() const { return {first(), last(), transactions.back().hlc}; }
  bool operator==(const Batch&) const = default;
};

// Returns the part of a chain hash that stands for it in deps_hashes.
[[nodiscard]] std::uint64_t history_hash(const ChainHash& chain);

// The facts known of a batch without decoding its ops. Every batch begins with them.
struct BatchHeader {
  Origin origin = 0;
  Seq first = 0;
  Seq last = 0;
  ChainHash previous{};
};

// Encodes a batch. It must be one that decode_batch accepts: this process made it.
std::string encode_batch(const Batch& batch);
// The same, with transactions that are encoded already.
std::string encode_batch(const BatchFrame& batch, const TransactionWriter& transactions);
// Decodes a batch. Fails with kInvalid on another format, and with kCorrupt unless the bytes are
// exactly one valid batch: wrong counts, gaps, numbers that no leader writes, paths that are no
// encoding, trailing bytes.
Result<Batch> decode_batch(std::string_view bytes);
// Decodes and checks the head alone, at the same cost for any number of ops.
Result<BatchHeader> decode_batch_header(std::string_view bytes);

}  // namespace anabranch::core
