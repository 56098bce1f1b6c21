#include "server/pattern.h"

#include <cstddef>
#include <utility>

#include "server/compiled_pattern.h"

namespace anabranch::server {
namespace {

// So many elements, and so many for each byte of a text, are tried before a pattern is taken apart.
constexpr std::size_t kTriesMin = 1024;
constexpr std::size_t kTriesPerByte = 4;

// One element of a pattern, matching exactly one byte.
struct Element {
  std::size_t size = 1;  // In the pattern.
  bool matched = false;
};

bool in_range(unsigned char c, unsigned char from, unsigned char to) {
  if (from > to) std::swap(from, to);
  return from <= c && c <= to;
}

// Matches a class, with its "[" at `at`. A class that is never closed ends with the pattern.
Element match_class(std::string_view pattern, std::size_t at, char c) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      found = found || pattern[i + 1] == c;
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      found =
          found || in_range(static_cast<unsigned char>(c), static_cast<unsigned char>(pattern[i]),
                            static_cast<unsigned char>(pattern[i + 2]));
      i += 3;
    } else {
      found = found || pattern[i] == c;
      ++i;
    }
  }
  const std::size_t end = i < pattern.size() ? i + 1 : i;
  return {end - at, found != negated};
}

Element match_one(std::string_view pattern, std::size_t at, char c) {
  switch (pattern[at]) {
    case '?':
      return {1, true};
    case '[':
      return match_class(pattern, at, c);
    case '\\':
      if (at + 1 < pattern.size()) return {2, pattern[at + 1] == c};
      [[fallthrough]];
    default:
      return {1, pattern[at] == c};
  }
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // The position behind the last star, and the position in the text behind the bytes that this star
  // matches. After a mismatch the star matches one more byte; earlier stars need never be tried
  // again.
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  const std::size_t tries_max = kTriesMin + kTriesPerByte * text.size();
  for (std::size_t tries = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    const Element element = p < pattern.size() ? match_one(pattern, p, text[t]) : Element{};
    tries += element.size;
    if (tries > tries_max) return CompiledPattern(pattern).matches(text);
    if (element.matched) {
      p += element.size;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace anabranch::server
