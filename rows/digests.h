// The digest of all rows, in 256 buckets. Two leaders compare digests to prove that their rows are
// equal.
//
// A row's share is crdt::row_digest; sums are modulo 2^128, so neither the order of rows nor the
// order of changes matters, and the sum of a bucket follows from its rows alone. The hash of a
// row's storage key selects its bucket. Digests are updated where rows leave a stage, by the
// difference of each row before and after, and committed with the rows: one row of meta for each
// group of buckets that has changed. (With a row for each bucket, a commit of 100 rows would change
// 83 more; with one for all, a commit of one row would log 4 KB more.)
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
  static constexpr std::size_t kGroups = 16;  // As many buckets in each, one behind the other.
  struct Bucket {
    core::Hash128 sum;
    std::uint64_t rows = 0;  // With a share in the sum.
    bool operator==(const Bucket&) const = default;
  };
  using Buckets = std::array<Bucket, kBuckets>;

  // The digests of an empty table, still to be written.
  Digests() = default;
  // Loads the digests of a directory; computes them from its rows if a version without digests
  // wrote it. Fails with kCorrupt if digests or rows cannot be read.
  static core::Result<Digests> load(const storage::Snapshot& snapshot,
                                    const core::OriginTable& origins);
  // Computes the digests from all rows. Fails with kCorrupt on a row that cannot be read.
  static core::Result<Digests> of_rows(const storage::Snapshot& snapshot,
                                       const core::OriginTable& origins);

  [[nodiscard]] static std::size_t bucket_of(std::string_view row_key);

  // Replaces the digest `before` of a row by `after`; zero for no row, or one without a share.
  void replace(std::string_view row_key, const core::Hash128& before, const core::Hash128& after);

  // Takes over the digests of another set of rows, which is going to be the stored one.
  void become(const Digests& other);

  [[nodiscard]] const Buckets& buckets() const { return buckets_; }
  // The sum over all rows.
  [[nodiscard]] const core::Hash128& total() const { return total_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

  // Appends the rows of meta that have changed since the last call.
  void take_changes(storage::Changes& changes);

  // The number of the present form of these rows in a directory.
  static constexpr std::uint64_t kFormat = 2;
  static constexpr std::uint64_t kFormatOne = 1;  // A row for each bucket.

 private:
  // Takes over the buckets of a stored row, from `first` on.
  core::Result<void> take_row(std::size_t first, std::string_view bytes);
  Buckets buckets_{};
  core::Hash128 total_;
  std::uint64_t rows_ = 0;
  std::bitset<kGroups> changed_;
  std::uint64_t stored_ = 0;  // The format of the rows in the directory; 0: it has none.
};

}  // namespace anabranch::rows
