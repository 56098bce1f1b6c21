// A pattern (pattern.h) taken apart, for texts that nearly match at many places.
//
// Between two stars stands a part, which matches so many bytes as it has elements. The first part
// is at the beginning of a text, the last one at its end, and each one between as early as can be,
// behind the one before: if a text matches at all, it matches so. A part of plain bytes is searched
// for by memmem; another one by bits, one for each of its elements, of which those are set that the
// last bytes of the text lead to (Baeza-Yates and Gonnet, "A new approach to text searching",
// 1992).
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server {

class CompiledPattern {
 public:
  explicit CompiledPattern(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  static constexpr std::size_t kBytes = 256;
  using Class = std::bitset<kBytes>;  // The bytes that an element matches.

  struct Part {
    std::vector<Class> elements;
    std::string plain = {};  // Its bytes, while each element matches one.
    bool is_plain = true;
  };

  // Takes the element at the beginning of what is left of the pattern.
  static Class take_element(std::string_view& rest);
  static Class take_class(std::string_view& rest);
  static void add(Part& part, const Class& element);
  [[nodiscard]] static bool matches_at(const Part& part, std::string_view text, std::size_t at);
  // Returns the place behind the first match of a part at or behind `at`; npos: there is none.
  [[nodiscard]] static std::size_t end_of_first(const Part& part, std::string_view text,
                                                std::size_t at);
  [[nodiscard]] static std::size_t end_by_bits(const Part& part, std::string_view text,
                                               std::size_t at);

  std::vector<Part> parts_{1};  // One more than there are stars.
};

}  // namespace anabranch::server
