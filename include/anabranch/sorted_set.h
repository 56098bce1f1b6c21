// Sorted sets: members with scores, in the order of the scores; members of equal scores in the
// order of their bytes.
//
// Each member is put and erased on its own, as in a Set. A score is the value put last plus the sum
// of the additions to it. Concurrent puts are resolved as in a register (the last one is shown,
// unless the policy of the key says otherwise), and additions all count. A put takes back the puts
// and additions that it has seen.
//
//   both know | here     | there    | concurrently
//   -         | put a 1  | put b 2  | {a=1 b=2}
//   {a=1}     | put a 5  | put a 7  | {a=7}, if that is later
//   {a=1}     | add a 5  | add a 3  | {a=9}
//   {a=1}     | put a 10 | add a 3  | {a=13}
//   {a=1}     | add a 5  | erase a  | {a=5}
//   {a=1}     | put a 5  | erase a  | {a=5}
//   {a=1}     | put b 2  | clear    | {b=2}
//
// Worked example. A game counts points: ada has 100. In `eu` she wins 10 more while `us` ends the
// season and erases her. The erase takes back the 100 that it has seen, and not the 10: both
// regions show her with 10 points, and at the same rank.
//
// An addition to an absent member inserts it, with a score that counts from 0. Every write updates
// the order, so that a rank, a count of scores and the k-th page cost hardly more in a set of
// millions than in one of a thousand. Only after another region's clear of many rows that left
// some, and after a change of policies, the order is rebuilt, in the background; until then the
// time of these reads grows with the set.
//
// Known anomalies.
// - Additions do not belong to a score that was put, as with a Counter: see the fourth line above.
//   An erased member can come back with a part of its score: see the fifth.
// - Each region checks the range against the additions it has seen, so regions together can leave
//   the range of doubles: the score then stops at its end. A resolver's result that is no finite
//   number counts as 0. Doubles round; see counter.h.
// - A resolver with a function must decide by the siblings alone, and needs another name when it
//   decides otherwise than before: the order stays as decided when it was written.
// - Members of equal scores whose first 440 bytes are equal are in the order of a hash, the same in
//   every region.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/scope.h>
#include <anabranch/score_span.h>

namespace anabranch {

template <typename T = std::string>
struct Scored {
  T member;
  double score = 0;
  bool operator==(const Scored&) const = default;
};

// Reads a sorted set. As thread-safe as its scope.
template <typename T = std::string>
class SortedSetReader : detail::Coded<T>, public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns the score of a member; nullopt when it is absent.
  [[nodiscard]] std::optional<double> score(const T& member) const {
    const auto score = scope().score(row(member));
    if (!score) expect_type(scope(), key(), Type::kSortedSet);
    return score;
  }
  // Returns whether a member is present.
  [[nodiscard]] bool contains(const T& member) const { return score(member).has_value(); }
  // Returns the number of members; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(scope(), key(), Type::kSortedSet);
    return scope().count(all());
  }
  // Returns the number of members before this one; nullopt when it is absent.
  [[nodiscard]] std::optional<std::uint64_t> rank(const T& member) const {
    return rank_of(member, RankFrom::kLowest);
  }
  // The same from the end: 0 for the member with the greatest score.
  [[nodiscard]] std::optional<std::uint64_t> rank_from_end(const T& member) const {
    return rank_of(member, RankFrom::kHighest);
  }

  // Returns the members in a span of scores, in order, at most `at_most`. The default is all of
  // them.
  [[nodiscard]] std::vector<Scored<T>> range(const ScoreSpan& span = {},
                                             std::size_t at_most = SIZE_MAX) const {
    expect_type(scope(), key(), Type::kSortedSet);
    std::vector<Scored<T>> found;
    if (at_most == 0) return found;
    scope().scan(all(), span, [&](const ScoredEntry& entry) {
      found.push_back({detail::decode<T>(key(), entry.member), entry.score});
      return found.size() < at_most;
    });
    return found;
  }
  // Returns the members with the ranks from `from` up to but without `to`, in the order of ranks.
  [[nodiscard]] std::vector<Scored<T>> range_by_rank(std::uint64_t from, std::uint64_t to,
                                                     RankFrom end = RankFrom::kLowest) const {
    if (from >= to) return range({}, 0);
    ScoreSpan span;
    span.backwards = end == RankFrom::kHighest;
    span.skip = from;
    return range(span, to - from);
  }
  void range_by_rank(std::uint64_t, std::uint64_t, bool) const = delete;  // RankFrom::kHighest
  // Returns the members in a span of names, in the order of the names, at most `at_most`.
  [[nodiscard]] std::vector<Scored<T>> range_by_name(const Span& span = {},
                                                     std::size_t at_most = SIZE_MAX) const {
    expect_type(scope(), key(), Type::kSortedSet);
    std::vector<Scored<T>> found;
    if (at_most == 0) return found;
    scope().scan(all(), span, [&](const Entry& entry) {
      if (entry.path.size() != 1) return true;  // No member.
      const double score = Codec<double>::decode(entry.value).value_or(0);
      const bool is_number = std::isfinite(score);
      found.push_back({detail::decode<T>(key(), entry.path.front()), is_number ? score : 0});
      return found.size() < at_most;
    });
    return found;
  }
  // Returns the number of members in a span of scores; costs hardly more for a million than for a
  // thousand.
  [[nodiscard]] std::uint64_t count(const ScoreSpan& span) const {
    expect_type(scope(), key(), Type::kSortedSet);
    return scope().count(all(), span);
  }
  // The same with integers of another type. Throw kInvalid when a T cannot hold the member.
  template <typename Given>
  requires(detail::Integers<Given, T>)
      [[nodiscard]] std::optional<double> score(Given member) const {
    return score(detail::fitting<T>(key(), member));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) [[nodiscard]] bool contains(Given member) const {
    return contains(detail::fitting<T>(key(), member));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>)
      [[nodiscard]] std::optional<std::uint64_t> rank(Given member) const {
    return rank(detail::fitting<T>(key(), member));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>)
      [[nodiscard]] std::optional<std::uint64_t> rank_from_end(Given member) const {
    return rank_from_end(detail::fitting<T>(key(), member));
  }

 protected:
  [[nodiscard]] Key row(const T& member) const {
    return key().element(Codec<T>::encode(member), Type::kSortedSet);
  }
  [[nodiscard]] Key all() const { return key().of(Type::kSortedSet); }

 private:
  [[nodiscard]] std::optional<std::uint64_t> rank_of(const T& member, RankFrom from) const {
    const auto rank = scope().rank(row(member), from);
    if (!rank) expect_type(scope(), key(), Type::kSortedSet);
    return rank;
  }
};

// As thread-safe as its scope. Scores are finite numbers: others throw Error{kInvalid}.
template <typename T = std::string>
class SortedSet : public SortedSetReader<T> {
 public:
  SortedSet(Scope& scope, Key key) : SortedSetReader<T>(scope, std::move(key)) {}

  // Sets the score of a member, whatever it was. Returns whether the member was absent.
  bool put(const T& member, double score) {
    if (!std::isfinite(score)) {
      throw Error(ErrorCode::kInvalid, this->key().name() + ": a score must be a finite number");
    }
    bool found = false;
    write([&](Scope& txn) {
      const Key at = this->row(member);
      found = txn.contains(at);
      txn.set(at, Codec<double>::encode(score + 0.0));
    });
    return !found;
  }
  // Adds to a member's score, counted from 0 when the member is absent. Returns the new score.
  // Throws Error{kInvalid} when the score would leave the range of a double.
  double add(const T& member, double amount) {
    double score = 0;
    write([&](Scope& txn) {
      const Key at = this->row(member);
      txn.add_double(at, amount);
      score = txn.score(at).value_or(0);
    });
    return score;
  }
  // Removes a member; concurrent puts and additions of other regions stay. Returns whether it was
  // present.
  bool erase(const T& member) {
    bool found = false;
    write([&](Scope& txn) {
      const Key at = this->row(member);
      found = txn.contains(at);
      txn.remove(at);
      txn.reset(at);
    });
    return found;
  }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool put(const Given& member, double score) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) double add(const Given& member, double amount) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool erase(const Given& member) = delete;
  // The same with integers of another type. Throw kInvalid when a T cannot hold the member.
  template <typename Given>
  requires(detail::Integers<Given, T>) bool put(Given member, double score) {
    return put(detail::fitting<T>(this->key(), member), score);
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) double add(Given member, double amount) {
    return add(detail::fitting<T>(this->key(), member), amount);
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) bool erase(Given member) {
    return erase(detail::fitting<T>(this->key(), member));
  }
  // Removes all members seen here; concurrent writes of other regions stay.
  void clear() {
    write([&](Scope& txn) { txn.clear(this->all()); });
  }

 private:
  // Runs a function in a transaction.
  template <typename Change>
  void write(const Change& change) {
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), Type::kSortedSet);
      change(txn);
    });
  }
};

}  // namespace anabranch
