#include "rows/scores/score_check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "crdt/type_table.h"
#include "rows/row_text.h"
#include "rows/scores/score_index.h"
#include "storage/layout.h"

namespace anabranch::rows {

using core::Path;
using storage::Direction;

namespace {

class ScoreChecker {
 public:
  ScoreChecker(const RowReader& rows, const ScoreCheck& check)
      : rows_(rows), masks_(rows.masks()), check_(check) {}

  std::uint64_t run() {
    rows_.scan(Path(), [&](const Path& path, const crdt::Row& row) {
      if (const auto at = crdt::membership(path); at && crdt::shows(path, row)) {
        check_member(path, *at, row);
      }
      check_.went_on();
      return true;
    });
    close();
    check_orders();
    return members_;
  }

 private:
  // The sorted set whose rows are being read.
  struct Open {
    Path sorted_set;
    std::optional<ScoreOrder> order;
    bool stale = false;         // The order is of another rule: scores stand anywhere.
    std::uint64_t members = 0;  // Members that must have an entry in the order.
  };

  void check_member(const Path& path, const crdt::Membership& at, const crdt::Row& row) {
    if (!open_ || open_->sorted_set != at.sorted_set) {
      close();
      open_ = Open{at.sorted_set, find_order(rows_, *masks_, at.sorted_set)};
      if (!open_->order) wrong("shows members but has no order");
      if (open_->order) check_rule();
      if (open_->order && open_->order->whole) ++orders_;
    }
    if (!open_->order) return;
    if (!open_->order->whole && core::row_key(path) > open_->order->ordered_to) return;
    ++open_->members;
    if (row.cell.siblings.size() > 1 && (check_.scores == nullptr || open_->stale)) return;
    const std::string key =
        entries_of(open_->order->id, 0) + place_of(scores().of(path, row, rows_), at.member);
    const auto value = rows_.score_at(key);
    if (!value) return wrong("does not have a member where its score is");
    const ScoreEntry entry = decode_entry(key, *value);
    if (entry.member != at.member || entry.height != height_of(at.member, check_.seed)) {
      wrong("has a member in a wrong way");
    }
  }

  void check_rule() {
    // Unknown resolvers may decide where a row does not, and under another row's rule as well.
    const auto known = [&](std::uint64_t rule) {
      return check_.scores == nullptr ? std::max(rule, std::uint64_t{1}) : rule;
    };
    const std::uint64_t rule = scores().rule(open_->sorted_set, rows_);
    open_->stale = known(open_->order->rule) != known(rule);
    if (open_->stale && !check_.reordering) {
      wrong("is ordered by another policy, and nothing is going to order it anew");
    }
  }

  [[nodiscard]] const Scores& scores() const {
    return check_.scores == nullptr ? Scores::plain() : *check_.scores;
  }

  void close() {
    if (open_ && open_->order) {
      const std::uint64_t found = check_levels(open_->order->id);
      if (found != open_->members) {
        wrong("has " + std::to_string(found) + " members in order instead of " +
              std::to_string(open_->members));
      }
      members_ += found;
    }
    open_.reset();
  }

  // Checks that each entry counts the sum of the level below up to the next entry. Returns the
  // number of members.
  std::uint64_t check_levels(OrderId id) {
    std::uint64_t members = 0;
    bool any = true;
    for (unsigned level = 0; any; ++level) {
      any = false;
      const auto above = entries(id, level + 1);
      std::optional<std::uint64_t> counted;  // The count stored in the last entry above.
      if (is_of(*above, id, level + 1)) counted = take_head(*above);
      std::uint64_t sum = 0;
      const auto compare = [&] {
        if (counted && *counted != sum) wrong("counts wrong on level " + std::to_string(level + 1));
        sum = 0;
      };
      for (const auto below = entries(id, level); is_of(*below, id, level); below->next()) {
        const ScoreEntry entry = decode_entry(below->key(), below->value());
        members += level == 0 ? 1 : 0;
        check_.went_on();
        if (entry.height > level && !entry.place.empty()) {
          compare();
          counted = take_above(*above, entry);
          any = true;
        }
        sum += entry.count;
      }
      compare();
      if (is_of(*above, id, level + 1) || (counted && !any)) wrong("has an entry too many");
    }
    return members;
  }

  // Returns the count of the beginning of a level, which must be its first entry.
  std::optional<std::uint64_t> take_head(storage::Cursor& above) {
    const ScoreEntry head = decode_entry(above.key(), above.value());
    if (!head.place.empty()) {
      wrong("has no beginning on level " + std::to_string(head.level));
      return std::nullopt;
    }
    above.next();
    return head.count;
  }

  // Returns the count of the entry's counterpart on the level above, which must be the next one
  // there.
  std::optional<std::uint64_t> take_above(storage::Cursor& above, const ScoreEntry& entry) {
    if (is_of(above, entry.id, entry.level + 1)) {
      const ScoreEntry upper = decode_entry(above.key(), above.value());
      above.next();
      if (upper.place == entry.place && upper.height == entry.height) return upper.count;
    }
    wrong("lacks an entry on level " + std::to_string(entry.level + 1));
    return std::nullopt;
  }

  // Checks that every whole order belongs to a sorted set that shows something, and every entry to
  // an order.
  void check_orders() {
    std::uint64_t orders = 0;
    std::uint64_t owned = 0;
    for_each(storage::kScoreOrderPrefix, [&](std::string_view key, std::string_view value) {
      const ScoreOrder order = decode_order(value);
      owned += size_of(order.id);
      const bool is_void = masks_->voids(ordered_at(key, value), order.stamp);
      orders += order.whole && !is_void ? 1 : 0;
    });
    for_each(storage::kOldOrderPrefix, [&](std::string_view key, std::string_view /*value*/) {
      owned += size_of(storage::from_big_endian(key.substr(storage::kOldOrderPrefix.size())));
    });
    std::uint64_t entries = 0;
    for_each(storage::kScorePrefix, [&](const auto&...) { ++entries; });
    if (orders != orders_) {
      check_.wrong(std::to_string(orders) + " sorted sets have an order, " +
                   std::to_string(orders_) + " should");
    }
    if (entries != owned) {
      check_.wrong(std::to_string(entries - owned) + " entries of scores are of no order");
    }
  }

  [[nodiscard]] std::uint64_t size_of(OrderId id) const {
    std::uint64_t size = 0;
    for_each(entries_of(id), [&](const auto&...) { ++size; });
    return size;
  }

  template <typename Function>
  void for_each(std::string_view prefix, const Function& function) const {
    const auto cursor = rows_.scan_scores({.from = prefix});
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
      function(cursor->key(), cursor->value());
      check_.went_on();
    }
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> entries(OrderId id, unsigned level) const {
    return rows_.scan_scores({.from = entries_of(id, level)});
  }
  static bool is_of(const storage::Cursor& cursor, OrderId id, unsigned level) {
    return cursor.valid() && cursor.key().starts_with(entries_of(id, level));
  }
  void wrong(const std::string& what) const {
    check_.wrong("the sorted set " + path_text(open_->sorted_set) + " " + what);
  }

  const RowReader& rows_;
  std::shared_ptr<const Masks> masks_;
  const ScoreCheck& check_;
  std::optional<Open> open_;
  std::uint64_t members_ = 0;
  std::uint64_t orders_ = 0;  // Whole orders of sorted sets that show something.
};

}  // namespace

std::uint64_t check_scores(const RowReader& rows, const ScoreCheck& check) {
  return ScoreChecker(rows, check).run();
}

}  // namespace anabranch::rows
