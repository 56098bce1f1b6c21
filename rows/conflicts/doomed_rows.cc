#include "rows/conflicts/doomed_rows.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crdt/expiry.h"

namespace anabranch::rows {

namespace {

using core::Path;
using core::VersionVector;

// Whether a value in the cell of expiries is a deadline for more than single values.
bool dooms(const crdt::Sibling& sibling) {
  const std::optional<crdt::Expiry> expiry = crdt::decode_expiry(sibling.value);
  return expiry && expiry->deadline != crdt::Expiry::kNever && expiry->type != Type::kString;
}

// The values of a string have deadlines of their own.
bool is_string(const Path& row, std::string_view key) {
  constexpr std::string_view kTag("s\0\1", 3);
  return row.encoded().size() == key.size() + kTag.size() && row.encoded().ends_with(kTag);
}

struct Noter {
  const RowReader& rows;
  const PublishedExpiry& expiries;
  ConflictNotes& notes;
  std::size_t& looks_left;  // In the batch.
  core::Hlc hlc;

  void look_at(std::size_t values) const { looks_left -= std::min(looks_left, values); }
  void add(const Path& path, std::vector<crdt::Sibling> values, core::Dot by) const {
    if (values.empty()) return;
    notes.add({.kind = ConflictKind::kDoomed,
               .path = path,
               .by = by,
               .by_time = hlc,
               .values = std::move(values)});
  }

  // A value has come: has its key a deadline that its author had not seen?
  void on_value(const core::Put& put, core::Dot dot, const VersionVector& context) const {
    const std::string_view key = crdt::key_part(put.path);
    if (key.empty() || is_string(put.path, key) || !expiries.may_expire(key)) return;
    const auto is_unseen = [&](const crdt::Sibling& each) {
      return !context.covers(each.dot) && each.dot != dot && dooms(each);
    };
    if (looks_left == 0 || !notes.has_room()) return notes.drop();
    const crdt::Cell deadlines = rows.row(crdt::expiry_path(key)).cell;
    look_at(deadlines.siblings.size());
    if (std::ranges::none_of(deadlines.siblings, is_unseen)) return;
    const crdt::Cell cell = rows.row(put.path).cell;
    look_at(cell.siblings.size());
    if (const crdt::Sibling* const own = cell.find(dot)) add(put.path, {*own}, dot);
  }

  // A deadline has come: has its key values that its author had not seen?
  void on_deadline(const core::Put& put, core::Dot dot, const VersionVector& context) const {
    if (!dooms({.dot = dot, .hlc = hlc, .value = put.value, .base = {}})) return;
    if (looks_left == 0 || !notes.has_room()) return notes.drop();
    std::size_t left = kDoomedRowsMax;
    rows.scan(put.path.parent(), [&](const Path& path, const crdt::Row& row) {
      if (crdt::is_expiry(path)) return true;
      crdt::Cell unseen = row.cell;
      unseen.forget(context);
      add(path, noted_values(unseen, dot), dot);
      look_at(1 + row.cell.siblings.size());
      return --left > 0 && looks_left > 0;
    });
  }
};

}  // namespace

void note_doomed_rows(const RowReader& rows, const PublishedExpiry& expiries,
                      const core::Batch& batch, const VersionVector& deps, ConflictNotes& notes) {
  if (!expiries.any()) return;
  VersionVector context = deps;
  std::size_t looks_left = kDoomedLooksMax;
  for (const core::Transaction& txn : batch.transactions) {
    // The ops of a transaction are not unseen by each other.
    context.set(batch.origin, txn.last());
    const Noter noter{rows, expiries, notes, looks_left, txn.hlc};
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      const auto* const put = std::get_if<core::Put>(&txn.ops[k]);
      if (put == nullptr) continue;
      const core::Dot dot{batch.origin, txn.first + k};
      crdt::is_expiry(put->path) ? noter.on_deadline(*put, dot, context)
                                 : noter.on_value(*put, dot, context);
    }
  }
}

}  // namespace anabranch::rows
