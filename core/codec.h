// msgpack for everything that leaves this process: batches and messages.
//
// Writing appends to a string. Reading first lets msgpack parse the whole input into a flat list of
// tokens that point into it (bounded in number and depth, nothing is copied, nothing throws), then
// hands them out one by one. A Reader remembers its first failure: callers read on, and ask ok()
// once at the end.
//
//   Reader in(bytes);
//   const std::size_t extra = in.array_of(2);
//   const Origin origin = in.uint64();
//   const std::string_view name = in.text();
//   in.skip(extra);
//   if (!in.done()) return in.failure();
//
// Invariants: 1. nothing that a Reader does throws or allocates more than a constant times the size
// of its input; 2. what an array() returns is no more than the tokens that follow, so it is safe to
// loop to it. Maps, extension types and 32-bit floats are not part of our formats and are refused.
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

  // An array's head; its `size` elements must follow.
  Writer& array(std::size_t size);
  Writer& uint64(std::uint64_t value);
  Writer& int64(std::int64_t value);
  Writer& real(double value);
  Writer& bin(std::string_view bytes);
  Writer& text(std::string_view utf8);
  Writer& nil();
  Writer& boolean(bool value);

 private:
  std::string& out_;
};

// One value of the input; arrays are followed by their elements. Small, since inputs have many.
struct Token {
  enum class Kind : std::uint8_t { kNil, kBool, kUint, kInt, kReal, kBin, kText, kArray };
  Kind kind = Kind::kNil;
  std::uint32_t size = 0;    // Of bin, text and array.
  std::uint64_t number = 0;  // The value's bits, or where bin and text begin in the input.
};

// Reads what a Writer wrote, and survives what anybody else wrote.
class Reader {
 public:
  static constexpr std::size_t kDepthMax = 16;
  static constexpr std::size_t kTokensMax = 4'000'000;

  // `bytes` must outlive the reader and what it hands out.
  // The bytes must be exactly one value.
  explicit Reader(std::string_view bytes, std::size_t tokens_max = kTokensMax);
  // Reads one value off the front of `bytes`, which then holds the rest; it is unchanged when there
  // is no valid value in front.
  static Reader first_of(std::string_view& bytes, std::size_t tokens_max = kTokensMax);

  // Each takes the next token; a token of another kind, or none, is a failure and gives 0 or empty.
  std::size_t array();
  // An array that must have at least `size` elements. Gives the number of those beyond, which newer
  // writers append: skip() them after the others.
  std::size_t array_of(std::size_t size);
  std::uint64_t uint64();
  std::int64_t int64();
  double real();
  std::string_view bin();
  std::string_view text();
  bool boolean();
  // Whether the next token is nil; takes it if so.
  bool take_nil();
  // The next token's kind; nothing at the end or after a failure.
  [[nodiscard]] std::optional<Token::Kind> peek() const;
  // Takes `count` whole values of any kind, arrays with all that they hold.
  void skip(std::size_t count = 1);
  // Makes the reader fail, for checks that the caller does. The first failure stays.
  void fail(std::string message);

  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  // Whether everything was read without a failure; bytes left over are a failure.
  [[nodiscard]] bool done();
  // The first failure; there must be one.
  [[nodiscard]] const Failure& failure() const {
    ANABRANCH_ASSERT(failure_.has_value());
    return *failure_;
  }

 private:
  Reader() = default;
  // Takes the value at the front of `bytes` apart; gives its size, 0 after a failure.
  std::size_t tokenise(std::string_view bytes, std::size_t tokens_max);
  // Takes the next token; null, and a failure, unless it is of this kind.
  const Token* next(Token::Kind kind);
  [[nodiscard]] std::string_view view(const Token* token) const;

  std::string_view input_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace anabranch::core
