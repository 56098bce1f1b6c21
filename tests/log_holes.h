// A storage whose log has holes (storage/log_hole.h), as earlier versions have left some.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "storage/memory_storage.h"
#include "storage/whole_storage.h"

namespace anabranch::test {

// Between two positions, and behind the last one.
inline constexpr storage::Position kHole = 9;
// Returns where a record stands in a copy with holes that stood at a position before.
inline storage::Position with_holes(storage::Position position) { return position * (kHole + 1); }

// Returns a copy of a storage, with a hole between any two records of the log, and at its end.
inline std::unique_ptr<storage::MemoryStorage> with_holes(const storage::WholeStorage& from) {
  auto made = std::make_unique<storage::MemoryStorage>();
  REQUIRE(made->open().ok());
  const auto snapshot = from.whole_snapshot();
  storage::Changes changes;
  for (std::size_t i = 0; i < storage::kTableCount; ++i) {
    const auto table = static_cast<storage::Table>(i);
    for (auto at = snapshot->scan(table, {}); at->valid(); at->next()) {
      changes.put(table, at->key(), at->value());
    }
  }
  REQUIRE(made->commit({}, changes).ok());
  std::vector<storage::StoredRecord> records;
  for (auto record = snapshot->read_log(1); record;
       record = snapshot->read_log(record->position + 1)) {
    records.push_back(*record);
    records.back().position = with_holes(record->position);
  }
  REQUIRE(made->append(records).ok());
  REQUIRE(made->go_on_behind(with_holes(snapshot->last_position()) + kHole).ok());
  return made->clone();
}

}  // namespace anabranch::test
