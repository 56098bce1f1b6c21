// The words of a line: apart by spaces, or within quotes.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::test {

using Words = std::vector<std::string>;

// A malformed or impossible command, in words.
struct ScenarioError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline Words split(std::string_view line) {
  Words words;
  bool quoted = false;
  bool begun = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      if (!begun) words.emplace_back();
      begun = true;
    } else if (c == ' ' && !quoted) {
      begun = false;
    } else {
      if (!begun) words.emplace_back();
      begun = true;
      words.back().push_back(c);
    }
  }
  if (quoted) throw ScenarioError("a quote does not end");
  return words;
}

inline std::int64_t integer(const std::string& word) {
  std::size_t digits = 0;
  std::int64_t number = 0;
  try {
    number = std::stoll(word, &digits);
  } catch (const std::logic_error&) {
    digits = 0;
  }
  if (digits == 0 || digits != word.size()) throw ScenarioError("no number: " + word);
  return number;
}

// Throws unless `words` are as many as those of a usage, "set KEY VALUE"; with "..." at its end, as
// many or more.
inline void check_usage(const Words& words, std::string_view usage) {
  Words wanted = split(usage);
  const bool more = wanted.back() == "...";
  if (more) wanted.pop_back();
  const bool fits = more ? words.size() >= wanted.size() : words.size() == wanted.size();
  if (!fits) throw ScenarioError("write: " + std::string(usage));
}

}  // namespace anabranch::test
