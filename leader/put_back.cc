#include "leader/put_back.h"

#include <cstdint>

#include <anabranch/key.h>

#include "core/space.h"
#include "crdt/type_table.h"
#include "rows/conflicts/conflict_note.h"

namespace anabranch::leader {

namespace {

// Throws kWrongType where a key or field on the way to a row holds another type than the row has.
void check_types(const Scope& scope, const core::Components& row) {
  Key place(core::database_of(row[0]).value_or(0), row[1]);
  for (std::size_t at = crdt::kKeyDepth;; at += 2) {
    const crdt::TypeEntry* const type = crdt::find_type(row[at]);
    expect_type(scope, place, type->type);
    const bool is_field = type->layout == crdt::Layout::kFields;
    if (!is_field && type->layout != crdt::Layout::kItems) return;
    place = is_field ? place.field(row[at + 1]) : place.element(row[at + 1], type->type);
  }
}

}  // namespace

void put_back(Scope& scope, GroupWriter& writer, const LostValue& lost) {
  if (!rows::can_lose(lost.path)) {
    throw Error(ErrorCode::kInvalid, "parts of a text, and positions, are not put back alone");
  }
  scope.atomically([&](Scope& txn) {
    check_types(txn, lost.path.components());
    writer.put_back(lost.path, lost.value);
  });
}

}  // namespace anabranch::leader
