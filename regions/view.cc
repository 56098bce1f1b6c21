#include "regions/view.h"

#include <algorithm>
#include <utility>

#include <anabranch/codec.h>

#include "crdt/canonical.h"
#include "crdt/type_table.h"

namespace anabranch::regions {

using core::Path;
using crdt::Row;

namespace {

// So many rows of one name are passed by one after another; then what is left of it is jumped over.
constexpr std::size_t kRowsToSkip = 16;

// The key that a row belongs to, as the user named it.
std::string user_key(const Path& path) {
  const core::Components components = path.components();
  return components.size() > 1 ? components[1] : std::string();
}

// The rows below a prefix whose first name below it is in a span.
core::PathRange range_of(const Path& prefix, const Span& span) {
  core::PathRange range = core::PathRange::below(prefix);
  if (!span.from.empty()) core::append_component(range.from, span.from);
  if (span.to) range.to = prefix.child(*span.to).encoded();
  range.backwards = span.backwards;
  return range;
}

}  // namespace

Path path_of(const Key& key) { return Path::trusted(key.encoded()); }

Type View::type(const Key& key) const {
  const auto holds = [&](const crdt::TypeEntry& type) {
    const Path at = path_of(key.of(type.type));
    if (type.layout != crdt::Layout::kRow) return rows_.count(at) > 0;
    return crdt::shows(at, rows_.row(at));
  };
  if (holds(crdt::kTypes.front())) return crdt::kTypes.front().type;
  // Where no string is there is mostly nothing: one look spares those for each type.
  if (rows_.stored_below(path_of(key), 1) == 0) return Type::kNone;
  const auto* const found = std::ranges::find_if(crdt::kTypes, holds);
  return found == crdt::kTypes.end() ? Type::kNone : found->type;
}

std::optional<std::string> View::get(const Key& row) const {
  const Path path = path_of(row);
  Row stored = rows_.row(path);
  if (!crdt::shows(path, stored)) return std::nullopt;
  return shown(path, std::move(stored));
}

std::vector<Sibling> View::siblings(const Key& row) const {
  const Path path = path_of(row);
  const Row stored = rows_.row(path);
  return crdt::make_conflict({}, stored.cell, region_of()).siblings;
}

std::int64_t View::tally(const Key& row) const {
  const core::Number sum = rows_.row(path_of(row)).tally.sum();
  const auto integer =
      sum.is_integer() ? sum.as_int64() : crdt::parse_integer(Codec<double>::encode(sum.as_real()));
  if (!integer) throw Error(ErrorCode::kInvalid, row.name() + ": the sum is no integer of 64 bits");
  return *integer;
}

double View::tally_real(const Key& row) const {
  return rows_.row(path_of(row)).tally.sum().as_real();
}

bool View::contains(const Key& row) const {
  const Path path = path_of(row);
  return crdt::shows(path, rows_.row(path));
}

std::uint64_t View::count(const Key& collection) const { return rows_.count(path_of(collection)); }

void View::scan(const Key& prefix, const Span& span, const Scope::Visit& visit) const {
  const std::size_t above = prefix.encoded().size();
  rows_.scan(range_of(path_of(prefix), span), [&](const Path& path, const Row& row) {
    if (!crdt::shows(path, row)) return true;
    const Path below = Path::trusted(path.encoded().substr(above));
    return visit({below.components(), shown(path, row).value_or(std::string())});
  });
}

void View::names(const Key& prefix, const Span& span, const Scope::VisitName& visit) const {
  const Path top = path_of(prefix);
  core::PathRange rest = range_of(top, span);
  for (bool going = true; going;) {
    going = false;
    Path last;  // With what is above it; empty before the first.
    std::size_t rows = 0;
    rows_.scan(rest, [&](const Path& path, const Row& row) {
      if (!last.empty() && last.is_prefix_of(path)) {
        if (++rows < kRowsToSkip) return true;
        (rest.backwards ? rest.to : rest.from) =
            rest.backwards ? last.encoded() : core::prefix_end(last.encoded());
        going = true;
        return false;
      }
      if (path == top || !crdt::shows(path, row)) return true;
      const std::string name = Path::trusted(path.encoded().substr(top.encoded().size())).first();
      last = top.child(name);
      rows = 0;
      return visit(name);
    });
  }
}

Fingerprint View::fingerprint(const Key& prefix) const {
  core::Hash128 sum;
  rows_.scan(path_of(prefix), [&](const Path& path, const Row& row) {
    sum += crdt::row_digest(path, row);
    return true;
  });
  return {sum.high, sum.low};
}

std::optional<std::string> View::shown(const Path& path, Row row) const {
  if (row.cell.siblings.size() == 1 && row.tally.slots.empty()) {
    return std::move(row.cell.siblings.front().value);  // By far the most frequent row.
  }
  return crdt::shown_string(resolved(path, row.cell), row.tally).value_or_raise();
}

std::optional<core::Number> View::number(const Key& row) const {
  const Path path = path_of(row);
  const Row stored = rows_.row(path);
  return crdt::shown_number(resolved(path, stored.cell), stored.tally);
}

crdt::RegionOf View::region_of() const {
  return [&names = names_](core::Origin origin) { return names.region(origin); };
}

std::optional<std::string> View::resolved(const Path& path, const crdt::Cell& cell) const {
  if (cell.siblings.empty()) return std::nullopt;
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  if (auto value = crdt::ruled(path, cell)) return value;
  const std::string key = user_key(path);
  crdt::Resolution resolution = crdt::resolve(key, cell, resolvers_.find(key), region_of());
  if (resolution.overruled) resolvers_.count_failure();
  return std::move(resolution.value);
}

}  // namespace anabranch::regions
