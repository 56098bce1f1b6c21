#include "leader/scopes/view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <anabranch/codec.h>

#include "core/path_parts.h"
#include "core/planted_bug.h"
#include "core/text.h"
#include "crdt/canonical.h"
#include "crdt/decimal.h"
#include "crdt/elements.h"
#include "crdt/resolve.h"
#include "crdt/score.h"
#include "crdt/type_table.h"
#include "leader/scopes/name_walk.h"
#include "leader/scopes/rows_in_order.h"
#include "rows/corrections.h"
#include "rows/gone_element.h"
#include "rows/scores/ranking.h"

namespace anabranch::leader {

using core::Path;
using crdt::Row;
using rows::Ranking;

namespace {

// Whether a row shows its one value: by far the most frequent row.
bool is_plain(const Row& row) { return row.cell.siblings.size() == 1 && row.tally.slots.empty(); }

// Returns a number as an integer; nullopt if it is none of 64 bits.
std::optional<std::int64_t> integer_of(const core::Number& number) {
  if (number.is_integer()) return number.as_int64();
  if (!std::isfinite(number.as_real())) return std::nullopt;
  return crdt::Decimal::of(number).as_int64();
}

}  // namespace

Path path_of(const Key& key) { return Path::trusted(key.kept()); }

Path path_of_string(const Path& place) {
  constexpr char kTag = static_cast<char>(Type::kString);
  return place.child({&kTag, 1});
}

core::PathRange range_of(const Path& prefix, const Span& span) {
  core::PathRange range = core::PathRange::below(prefix);
  if (!span.from.empty()) core::append_component(range.from, span.from);
  if (span.to) range.to = prefix.child(*span.to).encoded();
  range.backwards = span.backwards;
  return range;
}

Type View::type_at(const Path& place) const {
  static_assert(crdt::kTypes.front().type == Type::kString);
  return rows_.shows(path_of_string(place)) ? Type::kString : type_beside_string(place);
}

Type View::type_beside_string(const Path& place) const {
  // A key nearly always has rows of one type or none: two seeks spare a look at each type.
  const rows::StoredTags tags = rows_.stored_tags(place);
  const auto holds = [&](const crdt::TypeEntry& type) {
    if (type.type == Type::kString || !tags.may_have(type.type)) return false;
    const Path at = place.child(type.tag());
    return type.layout == crdt::Layout::kRow ? rows_.shows(at) : rows_.count(at) > 0;
  };
  const auto* const found = std::ranges::find_if(crdt::kTypes, holds);
  return found == crdt::kTypes.end() ? Type::kNone : found->type;
}

Type View::type(const Key& key) const {
  const Path place = path_of(key);
  return is_gone(place) ? Type::kNone : type_at(place);
}

Type View::type(const Path& place, bool is_string) const {
  if (is_gone(place)) return Type::kNone;
  return is_string ? Type::kString : type_beside_string(place);
}

bool View::is_gone(const Path& place) const {
  return rows::gone_element(rows_, place).has_value() || find_expired(place).value_or(false);
}

bool View::shows_at(const Path& place) const {
  return !rows::gone_element(rows_, place).has_value() && type_at(place) != Type::kNone;
}

bool View::hidden(const Path& path) const {
  if (expired(path)) return true;
  return !planted(core::Bug::kShowOrphans) && rows::gone_element(rows_, path).has_value();
}

Row View::row_at(const Path& path) const { return hidden(path) ? Row() : rows_.row(path); }

core::Number View::sum_at(const Path& path) const {
  Row row = row_at(path);
  rows::correct(rows_, names_.requests(), path, row.tally);
  return row.tally.sum();
}

template <typename Function>
auto View::with_value(const Path& path, const Function& function) const
    -> decltype(function(std::string_view())) {
  if (hidden(path)) return {};
  rows::RowReader::Glance found = rows_.glance(path);
  if (found.value && *found.value != crdt::kFalse && !crdt::is_expiry(path)) {
    return function(*found.value);
  }
  if (found.value) found.row = rows_.row(path);
  if (!crdt::shows(path, found.row)) return {};
  std::optional<std::string> value = shown(path, std::move(found.row));
  if (!value) return {};
  return function(*std::move(value));
}

std::optional<std::string> View::get(const Key& row) const {
  return with_value(path_of(row), [](auto&& value) {
    return std::optional<std::string>(std::forward<decltype(value)>(value));
  });
}

bool View::show(const Key& row, const Scope::Show& function) const {
  return with_value(path_of(row), [&](std::string_view value) {
    function(value);
    return true;
  });
}

std::vector<Sibling> View::siblings(const Key& row) const {
  const Path path = path_of(row);
  return decider_.siblings(row_at(path).cell);
}

std::optional<std::string> View::value_alone(const Path& row) const {
  return decider_.value(row, row_at(row).cell);
}

std::int64_t View::counter(const Key& row) const {
  const std::optional<std::int64_t> integer = integer_of(sum_at(path_of(row)));
  if (!integer) throw Error(ErrorCode::kInvalid, row.name() + ": the sum is no integer of 64 bits");
  return *integer;
}

double View::counter_double(const Key& row) const { return sum_at(path_of(row)).as_real(); }

bool View::contains(const Key& row) const {
  const Path path = path_of(row);
  return !hidden(path) && rows_.shows(path);
}

std::uint64_t View::count(const Key& collection) const {
  const Path path = path_of(collection);
  return hidden(path) ? 0 : rows_.count(path);
}

void View::scan(const Key& prefix, const Span& span, const Scope::Visit& visit) const {
  RowsInOrder order(*this, rows_);
  const std::size_t above = prefix.encoded().size();
  Entry entry;  // Its strings are used again.
  rows_.scan(range_of(path_of(prefix), span), [&](const Path& path, const Row& row) {
    if (!crdt::shows(path, row) || order.expired(path) || order.gone(path)) return true;
    core::split_path(path.encoded().substr(above), entry.path);
    if (is_plain(row)) {
      entry.value = row.cell.siblings.front().value;
    } else {
      entry.value = shown(path, row).value_or(std::string());
    }
    return visit(entry);
  });
}

std::optional<std::string> View::names(const Key& prefix, const Span& span,
                                       const Scope::VisitName& visit,
                                       std::size_t hidden_max) const {
  return NameWalk(*this, rows_, path_of(prefix), span).run(visit, hidden_max);
}

Fingerprint View::fingerprint(const Key& prefix) const {
  const Path top = path_of(prefix);
  core::Hash128 sum = rows_.policies()->rules_below(top);  // Zero where no row of a policy rules.
  RowsInOrder order(*this, rows_);
  rows_.scan(top, [&](const Path& path, const Row& row) {
    if (!order.expired(path) && !order.gone(path)) sum += crdt::row_digest(path, row);
    return true;
  });
  return {sum.high, sum.low};
}

std::optional<std::string> View::shown(const Path& path, Row row) const {
  if (is_plain(row)) return std::move(row.cell.siblings.front().value);
  if (crdt::membership(path)) return Codec<double>::encode(decider_.score(path, row));
  rows::correct(rows_, names_.requests(), path, row.tally);
  return crdt::shown_string(decider_.value(path, row.cell), row.tally).value_or_raise();
}

std::optional<core::Number> View::number(const Key& row) const {
  const Path path = path_of(row);
  return number(path, row_at(path));
}

std::optional<core::Number> View::number(const Path& path, const Row& stored) const {
  std::optional<core::Number> number;
  if (names_.requests().any()) {
    crdt::Tally corrected = stored.tally;
    rows::correct(rows_, names_.requests(), path, corrected);
    number = crdt::shown_number(decider_.value(path, stored.cell), corrected);
  } else {
    number = crdt::shown_number(decider_.value(path, stored.cell), stored.tally);
  }
  if (number || !crdt::membership(path)) return number;
  return core::Number::real(decider_.score(path, stored));
}

std::optional<std::int64_t> View::integer(const Path& path, const Row& stored) const {
  if (hidden(path)) return 0;
  const std::optional<core::Number> number = this->number(path, stored);
  if (!number || number->is_integer()) return number ? number->as_int64() : std::nullopt;
  if (!std::isfinite(number->as_real())) return std::nullopt;
  const std::optional<std::string> text = shown(path, stored);
  return text ? core::parse_integer(*text) : std::nullopt;
}

// ---- Sorted sets.

std::optional<double> View::score(const Key& row) const {
  const Path path = path_of(row);
  const Row stored = row_at(path);
  if (!crdt::shows(path, stored)) return std::nullopt;
  return decider_.score(path, stored);
}

std::optional<std::uint64_t> View::rank(const Key& row, RankFrom from) const {
  const Path path = path_of(row);
  const auto at = crdt::membership(path);
  const auto found = at ? score(row) : std::nullopt;
  if (!found) return std::nullopt;
  const std::uint64_t before = Ranking(rows_, decider_, at->sorted_set).rank({at->member, *found});
  return from == RankFrom::kHighest ? rows_.count(at->sorted_set) - 1 - before : before;
}

std::uint64_t View::count(const Key& sorted_set, const ScoreSpan& span) const {
  const Path at = path_of(sorted_set);
  return hidden(at) ? 0 : Ranking(rows_, decider_, at).count(span);
}

void View::scan(const Key& sorted_set, const ScoreSpan& span,
                const Scope::VisitScore& visit) const {
  const Path at = path_of(sorted_set);
  if (!hidden(at)) Ranking(rows_, decider_, at).scan(span, visit);
}

// ---- Expiry.

core::Millis View::now_ms() const {
  const rows::PublishedExpiry& expiries = names_.expiries();
  if (!now_ms_) now_ms_ = transaction_ ? expiries.now_ms(*transaction_) : expiries.now_ms();
  return *now_ms_;
}

bool View::expired(const Path& path) const {
  const std::optional<bool> expired = find_expired(path);
  if (!expired) (void)shown_key(crdt::key_part(path));  // Says why it cannot be decided.
  return expired.value_or(false);
}

std::optional<bool> View::find_expired(const Path& path) const {
  const rows::PublishedExpiry& expiries = names_.expiries();
  if (!expiries.any()) return false;
  const std::string_view key = crdt::key_part(path);
  if (key.empty() || !expiries.may_expire(key)) return false;
  const Row row = rows_.row(crdt::expiry_path(key));
  const auto passed = [&](core::Millis deadline) { return deadline <= now_ms(); };
  // Nearly always all deadlines are in the future, so it need not be known which one decides.
  if (std::ranges::none_of(crdt::deadlines(row.cell), passed)) return false;
  if (!can_decide(key)) return std::nullopt;
  const auto deciding = this->deciding(key, row.cell);
  return deciding && passed(deciding->expiry.deadline);
}

bool View::can_decide(std::string_view key) const {
  const Path path = path_of_string(Path::trusted(std::string(key)));
  return decider_.can_decide(path, rows_.row(path).cell);
}

crdt::ShownKey View::shown_key(std::string_view key) const {
  const Path place = Path::trusted(std::string(key));
  crdt::ShownKey shown{.type = type_at(place)};
  if (shown.type != Type::kString) return shown;
  const Path path = path_of_string(place);
  const crdt::Cell cell = rows_.row(path).cell;
  const auto value = decider_.value(path, cell);
  for (const crdt::Sibling& each : cell.siblings) {
    (each.value == value ? shown.values : shown.hidden).push_back(each.dot);
  }
  // A value computed by a resolver from all siblings shows all of them.
  if (shown.values.empty()) shown.values.swap(shown.hidden);
  return shown;
}

std::optional<std::int64_t> View::deadline(const Key& key) const {
  const Path place = path_of(key);
  const std::string_view part = crdt::key_part(place);
  if (part.empty() || !names_.expiries().may_expire(part)) return std::nullopt;
  const Row row = rows_.row(crdt::expiry_path(part));
  const auto deciding = this->deciding(part, row.cell);
  if (!deciding || deciding->expiry.deadline == crdt::Expiry::kNever) return std::nullopt;
  if (deciding->expiry.deadline <= now_ms()) return std::nullopt;
  return deciding->expiry.deadline;
}

}  // namespace anabranch::leader
