#include "leader/losers.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

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
  const bool of_database =
      !filter.database || parts[0] == std::string(1, static_cast<char>(*filter.database + 1));
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

}  // namespace

std::vector<Loser> losers_of(ConflictNumber number, const ConflictEntry& entry,
                             const rows::Names& names, const LoserFilter& filter) {
  const core::Components parts = entry.note.path.components();
  std::vector<Loser> losers;
  if (parts.size() <= crdt::kKeyDepth || parts[0].size() != 1 || !chooses(filter, entry, parts)) {
    return losers;
  }
  const bool met = entry.note.kind == ConflictKind::kMet;
  Loser loser;
  loser.kind = kind_of(entry.note.kind);
  loser.database = static_cast<std::uint8_t>(static_cast<unsigned char>(parts[0][0]) - 1);
  loser.key = parts[1];
  loser.path.assign(parts.begin() + crdt::kKeyDepth, parts.end());
  loser.policy = entry.policy;
  loser.by_region = names.region(entry.note.by.origin);
  loser.logged_ms = entry.logged.millis();
  if (met && entry.shown.origin != 0) loser.winner = value_at(entry, entry.shown);
  for (std::size_t i = 0; i < entry.note.values.size(); ++i) {
    const crdt::Sibling& value = entry.note.values[i];
    const bool is_shown = value.dot == entry.shown;
    // An equal value beside the winner is shown as well.
    if (met && loser.winner && value.value == *loser.winner) continue;
    loser.id = std::to_string(number) + "." + std::to_string(i);
    loser.value = value.value;
    loser.region = names.region(value.dot.origin);
    loser.time_ms = value.hlc.millis();
    loser.was_shown = is_shown && !met;
    losers.push_back(loser);
  }
  return losers;
}

core::Result<std::vector<Loser>> list_losers(const storage::Snapshot& snapshot,
                                             const rows::Names& names, const LoserFilter& filter) {
  LoserId before;
  if (!filter.before.empty()) {
    auto parsed = parse_id(filter.before);
    if (!parsed.ok()) return parsed.failure();
    before = parsed.value();
  }
  std::vector<Loser> all;
  std::set<core::Dot> listed;
  const ConflictNumber end = before.entry == 0 ? 0 : before.entry + 1;
  rows::scan_conflicts(snapshot, end, [&](ConflictNumber number, const ConflictEntry& entry) {
    for (Loser& each : losers_of(number, entry, names, filter)) {
      const std::size_t at = parse_id(each.id).value().value;
      if (!listed.insert(entry.note.values[at].dot).second) continue;
      if (number == before.entry && at <= before.value) continue;
      if (all.size() == filter.limit) return false;
      all.push_back(std::move(each));
    }
    return true;
  });
  return all;
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
