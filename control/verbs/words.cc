#include "control/verbs/words.h"

#include <algorithm>
#include <cstddef>

namespace anabranch::control {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_word(std::string_view word, std::string_view lower_case) {
  if (word.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(word[i]) != lower_case[i]) return false;
  }
  return true;
}

std::string in_upper_case(std::string_view word) {
  std::string upper(word);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

std::string_view printable(std::string_view word) {
  constexpr std::size_t kPrinted = 128;
  word = word.substr(0, kPrinted);  // It may have many megabytes.
  return word.substr(0, word.find('\0'));
}

std::string error_text(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kWrongType:
      return "WRONGTYPE Operation against a key holding the wrong kind of value";
    case ErrorCode::kReadOnly:
      return std::string("READONLY ") + error.what();
    case ErrorCode::kTimeout:
      return std::string("TIMEOUT ") + error.what();
    case ErrorCode::kClosed:
    case ErrorCode::kIo:
      return std::string("MISCONF ") + error.what();
    default:
      return std::string("ERR ") + error.what();
  }
}

std::string arity_error(std::string_view name) {
  return "ERR wrong number of arguments for '" + std::string(name) + "' command";
}

}  // namespace anabranch::control
