// The verdict of a plugin about a conflict. It follows from the module and the input alone, so all
// regions come to the same one; the last writer is shown for all but kValue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace anabranch::plugins {

enum class Verdict : std::uint8_t {
  kValue,           // The answer is the value to show.
  kDeclined,        // The module leaves the decision to `lww`.
  kOutOfFuel,       // It ran longer than its input allows.
  kOutOfStack,      // Its calls went too deep.
  kTrap,            // It broke off, or the input is larger than its memory may become.
  kBadAnswer,       // Its answer, or the room that it gave to the input, is not in its memory.
  kAnswerTooLarge,  // Its answer is longer than 1 MiB.
};

inline constexpr int kVerdicts = 7;

// Returns the name for people and statistics, such as "out of fuel".
std::string_view to_string(Verdict verdict);

struct Outcome {
  Verdict verdict = Verdict::kTrap;
  std::string value;       // Of kValue; empty otherwise.
  std::uint64_t fuel = 0;  // Used. A cost that exceeded what was left counts as a whole.

  bool operator==(const Outcome&) const = default;
};

}  // namespace anabranch::plugins
