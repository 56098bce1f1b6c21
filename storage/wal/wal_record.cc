#include "storage/wal/wal_record.h"

#include "core/hash.h"
#include "core/little_endian.h"
#include "core/varint.h"

namespace anabranch::storage {
namespace {

constexpr std::size_t kSumAt = 8;
constexpr std::size_t kSummedAt = 16;
constexpr std::size_t kOriginSize = 8;
constexpr std::size_t kBatchHeaderMost = kOriginSize + 3 * core::kVarintMax;

// The checksum of a header: of all its bytes but its own.
std::uint64_t header_sum(std::string_view header) {
  return core::seeded64(header.substr(kSummedAt, kRecordHeaderSize - kSummedAt),
                        core::checksum64(header.substr(0, kSumAt)));
}

// The checksum of a body depends on its place: no other body may stand there.
std::uint64_t sum_of(const RecordHeader& header, std::string_view body) {
  return core::seeded64(body, header.place);
}

std::string encode_header(const RecordHeader& header) {
  std::string out;
  out.reserve(kRecordHeaderSize);
  out.append(kRecordMagic);
  core::put_little(out, static_cast<std::uint64_t>(header.kind), 4);
  core::put_little(out, 0, 8);
  core::put_little(out, header.place, 8);
  core::put_little(out, header.opening, 8);
  core::put_little(out, header.synced, 8);
  core::put_little(out, header.first, 8);
  core::put_little(out, header.batches, 8);
  core::put_little(out, header.batch_bytes, 4);
  core::put_little(out, header.change_bytes, 4);
  core::put_little(out, header.body_sum, 8);
  std::string sum;
  core::put_little(sum, header_sum(out), kSummedAt - kSumAt);
  return out.replace(kSumAt, sum.size(), sum);
}

}  // namespace

core::Result<void> encode_record(std::string& out, RecordHeader& header,
                                 std::span<const LogRecord> batches, std::string_view changes) {
  std::size_t size = kRecordHeaderSize + changes.size();
  for (const LogRecord& batch : batches) size += batch.bytes.size() + kBatchHeaderMost;
  out.reserve(size);
  out.assign(kRecordHeaderSize, '\0');
  for (const LogRecord& batch : batches) {
    core::put_little(out, batch.origin, kOriginSize);
    core::put_varint(out, batch.first);
    core::put_varint(out, batch.last);
    core::put_bytes(out, batch.bytes);
  }
  header.batches = batches.size();
  header.batch_bytes = out.size() - kRecordHeaderSize;
  header.change_bytes = changes.size();
  if (header.batch_bytes > kRecordPartMax || header.change_bytes > kRecordPartMax) {
    return core::invalid(
        "a commit is too large for the log: " + std::to_string(header.body_size()) + " bytes");
  }
  out.append(changes);
  header.body_sum = sum_of(header, std::string_view(out).substr(kRecordHeaderSize));
  out.replace(0, kRecordHeaderSize, encode_header(header));
  return {};
}

void encode_copy(std::string& out, RecordHeader header, std::string_view body) {
  header.body_sum = sum_of(header, body);
  out = encode_header(header);
  out.append(body);
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderSize || !bytes.starts_with(kRecordMagic)) return std::nullopt;
  if (core::little(bytes.substr(kSumAt, kSummedAt - kSumAt)) != header_sum(bytes))
    return std::nullopt;
  std::string_view in = bytes.substr(kRecordMagic.size());
  const std::uint64_t kind = core::take_little(in, 4);
  if (kind > static_cast<std::uint64_t>(RecordKind::kClosing)) return std::nullopt;
  in.remove_prefix(kSummedAt - kSumAt);
  RecordHeader header;
  header.kind = static_cast<RecordKind>(kind);
  header.place = core::take_little(in, 8);
  header.opening = core::take_little(in, 8);
  header.synced = core::take_little(in, 8);
  header.first = core::take_little(in, 8);
  header.batches = core::take_little(in, 8);
  header.batch_bytes = core::take_little(in, 4);
  header.change_bytes = core::take_little(in, 4);
  header.body_sum = core::take_little(in, 8);
  if (header.first == 0) return std::nullopt;
  return header;
}

bool is_body_of(const RecordHeader& header, std::string_view body) {
  return body.size() == header.body_size() && sum_of(header, body) == header.body_sum;
}

std::string_view changes_in(const RecordHeader& header, std::string_view body) {
  return body.substr(header.batch_bytes);
}

BatchWalk::BatchWalk(const RecordHeader& header, std::string_view body)
    : rest_(body.substr(0, header.batch_bytes)), left_(header.batches) {}

std::optional<LogRecord> BatchWalk::next() {
  if (failed_ || left_ == 0) return std::nullopt;
  failed_ = true;
  if (rest_.size() < kOriginSize) return std::nullopt;
  LogRecord batch;
  batch.origin = core::take_little(rest_, kOriginSize);
  const auto first = core::take_varint(rest_);
  const auto last = first ? core::take_varint(rest_) : std::nullopt;
  const auto bytes = last ? core::take_bytes(rest_) : std::nullopt;
  if (!bytes) return std::nullopt;
  batch.first = *first;
  batch.last = *last;
  batch.bytes = *bytes;
  --left_;
  failed_ = false;
  return batch;
}

}  // namespace anabranch::storage
