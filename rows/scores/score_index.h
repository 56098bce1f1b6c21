// Which orders there are: for each sorted set one list (score_list.h), kept by every change of a
// row, in the same commit.
//
// An order has a number of its own. A large clear (masks.h) makes an order void: from then on the
// sorted set has none, its next member gets a new one, and the entries of the old one go in slices.
// What is to be ordered anew, since a foreign clear left something, the policies have changed or
// the directory is of an earlier version, is ordered in slices too, along the keys of the rows:
// rows up to a mark are in the order, those behind it are not yet. Until such an order is whole,
// readers sort the rows (ranking.h).
//
// Should a member not be where its score says, the order is made anew: what an application's
// resolver decides may not be the same at all times. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/score.h"
#include "rows/masks/masks.h"
#include "rows/scores/score_list.h"

namespace anabranch::rows {

struct ScoreOrder {
  OrderId id = 0;
  std::uint64_t stamp = 0;      // Masks::last_id() when it began.
  bool whole = true;            // Has all members.
  std::string ordered_to = {};  // Else: the row key up to which it has them.
};

// The order of a sorted set; nothing when it has none, or a void one. Throws Error{kCorrupt}.
std::optional<ScoreOrder> find_order(const ScoreTable& table, const Masks& masks,
                                     const core::Path& sorted_set);

class ScoreIndex {
 public:
  // All must outlive the index, which is cheap to make.
  ScoreIndex(MutableScoreTable& table, const Masks& masks, std::uint64_t seed)
      : table_(table), masks_(masks), seed_(seed) {}

  // A member's score has changed, began or ended; scores are as the masks leave them. Once per
  // change of a row.
  void move(const crdt::Membership& at, const core::Path& row, std::optional<double> before,
            std::optional<double> after);
  // Has a sorted set ordered anew, in slices; what order it has goes.
  void order_anew(const core::Path& sorted_set);
  // Lets a void order go.
  void drop_void(const core::Path& sorted_set);

  // ---- For the slices.

  // Adds a member behind the mark of an order that is not whole.
  void add(const crdt::Membership& at, double score);
  // Moves the mark: all rows up to a key were added.
  void went_to(const core::Path& sorted_set, std::string row_key);
  // All rows were added.
  void finish(const core::Path& sorted_set);

 private:
  [[nodiscard]] std::optional<ScoreOrder> order(const core::Path& sorted_set);
  ScoreOrder begin(const core::Path& sorted_set, bool whole);
  void keep(const core::Path& sorted_set, const ScoreOrder& order);
  void drop(const core::Path& sorted_set, OrderId id);

  MutableScoreTable& table_;
  const Masks& masks_;
  std::uint64_t seed_;
};

// ---- The stored forms.

// c<row_key(sorted set)> and u<row_key(sorted set)>.
[[nodiscard]] std::string order_key(const core::Path& sorted_set);
[[nodiscard]] std::string unordered_key(const core::Path& sorted_set);
// Throws Error{kCorrupt}.
[[nodiscard]] ScoreOrder decode_order(std::string_view bytes);
// The sorted set to which such a key belongs, with the value that it has. Throws Error{kCorrupt}.
[[nodiscard]] core::Path ordered_at(std::string_view key, std::string_view value);
[[nodiscard]] core::Path unordered_at(std::string_view key, std::string_view value);

}  // namespace anabranch::rows
