// Parses requests of the Redis protocol, one after the other, from a buffer that fills as bytes
// arrive.
//
// A request is an array of bulk strings, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", or a line of words, as
// typed by a person: "GET k\r\n". Arguments are views into the buffer. The parser remembers its
// position: it reads an argument only once, however small the pieces are in which it arrives.
//
// Invariants: 1. memory is bounded by the bytes that have really arrived, never by an announced
// size; 2. a request of more than `request_bytes_max` is read to its end but not kept, so that the
// client gets an answer and may continue; 3. after kBroken the stream has no more requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::control {

struct ParserLimits {
  std::size_t arguments_max = 1'000'000;                    // More: "invalid multibulk length".
  std::size_t bulk_bytes_max = std::size_t{512} << 20U;     // More: "invalid bulk length".
  std::size_t line_bytes_max = std::size_t{64} << 10U;      // Of a line without its end.
  std::size_t request_bytes_max = std::size_t{128} << 20U;  // Of a whole request.
  bool unauthenticated = false;  // They are those of a client that has not logged in.
};

class Parser {
 public:
  enum class Outcome : std::uint8_t {
    kIncomplete,  // Call again with more bytes.
    kRequest,     // arguments() holds a request.
    kTooLarge,    // A request exceeded request_bytes_max and has been skipped.
    kBroken,      // Not the Redis protocol: see error(). Close the connection.
  };

  explicit Parser(const ParserLimits& limits = {}) : limits_(limits) {}

  // For the requests from the next one on.
  void set_limits(const ParserLimits& limits) { limits_ = limits; }

  // Continues where it stopped. `buffer` holds all bytes that have arrived and were not dropped.
  Outcome next(std::string_view buffer);

  // The words of the request, at least one; views into the given buffer, valid until next().
  [[nodiscard]] std::span<const std::string_view> arguments() const { return arguments_; }
  // The error in the words of Redis, without "ERR ".
  [[nodiscard]] std::string_view error() const { return error_; }

  // The number of bytes at the front of the buffer that are not needed any more.
  [[nodiscard]] std::size_t consumed() const { return skipping_ ? at_ : begin_; }
  // Notes that the caller has dropped all consumed() bytes.
  void drop_consumed();
  // The number of bytes still missing from the present bulk string; 0 if that is not known.
  [[nodiscard]] std::size_t missing(std::size_t buffered) const;

  // The memory besides the buffer, proportional to the number of words.
  [[nodiscard]] std::size_t bytes() const {
    return slices_.capacity() * sizeof(Slice) + words_.capacity() +
           arguments_.capacity() * sizeof(std::string_view);
  }
  // Releases that memory, unless within a request; arguments() are empty afterwards.
  void trim();

 private:
  enum class State : std::uint8_t { kStart, kLength, kBulk };
  // The result of parsing a line or a part of a request.
  enum class Step : std::uint8_t { kMore, kDone, kBroken };

  struct Slice {
    std::size_t offset = 0;  // From the request's beginning.
    std::size_t size = 0;
  };

  // Takes a request of a few words that the buffer holds as a whole, as nearly all are. One that
  // may be over a limit, or is none, stays where it is: false.
  bool take_whole();
  Outcome next_multibulk();
  Outcome next_inline();
  Step read_count();
  Step read_length();
  Step read_bulk();
  // The line at at_ without its end; moves behind it.
  Step take_line(std::string_view& line, const char* too_long);
  Step fail(std::string message);
  void finish_request();
  Outcome collect();
  // Splits a line into words, with Redis' rules for quotes; false if the quotes are unbalanced.
  bool split(std::string_view line);
  bool take_word(std::string_view line, std::size_t& at);

  ParserLimits limits_;
  std::string_view buffer_;
  std::size_t begin_ = 0;  // The beginning of the request in the buffer.
  std::size_t at_ = 0;     // The bytes before it have been parsed.
  State state_ = State::kStart;
  bool skipping_ = false;
  std::size_t bulks_left_ = 0;
  std::size_t bulk_size_ = 0;
  std::vector<Slice> slices_;
  std::string words_;  // The unquoted words of a line.
  std::vector<std::string_view> arguments_;
  std::string error_;
};

}  // namespace anabranch::control
