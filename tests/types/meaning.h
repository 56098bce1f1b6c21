// The meaning of the types, as pure functions of the history: of the acts and the acts that each
// had seen, and of nothing else. Nothing here knows of rows, ops, joins or leaders. An act is
// undone by acts that have seen it, and acts that have not seen each other are both there.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/version_vector.h"

namespace anabranch::test {

using Words = std::vector<std::string>;  // An act: {"insert", "x"}.

// One act of a transaction.
struct Event {
  core::Dot transaction;     // Its last op: all of it arrives together.
  std::size_t place = 0;     // Among the acts of the transaction.
  core::VersionVector seen;  // All that its region knew before the transaction.
  core::Hlc hlc;
  Words act;
};
using History = std::vector<Event>;

// Whether `later` had seen `earlier`.
[[nodiscard]] bool has_seen(const Event& later, const Event& earlier);
// The part of a history that a vector covers.
[[nodiscard]] History known_to(const core::VersionVector& vector, const History& history);

using Kind = std::function<bool(const Event&)>;
using Events = std::vector<const Event*>;
// An act that begins with one of some words.
Kind any_of(const Words& verbs);
// The acts of one kind that no act of another kind has seen.
Events left(const History& history, const Kind& kept, const Kind& undoing);

// The visible text of a key with this history, in the words of docs/semantics.md; "-" when it is
// not there.
std::string register_meaning(const History& history);
std::string max_meaning(const History& history);
std::string min_meaning(const History& history);
std::string counter_meaning(const History& history);
std::string real_counter_meaning(const History& history);
std::string enable_wins_meaning(const History& history);
std::string disable_wins_meaning(const History& history);
std::string set_meaning(const History& history);
std::string remove_wins_meaning(const History& history);
std::string map_meaning(const History& history);
std::string sorted_set_meaning(const History& history);
std::string sorted_set_under_max_meaning(const History& history);
// The elements of a list or text, sorted; sequence.h judges their order.
std::string list_meaning(const History& history);
std::string text_meaning(const History& history);
// The move of a list's element that counts, as a name; empty when it was not moved.
std::string list_move_meaning(const History& history, const std::string& element);

}  // namespace anabranch::test
