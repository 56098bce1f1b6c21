#include "control/resp/parser.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "core/assert.h"
#include "core/text.h"

namespace anabranch::control {
namespace {

constexpr std::size_t kLineEnd = 2;  // "\r\n".

// Empties a container and releases its memory, which assigning {} does not.
template <typename Container>
void free(Container& container) {
  Container().swap(container);
}

// The word of Redis for a number that is over a limit, or is none.
const char* beyond(const ParserLimits& limits, bool is_number) {
  return limits.unauthenticated && is_number ? "unauthenticated" : "invalid";
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

constexpr std::size_t kWholeWordsMax = 16;

// Takes a whole line of a sign and up to four digits, as nearly all lines with numbers are, and
// moves `at` behind it. Any other line stays where it is: nullopt.
[[gnu::always_inline]] inline std::optional<std::int64_t> take_short_number(std::string_view bytes,
                                                                            std::size_t& at,
                                                                            char sign) {
  constexpr std::size_t kDigitsMax = 4;
  const char* const line = bytes.data() + at;
  if (bytes.size() - at < 1 + kDigitsMax + kLineEnd || line[0] != sign) return std::nullopt;
  std::int64_t number = 0;
  std::size_t end = 1;
  for (; end <= kDigitsMax && line[end] >= '0' && line[end] <= '9'; ++end) {
    number = 10 * number + (line[end] - '0');
  }
  if (end == 1 || line[end] != '\r') return std::nullopt;
  at += end + kLineEnd;
  return number;
}

// Takes the number of words, or of bytes, out of such a line; nullopt also if it is over a limit.
std::optional<std::size_t> take_size(std::string_view bytes, std::size_t& at, char sign,
                                     std::size_t most) {
  const std::optional<std::int64_t> number = take_short_number(bytes, at, sign);
  const bool fits = number && static_cast<std::size_t>(*number) <= most;
  return fits ? std::optional(static_cast<std::size_t>(*number)) : std::nullopt;
}

// Returns the character of an escape sequence; moves `at` to its last byte.
char unescape(std::string_view line, std::size_t& at) {
  if (line[at + 1] == 'x' && at + 3 < line.size()) {
    const auto byte = core::parse_number<std::uint8_t, 16>(line.substr(at + 2, 2));
    if (byte) {
      at += 3;
      return static_cast<char>(*byte);
    }
  }
  ++at;
  switch (line[at]) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return line[at];
  }
}

}  // namespace

Parser::Outcome Parser::next(std::string_view buffer) {
  buffer_ = buffer;
  if (!error_.empty()) return Outcome::kBroken;
  while (at_ < buffer_.size() || state_ != State::kStart) {
    if (state_ == State::kStart && take_whole()) return Outcome::kRequest;
    const bool multibulk = state_ != State::kStart || buffer_[begin_] == '*';
    const Outcome outcome = multibulk ? next_multibulk() : next_inline();
    // An empty line or array is not a request, and gets no answer.
    if (outcome != Outcome::kRequest || !arguments_.empty()) return outcome;
  }
  return Outcome::kIncomplete;
}

void Parser::drop_consumed() {
  const std::size_t dropped = consumed();
  at_ -= dropped;
  begin_ = skipping_ ? 0 : begin_ - dropped;
}

std::size_t Parser::missing(std::size_t buffered) const {
  if (state_ != State::kBulk) return 0;
  const std::size_t end = at_ + bulk_size_ + kLineEnd;
  return end > buffered ? end - buffered : 0;
}

void Parser::trim() {
  if (state_ != State::kStart) return;
  free(slices_);
  free(arguments_);
  free(words_);
}

bool Parser::take_whole() {
  const std::string_view rest = buffer_.substr(begin_);
  std::size_t at = 0;
  const auto words = take_size(rest, at, '*', std::min(kWholeWordsMax, limits_.arguments_max));
  if (!words || *words == 0) return false;
  arguments_.resize(*words);
  for (std::string_view& argument : arguments_) {
    const auto size = take_size(rest, at, '$', limits_.bulk_bytes_max);
    if (!size || *size + kLineEnd > rest.size() - at) return false;
    argument = {rest.data() + at, *size};
    at += *size + kLineEnd;
  }
  if (at > limits_.request_bytes_max) return false;
  at_ = begin_ + at;
  slices_.clear();
  finish_request();
  return true;
}

Parser::Outcome Parser::next_multibulk() {
  Step step = Step::kDone;
  if (state_ == State::kStart) step = read_count();
  while (step == Step::kDone && bulks_left_ > 0) {
    if (state_ == State::kLength) step = read_length();
    if (step == Step::kDone) step = read_bulk();
  }
  if (step == Step::kBroken) return Outcome::kBroken;
  if (step == Step::kMore) return Outcome::kIncomplete;
  return collect();
}

Parser::Step Parser::take_line(std::string_view& line, const char* too_long) {
  const char* from = buffer_.data() + at_;
  const std::size_t size = buffer_.size() - at_;
  const void* found = std::memchr(from, '\r', size);
  if (found == nullptr) return size > limits_.line_bytes_max ? fail(too_long) : Step::kMore;
  const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - from);
  if (length + kLineEnd > size) return Step::kMore;
  line = {from, length};
  at_ += length + kLineEnd;
  return Step::kDone;
}

Parser::Step Parser::read_count() {
  std::optional<std::int64_t> count = take_short_number(buffer_, at_, '*');
  if (!count) {
    std::string_view line;
    const Step step = take_line(line, "Protocol error: too big mbulk count string");
    if (step != Step::kDone) return step;
    count = core::parse_number<std::int64_t>(line.substr(1));
  }
  if (!count || *count > static_cast<std::int64_t>(limits_.arguments_max)) {
    return fail(std::string("Protocol error: ") + beyond(limits_, count.has_value()) +
                " multibulk length");
  }
  bulks_left_ = *count > 0 ? static_cast<std::size_t>(*count) : 0;
  state_ = State::kLength;
  slices_.clear();
  return Step::kDone;
}

Parser::Step Parser::read_length() {
  std::optional<std::int64_t> size = take_short_number(buffer_, at_, '$');
  if (!size) {
    std::string_view line;
    const Step step = take_line(line, "Protocol error: too big bulk count string");
    if (step != Step::kDone) return step;
    if (line.empty() || line.front() != '$') {
      const char got = line.empty() ? '\r' : line.front();
      return fail(std::string("Protocol error: expected '$', got '") + got + "'");
    }
    size = core::parse_number<std::int64_t>(line.substr(1));
  }
  if (!size || *size < 0 || *size > static_cast<std::int64_t>(limits_.bulk_bytes_max)) {
    return fail(std::string("Protocol error: ") + beyond(limits_, size && *size >= 0) +
                " bulk length");
  }
  bulk_size_ = static_cast<std::size_t>(*size);
  state_ = State::kBulk;
  if (at_ - begin_ + bulk_size_ > limits_.request_bytes_max) {
    skipping_ = true;
    free(slices_);
  }
  return Step::kDone;
}

Parser::Step Parser::read_bulk() {
  const std::size_t buffered = buffer_.size() - at_;
  if (buffered < bulk_size_ + kLineEnd) {
    // Skipped bytes need not stay, but the end of the line must be in one piece.
    const std::size_t skipped = skipping_ ? std::min(buffered, bulk_size_) : 0;
    at_ += skipped;
    bulk_size_ -= skipped;
    return Step::kMore;
  }
  if (!skipping_) slices_.push_back({at_ - begin_, bulk_size_});
  at_ += bulk_size_ + kLineEnd;
  bulk_size_ = 0;
  state_ = State::kLength;
  --bulks_left_;
  return Step::kDone;
}

Parser::Outcome Parser::collect() {
  arguments_.clear();
  const bool skipped = std::exchange(skipping_, false);
  arguments_.reserve(slices_.size());
  for (const Slice& slice : slices_) {
    arguments_.push_back(buffer_.substr(begin_ + slice.offset, slice.size));
  }
  finish_request();
  return skipped ? Outcome::kTooLarge : Outcome::kRequest;
}

void Parser::finish_request() {
  constexpr std::size_t kKept = 1024;
  if (slices_.capacity() > kKept && slices_.size() <= kKept) free(slices_);
  begin_ = at_;
  state_ = State::kStart;
}

Parser::Outcome Parser::next_inline() {
  const std::size_t end = buffer_.find('\n', at_);
  if (end == buffer_.npos) {
    at_ = buffer_.size();
    if (at_ - begin_ <= limits_.line_bytes_max) return Outcome::kIncomplete;
    fail("Protocol error: too big inline request");
    return Outcome::kBroken;
  }
  std::string_view line = buffer_.substr(begin_, end - begin_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  at_ = end + 1;
  finish_request();
  if (split(line)) return Outcome::kRequest;
  fail("Protocol error: unbalanced quotes in request");
  return Outcome::kBroken;
}

bool Parser::split(std::string_view line) {
  arguments_.clear();
  slices_.clear();
  words_.clear();
  words_.reserve(line.size());  // Views into it must stay valid; unquoting never adds bytes.
  for (std::size_t at = 0; at < line.size();) {
    if (is_space(line[at])) {
      ++at;
    } else if (!take_word(line, at)) {
      return false;
    }
  }
  for (const Slice& slice : slices_) {
    arguments_.push_back(std::string_view(words_).substr(slice.offset, slice.size));
  }
  return true;
}

bool Parser::take_word(std::string_view line, std::size_t& at) {
  const std::size_t offset = words_.size();
  char quote = 0;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (quote == 0) {
      if (is_space(c)) break;
      if (c == '"' || c == '\'') {
        quote = c;
      } else {
        words_.push_back(c);
      }
    } else if (c == quote) {
      // A closing quote ends the word, so a space or the end of the line must follow.
      if (at + 1 < line.size() && !is_space(line[at + 1])) return false;
      quote = 0;
    } else if (c == '\\' && at + 1 < line.size() && (quote == '"' || line[at + 1] == '\'')) {
      words_.push_back(quote == '"' ? unescape(line, at) : line[++at]);
    } else {
      words_.push_back(c);
    }
  }
  slices_.push_back({offset, words_.size() - offset});
  return quote == 0;
}

Parser::Step Parser::fail(std::string message) {
  ANABRANCH_ASSERT(error_.empty());
  error_ = std::move(message);
  return Step::kBroken;
}

}  // namespace anabranch::control
