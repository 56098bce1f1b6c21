// The digest of all rows, in 256 buckets: what two leaders compare to prove that they hold the
// same.
//
// A row's share is crdt::row_digest; sums are modulo 2^128, so neither the order of rows nor that
// of changes matters, and a bucket follows from its rows alone. Which bucket a row belongs to is
// the hash of its storage key. Kept where rows leave a stage, by the difference of each row before
// and after, and committed with them: one small row of meta per bucket that has changed.
//
// Not thread-safe.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/origin_table.h"
#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::rows {

class Digests {
 public:
  static constexpr std::size_t kBuckets = 256;
  struct Bucket {
    core::Hash128 sum;
    std::uint64_t rows = 0;  // In which anything counts.
    bool operator==(const Bucket&) const = default;
  };
  using Buckets = std::array<Bucket, kBuckets>;

  // Those of no rows, still to be written.
  Digests() = default;
  // As a directory has them; computed from its rows when it was written by a version without.
  // Fails with kCorrupt when they cannot be read.
  static core::Result<Digests> load(const storage::Snapshot& snapshot,
                                    const core::OriginTable& origins);
  // Reads every row. Fails with kCorrupt on one that cannot be read.
  static core::Result<Digests> of_rows(const storage::Snapshot& snapshot,
                                       const core::OriginTable& origins);

  [[nodiscard]] static std::size_t bucket_of(std::string_view row_key);

  // A row's digest was `before` and is `after`; zero where there is no row, or nothing in it
  // counts.
  void replace(std::string_view row_key, const core::Hash128& before, const core::Hash128& after);

  // Takes over the digests of other rows, which become the ones that are stored.
  void become(const Digests& other);

  [[nodiscard]] const Buckets& buckets() const { return buckets_; }
  // Over all rows.
  [[nodiscard]] const core::Hash128& total() const { return total_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

  // Appends the rows of meta that have changed since the last call.
  void take_changes(std::vector<storage::Change>& changes);

 private:
  Buckets buckets_{};
  core::Hash128 total_;
  std::uint64_t rows_ = 0;
  std::bitset<kBuckets> changed_;
  bool marked_ = false;  // The directory says that it has digests.
};

}  // namespace anabranch::rows
