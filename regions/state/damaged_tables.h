// Whether this leader has to take all its rows again from another one, and what must not be written
// until it has them: a value of its rows, or of a table derived from them, is damaged on the disk,
// or an operator wants it.
//
// Ops at a damaged value are applied to all else, and are in the log, from which they come on top
// of the rows that are taken. Until then the value stays damaged: nothing is written at its key, so
// that no reader takes a part of a row for the whole. Counts and digests may be wrong meanwhile.
// That a leader is in this state is a row of meta. Not thread-safe.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/storage.h"

namespace anabranch::regions {

class DamagedTables {
 public:
  static constexpr std::size_t kKeysMax = 100'000;

  void load(const storage::Snapshot& snapshot);

  // Notes a damaged value that was met at a key of a table. Throws Error{kCorrupt} when there are
  // more than kKeysMax, or when it is one that the writer cannot do without.
  void note(storage::Table table, std::string_view key);
  // Has the rows taken again because of damage, described in words; an earlier damage stays.
  void take_again(std::string why);
  void take_again() { take_again("values are damaged on the disk"); }
  // An operator wants the rows to be taken again; or not any more, which changes nothing when they
  // are damaged.
  void want();
  void stop_wanting();
  // Why the rows have to be taken again; empty when they need not.
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] bool any() const { return !why_.empty(); }

  // Removes from a commit what must not be written, and adds the row of meta when that changes.
  // `replaced`: all rows are others from this commit on.
  void record(storage::Changes& changes, bool replaced);

 private:
  std::string why_;
  std::string stored_;  // As it is in meta; empty: the row is not there.
  std::set<std::pair<storage::Table, std::string>> keys_;  // Of damaged values that were met.
};

}  // namespace anabranch::regions
