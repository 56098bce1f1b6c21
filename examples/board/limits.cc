#include "examples/board/limits.h"

#include <algorithm>

#include "examples/board/units.h"

namespace board {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

std::string beginning(std::string_view what) { return std::string(what); }

}  // namespace

void expect_room(std::size_t present, std::size_t most, std::string_view sentence) {
  if (present < most) return;
  throw Refused(413, beginning(sentence) + ": remove one first.");
}

void expect_line(std::string_view text, std::size_t most, std::string_view what) {
  if (std::ranges::any_of(text, is_control)) {
    throw Refused(400, beginning(what) + " is one line, without control characters.");
  }
  if (text.find_first_not_of(' ') == text.npos) {
    throw Refused(400, beginning(what) + " needs at least one letter.");
  }
  if (characters(text) > most) {
    throw Refused(413, beginning(what) + " has at most " + std::to_string(most) + " characters.");
  }
}

void expect_name(std::string_view text, std::size_t least, std::string_view what) {
  if (text.size() >= least && text.size() <= 64 && std::ranges::all_of(text, is_name)) return;
  throw Refused(400, beginning(what) + " is " + std::to_string(least) +
                         " to 64 letters, digits, '-' and '_'.");
}

}  // namespace board
