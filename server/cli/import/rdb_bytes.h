// The bytes of a file that Redis saved: numbers, lengths and strings in its encodings, with a
// checksum of all that was read. Like a core::Reader it remembers its first failure: callers read
// on, and ask ok() at the end of each loop's turn.
//
// Invariant: no length leads beyond the end of the file or allocates more than kStringBytesMax; no
// read but the first failing one changes the failure.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "core/result.h"

namespace anabranch::server::cli {

// Not thread-safe. `in` must outlive it.
class RdbBytes {
 public:
  static constexpr std::uint64_t kStringBytesMax = std::uint64_t{64} << 20U;

  RdbBytes(std::istream& in, std::uint64_t size) : in_(in), size_(size) {}

  // Goes to an offset. The checksum means nothing afterwards.
  void seek(std::uint64_t offset);

  // Each returns 0 or nothing after a failure.
  std::uint8_t byte();
  std::uint64_t little(std::size_t count);  // At most 8 bytes, the lowest first.
  std::uint64_t length();
  // Returns a string; nullopt, without a failure, if it has more than kStringBytesMax.
  std::optional<std::string> string();
  void skip(std::uint64_t count);
  void skip_string();
  // Returns `count` bytes, at most kStringBytesMax.
  std::string bytes(std::uint64_t count);

  // Makes the reader fail, with the offset of the last thing that was begun.
  void fail(const std::string& message);
  // Failures from now on name this offset.
  void mark() { marked_ = offset_; }

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t marked() const { return marked_; }
  [[nodiscard]] std::uint64_t left() const { return size_ - offset_; }
  // Returns the checksum of all bytes that were read.
  [[nodiscard]] std::uint64_t checksum() const { return checksum_; }
  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  [[nodiscard]] const core::Failure& failure() const {
    ANABRANCH_ASSERT(failure_.has_value());
    return *failure_;
  }

 private:
  // A length, or the number of an encoding.
  struct Head {
    std::uint64_t value = 0;
    bool encoded = false;
  };

  // Reads `count` bytes to `out`; false, and a failure, at the end of the file.
  bool read(char* out, std::uint64_t count);
  Head head();
  std::optional<std::string> encoded_string(std::uint64_t encoding);

  std::istream& in_;
  std::uint64_t size_;
  std::uint64_t offset_ = 0;
  std::uint64_t marked_ = 0;
  std::uint64_t checksum_ = 0;
  std::optional<core::Failure> failure_;
};

}  // namespace anabranch::server::cli
