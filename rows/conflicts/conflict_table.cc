#include "rows/conflicts/conflict_table.h"

#include <memory>
#include <string>

namespace anabranch::rows {

using storage::Table;

ConflictNumber conflicts_end(const storage::Snapshot& snapshot) {
  const auto newest =
      snapshot.scan(Table::kConflicts, {.direction = storage::Direction::kBackward});
  return newest->valid() ? storage::from_big_endian(newest->key()) + 1 : 1;
}

std::optional<ConflictEntry> find_conflict(const storage::Snapshot& snapshot,
                                           ConflictNumber number) {
  const auto bytes = snapshot.get(Table::kConflicts, storage::big_endian(number));
  if (!bytes) return std::nullopt;
  return decode_conflict(*bytes).value_or_raise();
}

void scan_conflicts(const storage::Snapshot& snapshot, ConflictNumber before,
                    const VisitConflict& visit) {
  const std::string end = before == 0 ? std::string() : storage::big_endian(before);
  const auto cursor =
      snapshot.scan(Table::kConflicts, {.to = end, .direction = storage::Direction::kBackward});
  for (; cursor->valid(); cursor->next()) {
    const ConflictNumber number = storage::from_big_endian(cursor->key());
    if (!visit(number, decode_conflict(cursor->value()).value_or_raise())) return;
  }
}

}  // namespace anabranch::rows
