// Replies of the Redis protocol, version 2 or 3, appended to an output.
//
//   Writer reply(output);
//   reply.array(2);
//   reply.bulk("a");
//   reply.integer(1);
//
// Where version 3 has a type of its own (map, set, push, null), version 2 gets the reply that Redis
// sends there. Invariants: 1. the output never grows over `bytes_max`; a longer reply throws
// Error{kTooLarge}; 2. nor over the room set for now (output_room.h); a longer reply throws NoRoom.
// The caller removes the started reply with rewind(). Errors are never refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/resp/output.h"

namespace anabranch::control {

// There is no room for an answer now, though it is within bytes_max.
struct NoRoom {
  std::size_t bytes;  // The length the output would have had, or more.
};

class Writer {
 public:
  enum class Aggregate : std::uint8_t { kArray, kMap, kSet, kPush };

  // `output` must outlive the writer.
  Writer(Output& output, std::size_t bytes_max) : output_(output), bytes_max_(bytes_max) {}

  // 2 or 3.
  void set_protocol(int protocol) { protocol_ = protocol; }
  [[nodiscard]] int protocol() const { return protocol_; }

  // Changes the limit; the output may be longer already.
  void set_bytes_max(std::size_t bytes) { bytes_max_ = bytes; }
  // Lets the output grow up to so many bytes for now, within bytes_max.
  void set_room(std::size_t bytes) { room_ = bytes; }

  // "+OK\r\n".
  void ok() { append("+OK\r\n"); }
  // "+text\r\n"; the text has no line end.
  void status(std::string_view text);
  // "-text\r\n"; the text begins with its code, "ERR ...". Line ends in it become spaces.
  void error(std::string_view text);
  void integer(std::int64_t value);
  // A double: in version 2 a bulk string.
  void real(double value);
  void bulk(std::string_view bytes);
  // Text for people: a verbatim string in version 3.
  void verbatim(std::string_view text);
  // No value.
  void null() { append(protocol_ == 3 ? "_\r\n" : "$-1\r\n"); }
  // No array.
  void null_array() { append(protocol_ == 3 ? "_\r\n" : "*-1\r\n"); }
  // The head of an aggregate; its `size` elements must follow, of a map `size` pairs.
  void aggregate(Aggregate kind, std::size_t size);
  void array(std::size_t size) { aggregate(Aggregate::kArray, size); }
  void map(std::size_t size) { aggregate(Aggregate::kMap, size); }
  void set(std::size_t size) { aggregate(Aggregate::kSet, size); }
  // What the client has not asked for just now: a message of a channel.
  void push(std::size_t size) { aggregate(Aggregate::kPush, size); }

  // The position of the next byte.
  [[nodiscard]] std::size_t mark() const { return output_.size(); }
  // Returns whether the reply that begins at the mark is an error.
  [[nodiscard]] bool is_error(std::size_t mark) const {
    return mark < output_.size() && output_.at(mark) == '-';
  }
  // Throws, as writing them would, unless so many elements of so many bytes each fit.
  void require(std::size_t elements, std::size_t bytes) const;
  // Removes everything from the mark on.
  void rewind(std::size_t mark) { output_.truncate(mark); }
  // Moves what was written from `from` on, some few bytes, to the mark, before all else there.
  void move_before(std::size_t mark, std::size_t from);
  // Inserts the head of an aggregate at the mark, for a size that is only known at its end.
  void enclose(std::size_t mark, Aggregate kind, std::size_t size);

 private:
  void append(std::string_view bytes);
  [[noreturn]] void refuse() const;
  // "<type><number>\r\n".
  void line(char type, std::int64_t number);

  Output& output_;
  std::size_t bytes_max_;
  std::size_t room_ = SIZE_MAX;
  int protocol_ = 2;
};

}  // namespace anabranch::control
