// The order of the members of one sorted set: by score, then by the bytes of the member; with the
// rank of each, in ordinary keys of an ordered table.
//
// It is an indexable skip list (W. Pugh, "A Skip List Cookbook", 1990) with a unique representation
// (D. Golovin, "The B-Skip-List: A Simpler Uniquely Represented Alternative to B-Trees", 2010): how
// high a member stands follows from a hash of it, so that the same members with the same scores are
// the same entries, whatever happened before. Level 0 has an entry for each member, level L + 1 one
// for every 16th of level L, on average. An entry on level L >= 1 counts the members from its own
// up to the next one on that level, and one at the beginning counts those before the first. So a
// walk to any rank, or from any member, passes about 16 entries on each of log16(n) levels, and a
// change of the list changes one count on each level.
//
//   level 1   :2        c:3              c stands for c, d and e, the beginning for a and b
//   level 0    a    b   c    d    e
//   rank of e: backwards on level 0 past d (1) to c (1), which stands on level 1; from there
//   backwards to the beginning (2): 4 members come before it.
//
// The order beyond the first 440 bytes of members that have them in common follows a hash of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rows/score_table.h"

namespace anabranch::rows {

// Names a list in the table; none is used twice.
using OrderId = std::uint64_t;

// A place between members, or of one: comparing bytes compares places.
using ScorePlace = std::string;
[[nodiscard]] ScorePlace place_of(double score, std::string_view member);
// Before all members with a score of at least `score`, and behind all with at most that.
[[nodiscard]] ScorePlace place_before(double score);
[[nodiscard]] ScorePlace place_behind(double score);

struct ScoredMember {
  std::string member;
  double score = 0;
};

// How high a member stands: 0 for 15 of 16.
[[nodiscard]] unsigned height_of(std::string_view member, std::uint64_t seed);

// Reads one list. Throws Error{kCorrupt} when entries cannot be read.
class ScoreList {
 public:
  ScoreList(const ScoreTable& table, OrderId id) : table_(table), id_(id) {}

  [[nodiscard]] bool empty() const;
  // How many members come before a place.
  [[nodiscard]] std::uint64_t members_before(const ScorePlace& place) const;
  // The place of the member that has so many before it; nothing when there are not so many.
  [[nodiscard]] std::optional<ScorePlace> place_at(std::uint64_t rank) const;
  // Visits members in order from a place on, or, backwards, all before it, until the function
  // returns false.
  using Visit = std::function<bool(const ScoredMember&)>;
  void visit(const ScorePlace& from, storage::Direction direction, const Visit& visit) const;

 private:
  [[nodiscard]] std::uint64_t count_at(unsigned level, const ScorePlace& place) const;

  const ScoreTable& table_;
  OrderId id_;
};

// Changes one list. Both return false, having changed nothing, when the list is not what the caller
// believes: the member is there already, or it is not there with this score. Throw Error{kCorrupt}.
class ScoreListEditor {
 public:
  ScoreListEditor(MutableScoreTable& table, OrderId id) : table_(table), id_(id) {}

  bool insert(double score, std::string_view member, unsigned height);
  bool erase(double score, std::string_view member);

 private:
  // How many members an entry of a level has up to the next one, by the entries of the level below.
  [[nodiscard]] std::uint64_t span(unsigned level, const ScorePlace& place) const;
  // Removes the beginning of a level when nothing else is left on it.
  void drop_head_if_alone(unsigned level);
  // Changes the count of the last entry of a level before a place by a number; false when there is
  // none, since no member stands so high.
  bool widen(unsigned level, const ScorePlace& place, std::int64_t by);

  MutableScoreTable& table_;
  OrderId id_;
};

// ---- The stored form, for who checks it.

// An entry as it is stored.
struct ScoreEntry {
  OrderId id = 0;
  unsigned level = 0;
  ScorePlace place;  // Empty at the beginning of a level.
  unsigned height = 0;
  std::uint64_t count = 0;  // 1 on level 0.
  std::string member;       // On level 0.
};
[[nodiscard]] ScoreEntry decode_entry(std::string_view key, std::string_view value);
// What the keys of all entries of a list begin with, and of one level of it.
[[nodiscard]] std::string entries_of(OrderId id);
[[nodiscard]] std::string entries_of(OrderId id, unsigned level);

}  // namespace anabranch::rows
