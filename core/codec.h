// msgpack for everything that leaves this process: batches and messages.
//
// Writing appends to a string. Reading first lets msgpack parse the whole input into a flat list of
// tokens that point into it (bounded in number and depth, no copies, no exceptions), then returns
// the tokens one by one. A Reader remembers its first failure: callers read on, and ask ok() once
// at the end.
//
//   Reader in(bytes);
//   const std::size_t extra = in.array_of(2);
//   const Origin origin = in.uint64();
//   const std::string_view name = in.text();
//   in.skip(extra);
//   if (!in.done()) return in.failure();
//
// Invariants: 1. no function of a Reader throws or allocates more than a constant times the size of
// its input; 2. the size returned by array() is at most the number of tokens that follow, so a loop
// up to it is safe. Maps, extension types and 32-bit floats are not part of our formats and are
// refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "core/result.h"

namespace anabranch::core {

// Appends msgpack to a string. Not thread-safe.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // Appends the head of an array; its `size` elements must follow.
  Writer& array(std::size_t size);
  Writer& uint64(std::uint64_t value);
  Writer& int64(std::int64_t value);
  Writer& real(double value);
  Writer& bin(std::string_view bytes);
  Writer& text(std::string_view utf8);
  Writer& nil();
  Writer& boolean(bool value);
  // Appends values that a writer has encoded.
  Writer& encoded(std::string_view values) {
    out_.append(values);
    return *this;
  }

  // The values that were appended one by one, heads of arrays too: the tokens of a Reader.
  [[nodiscard]] std::size_t values() const { return values_; }

 private:
  std::string& out_;
  std::size_t values_ = 0;
};

// One value of the input; an array is followed by its elements. Small, since inputs have many
// tokens.
struct Token {
  enum class Kind : std::uint8_t { kNil, kBool, kUint, kInt, kReal, kBin, kText, kArray };
  Kind kind = Kind::kNil;
  std::uint32_t size = 0;    // Of bin, text and array.
  std::uint64_t number = 0;  // The value's bits, or the offset of bin and text in the input.
};

// Reads the output of a Writer, and any other bytes without harm.
class Reader {
 public:
  static constexpr std::size_t kDepthMax = 16;
  static constexpr std::size_t kTokensMax = 4'000'000;

  // Reads `bytes`, exactly one value; any other input is a failure. `bytes` must outlive the reader
  // and the views that it returns.
  explicit Reader(std::string_view bytes, std::size_t tokens_max = kTokensMax);
  // Reads one value off the front of `bytes` and leaves the rest in it; leaves `bytes` unchanged,
  // and fails, when no valid value is in front.
  static Reader first_of(std::string_view& bytes, std::size_t tokens_max = kTokensMax);

  // Each takes the next token. A token of another kind, or the end, is a failure and returns 0 or
  // empty.
  std::size_t array();
  // Takes an array of at least `size` elements. Returns the number of elements beyond `size`,
  // appended by newer writers: skip() them after the others.
  std::size_t array_of(std::size_t size);
  std::uint64_t uint64();
  std::int64_t int64();
  double real();
  std::string_view bin();
  std::string_view text();
  bool boolean();
  // Takes the next token if it is nil; returns whether it was.
  bool take_nil();
  // Returns the kind of the next token; nullopt at the end or after a failure.
  [[nodiscard]] std::optional<Token::Kind> peek() const;
  // Takes `count` whole values of any kind, arrays with all their elements.
  void skip(std::size_t count = 1);
  // Makes the reader fail, for checks of the caller. The first failure stays.
  void fail(std::string message);

  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  // Returns whether everything was read without a failure; bytes left over are a failure.
  [[nodiscard]] bool done();
  // Returns the first failure; there must be one.
  [[nodiscard]] const Failure& failure() const {
    ANABRANCH_ASSERT(failure_.has_value());
    return *failure_;
  }

 private:
  Reader() = default;
  // Parses the value at the front of `bytes` into tokens; returns its size, 0 after a failure.
  std::size_t tokenise(std::string_view bytes, std::size_t tokens_max);
  // Takes the next token; returns null, and fails, unless the token is of this kind.
  const Token* next(Token::Kind kind);
  [[nodiscard]] std::string_view view(const Token* token) const;

  std::string_view input_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace anabranch::core
