// The index of all orders: for each sorted set one list (score_list.h), updated by every change of
// a row, in the same commit.
//
// An order has a unique number. A large clear (masks.h) makes an order void: from then on the
// sorted set has none, its next member gets a new one, and the entries of the old one are removed
// in slices. Sorted sets are also rebuilt in slices if a foreign clear left some members, if the
// rule of their scores has changed or if the directory is of an earlier version. A rebuild walks
// the keys of the rows: rows up to a mark are in the order, rows behind it are not yet. Until such
// an order is whole, readers sort the rows (ranking.h).
//
// An order names the rule of its scores (score_rules.h): that of the state in which it began. With
// a change of policies all orders of other rules are stale at once, at no cost: readers sort the
// rows, and the next change of a member has the order made anew. score_reorder.h finds the rest.
// Writers score by the policies below their stage, also behind a policy in the same group: the
// order then names the old rule and is stale with the commit.
//
// If a member is not where its score says, the order is rebuilt: an application's resolver may not
// decide the same at all times; so it is if an entry is damaged on the disk. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/score.h"
#include "rows/masks/masks.h"
#include "rows/row_reader.h"
#include "rows/scores/score_list.h"
#include "rows/scores/scores.h"

namespace anabranch::rows {

struct ScoreOrder {
  OrderId id = 0;
  std::uint64_t stamp = 0;      // Masks::last_id() when the order began.
  bool whole = true;            // The order contains all members.
  std::uint64_t rule = 0;       // Of their scores.
  std::string ordered_to = {};  // If not whole: the row key up to which members are in it.
};

// Returns the order of a sorted set, also a stale one; nullopt if it has none, or a void one.
// Throws Error{kCorrupt}.
std::optional<ScoreOrder> find_order(const ScoreTable& table, const Masks& masks,
                                     const core::Path& sorted_set);

class ScoreIndex {
 public:
  // All references must outlive the index, which is cheap to construct. The rules of scores are
  // those of `state`.
  ScoreIndex(MutableScoreTable& table, const Masks& masks, const Scores& scores,
             const RowReader& state)
      : table_(table), masks_(masks), scores_(scores), state_(state) {}

  // Applies that a member's score has changed, begun or ended; scores are those under the masks.
  // Call it once per change of a row; it may be left out for the same score of a row that has no
  // concurrent ones before or after.
  void move(const crdt::Membership& at, const core::Path& row, std::optional<double> before,
            std::optional<double> after);
  // Schedules the rebuild of a sorted set's order, in slices; drops its present order.
  void order_anew(const core::Path& sorted_set);
  // Returns whether the order of a sorted set is of another rule.
  [[nodiscard]] bool is_stale(const core::Path& sorted_set, const ScoreOrder& order) const;
  // Drops a void order.
  void drop_void(const core::Path& sorted_set);

  // ---- For the slices.

  // Adds a member behind the mark of an order that is not whole.
  void add(const crdt::Membership& at, double score);
  // Moves the mark: all rows up to the key were added.
  void went_to(const core::Path& sorted_set, std::string row_key);
  // Marks the order as whole: all rows were added.
  void finish(const core::Path& sorted_set);

 private:
  [[nodiscard]] std::optional<ScoreOrder> order(const core::Path& sorted_set);
  // Moves a member in a list; returns whether the list has been as the scores say.
  bool change(OrderId id, const std::string& member, std::optional<double> before,
              std::optional<double> after);
  ScoreOrder begin(const core::Path& sorted_set, bool whole);
  void keep(const core::Path& sorted_set, const ScoreOrder& order);
  void drop(const core::Path& sorted_set, OrderId id);

  MutableScoreTable& table_;
  const Masks& masks_;
  const Scores& scores_;
  const RowReader& state_;
};

// ---- The stored forms.

// c<row_key(sorted set)> and u<row_key(sorted set)>.
[[nodiscard]] std::string order_key(const core::Path& sorted_set);
[[nodiscard]] std::string unordered_key(const core::Path& sorted_set);
// Throws Error{kCorrupt}.
[[nodiscard]] ScoreOrder decode_order(std::string_view bytes);
// Returns the sorted set of such a key; `value` is the value stored there. Throws Error{kCorrupt}.
[[nodiscard]] core::Path ordered_at(std::string_view key, std::string_view value);
[[nodiscard]] core::Path unordered_at(std::string_view key, std::string_view value);

}  // namespace anabranch::rows
