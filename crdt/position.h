// Positions: names of the places in a list or text, as strings of bytes whose order is the order of
// the elements. Between any two positions there is room for another one, and no two inserts, in any
// region, ever get the same. An element at a position never moves, so the order needs no row of its
// own, and removed elements leave no data behind.
//
// The idea is that of Fugue (Weidner and Kleppmann, "The Art of the Fugue: Minimizing Interleaving
// in Collaborative Text Editing", 2023): elements are the nodes of a tree, read from left to right.
// A new element becomes a right child of its left neighbour, or, where that has its right neighbour
// below it, a left child of the right one. So the elements of one writer stay one subtree, forwards
// and backwards, and the concurrent runs of two writers at one place lie behind each other and
// never mix. A position spells the path from the root to its element. To keep it short, all inserts
// of a writer at either end of its own run share one step of that path, a *waypoint* (after
// Weidner's "position-strings", 2022, where they run forwards only). The name of a waypoint is the
// dot of its first entry, the number of an entry is the seq of its insert: no counter has to be
// stored, and no number is ever used twice.
//
//   position  = place, place, ..., the last one odd
//   place     = waypoint, entry, number: the insert, and the element or gap in it
//     waypoint  origin: 1 byte, its index among the distinct origins of this position, from 1 on,
//               or, for a new one, 255 and 8 bytes; then the number of the seq of its dot
//     entry     the number of: seq of the insert minus that of the dot; negated where the insert
//               was made in front of the waypoint
//     number    2 k + 1 for the element k of the run that the insert wrote, 2 k for the gap before
//   number    n < 0x60: the byte 0x80 + n; n >= 0x60: the byte 0xDF + length, and n, big-endian, in
//             as few bytes as possible; n < 0: all bits of the number -n - 1 inverted. No number
//             is a prefix of another one, and numbers sort as their values do.
//
// Worked example, with O for the origin's 9 bytes. eu writes "abc" as its op 5, then "de" as op 6:
//   a  O 85 80 81     b  O 85 80 83     c  O 85 80 85      entry 0 of the waypoint of op 5
//   d  O 85 81 81     e  O 85 81 83                        entry 1 of the same
// us puts X between b and c (op 9 of the origin P): c is below b, so X is a left child of c:
//   X  O 85 80 84 P 89 80 81                               the gap before c, waypoint of op 9
// and characters that us types behind X are entry 1, 2, ... of that waypoint, in front of it entry
// -1, -2, ...
//
// Two rules bend the tree a little. The gap behind one element and that before the next are one,
// where both lie in one run. And where writers take turns, each behind the other's insert, every
// turn would make a position longer: a position of more than kLong bytes is put into the next gap
// further out instead, or behind the writer's own waypoint there, if both neighbours allow. Gaps
// may be behind the end of a run, or, with negative numbers, before its beginning. A concurrent
// insert at the place left in this way may come between the two turns; each turn stays whole.
//
// Invariants: 1. left < between(left, right) < right; 2. a position ends with the dot of its insert
// in the last place, so that it is unique as dots are. Pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/dot.h"

namespace anabranch::crdt {

// A position taken apart: its run, and the index of its element there. The bytes of a position are
// those of its run, followed by the number 2 * index + 1.
struct Place {
  std::string_view run;
  std::uint64_t index = 0;
};

inline constexpr std::size_t kLongPosition = 64;

// Returns the place of a position; nullopt for bytes that are none.
[[nodiscard]] std::optional<Place> place_of(std::string_view position);
// The same for many positions one after another, in order: takes apart only what differs from the
// one before. Not thread-safe.
class PositionReader {
 public:
  PositionReader();
  ~PositionReader();
  PositionReader(const PositionReader&) = delete;
  PositionReader& operator=(const PositionReader&) = delete;

  [[nodiscard]] std::optional<Place> place_of(std::string_view position);

 private:
  class State;
  std::unique_ptr<State> state_;
};
// Returns the position of a place.
[[nodiscard]] std::string position_at(const Place& place);
// Returns the origin of the insert that wrote a run, as its positions name it.
[[nodiscard]] core::Origin origin_of(std::string_view run);
// Returns the order of the positions of two places.
[[nodiscard]] std::strong_ordering compare(const Place& a, const Place& b);
// Returns, for a place within or below the run `run`, the number of the run's elements before it:
// the index of the next element at or after the place. nullopt when it is in another part of the
// tree.
[[nodiscard]] std::optional<std::uint64_t> index_in(std::string_view run, const Place& place);

// Returns the position of the first element that the op `dot` inserts between two neighbours, in
// order; an empty neighbour is the beginning or the end. Neighbours must be positions.
[[nodiscard]] std::string position_between(std::string_view left, std::string_view right,
                                           core::Dot dot);

}  // namespace anabranch::crdt
