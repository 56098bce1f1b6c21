// How far the members meet a concern. Members and regions are those of leader/members/holders.h;
// this member counts like any other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "control/verbs/concern_words.h"
#include "core/dot.h"
#include "leader/members/holders.h"

namespace anabranch::server {

using control::ConcernTerms;

// One condition of a concern: so many of these must have a write. Names are those of the holders,
// or of the terms.
struct Condition {
  struct Holder {
    std::string_view name;  // Of a member, or of a region.
    core::Seq far = 0;      // It has the writes up to this one.
  };
  std::vector<Holder> holders;
  std::size_t count = 0;
};

// The conditions of a concern, as the members are now; all must hold. Whom the terms name and
// nobody knows is a holder that has nothing.
[[nodiscard]] std::vector<Condition> conditions_of(const ConcernTerms& terms,
                                                   const leader::Holders& holders);

// Returns why the members that there are can never meet the terms; empty if they can.
[[nodiscard]] std::string refusal(const ConcernTerms& terms, const leader::Holders& holders);

// Returns the last seq up to which the writes of this leader meet all conditions.
[[nodiscard]] core::Seq reach(const std::vector<Condition>& conditions);

// The names of members and regions that concerns are about, sorted, by whether they have a write.
struct Holding {
  std::vector<std::string> have;
  std::vector<std::string> lack;
};
// Of several concerns: a holder that lacks the write for one of them lacks it.
[[nodiscard]] Holding holding(const std::vector<Condition>& conditions, core::Seq seq);

// The names of those that lack a write, for a sentence.
[[nodiscard]] std::string lacking(const Holding& holding);

}  // namespace anabranch::server
