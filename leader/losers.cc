#include "leader/losers.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/space.h"
#include "core/text.h"
#include "crdt/type_table.h"

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

core::Result<LoserPage> list_losers(const storage::Snapshot& snapshot, const rows::Names& names,
                                    const LoserFilter& filter, std::size_t entries_max) {
  LoserId before;
  if (!filter.before.empty()) {
    auto parsed = parse_id(filter.before);
    if (!parsed.ok()) return parsed.failure();
    before = parsed.value();
  }
  LoserPage page;
  std::set<core::Dot> listed;
  std::string last = filter.before;  // The last value looked at.
  std::size_t entries = 0;
  const ConflictNumber end = before.entry == 0 ? 0 : before.entry + 1;
  rows::scan_conflicts(snapshot, end, [&](ConflictNumber number, const ConflictEntry& entry) {
    bool is_full = entries++ == entries_max;
    if (!is_full) {
      for (const crdt::Sibling& each : std::span(entry.note.values).last(entry.put_again)) {
        listed.insert(each.dot);
      }
      for_each_loser(number, entry, names, filter, [&](std::size_t value, const Loser& each) {
        if (number == before.entry && value <= before.value) return;
        if (is_full || listed.contains(entry.note.values[value].dot)) return;
        is_full = page.losers.size() == filter.limit;
        if (is_full) return;
        listed.insert(entry.note.values[value].dot);
        page.losers.push_back(each);
        last = each.id;
      });
    }
    if (is_full) {
      page.before = last;
    } else if (!entry.note.values.empty()) {
      last = id_of(number, entry.note.values.size() - 1);
    }
    return !is_full;
  });
  return page;
}

core::Result<std::vector<Loser>> losers_with(const storage::Snapshot& snapshot,
                                             const rows::Names& names, std::string_view id) {
  const auto found = find_entry(snapshot, id);
  if (!found.ok()) return found.failure();
  return losers_of(found.value().id.entry, found.value().entry, names, {});
}

core::Result<LostValue> find_loser(const storage::Snapshot& snapshot, std::string_view id) {
  const auto found = find_entry(snapshot, id);
  if (!found.ok()) return found.failure();
  const rows::ConflictNote& note = found.value().entry.note;
  return LostValue{note.path, note.values[found.value().id.value].value};
}

}  // namespace anabranch::leader
