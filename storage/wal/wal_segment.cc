#include "storage/wal/wal_segment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "core/hash.h"
#include "core/little_endian.h"
#include "core/text.h"

namespace anabranch::storage {

using core::Result;

namespace {

constexpr std::string_view kSegmentMagic = "abs1";
constexpr std::string_view kSegmentNamePrefix = "segment-";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kSegmentSumAt = 8;
constexpr std::size_t kSegmentSummedAt = 16;
constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> from_hex(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::uint64_t segment_sum(std::string_view header) {
  return core::checksum64(header.substr(kSegmentSummedAt, kSegmentHeaderSize - kSegmentSummedAt));
}

}  // namespace

std::string SegmentName::text() const {
  return std::string(kSegmentNamePrefix) + core::to_hex(start) + '-' + core::to_hex(opening);
}

std::optional<SegmentName> SegmentName::parse(std::string_view text) {
  constexpr std::size_t kSize = kSegmentNamePrefix.size() + kDigits + 1 + kDigits;
  if (text.size() != kSize || !text.starts_with(kSegmentNamePrefix)) return std::nullopt;
  const auto start = from_hex(text.substr(kSegmentNamePrefix.size(), kDigits));
  const auto opening = from_hex(text.substr(kSegmentNamePrefix.size() + kDigits + 1));
  if (!start || !opening) return std::nullopt;
  const SegmentName name{*start, *opening};
  if (name.text() != text) return std::nullopt;
  return name;
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  core::put_little(out, 0, 4);
  core::put_little(out, 0, 8);
  core::put_little(out, header.name.start, 8);
  core::put_little(out, header.name.opening, 8);
  core::put_little(out, header.synced, 8);
  core::put_little(out, header.previous, 8);
  core::put_little(out, header.first, 8);
  core::put_little(out, 0, 8);
  std::string sum;
  core::put_little(sum, segment_sum(out), kSegmentSummedAt - kSegmentSumAt);
  return out.replace(kSegmentSumAt, sum.size(), sum);
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes,
                                                   const SegmentName& name) {
  if (bytes.size() < kSegmentHeaderSize || !bytes.starts_with(kSegmentMagic)) return std::nullopt;
  if (core::little(bytes.substr(kSegmentSumAt, 8)) != segment_sum(bytes)) return std::nullopt;
  std::string_view in = bytes.substr(kSegmentSummedAt);
  SegmentHeader header;
  header.name.start = core::take_little(in, 8);
  header.name.opening = core::take_little(in, 8);
  header.synced = core::take_little(in, 8);
  header.previous = core::take_little(in, 8);
  header.first = core::take_little(in, 8);
  if (header.name != name || header.first == 0) return std::nullopt;
  return header;
}

Result<Segment> open_segment(Files& files, const SegmentName& name) {
  return open_segment(files, name, name.text());
}

Result<Segment> open_segment(Files& files, const SegmentName& name, const std::string& from) {
  auto file = files.open(from);
  if (!file.ok()) return file.failure();
  Segment segment;
  segment.file = std::move(file).value();
  std::array<char, kSegmentHeaderSize> bytes{};
  const auto got = segment.file->read(0, bytes);
  if (!got.ok()) return got.failure();
  segment.file->rest();
  const auto header = decode_segment_header({bytes.data(), got.value()}, name);
  segment.sound = header.has_value();
  segment.header = header.value_or(SegmentHeader{.name = name, .synced = name.start + 1});
  return segment;
}

Result<void> write_footer(const Segment& segment, std::uint64_t end) {
  return segment.file->write(segment.offset(end), segment.index.encode(end));
}

void add_to_index(SparseIndex& index, const RecordHeader& header, std::string_view body) {
  BatchWalk walk(header, body);
  std::uint64_t read = body.size();  // To find the batch without the index.
  for (Position position = header.first; const auto batch = walk.next(); ++position) {
    const bool is_large = std::max(read, batch->bytes.size()) >= kIndexBlock;
    index.add({batch->origin, batch->first, position, header.place}, is_large);
    read = 0;
  }
}

std::uint64_t SegmentScan::limit(std::uint64_t end) const {
  return end == kNoSegment ? kEverything : offset(end);
}

Result<std::optional<RecordHeader>> SegmentScan::header_at(std::uint64_t place, std::uint64_t end) {
  const auto head = ahead_.view(offset(place), kRecordHeaderSize, limit(end));
  if (!head.ok()) return head.failure();
  auto header = decode_record_header(head.value());
  if (header && !is_at(*header, place)) header.reset();
  return header;
}

Result<FoundRecord> SegmentScan::at(std::uint64_t place, std::uint64_t end) {
  const auto header = header_at(place, end);
  if (!header.ok()) return header.failure();
  FoundRecord found;
  if (!header.value()) return found;
  found.header = *header.value();
  found.state = FoundRecord::State::kTorn;
  const std::uint64_t size = kRecordHeaderSize + found.header.body_size();
  const auto whole = ahead_.view(offset(place), size, limit(end));
  if (!whole.ok()) return whole.failure();
  found.body = whole.value().substr(kRecordHeaderSize);
  if (is_body_of(found.header, found.body)) found.state = FoundRecord::State::kSound;
  return found;
}

Result<std::optional<std::uint64_t>> SegmentScan::next_header(std::uint64_t place) {
  for (;;) {
    const auto view = ahead_.view(offset(place), kReadAhead, kEverything);
    if (!view.ok()) return view.failure();
    const std::string_view bytes = view.value();
    if (bytes.size() < kRecordHeaderSize) return std::optional<std::uint64_t>();
    // A header that reaches over the end of the piece is looked at in the next one.
    const std::size_t tried = bytes.size() - kRecordHeaderSize + 1;
    for (auto at = bytes.find(kRecordMagic); at < tried; at = bytes.find(kRecordMagic, at + 1)) {
      const auto header = decode_record_header(bytes.substr(at));
      if (header && is_at(*header, place + at)) return std::optional(place + at);
    }
    place += tried;
  }
}

Result<std::uint64_t> SegmentScan::behind_damage(std::uint64_t place, std::uint64_t end) {
  const auto next = next_header(place + 1);
  if (!next.ok()) return next.failure();
  return std::min(next.value().value_or(end), end);
}

Result<SparseIndex> read_index(const Segment& segment, std::uint64_t end) {
  ReadAhead ahead(segment.file);
  const std::uint64_t offset = segment.offset(end);
  const auto head = ahead.view(offset, kFooterHeadSize, kEverything);
  if (!head.ok()) return head.failure();
  if (const auto size = SparseIndex::footer_size(head.value(), end)) {
    const auto file_size = segment.file->size();
    if (!file_size.ok()) return file_size.failure();
    const auto footer = ahead.view(offset, *size, file_size.value());
    if (!footer.ok()) return footer.failure();
    if (footer.value().size() == *size) {
      if (auto index = SparseIndex::decode(footer.value())) return std::move(*index);
    }
  }
  SparseIndex index;
  SegmentScan scan(segment);
  for (std::uint64_t place = segment.start(); place < end;) {
    const auto found = scan.at(place, end);
    if (!found.ok()) return found.failure();
    if (found.value().whole()) {
      add_to_index(index, found.value().header, found.value().body);
      place = found.value().header.end();
      continue;
    }
    const auto behind = scan.behind_damage(place, end);
    if (!behind.ok()) return behind.failure();
    place = behind.value();
  }
  return index;
}

}  // namespace anabranch::storage
