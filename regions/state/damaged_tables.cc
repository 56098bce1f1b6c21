#include "regions/state/damaged_tables.h"

#include <anabranch/error.h>

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using storage::Changes;
using storage::Table;

namespace {

constexpr std::string_view kWanted = "an operator wants it";

// Whether a table is one of those that are taken again.
bool is_of_rows(Table table) {
  return std::ranges::any_of(storage::kSwappedTables, [&](const storage::TablePair& pair) {
    return table == pair.current || table == pair.next;
  });
}

}  // namespace

void DamagedTables::load(const storage::Snapshot& snapshot) {
  const auto why = snapshot.get(Table::kMeta, storage::kRowsAgainKey);
  if (why) why_ = stored_ = *why;
}

void DamagedTables::note(Table table, std::string_view key) {
  if (!is_of_rows(table)) return;
  // Orders made without the number of the last one would be mixed with others.
  if (table == Table::kScores && key == storage::kOrderCounterKey) {
    throw Error(ErrorCode::kCorrupt, "the number of the orders of sorted sets is damaged");
  }
  if (keys_.size() == kKeysMax) {
    throw Error(ErrorCode::kCorrupt, "more values are damaged than a leader can do without");
  }
  keys_.emplace(table, key);
  take_again();
}

void DamagedTables::take_again(std::string why) {
  if (why_.empty() || why_ == kWanted) why_ = std::move(why);
}

void DamagedTables::want() {
  if (why_.empty()) why_ = kWanted;
}

void DamagedTables::stop_wanting() {
  if (why_ == kWanted) why_.clear();
}

void DamagedTables::record(Changes& changes, bool replaced) {
  if (replaced && any()) {
    why_.clear();
    keys_.clear();
    core::mark<"rows were taken again">();
  }
  if (!keys_.empty() && !core::planted(core::Bug::kWriteAtDamage)) {
    changes.erase_if([&](const storage::ChangeView& change) {
      return keys_.contains({change.table, std::string(change.key)});
    });
  }
  if (why_ == stored_) return;
  stored_ = why_;
  changes.set(Table::kMeta, storage::kRowsAgainKey,
              why_.empty() ? std::nullopt : std::optional(why_));
}

}  // namespace anabranch::regions
