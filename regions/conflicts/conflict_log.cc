#include "regions/conflicts/conflict_log.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "rows/conflicts/conflict_table.h"

namespace anabranch::regions {

using rows::ConflictEntry;
using rows::ConflictNote;
using storage::Table;

namespace {

const rows::Resolvers& resolvers_or_none(const rows::Resolvers* resolvers) {
  static const auto* const none = new rows::Resolvers({});
  return resolvers == nullptr ? *none : *resolvers;
}

std::uint64_t stored_bytes(std::string_view entry) {
  return sizeof(rows::ConflictNumber) + entry.size();
}

// Returns a stored entry; nothing for one that is damaged on the disk.
std::string_view entry_at(const storage::Cursor& cursor) {
  try {
    return cursor.value();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    return {};
  }
}

}  // namespace

ConflictLog::ConflictLog(CommittedState& state, const rows::Resolvers* resolvers,
                         const Limits& limits)
    : state_(state), resolvers_(resolvers_or_none(resolvers)), limits_(limits) {}

core::Result<void> ConflictLog::load() {
  const auto snapshot = state_.storage().snapshot();
  const auto bytes = snapshot->get(Table::kMeta, storage::kConflictsKey);
  if (!bytes) return {};
  const auto figures = decode_figures(*bytes);
  if (!figures.ok()) return figures.failure();
  figures_ = figures.value();
  return {};
}

// ---- Writing.

void ConflictLog::record(Commit& commit) {
  const bool of_stage = commit.stage != nullptr && !commit.stage->notes().empty();
  if (!of_stage && commit.notes.empty()) return;
  rows::ConflictNotes notes = std::exchange(commit.notes, {});
  if (of_stage) notes.add(commit.stage->take_notes());
  figures_.dropped_full += notes.dropped() + (limits_.bytes_max == 0 ? notes.size() : 0);
  if (limits_.bytes_max == 0) return;
  const auto policies = commit.stage != nullptr ? commit.stage->policies() : state_.policies();
  std::vector<std::string> added;
  for (ConflictNote& note : notes) {
    const ConflictEntry entry = entry_of(std::move(note), *policies);
    if (entry.put_again == entry.note.values.size()) continue;  // None is lost.
    counts_.count(entry);
    added.push_back(encode_conflict(entry));
  }
  keep_newest(added);
  std::uint64_t needed = 0;
  for (const std::string& each : added) needed += stored_bytes(each);
  make_room(needed, commit.changes);
  figures_.entries += added.size();
  figures_.bytes += needed;
  for (const std::string& each : added) {
    commit.changes.put(Table::kConflicts, storage::big_endian(figures_.next++), each);
  }
  commit.changes.add(stored_figures());
}

rows::ConflictChoice ConflictLog::choice_of(const ConflictNote& note,
                                            const rows::PolicyTable& policies) const {
  if (note.kind == rows::ConflictKind::kHidden) return {.policy = "type"};
  if (note.kind == rows::ConflictKind::kDoomed) return {.policy = "deadline"};
  return choice_between(note.path, note.values, policies, resolvers_);
}

ConflictEntry ConflictLog::entry_of(ConflictNote note, const rows::PolicyTable& policies) const {
  // In canonical order, so that the numbers of losers do not depend on the names of origins.
  std::ranges::sort(note.values, {}, [](const auto& each) { return std::tie(each.hlc, each.dot); });
  rows::ConflictChoice choice = choice_of(note, policies);
  const std::optional<std::string> put = std::exchange(note.put, std::nullopt);
  const auto again = std::stable_partition(note.values.begin(), note.values.end(),
                                           [&](const auto& each) { return each.value != put; });
  const auto put_again = static_cast<std::size_t>(note.values.end() - again);
  ConflictEntry entry{.note = std::move(note),
                      .logged = state_.clock()->high_water(),
                      .policy = std::move(choice.policy),
                      .prefix = std::move(choice.prefix),
                      .shown = choice.shown,
                      .put_again = put_again};
  return entry;
}

storage::Change ConflictLog::stored_figures() const {
  return {Table::kMeta, std::string(storage::kConflictsKey), encode_figures(figures_)};
}

// ---- Dropping.

void ConflictLog::keep_newest(std::vector<std::string>& added) {
  std::uint64_t bytes = 0;
  auto first = added.end();
  while (first != added.begin()) {
    bytes += stored_bytes(*std::prev(first));
    if (bytes > limits_.bytes_max) break;
    --first;
  }
  figures_.dropped_full += static_cast<std::uint64_t>(first - added.begin());
  added.erase(added.begin(), first);
}

// The entries have the numbers before the next one. A walk from the begin of the table would pass
// all that was dropped since the storage engine has last written to its tables.
std::unique_ptr<storage::Cursor> ConflictLog::scan_oldest(const storage::Snapshot& snapshot) const {
  const rows::ConflictNumber oldest = figures_.next - std::min(figures_.next, figures_.entries);
  return snapshot.scan(Table::kConflicts, {.from = storage::big_endian(oldest)});
}

void ConflictLog::make_room(std::uint64_t needed, storage::Changes& changes) {
  if (figures_.bytes + needed <= limits_.bytes_max || figures_.entries == 0) return;
  const auto snapshot = state_.storage().snapshot();
  const auto oldest = scan_oldest(*snapshot);
  for (; oldest->valid() && figures_.bytes + needed > limits_.bytes_max; oldest->next()) {
    drop(*oldest, changes);
    ++figures_.dropped_full;
  }
}

void ConflictLog::drop(const storage::Cursor& oldest, storage::Changes& changes) {
  changes.remove(Table::kConflicts, oldest.key());
  --figures_.entries;
  // How many bytes a damaged entry had is not known: they count until none is left.
  figures_.bytes -= std::min(figures_.bytes, stored_bytes(entry_at(oldest)));
  if (figures_.entries == 0) figures_.bytes = 0;
}

bool ConflictLog::drop_before(core::Millis time, storage::Changes& changes) {
  const auto snapshot = state_.storage().snapshot();
  const auto oldest = scan_oldest(*snapshot);
  for (; oldest->valid(); oldest->next()) {
    const auto entry = rows::decode_conflict(entry_at(*oldest));
    if (entry.ok() && entry.value().logged.millis() >= time) return false;
    if (changes.size() == kDroppedAtOnce) return true;
    drop(*oldest, changes);
    ++figures_.dropped_old;
  }
  return false;
}

core::Result<void> ConflictLog::tick(core::Millis now) {
  if (now < next_look_ms_) return {};
  next_look_ms_ = now + kLookMs;
  if (figures_.entries == 0) return {};
  if (auto ready = state_.make_ready({.bytes = kDroppedBytes}); !ready.ok()) {
    next_look_ms_ = now;
    return ready;
  }
  storage::Changes changes;
  const auto more = state_.reading([&]() -> core::Result<bool> {
    return drop_before(state_.clock()->wall_ms() - limits_.age_ms_max, changes);
  });
  if (!more.ok()) return more.failure();
  if (more.value()) next_look_ms_ = now;
  if (changes.empty()) return {};
  changes.add(stored_figures());
  return state_.commit({.changes = std::move(changes)});
}

}  // namespace anabranch::regions
