#include "regions/conflicts/conflict_check.h"

#include "regions/conflicts/conflict_counts.h"
#include "rows/conflicts/conflict_entry.h"

namespace anabranch::regions {

using storage::Table;

void check_conflicts(const storage::Snapshot& snapshot,
                     const std::function<void(std::string)>& wrong) {
  ConflictFigures found;
  const auto cursor = snapshot.scan(Table::kConflicts, {});
  for (; cursor->valid(); cursor->next()) {
    ++found.entries;
    found.bytes += cursor->key().size() + cursor->value().size();
    if (cursor->key().size() != sizeof(std::uint64_t)) {
      wrong("an entry of the conflict log has no number");
      continue;
    }
    const std::uint64_t number = storage::from_big_endian(cursor->key());
    found.next = number + 1;
    const auto entry = rows::decode_conflict(cursor->value());
    if (!entry.ok()) {
      wrong("entry " + std::to_string(number) + " of the conflict log: " + entry.failure().message);
    }
  }
  const auto bytes = snapshot.get(Table::kMeta, storage::kConflictsKey);
  const auto figures =
      bytes ? decode_figures(*bytes) : core::Result<ConflictFigures>(ConflictFigures());
  if (!figures.ok()) return wrong("the figures of the conflict log: " + figures.failure().message);
  const ConflictFigures& stored = figures.value();
  const bool agree =
      stored.entries == found.entries && stored.bytes == found.bytes && stored.next >= found.next;
  if (agree) return;
  wrong("the conflict log has " + std::to_string(found.entries) + " entries of " +
        std::to_string(found.bytes) + " bytes, and its figures say " +
        std::to_string(stored.entries) + " of " + std::to_string(stored.bytes));
}

}  // namespace anabranch::regions
