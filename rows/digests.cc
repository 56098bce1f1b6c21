#include "rows/digests.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "core/big_endian.h"
#include "core/varint.h"
#include "crdt/canonical.h"
#include "rows/row_walk.h"

namespace anabranch::rows {

namespace {

using core::Hash128;

constexpr std::size_t kPerGroup = Digests::kBuckets / Digests::kGroups;
constexpr std::size_t kNumber = sizeof(std::uint64_t);

std::string encode_group(std::span<const Digests::Bucket, kPerGroup> buckets) {
  std::string bytes(kPerGroup * (2 * kNumber + core::kVarintMax), '\0');
  char* at = bytes.data();
  for (const Digests::Bucket& each : buckets) {
    at = core::write_big_endian(at, each.sum.high);
    at = core::write_big_endian(at, each.sum.low);
    at = core::write_varint(at, each.rows);
  }
  bytes.resize(static_cast<std::size_t>(at - bytes.data()));
  return bytes;
}

std::optional<std::uint64_t> take_number(std::string_view& bytes) {
  if (bytes.size() < kNumber) return std::nullopt;
  const std::uint64_t number = storage::from_big_endian(bytes.substr(0, kNumber));
  bytes.remove_prefix(kNumber);
  return number;
}

}  // namespace

core::Result<Digests> Digests::load(const storage::Snapshot& snapshot,
                                    const core::OriginTable& origins) {
  const auto format = snapshot.get(storage::Table::kMeta, storage::kDigestsKey);
  if (!format) return of_rows(snapshot, origins);
  Digests digests;
  digests.stored_ = format->size() == kNumber ? storage::from_big_endian(*format) : 0;
  if (digests.stored_ != kFormatOne && digests.stored_ != kFormat) {
    return core::corrupt("the stored digests are of another format");
  }
  const std::size_t rows = digests.stored_ == kFormatOne ? kBuckets : kGroups;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto bytes = snapshot.get(storage::Table::kMeta, storage::digest_key(digests.stored_, i));
    if (!bytes) continue;
    const auto taken = digests.take_row(i * kBuckets / rows, *bytes);
    if (!taken.ok()) return taken.failure();
  }
  return digests;
}

core::Result<void> Digests::take_row(std::size_t first, std::string_view bytes) {
  const std::size_t count = stored_ == kFormatOne ? 1 : kPerGroup;
  for (std::size_t i = first; i < first + count; ++i) {
    const auto high = take_number(bytes);
    const auto low = take_number(bytes);
    const auto rows = stored_ == kFormatOne ? take_number(bytes) : core::take_varint(bytes);
    if (!high || !low || !rows) return core::corrupt("a stored digest cannot be read");
    buckets_[i] = {{*high, *low}, *rows};
    total_ += buckets_[i].sum;
    rows_ += *rows;
  }
  if (!bytes.empty()) return core::corrupt("a stored digest cannot be read");
  return {};
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
  changed_.set(i / kPerGroup);
}

void Digests::become(const Digests& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] != other.buckets_[i]) changed_.set(i / kPerGroup);
  }
  buckets_ = other.buckets_;
  total_ = other.total_;
  rows_ = other.rows_;
}

void Digests::take_changes(storage::Changes& changes) {
  if (stored_ != kFormat) {
    changes.put(storage::Table::kMeta, storage::kDigestsKey, storage::big_endian(kFormat));
    if (stored_ == kFormatOne) {
      for (std::size_t i = 0; i < kBuckets; ++i) {
        changes.remove(storage::Table::kMeta, storage::digest_key(kFormatOne, i));
      }
      changed_.set();
    }
    stored_ = kFormat;
  }
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (!changed_.test(i)) continue;
    const auto group = std::span(buckets_).subspan(i * kPerGroup).first<kPerGroup>();
    const bool empty = std::ranges::count(group, Bucket{}) == kPerGroup;
    changes.set(storage::Table::kMeta, storage::digest_key(kFormat, i),
                empty ? std::nullopt : std::optional(encode_group(group)));
  }
  changed_.reset();
}

}  // namespace anabranch::rows
