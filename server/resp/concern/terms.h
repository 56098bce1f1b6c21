// The terms of a concern: the members that must have a write before its answer is sent.
//
//   durable COUNT 2 REGION us WITHIN 5000
//
// All conditions of the terms must hold. Members and regions are those of leader/members/holders.h;
// this member counts like any other.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dot.h"
#include "leader/members/holders.h"

namespace anabranch::server {

struct ConcernTerms {
  enum class Level : std::uint8_t {
    kApplied,  // Visible there.
    kDurable,  // On the disk there.
  };
  static constexpr std::chrono::milliseconds kPatience{5000};
  static constexpr std::chrono::milliseconds kPatienceMax{86'400'000};
  static constexpr std::size_t kNamesMax = 64;
  static constexpr std::size_t kNameBytesMax = 255;

  Level level = Level::kDurable;
  std::size_t count = 0;                  // So many members; 0: any number.
  bool majority = false;                  // More than half of the listed ones.
  bool all = false;                       // Each that is there, and each region.
  bool zone = false;                      // One in another zone.
  std::vector<std::string> regions = {};  // One member of each; its leader decides.
  std::vector<std::string> members = {};  // Each that has such a name.
  std::chrono::milliseconds patience = kPatience;
  // Behind that time the answer is sent as it is, and later ones do not wait; else an error is.
  bool degrades = false;

  // The words of ANABRANCH CONCERN SET, in one order.
  [[nodiscard]] std::string words() const;
};

// Parses the words behind SET; throws Error.
[[nodiscard]] ConcernTerms parse_terms(std::span<const std::string_view> words);

// Returns why the members that there are can never meet the terms; empty if they can.
[[nodiscard]] std::string refusal(const ConcernTerms& terms, const leader::Holders& holders);

// Returns the last seq up to which the writes of this leader meet the terms.
[[nodiscard]] core::Seq reach(const ConcernTerms& terms, const leader::Holders& holders);

// The names of members and regions that the terms are about, sorted, by whether they have a write.
struct Holding {
  std::vector<std::string> have;
  std::vector<std::string> lack;
};
[[nodiscard]] Holding holding(const ConcernTerms& terms, const leader::Holders& holders,
                              core::Seq seq);

// The names of those that lack a write, for a sentence.
[[nodiscard]] std::string lacking(const Holding& holding);

}  // namespace anabranch::server
