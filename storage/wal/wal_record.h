// A record of the write-ahead log: all of one commit. docs/formats.md has the bytes.
//
// A record says where it lies in the log's byte stream and which opening of the log wrote it, so
// that no old bytes of a recycled file pass for a record; and how much of the log was known to be
// on disk when it was written, so that an opening can tell a torn end from damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::storage {

inline constexpr std::string_view kRecordMagic = "abr1";
inline constexpr std::size_t kRecordHeaderSize = 72;
// The most that the batches of a record may have, and its changes.
inline constexpr std::uint64_t kRecordPartMax = (std::uint64_t{1} << 32U) - 1;

enum class RecordKind : std::uint8_t {
  kCommit,
  kOpening,  // The first one that an opening writes; empty.
  kClosing,  // The last one of an opening that ended well; empty.
};

struct RecordHeader {
  RecordKind kind = RecordKind::kCommit;
  std::uint64_t place = 0;    // Where it begins in the stream.
  std::uint64_t opening = 0;  // The number of the opening.
  std::uint64_t synced = 0;   // The stream was on disk to here.
  Position first = 1;         // The position of its first batch, or of the next one.
  std::uint64_t batches = 0;
  std::uint64_t batch_bytes = 0;
  std::uint64_t change_bytes = 0;
  std::uint64_t body_sum = 0;

  [[nodiscard]] std::uint64_t body_size() const { return batch_bytes + change_bytes; }
  [[nodiscard]] std::uint64_t end() const { return place + kRecordHeaderSize + body_size(); }
  // Returns the position of the batch that follows this record.
  [[nodiscard]] Position next_position() const { return first + batches; }
};

// Makes the bytes of a record in `out`, in place of its content; sets the header's sizes and sum.
// Fails with kInvalid when there are more bytes than a record may have.
core::Result<void> encode_record(std::string& out, RecordHeader& header,
                                 std::span<const LogRecord> batches, std::string_view changes);
// Makes the bytes of a record whose body is there already: the sizes of the header are its own.
void encode_copy(std::string& out, RecordHeader header, std::string_view body);

// Returns the header in the first bytes of `bytes`; nullopt when they are none.
std::optional<RecordHeader> decode_record_header(std::string_view bytes);
// Returns whether `body` is the one of the header.
bool is_body_of(const RecordHeader& header, std::string_view body);
// Returns the changes in a body of the header.
std::string_view changes_in(const RecordHeader& header, std::string_view body);

// Walks over the batches in a body. Not thread-safe.
class BatchWalk {
 public:
  BatchWalk() = default;
  BatchWalk(const RecordHeader& header, std::string_view body);
  // Returns the next batch, a view of the body; nullopt at the end, and where the bytes are none.
  std::optional<LogRecord> next();
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  std::uint64_t left_ = 0;
  bool failed_ = false;
};

}  // namespace anabranch::storage
