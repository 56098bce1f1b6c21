// A segment of the write-ahead log: one file with a stretch of the log's byte stream. Its header
// says where the stretch begins; records follow, and behind the last one the sparse index.
//
// A file gets the name of a segment only when its header is on disk. So a name alone proves that
// all of the stream before the segment was on disk.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/wal/files.h"
#include "storage/wal/read_ahead.h"
#include "storage/wal/sparse_index.h"
#include "storage/wal/wal_record.h"

namespace anabranch::storage {

inline constexpr std::size_t kSegmentHeaderSize = 64;
// The `previous` of a segment that follows none.
inline constexpr std::uint64_t kNoSegment = ~std::uint64_t{0};

// The name of a file says where the segment begins and the number of the opening that began it.
struct SegmentName {
  std::uint64_t start = 0;
  std::uint64_t opening = 0;
  auto operator<=>(const SegmentName&) const = default;

  [[nodiscard]] std::string text() const;
  // Returns nullopt for the name of another file.
  static std::optional<SegmentName> parse(std::string_view text);
};

struct SegmentHeader {
  SegmentName name;
  std::uint64_t synced = 0;             // The stream was on disk to here, also within the segment.
  std::uint64_t previous = kNoSegment;  // Where the segment before it begins.
  Position first = 1;                   // The position of its first batch, or of the next one.
};
std::string encode_segment_header(const SegmentHeader& header);
// Returns nullopt when the bytes are none of the segment of that name.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes, const SegmentName& name);

struct Segment {
  SegmentHeader header;
  std::shared_ptr<File> file;
  SparseIndex index;
  bool sound = true;     // Its header could be read, or made anew.
  bool renewed = false;  // It was made anew: the file has a bad one.
  // While it is appended to: the room that the file has on the disk, for all that lies in it.
  std::uint64_t room = 0;

  [[nodiscard]] std::uint64_t start() const { return header.name.start; }
  // Returns where a place in the stream lies in the file.
  [[nodiscard]] std::uint64_t offset(std::uint64_t place) const {
    return kSegmentHeaderSize + place - start();
  }
};

// Opens the file of a segment and reads its header. A bad one is no failure: the name says that it
// was on disk, and so more than the stream before it.
core::Result<Segment> open_segment(Files& files, const SegmentName& name);
// The same for a file with another name.
core::Result<Segment> open_segment(Files& files, const SegmentName& name, const std::string& file);
// Writes the sparse index behind the last record. It is not on disk yet.
core::Result<void> write_footer(const Segment& segment, std::uint64_t end);
// Adds the batches of a record to the index.
void add_to_index(SparseIndex& index, const RecordHeader& header, std::string_view body);

// The bytes at a place of the stream.
struct FoundRecord {
  enum class State : std::uint8_t { kNone, kTorn, kSound };
  State state = State::kNone;  // Torn: the header is right and the body is not.
  RecordHeader header;
  std::string_view body;

  [[nodiscard]] bool sound() const { return state == State::kSound; }
  // Whether all bytes of a body are there, right or wrong.
  [[nodiscard]] bool whole() const {
    return state != State::kNone && body.size() == header.body_size();
  }
};

// Reads the records of a segment. Not thread-safe. Fails when the disk does.
class SegmentScan {
 public:
  explicit SegmentScan(const Segment& segment) : name_(segment.header.name), ahead_(segment.file) {}

  // Returns the header of the record that begins at a place before `end`, the end of the segment;
  // nullopt when none does.
  core::Result<std::optional<RecordHeader>> header_at(std::uint64_t place, std::uint64_t end);
  // Returns the record that begins at a place and ends at or before `end`, the end of the segment.
  // The body is valid until the next call.
  core::Result<FoundRecord> at(std::uint64_t place, std::uint64_t end = kNoSegment);
  // Returns the first place from `place` on with the header of a record of this segment.
  core::Result<std::optional<std::uint64_t>> next_header(std::uint64_t place);
  // Returns where the next record begins behind damage at a place; at the latest `end`.
  core::Result<std::uint64_t> behind_damage(std::uint64_t place, std::uint64_t end);

 private:
  [[nodiscard]] bool is_at(const RecordHeader& header, std::uint64_t place) const {
    return header.place == place && header.opening == name_.opening;
  }
  [[nodiscard]] std::uint64_t offset(std::uint64_t place) const {
    return kSegmentHeaderSize + place - name_.start;
  }
  [[nodiscard]] std::uint64_t limit(std::uint64_t end) const;

  SegmentName name_;
  ReadAhead ahead_;
};

// Reads the index of a segment that ends at `end`: from its footer, or else from its records.
core::Result<SparseIndex> read_index(const Segment& segment, std::uint64_t end);

}  // namespace anabranch::storage
