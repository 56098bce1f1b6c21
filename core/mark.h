// Marks of rare paths that a simulation must reach:
//
//   mark<"the queue is full">();
//
// The simulator counts how often each mark was passed and lists those that never were. Without
// ANABRANCH_PLANTED_BUGS, as in the product, a mark makes no code. It is used in .cc files only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace anabranch::core {

// A string literal as an argument of a template.
template <std::size_t kSize>
struct Sentence {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant to become one.
  constexpr Sentence(const char (&words)[kSize]) { std::copy_n(words, kSize, text); }
  char text[kSize];
};

#ifdef ANABRANCH_PLANTED_BUGS

// All marks of the program, linked before main() begins.
struct Mark {
  explicit Mark(std::string_view words) : sentence(words), next(first) { first = this; }
  std::string_view sentence;
  std::uint64_t passed = 0;
  Mark* next;
  inline static Mark* first = nullptr;
};

template <Sentence kWords>
inline Mark mark_of{kWords.text};

template <Sentence kWords>
void mark() {
  ++mark_of<kWords>.passed;
}

#else

template <Sentence kWords>
constexpr void mark() {}

#endif

}  // namespace anabranch::core
