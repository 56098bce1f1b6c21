#include "control/resp/writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string>

#include <anabranch/error.h>

#include "core/pace.h"

namespace anabranch::control {
namespace {

// A type, 20 digits with their sign, and the line's end.
constexpr std::size_t kLineMax = 24;

// Writes "<type><number>\r\n" and returns its end.
char* format_line(char (&line)[kLineMax], char type, std::int64_t number) {
  line[0] = type;
  char* end = std::to_chars(line + 1, line + kLineMax - 2, number).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return end;
}

char sign_of(Writer::Aggregate kind, int protocol) {
  if (protocol == 2) return '*';
  switch (kind) {
    case Writer::Aggregate::kArray:
      return '*';
    case Writer::Aggregate::kMap:
      return '%';
    case Writer::Aggregate::kSet:
      return '~';
    case Writer::Aggregate::kPush:
      return '>';
  }
  return '*';
}

}  // namespace

void Writer::append(std::string_view bytes) {
  const std::size_t grown = output_.size() + bytes.size();
  if (grown > bytes_max_) refuse();
  if (grown > room_) throw NoRoom{grown};
  output_.append(bytes);
}

void Writer::refuse() const {
  throw Error(ErrorCode::kTooLarge,
              "the answer is over the limit of " + std::to_string(bytes_max_) + " bytes");
}

void Writer::require(std::size_t elements, std::size_t bytes) const {
  const std::size_t left = bytes_max_ - std::min(output_.size(), bytes_max_);
  if (bytes > 0 && elements > left / bytes) refuse();
  const std::size_t grown = output_.size() + elements * bytes;
  if (grown > room_) throw NoRoom{grown};
}

void Writer::line(char type, std::int64_t number) {
  char text[kLineMax];
  append({text, static_cast<std::size_t>(format_line(text, type, number) - text)});
}

void Writer::status(std::string_view text) {
  append("+");
  append(text);
  append("\r\n");
}

// Never refused: it replaces an answer that was.
void Writer::error(std::string_view text) {
  std::string line(text);
  const auto is_line_end = [](char c) { return c == '\r' || c == '\n'; };
  std::ranges::replace_if(line, is_line_end, ' ');
  output_.append("-");
  output_.append(line);
  output_.append("\r\n");
}

void Writer::integer(std::int64_t value) { line(':', value); }

void Writer::real(double value) {
  constexpr int kDigits = 17;
  std::array<char, 32> text;
  const int size = std::snprintf(text.data(), text.size(), "%.*g", kDigits, value);
  const std::string_view shown(text.data(), static_cast<std::size_t>(size));
  if (protocol_ == 2) return bulk(shown);
  append(",");
  append(shown);
  append("\r\n");
}

void Writer::bulk(std::string_view bytes) {
  constexpr std::size_t kPart = std::size_t{1} << 20U;
  line('$', static_cast<std::int64_t>(bytes.size()));
  const std::size_t more = bytes.size() + 2;
  if (bytes.size() > kPart) {
    require(1, more);
    for (; bytes.size() > kPart; bytes.remove_prefix(kPart)) {
      append(bytes.substr(0, kPart));
      core::Pace::pass(core::Pace::kLook);  // Many megabytes are much work.
    }
  } else if (output_.size() + more <= std::min(bytes_max_, room_)) {
    output_.reserve(more);  // Else the line's end would double the memory of a large value.
  }
  append(bytes);
  append("\r\n");
}

void Writer::verbatim(std::string_view text) {
  if (protocol_ == 2) return bulk(text);
  line('=', static_cast<std::int64_t>(text.size() + 4));
  append("txt:");
  append(text);
  append("\r\n");
}

void Writer::aggregate(Aggregate kind, std::size_t size) {
  const std::size_t elements = kind == Aggregate::kMap && protocol_ == 2 ? size * 2 : size;
  line(sign_of(kind, protocol_), static_cast<std::int64_t>(elements));
}

void Writer::move_before(std::size_t mark, std::size_t from) {
  const std::string moved = output_.text(from);
  output_.truncate(from);
  output_.insert(mark, moved);
}

void Writer::enclose(std::size_t mark, Aggregate kind, std::size_t size) {
  const std::size_t end = output_.size();
  aggregate(kind, size);
  move_before(mark, end);
}

}  // namespace anabranch::control
