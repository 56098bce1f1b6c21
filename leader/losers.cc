#include "leader/losers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/space.h"
#include "core/text.h"
#include "crdt/type_table.h"
#include "leader/leader.h"
#include "leader/put_back.h"
#include "leader/scopes/kept_view.h"

namespace anabranch::leader {

namespace {

using rows::ConflictEntry;
using rows::ConflictKind;
using rows::ConflictNumber;

// "17.1": the second value of the entry 17.
struct LoserId {
  ConflictNumber entry = 0;
  std::size_t value = 0;
};

core::Result<LoserId> parse_id(std::string_view id) {
  const std::size_t dot = id.find('.');
  const auto entry = core::parse_number<ConflictNumber>(id.substr(0, dot));
  const auto value =
      dot == id.npos ? std::nullopt : core::parse_number<std::size_t>(id.substr(dot + 1));
  if (!entry || !value || *entry == 0) {
    return core::invalid("the id of a loser looks like 17.1, not like \"" + std::string(id) + "\"");
  }
  return LoserId{*entry, *value};
}

Loser::Kind kind_of(ConflictKind kind) {
  switch (kind) {
    case ConflictKind::kMet:
      return Loser::Kind::kMet;
    case ConflictKind::kReplaced:
      return Loser::Kind::kReplaced;
    case ConflictKind::kPutBack:
      return Loser::Kind::kPutBack;
    case ConflictKind::kHidden:
      return Loser::Kind::kHidden;
    case ConflictKind::kDoomed:
      return Loser::Kind::kDoomed;
  }
  return Loser::Kind::kMet;  // Of a newer version.
}

bool chooses(const LoserFilter& filter, const ConflictEntry& entry, const core::Components& parts) {
  const bool of_database = !filter.database || core::database_of(parts[0]) == filter.database;
  return of_database && parts[1].starts_with(filter.prefix) &&
         entry.logged.millis() >= filter.since_ms;
}

std::string value_at(const ConflictEntry& entry, core::Dot dot) {
  const auto& values = entry.note.values;
  const auto found = std::ranges::find(values, dot, &crdt::Sibling::dot);
  return found == values.end() ? std::string() : found->value;
}

struct FoundEntry {
  LoserId id;
  ConflictEntry entry;
};

core::Result<FoundEntry> find_entry(const storage::Snapshot& snapshot, std::string_view id) {
  const auto parsed = parse_id(id);
  if (!parsed.ok()) return parsed.failure();
  auto entry = rows::find_conflict(snapshot, parsed.value().entry);
  if (!entry || parsed.value().value >= entry->note.values.size()) {
    return core::invalid("there is no loser " + std::string(id) +
                         " in the conflict log of this leader, or no longer");
  }
  return FoundEntry{parsed.value(), *std::move(entry)};
}

std::string id_of(ConflictNumber number, std::size_t value) {
  return std::to_string(number) + "." + std::to_string(value);
}

// Calls visit(number of the value in the entry, Loser) for each loser that the filter chooses.
template <typename Visit>
void for_each_loser(ConflictNumber number, const ConflictEntry& entry, const rows::Names& names,
                    const LoserFilter& filter, const Visit& visit) {
  const core::Components parts = entry.note.path.components();
  const auto database = core::database_of(parts.empty() ? std::string_view() : parts[0]);
  if (!database || parts.size() <= crdt::kKeyDepth || !chooses(filter, entry, parts)) return;
  const bool met = entry.note.kind == ConflictKind::kMet;
  Loser loser;
  loser.kind = kind_of(entry.note.kind);
  loser.database = *database;
  loser.key = parts[1];
  loser.path.assign(parts.begin() + crdt::kKeyDepth, parts.end());
  loser.policy = entry.policy;
  loser.by_region = names.region(entry.note.by.origin);
  loser.logged_ms = entry.logged.millis();
  if (met && entry.shown.origin != 0) loser.winner = value_at(entry, entry.shown);
  for (std::size_t i = 0; i < entry.note.values.size() - entry.put_again; ++i) {
    const crdt::Sibling& value = entry.note.values[i];
    const bool is_shown = value.dot == entry.shown;
    // An equal value beside the winner is shown as well.
    if (met && loser.winner && value.value == *loser.winner) continue;
    loser.id = id_of(number, i);
    loser.value = value.value;
    loser.region = names.region(value.dot.origin);
    loser.time_ms = value.hlc.millis();
    loser.was_shown = is_shown && !met;
    visit(i, loser);
  }
}

}  // namespace

std::vector<Loser> losers_of(ConflictNumber number, const ConflictEntry& entry,
                             const rows::Names& names, const LoserFilter& filter) {
  std::vector<Loser> losers;
  for_each_loser(number, entry, names, filter,
                 [&](std::size_t /*value*/, const Loser& each) { losers.push_back(each); });
  return losers;
}

namespace {

// A page that is filled from the entries of a log, the newest first.
class PageOfLosers {
 public:
  // `before` is that of the filter; the zero id stands for none.
  PageOfLosers(const LoserFilter& filter, LoserId before, const rows::Names& names)
      : filter_(filter), before_(before), names_(names), last_(filter.before) {}

  // Adds the losers of the next entry, as far as there is room; returns whether there was for all.
  bool add(ConflictNumber number, const ConflictEntry& entry) {
    const auto& values = entry.note.values;
    for (const crdt::Sibling& each : std::span(values).last(entry.put_again)) {
      listed_.insert(each.dot);
    }
    bool fits = true;
    for_each_loser(number, entry, names_, filter_, [&](std::size_t value, const Loser& each) {
      if (number == before_.entry && value <= before_.value) return;
      fits = fits && (listed_.contains(values[value].dot) || put(each, values[value].dot));
    });
    if (fits && !values.empty()) last_ = id_of(number, values.size() - 1);
    return fits;
  }
  // Returns the page, if all entries were looked at.
  LoserPage whole() && { return {std::move(losers_), {}}; }
  // Returns the page, behind which there may be more.
  LoserPage part() && { return {std::move(losers_), std::move(last_)}; }

 private:
  // Lists a loser if there is room.
  bool put(const Loser& loser, core::Dot dot) {
    if (losers_.size() == filter_.limit) return false;
    listed_.insert(dot);
    losers_.push_back(loser);
    last_ = loser.id;
    return true;
  }

  const LoserFilter& filter_;
  const LoserId before_;
  const rows::Names& names_;
  std::vector<Loser> losers_;
  std::set<core::Dot> listed_;  // With those that a newer entry has put again.
  std::string last_;            // The last value looked at.
};

}  // namespace

core::Result<LoserPage> list_losers(const storage::Snapshot& snapshot, const rows::Names& names,
                                    const LoserFilter& filter, std::size_t entries_max) {
  LoserId before;
  if (!filter.before.empty()) {
    auto parsed = parse_id(filter.before);
    if (!parsed.ok()) return parsed.failure();
    before = parsed.value();
  }
  PageOfLosers page(filter, before, names);
  std::size_t entries = 0;
  bool is_whole = true;
  const ConflictNumber end = before.entry == 0 ? 0 : before.entry + 1;
  rows::scan_conflicts(snapshot, end, [&](ConflictNumber number, const ConflictEntry& entry) {
    is_whole = entries++ < entries_max && page.add(number, entry);
    return is_whole;
  });
  return is_whole ? std::move(page).whole() : std::move(page).part();
}

core::Result<std::vector<Loser>> losers_with(const storage::Snapshot& snapshot,
                                             const rows::Names& names, std::string_view id) {
  const auto found = find_entry(snapshot, id);
  if (!found.ok()) return found.failure();
  return losers_of(found.value().id.entry, found.value().entry, names, {});
}

void mark_shown(std::vector<Loser>& losers, const View& view) {
  std::map<core::Path, std::optional<std::string>> shown;
  for (Loser& each : losers) {
    const char space = core::space_of(each.database);
    core::Path row{std::string_view(&space, 1), each.key};
    for (const std::string& part : each.path) row.append(part);
    const auto [found, is_new] = shown.try_emplace(row);
    if (is_new) found->second = shown_value(view, row);
    each.is_shown = found->second == each.value;
  }
}

core::Result<LostValue> find_loser(const storage::Snapshot& snapshot, std::string_view id) {
  const auto found = find_entry(snapshot, id);
  if (!found.ok()) return found.failure();
  const rows::ConflictNote& note = found.value().entry.note;
  return LostValue{note.path, note.values[found.value().id.value].value};
}

// ---- Leader: its functions about losers read what is committed.

core::Result<LoserPage> Leader::losers(const LoserFilter& filter, std::size_t entries_max) const {
  const auto state = keep();
  auto page = list_losers(state->snapshot(), log_source().names, filter, entries_max);
  if (page.ok()) mark_shown(page.value().losers, state->view());
  return page;
}

core::Result<std::vector<Loser>> Leader::losers_with(std::string_view id) const {
  const auto state = keep();
  auto losers = leader::losers_with(state->snapshot(), log_source().names, id);
  if (losers.ok()) mark_shown(losers.value(), state->view());
  return losers;
}

std::optional<std::vector<Loser>> Leader::losers_of(std::uint64_t entry,
                                                    const LoserFilter& filter) const {
  const auto state = keep();
  const auto found = rows::find_conflict(state->snapshot(), entry);
  if (!found) return std::nullopt;
  std::vector<Loser> losers = leader::losers_of(entry, *found, log_source().names, filter);
  mark_shown(losers, state->view());
  return losers;
}

std::uint64_t Leader::losers_end() const {
  return rows::conflicts_end(*log_source().storage.snapshot());
}

void Leader::put_back(std::string_view loser) {
  const LostValue lost = find_loser(*log_source().storage.snapshot(), loser).value_or_raise();
  leader::put_back(scope(), writer(), lost);
}

}  // namespace anabranch::leader
