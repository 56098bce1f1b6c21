#include "leader/put_back.h"

#include <cstdint>

#include <anabranch/key.h>

#include "core/space.h"
#include "crdt/type_table.h"
#include "rows/conflicts/conflict_note.h"

namespace anabranch::leader {

namespace {

// Calls check(place, type) for each key and field on the way to a row, with the type that the row
// has there, until it returns false. Returns whether all were true.
template <typename Check>
bool all_on_the_way(const core::Components& row, const Check& check) {
  Key place(core::database_of(row[0]).value_or(0), row[1]);
  for (std::size_t at = crdt::kKeyDepth;; at += 2) {
    const crdt::TypeEntry* const type = crdt::find_type(row[at]);
    if (!check(place, type->type)) return false;
    const bool is_field = type->layout == crdt::Layout::kFields;
    if (!is_field && type->layout != crdt::Layout::kItems) return true;
    place = is_field ? place.field(row[at + 1]) : place.element(row[at + 1], type->type);
  }
}

}  // namespace

std::optional<std::string> shown_value(const View& view, const core::Path& row) try {
  if (!rows::can_lose(row)) return std::nullopt;
  const auto shows = [&](const Key& place, Type type) { return view.type(place) == type; };
  return all_on_the_way(row.components(), shows) ? view.value_alone(row) : std::nullopt;
} catch (const Error& error) {
  const bool undecided =
      error.code() == ErrorCode::kUnsupported || error.code() == ErrorCode::kNoMemory;
  if (!undecided) throw;
  return std::nullopt;
}

void put_back(Scope& scope, GroupWriter& writer, const LostValue& lost) {
  if (!rows::can_lose(lost.path)) {
    throw Error(ErrorCode::kInvalid, "parts of a text, and positions, are not put back alone");
  }
  scope.atomically([&](Scope& txn) {
    all_on_the_way(lost.path.components(), [&](const Key& place, Type type) {
      expect_type(txn, place, type);
      return true;
    });
    writer.put_back(lost.path, lost.value);
  });
}

}  // namespace anabranch::leader
