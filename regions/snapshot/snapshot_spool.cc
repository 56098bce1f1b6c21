#include "regions/snapshot/snapshot_spool.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/planted_bug.h"
#include "core/varint.h"
#include "core/wire.h"
#include "crdt/canonical.h"
#include "crdt/row_codec.h"

namespace anabranch::regions {

using core::Result;

namespace {

constexpr char kHeaderItem = 'h';
constexpr char kRowItem = 'r';
constexpr char kEndItem = 'e';
constexpr std::size_t kReadBytes = std::size_t{128} << 10U;
constexpr std::size_t kVarintBytesMax = 10;

std::string encode_header(const SnapshotHeader& header) {
  std::string bytes(1, kHeaderItem);
  core::Writer out(bytes);
  out.array(5).uint64(SnapshotHeader::kFormat).uint64(header.id).uint64(header.rows);
  out.array(header.heads.size() * 2);
  for (const auto& [origin, head] : header.heads) out.uint64(origin).bin(encode_head(head));
  write_marks(out, header.checkpoints);
  return bytes;
}

Result<SnapshotHeader> decode_header(std::string_view bytes) {
  core::Reader in(bytes);
  SnapshotHeader header;
  const std::size_t newer = in.array_of(5);
  if (const std::uint64_t format = in.uint64(); in.ok() && format != SnapshotHeader::kFormat) {
    in.fail("a snapshot has format " + std::to_string(format) + ", this version reads " +
            std::to_string(SnapshotHeader::kFormat));
  }
  header.id = in.uint64();
  header.rows = in.uint64();
  const std::size_t size = in.array();
  if (size % 2 != 0) in.fail("a snapshot has an odd number of heads");
  for (std::size_t i = 0; i < size && in.ok(); i += 2) {
    const core::Origin origin = in.uint64();
    auto head = decode_head(in.bin());
    if (!head.ok()) return head.failure();
    const bool sorted = header.heads.empty() || header.heads.rbegin()->first < origin;
    if (origin == 0 || !sorted || head.value().seq == 0) in.fail("the heads are not canonical");
    header.heads.emplace_hint(header.heads.end(), origin, std::move(head).value());
  }
  header.checkpoints = read_marks(in);
  in.skip(newer);
  if (!in.done()) return in.failure();
  return header;
}

}  // namespace

core::VersionVector SnapshotHeader::vector() const {
  core::VersionVector vector;
  for (const auto& [origin, head] : heads) vector.set(origin, head.seq);
  return vector;
}

ChainMarks SnapshotHeader::newest() const {
  ChainMarks marks;
  for (const auto& [origin, head] : heads) {
    marks.at.set(origin, head.seq);
    marks.hashes.push_back(head.chain);
  }
  return marks;
}

// ---- Writing.

SnapshotWriter::SnapshotWriter(const SnapshotHeader& header) {
  for (const auto& [origin, head] : header.heads) origins_.add(origin);
  const std::string item = encode_header(header);
  core::put_bytes(bytes_, item);
  end_.checksum += core::digest128(item);
}

void SnapshotWriter::row(const core::Path& path, const crdt::Row& row) {
  std::string item(1, kRowItem);
  core::put_bytes(item, path.encoded());
  item += crdt::encode_row(path, row, origins_);
  core::put_bytes(bytes_, item);
  ++end_.rows;
  end_.checksum += core::digest128(item);
  end_.digest += crdt::row_digest(path, row);
}

void SnapshotWriter::end() {
  std::string item(1, kEndItem);
  core::Writer out(item);
  out.array(3).uint64(end_.rows);
  write_hash(out, end_.digest);
  write_hash(out, end_.checksum);
  core::put_bytes(bytes_, item);
}

std::string SnapshotWriter::take() { return std::exchange(bytes_, {}); }

// ---- Reading.

Result<bool> SnapshotScan::fill(std::size_t size) {
  if (buffer_.size() - at_ >= size) return true;
  buffer_.erase(0, at_);
  at_ = 0;
  auto more = spool_.read(read_to_, std::max(kReadBytes, size - buffer_.size()));
  if (!more.ok()) return more.failure();
  buffer_ += more.value();
  read_to_ += more.value().size();
  return buffer_.size() >= size;
}

Result<std::optional<std::string_view>> SnapshotScan::take() {
  using Taken = std::optional<std::string_view>;
  if (const auto filled = fill(kVarintBytesMax); !filled.ok()) return filled.failure();
  for (;;) {
    std::string_view in = std::string_view(buffer_).substr(at_);
    const std::size_t before = in.size();
    const auto size = core::take_varint(in);
    if (!size && before >= kVarintBytesMax)
      return core::corrupt("an item of a snapshot has no size");
    if (!size) return Taken();
    if (*size == 0 || *size > kItemBytesMax)
      return core::corrupt("an item of a snapshot is too large");
    const std::size_t whole = before - in.size() + *size;
    if (before >= whole) {
      at_ += whole;
      return Taken(in.substr(0, *size));
    }
    const auto filled = fill(whole);
    if (!filled.ok()) return filled.failure();
    if (!filled.value()) return Taken();
  }
}

Result<SnapshotScan::Item> SnapshotScan::next() {
  const auto taken = take();
  if (!taken.ok()) return taken.failure();
  if (!taken.value()) return Item::kNothing;
  if (ended_) return core::corrupt("a snapshot goes on behind its end");
  const char kind = taken.value()->front();
  const std::string_view bytes = taken.value()->substr(1);
  if (begun_ == (kind == kHeaderItem))
    return core::corrupt("a snapshot does not begin with a header");
  if (kind != kEndItem) sum_.checksum += core::digest128(*taken.value());
  Result<void> read;
  Item item = Item::kHeader;
  if (kind == kHeaderItem) {
    read = read_header(bytes);
  } else if (kind == kRowItem) {
    item = Item::kRow;
    read = read_row(bytes);
  } else if (kind == kEndItem) {
    item = Item::kEnd;
    read = read_end(bytes);
  } else {
    return core::corrupt("a snapshot holds something unknown");
  }
  if (!read.ok()) return read.failure();
  return item;
}

Result<void> SnapshotScan::read_header(std::string_view bytes) {
  auto header = decode_header(bytes);
  if (!header.ok()) return header.failure();
  header_ = std::move(header).value();
  vector_ = header_.vector();
  for (const auto& [origin, head] : header_.heads) origins_.add(origin);
  begun_ = true;
  return {};
}

Result<void> SnapshotScan::read_row(std::string_view bytes) {
  const auto encoded = core::take_bytes(bytes);
  if (!encoded) return core::corrupt("a row of a snapshot ends early");
  auto path = core::Path::from_encoded(*encoded);
  if (!path.ok()) return path.failure();
  auto stored = crdt::decode_row(bytes, origins_);
  if (!stored.ok()) return stored.failure();
  path_ = std::move(path).value();
  row_ = std::move(stored.value().row);
  const bool hashed = core::is_hashed(path_);
  if (hashed != stored.value().path.has_value() || (hashed && *stored.value().path != path_)) {
    return core::corrupt("a row of a snapshot is at another path");
  }
  std::string key = core::row_key(path_);
  if (path_.empty() || row_.empty() || key <= key_) {
    return core::corrupt("the rows of a snapshot are not in order");
  }
  if (!covered(row_)) return core::corrupt("a row of a snapshot is newer than the snapshot");
  key_ = std::move(key);
  ++sum_.rows;
  sum_.digest += crdt::row_digest(path_, row_);
  return {};
}

bool SnapshotScan::covered(const crdt::Row& row) const {
  return std::ranges::all_of(row.cell.siblings,
                             [&](const auto& each) { return vector_.covers(each.dot); }) &&
         std::ranges::all_of(row.tally.slots, [&](const auto& each) {
           return vector_.covers({each.origin, each.seq}) &&
                  (each.base_seq == 0 || vector_.covers(each.reset));
         });
}

Result<void> SnapshotScan::read_end(std::string_view bytes) {
  core::Reader in(bytes);
  SnapshotEnd end;
  const std::size_t newer = in.array_of(3);
  end.rows = in.uint64();
  end.digest = read_hash(in);
  end.checksum = read_hash(in);
  in.skip(newer);
  if (!in.done()) return in.failure();
  if (end != sum_ && !core::planted(core::Bug::kTrustSnapshots))
    return core::corrupt("a snapshot's rows are not those that its end counts");
  ended_ = true;
  return {};
}

}  // namespace anabranch::regions
