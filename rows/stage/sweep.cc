#include "rows/stage/sweep.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "crdt/row_codec.h"
#include "rows/snapshot_reader.h"

namespace anabranch::rows {

namespace {

using core::Path;

// Whether a mask changes a row stored below its prefix.
bool changes(const Mask& mask, const crdt::Row& row) {
  const auto covered = [&](const crdt::Sibling& sibling) {
    return mask.context.covers(sibling.dot);
  };
  const auto waits = [&](const crdt::Slot& slot) {
    return !slot.dead() && mask.context.covers({slot.origin, slot.seq});
  };
  return std::ranges::any_of(row.cell.siblings, covered) ||
         (mask.tallies && std::ranges::any_of(row.tally.slots, waits));
}

// Calls function(key, value) for the keys of a table below the mask's prefix and after its mark,
// until it returns false. Returns whether the end was reached.
template <typename Function>
bool walk(const storage::Snapshot& snapshot, storage::Table table, const Mask& mask,
          const Function& function) {
  const core::PathRange range = core::PathRange::below(mask.prefix);
  const std::string to = range.to_key();
  const std::string& mark = mask.swept.key;
  const auto cursor = snapshot.scan(
      table, {.from = mark.empty() ? range.from_key() : std::string_view(mark), .to = to});
  if (cursor->valid() && !mark.empty() && cursor->key() == mark) cursor->next();
  for (; cursor->valid(); cursor->next()) {
    if (!function(cursor->key(), cursor->value())) return false;
  }
  return true;
}

}  // namespace

SweepSlice next_slice(const storage::Snapshot& snapshot, const core::OriginTable& origins,
                      const Mask& mask, const SweepLimits& limits, storage::Table rows) {
  SweepSlice slice;
  slice.mark = mask.swept;
  std::size_t looks = 0;
  std::size_t bytes = 0;
  const auto add = [&](std::vector<Path>& paths, Path path, std::size_t size) {
    paths.push_back(std::move(path));
    bytes += size;
  };
  const auto going = [&](std::string_view key) {
    slice.mark.key = key;
    return slice.rows.size() + slice.counts.size() < limits.changes && ++looks < limits.looks &&
           bytes < limits.bytes;
  };
  if (!mask.swept.in_counts) {
    const bool end = walk(snapshot, rows, mask, [&](std::string_view key, std::string_view value) {
      const crdt::StoredRow stored = crdt::decode_row(value, origins).value_or_raise();
      if (changes(mask, stored.row)) {
        Path path = path_at(key, stored.path);
        if (mask.prefix.is_prefix_of(path)) add(slice.rows, std::move(path), value.size());
      }
      return going(key);
    });
    if (end) slice.mark = {true, {}};
    return slice;
  }
  slice.done = walk(snapshot, storage::Table::kCounts, mask,
                    [&](std::string_view key, std::string_view value) {
                      if (decode_count(value).stamp < mask.id) {
                        Path path = counted_at(key, value);
                        if (mask.prefix.is_prefix_of(path)) add(slice.counts, std::move(path), 0);
                      }
                      return going(key);
                    });
  return slice;
}

}  // namespace anabranch::rows
