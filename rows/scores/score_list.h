// The order of the members of one sorted set, by score, then by the bytes of the member; with the
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
// Members that are equal in their first 440 bytes are ordered by a hash behind these.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rows/score_table.h"

namespace anabranch::rows {

// Names a list in the table; no id is used twice.
using OrderId = std::uint64_t;

// A place between members, or of one member: places compare as bytes.
using ScorePlace = std::string;
[[nodiscard]] ScorePlace place_of(double score, std::string_view member);
// The places before all members with a score of at least `score`, and behind all with at most
// `score`.
[[nodiscard]] ScorePlace place_before(double score);
[[nodiscard]] ScorePlace place_behind(double score);

struct ScoredMember {
  std::string member;
  double score = 0;
};

// The height of a member: 0 for 15 of 16 members.
[[nodiscard]] unsigned height_of(std::string_view member, std::uint64_t seed);

// Reads one list. Throws Error{kCorrupt} if entries cannot be read.
class ScoreList {
 public:
  ScoreList(const ScoreTable& table, OrderId id) : table_(table), id_(id) {}

  [[nodiscard]] bool empty() const;
  // Returns the number of members before a place.
  [[nodiscard]] std::uint64_t members_before(const ScorePlace& place) const;
  // Returns the place of the member with this rank; nullopt if there are not so many members.
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

// Changes one list. insert() and erase() return false, having changed nothing, if the list
// contradicts the caller: the member is already there, or not there with this score. Throw
// Error{kCorrupt}.
class ScoreListEditor {
 public:
  ScoreListEditor(MutableScoreTable& table, OrderId id) : table_(table), id_(id) {}

  bool insert(double score, std::string_view member, unsigned height);
  bool erase(double score, std::string_view member);

 private:
  // Sums the entries of the level below: the members from this entry of a level up to the next one.
  [[nodiscard]] std::uint64_t span(unsigned level, const ScorePlace& place) const;
  // Removes the beginning of a level if no other entry is left on it.
  void drop_head_if_alone(unsigned level);
  // Adds `by` to the count of the last entry of a level before a place; false if there is none,
  // since no member stands so high.
  bool widen(unsigned level, const ScorePlace& place, std::int64_t by);

  MutableScoreTable& table_;
  OrderId id_;
};

// ---- The stored form, for score_check.h.

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
// The common prefix of the keys of all entries of a list, and of one level of it.
[[nodiscard]] std::string entries_of(OrderId id);
[[nodiscard]] std::string entries_of(OrderId id, unsigned level);

}  // namespace anabranch::rows
