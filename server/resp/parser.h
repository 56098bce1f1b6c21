// Requests of the Redis protocol, one after the other, out of a buffer that fills as bytes arrive.
//
// A request is an array of bulk strings, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", or a line of words, as a
// person types it: "GET k\r\n". Arguments are views into the buffer. The parser remembers where it
// stopped: an argument is never looked at again, however small the pieces are in which it comes.
//
// Invariants: 1. memory is bounded by what has really arrived, never by what a client announces;
// 2. a request of more than `request_bytes_max` is read to its end but not kept, so that the client
// gets an answer and may go on; 3. after kBroken the stream has no more requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server {

struct ParserLimits {
  std::size_t arguments_max = 1'000'000;                    // More: "invalid multibulk length".
  std::size_t bulk_bytes_max = std::size_t{512} << 20U;     // More: "invalid bulk length".
  std::size_t line_bytes_max = std::size_t{64} << 10U;      // Of a line without its end.
  std::size_t request_bytes_max = std::size_t{128} << 20U;  // Of a whole request.
};

class Parser {
 public:
  enum class Outcome : std::uint8_t {
    kIncomplete,  // Call again with more bytes.
    kRequest,     // arguments() holds a request.
    kTooLarge,    // A request was over request_bytes_max and has been skipped.
    kBroken,      // Not the Redis protocol: error() says why. Close the connection.
  };

  explicit Parser(const ParserLimits& limits = {}) : limits_(limits) {}

  // Goes on where it stopped. `buffer` holds everything that has arrived and has not been dropped.
  Outcome next(std::string_view buffer);

  // The request's words, at least one; views into the buffer that was given, valid until next().
  [[nodiscard]] std::span<const std::string_view> arguments() const { return arguments_; }
  // What is wrong, as Redis says it, without "ERR ".
  [[nodiscard]] std::string_view error() const { return error_; }

  // How many bytes at the front of the buffer are not needed any more.
  [[nodiscard]] std::size_t consumed() const { return skipping_ ? at_ : begin_; }
  // Says that the caller has dropped all consumed() bytes.
  void drop_consumed();
  // How many more bytes the bulk string that is being read needs; 0 when that is not known.
  [[nodiscard]] std::size_t missing(std::size_t buffered) const;

  // Memory besides the buffer, which grows with the number of words.
  [[nodiscard]] std::size_t bytes() const {
    return slices_.capacity() * sizeof(Slice) + words_.capacity() +
           arguments_.capacity() * sizeof(std::string_view);
  }
  // Gives it back, unless within a request; arguments() are none then.
  void trim();

 private:
  enum class State : std::uint8_t { kStart, kLength, kBulk };
  // What a line or a part of a request came to.
  enum class Step : std::uint8_t { kMore, kDone, kBroken };

  struct Slice {
    std::size_t offset = 0;  // From the request's beginning.
    std::size_t size = 0;
  };

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
  // The words of a line, with Redis' rules for quotes; false when they are unbalanced.
  bool split(std::string_view line);
  bool take_word(std::string_view line, std::size_t& at);

  ParserLimits limits_;
  std::string_view buffer_;
  std::size_t begin_ = 0;  // Where the request begins in the buffer.
  std::size_t at_ = 0;     // Everything before has been looked at.
  State state_ = State::kStart;
  bool skipping_ = false;
  std::size_t bulks_left_ = 0;
  std::size_t bulk_size_ = 0;
  std::vector<Slice> slices_;
  std::string words_;  // The unquoted words of a line.
  std::vector<std::string_view> arguments_;
  std::string error_;
};

}  // namespace anabranch::server
