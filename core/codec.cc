#include "core/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <limits>

#include <msgpack.hpp>

namespace anabranch::core {
namespace {

constexpr std::uint32_t kSizeMax = std::numeric_limits<std::uint32_t>::max();

// A string of so many bytes, and the room for what is written behind it.
constexpr std::size_t kLarge = std::size_t{64} << 10U;
constexpr std::size_t kBehind = std::size_t{4} << 10U;

// The number of tokens reserved at once, enough for a usual batch. The list grows when the input
// proves to hold more values.
constexpr std::size_t kTokensReservedMax = 8192;
constexpr std::size_t tokens_expected(std::size_t bytes) { return bytes / 16 + 16; }

// The stream that a msgpack packer writes to.
struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

std::uint32_t fitting(std::size_t size) {
  ANABRANCH_ASSERT(size <= kSizeMax);
  return static_cast<std::uint32_t>(size);
}

// Calls `pack` with a packer that appends to `out`.
template <typename Pack>
void append(std::string& out, const Pack& pack) {
  Appender stream{out};
  msgpack::packer<Appender> packer(stream);
  pack(packer);
}

// The visitor that msgpack calls for each value of the input. Returning false stops the parser.
//
// Every array announces values. A valid input never announces more values than it has bytes, as
// each value takes at least one byte; so a false size is refused before any memory is allocated for
// it.
class Tokeniser : public msgpack::null_visitor {
 public:
  Tokeniser(std::vector<Token>& tokens, std::string_view input, std::size_t tokens_max)
      : tokens_(tokens), input_(input), tokens_max_(tokens_max) {}

  bool visit_nil() { return add(Token::Kind::kNil, 0); }
  bool visit_boolean(bool value) { return add(Token::Kind::kBool, value ? 1 : 0); }
  bool visit_positive_integer(std::uint64_t value) { return add(Token::Kind::kUint, value); }
  bool visit_negative_integer(std::int64_t value) {
    // Some writers use a signed form for numbers that are not negative.
    const auto kind = value < 0 ? Token::Kind::kInt : Token::Kind::kUint;
    return add(kind, static_cast<std::uint64_t>(value));
  }
  bool visit_float32(float) { return stop("unsupported: a 32-bit float"); }
  bool visit_float64(double value) {
    return add(Token::Kind::kReal, std::bit_cast<std::uint64_t>(value));
  }
  bool visit_str(const char* text, std::uint32_t size) {
    return add_view(Token::Kind::kText, text, size);
  }
  bool visit_bin(const char* bytes, std::uint32_t size) {
    return add_view(Token::Kind::kBin, bytes, size);
  }
  bool visit_ext(const char*, std::uint32_t) { return stop("unsupported: an extension type"); }
  bool start_map(std::uint32_t) { return stop("unsupported: a map"); }
  bool start_array(std::uint32_t size) {
    promised_ += size;
    if (promised_ > input_.size()) return stop("an array is longer than the input");
    if (promised_ > tokens_max_) return stop("too many values");
    if (++depth_ > Reader::kDepthMax) return stop("arrays are nested too deeply");
    tokens_.push_back({Token::Kind::kArray, size, 0});
    return true;
  }
  bool end_array() {
    --depth_;
    return true;
  }
  void parse_error(std::size_t, std::size_t) { stop("not msgpack"); }
  void insufficient_bytes(std::size_t, std::size_t) { stop("the input is cut off"); }

  [[nodiscard]] const char* why() const { return why_; }

 private:
  bool add(Token::Kind kind, std::uint64_t number) {
    tokens_.push_back({kind, 0, number});
    return true;
  }
  // msgpack may pass any pointer, also a null one, with a size of 0.
  bool add_view(Token::Kind kind, const char* begin, std::uint32_t size) {
    const std::ptrdiff_t at = size == 0 ? 0 : begin - input_.data();
    tokens_.push_back({kind, size, static_cast<std::uint64_t>(at)});
    return true;
  }
  bool stop(const char* why) {
    if (why_ == nullptr) why_ = why;
    return false;
  }

  std::vector<Token>& tokens_;
  std::string_view input_;
  std::size_t tokens_max_;
  std::size_t promised_ = 1;
  std::size_t depth_ = 0;
  const char* why_ = nullptr;
};

const char* name_of(Token::Kind kind) {
  constexpr std::array<const char*, 8> kNames = {
      "nil",    "a boolean", "a whole number", "a negative number",
      "a real", "bytes",     "text",           "an array"};
  return kNames.at(static_cast<std::size_t>(kind));
}

}  // namespace

Writer& Writer::array(std::size_t size) {
  ++values_;
  append(out_, [&](auto& packer) { packer.pack_array(fitting(size)); });
  return *this;
}

Writer& Writer::uint64(std::uint64_t value) {
  ++values_;
  append(out_, [&](auto& packer) { packer.pack_uint64(value); });
  return *this;
}

Writer& Writer::int64(std::int64_t value) {
  ++values_;
  append(out_, [&](auto& packer) { packer.pack_int64(value); });
  return *this;
}

Writer& Writer::real(double value) {
  ++values_;
  // By hand, since msgpack's packer turns a whole double into an integer.
  constexpr char kFloat64 = '\xCB';
  out_.push_back(kFloat64);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    out_.push_back(static_cast<char>(static_cast<unsigned char>(bits >> (shift - 8))));
  }
  return *this;
}

Writer& Writer::bin(std::string_view bytes) {
  ++values_;
  // A large value is not copied once more for the few bytes behind it.
  if (bytes.size() >= kLarge) out_.reserve(out_.size() + bytes.size() + kBehind);
  append(out_, [&](auto& packer) { packer.pack_bin(fitting(bytes.size())); });
  out_.append(bytes);
  return *this;
}

Writer& Writer::text(std::string_view utf8) {
  ++values_;
  append(out_, [&](auto& packer) { packer.pack_str(fitting(utf8.size())); });
  out_.append(utf8);
  return *this;
}

Writer& Writer::nil() {
  ++values_;
  append(out_, [](auto& packer) { packer.pack_nil(); });
  return *this;
}

Writer& Writer::boolean(bool value) {
  ++values_;
  append(out_, [&](auto& packer) { value ? packer.pack_true() : packer.pack_false(); });
  return *this;
}

Reader::Reader(std::string_view bytes, std::size_t tokens_max) {
  const std::size_t size = tokenise(bytes, tokens_max);
  if (ok() && size < bytes.size()) fail("bytes are left over after the value");
}

Reader Reader::first_of(std::string_view& bytes, std::size_t tokens_max) {
  Reader reader;
  bytes.remove_prefix(reader.tokenise(bytes, tokens_max));
  return reader;
}

std::size_t Reader::tokenise(std::string_view bytes, std::size_t tokens_max) {
  input_ = bytes;
  std::size_t size = 0;
  try {
    tokens_.reserve(std::min({tokens_expected(bytes.size()), tokens_max, kTokensReservedMax}));
    Tokeniser tokeniser(tokens_, bytes, tokens_max);
    if (msgpack::parse(bytes.data(), bytes.size(), size, tokeniser)) return size;
    fail(tokeniser.why() != nullptr ? tokeniser.why() : "not msgpack");
  } catch (const std::exception& error) {
    fail(std::string("cannot be read: ") + error.what());
  }
  tokens_.clear();
  return 0;
}

const Token* Reader::next(Token::Kind kind) {
  if (!ok()) return nullptr;
  if (at_ == tokens_.size()) {
    fail(std::string("a value is missing: ") + name_of(kind));
    return nullptr;
  }
  const Token& token = tokens_[at_];
  if (token.kind != kind) {
    fail(std::string("expected ") + name_of(kind) + ", found " + name_of(token.kind));
    return nullptr;
  }
  ++at_;
  return &token;
}

std::string_view Reader::view(const Token* token) const {
  return token != nullptr ? input_.substr(token->number, token->size) : std::string_view();
}

std::size_t Reader::array() {
  const Token* token = next(Token::Kind::kArray);
  return token != nullptr ? token->size : 0;
}

std::size_t Reader::array_of(std::size_t size) {
  const std::size_t found = array();
  if (ok() && found < size) fail("an array is too short");
  return ok() ? found - size : 0;
}

std::uint64_t Reader::uint64() {
  const Token* token = next(Token::Kind::kUint);
  return token != nullptr ? token->number : 0;
}

std::int64_t Reader::int64() {
  if (peek() == Token::Kind::kInt) return static_cast<std::int64_t>(tokens_[at_++].number);
  const std::uint64_t value = uint64();
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<std::int64_t>(value);
  }
  fail("a number does not fit in 64 bits with a sign");
  return 0;
}

double Reader::real() {
  const Token* token = next(Token::Kind::kReal);
  return token != nullptr ? std::bit_cast<double>(token->number) : 0;
}

std::string_view Reader::bin() { return view(next(Token::Kind::kBin)); }

std::string_view Reader::text() { return view(next(Token::Kind::kText)); }

bool Reader::boolean() {
  const Token* token = next(Token::Kind::kBool);
  return token != nullptr && token->number != 0;
}

bool Reader::take_nil() {
  if (peek() != Token::Kind::kNil) return false;
  ++at_;
  return true;
}

std::optional<Token::Kind> Reader::peek() const {
  if (!ok() || at_ == tokens_.size()) return std::nullopt;
  return tokens_[at_].kind;
}

void Reader::skip(std::size_t count) {
  for (; ok() && count > 0; --count) {
    if (at_ == tokens_.size()) return fail("a value is missing");
    const Token& token = tokens_[at_++];
    if (token.kind == Token::Kind::kArray) count += token.size;
  }
}

void Reader::fail(std::string message) {
  if (!failure_) failure_ = corrupt(std::move(message));
}

bool Reader::done() {
  if (ok() && at_ != tokens_.size()) fail("values are left over");
  return ok();
}

}  // namespace anabranch::core
