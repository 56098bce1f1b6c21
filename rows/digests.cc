#include "rows/digests.h"

#include <string>
#include <utility>

#include "crdt/canonical.h"
#include "rows/row_walk.h"

namespace anabranch::rows {

namespace {

using core::Hash128;

constexpr std::uint64_t kDigestsFormat = 1;
constexpr std::size_t kNumber = sizeof(std::uint64_t);

std::string encode_bucket(const Digests::Bucket& bucket) {
  return storage::big_endian(bucket.sum.high) + storage::big_endian(bucket.sum.low) +
         storage::big_endian(bucket.rows);
}

core::Result<Digests::Bucket> decode_bucket(std::string_view bytes) {
  if (bytes.size() != 3 * kNumber) return core::corrupt("a stored digest cannot be read");
  const auto number = [&](std::size_t i) {
    return storage::from_big_endian(bytes.substr(i * kNumber, kNumber));
  };
  return Digests::Bucket{{number(0), number(1)}, number(2)};
}

}  // namespace

core::Result<Digests> Digests::load(const storage::Snapshot& snapshot,
                                    const core::OriginTable& origins) {
  const auto format = snapshot.get(storage::Table::kMeta, storage::kDigestsKey);
  if (!format) return of_rows(snapshot, origins);
  if (*format != storage::big_endian(kDigestsFormat)) {
    return core::corrupt("the stored digests are of another format");
  }
  Digests digests;
  digests.marked_ = true;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const auto bytes = snapshot.get(storage::Table::kMeta, storage::digest_key(i));
    if (!bytes) continue;
    const auto bucket = decode_bucket(*bytes);
    if (!bucket.ok()) return bucket.failure();
    digests.buckets_[i] = bucket.value();
    digests.total_ += bucket.value().sum;
    digests.rows_ += bucket.value().rows;
  }
  return digests;
}

core::Result<Digests> Digests::of_rows(const storage::Snapshot& snapshot,
                                       const core::OriginTable& origins) {
  Digests digests;
  for (RowWalk walk(snapshot, {}, origins); walk.valid(); walk.next()) {
    const auto row = walk.row();
    if (!row.ok()) return row.failure();
    digests.replace(walk.key(), {}, crdt::row_digest(row.value().path, row.value().row));
  }
  return digests;
}

std::size_t Digests::bucket_of(std::string_view row_key) {
  return core::checksum64(row_key) % kBuckets;
}

void Digests::replace(std::string_view row_key, const Hash128& before, const Hash128& after) {
  if (before == after) return;
  const std::size_t i = bucket_of(row_key);
  Bucket& bucket = buckets_[i];
  bucket.sum -= before;
  bucket.sum += after;
  total_ -= before;
  total_ += after;
  const bool was = before != Hash128{};
  const bool is = after != Hash128{};
  bucket.rows = bucket.rows + (is ? 1 : 0) - (was ? 1 : 0);
  rows_ = rows_ + (is ? 1 : 0) - (was ? 1 : 0);
  changed_.set(i);
}

void Digests::become(const Digests& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] != other.buckets_[i]) changed_.set(i);
  }
  buckets_ = other.buckets_;
  total_ = other.total_;
  rows_ = other.rows_;
}

void Digests::take_changes(std::vector<storage::Change>& changes) {
  if (!std::exchange(marked_, true)) {
    changes.push_back({storage::Table::kMeta, std::string(storage::kDigestsKey),
                       storage::big_endian(kDigestsFormat)});
  }
  if (changed_.none()) return;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (!changed_.test(i)) continue;
    const bool empty = buckets_[i] == Bucket{};
    changes.push_back({storage::Table::kMeta, storage::digest_key(i),
                       empty ? std::nullopt : std::optional(encode_bucket(buckets_[i]))});
  }
  changed_.reset();
}

}  // namespace anabranch::rows
