#include "tests/storage/storage_life.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "tests/storage/world.h"

namespace anabranch::storage::test {
namespace {

std::string at(std::string_view what, Position position) {
  return std::string(what) + " at " + std::to_string(position);
}

core::Result<bool> commit_at_once(Storage& storage, const LogRecord& record,
                                  const Changes& changes) {
  const auto done = storage.commit({&record, 1}, changes);
  return done.ok() ? core::Result<bool>(false) : done.failure();
}

// Returns how the log differs from that of a state; empty: it does not.
std::string compare_log(const WholeStorage& storage, const StoredState& state) {
  const Position last = storage.last_position();
  if (last != state.batches.size()) return at("the log ends", last);
  for (Position position = state.first; position <= last; ++position) {
    const auto record = storage.read_log(position);
    if (!record || record->position != position) return at("a batch is missing", position);
    if (record->bytes != state.batches[position - 1]) return at("another batch", position);
    if (storage.find(StorageLife::kWriter, position) != position)
      return at("finds no batch", position);
  }
  return {};
}

std::string compare(const WholeStorage& storage, const StoredState& state, const StoredRows& next) {
  const auto snapshot = storage.snapshot();
  if (scan(*snapshot) != Entries(state.rows.begin(), state.rows.end())) return "other rows";
  if (scan(*snapshot, {}, Table::kNextRows) != Entries(next.begin(), next.end())) {
    return "other next rows";
  }
  return compare_log(storage, state);
}

}  // namespace

bool StorageLife::step(WholeStorage& storage) {
  const std::uint64_t kind = below(40);
  if (kind == 0) return trim(storage);
  if (kind == 1) return clear_next(storage);
  if (kind <= 4) return swap(storage);
  return kind <= 11 ? fill(storage) : commit(storage);
}

std::string StorageLife::reopened(const WholeStorage& storage, After loss) {
  next_.clear();
  std::string wrong;
  if (storage.durable_position() != storage.last_position()) return "not all is durable";
  std::vector<StoredState> states = std::exchange(unsynced_, {});
  if (loss == After::kProcess) states.clear();
  states.insert(states.end(), possible_.begin(), possible_.end());
  const Position first = std::ranges::max(states, {}, &StoredState::first).first;
  for (std::size_t i = states.size(); i-- > 0;) {
    std::vector<std::string>& batches = states[i].batches;
    const std::size_t last = storage.last_position();
    if (last > batches.size() && last < first) batches.resize(last);
    // A trim removes files at once. Of a log that has lost batches that were trimmed it says
    // nothing about those to come.
    states[i].first = std::min<Position>(first, last + 1);
    const std::string differs = compare(storage, states[i], next_);
    if (differs.empty()) {
      possible_ = {std::move(states[i])};
      return {};
    }
    wrong += (wrong.empty() ? "" : "; ") + ("state " + std::to_string(i) + ": ") + differs;
  }
  return wrong;
}

std::string StorageLife::look(const WholeStorage& storage) const {
  if (shown_early_) return "a commit was shown before it was finished";
  StoredState state = sure();
  state.first = possible_.back().first;  // A trim that failed may have removed some.
  return compare(storage, state, next_);
}

// What was refused has changed nothing, and goes through when it is tried again.
template <typename Call>
core::Result<void> StorageLife::done(const WholeStorage& storage, const Call& call) {
  const Position before = storage.last_position();
  auto first = call();
  if (first.ok() || !first.failure().passes) return first;
  ++refused_;
  if (storage.last_position() != before) shown_early_ = true;
  return call();
}

template <typename Call>
bool StorageLife::make(const WholeStorage& storage, StoredState state, const Call& call) {
  possible_.push_back(std::move(state));
  if (watch_ != nullptr) watch_->begun(possible_.back());
  if (!done(storage, call).ok()) return false;
  unsynced_.push_back(std::move(possible_.front()));
  possible_ = {StoredState(std::move(possible_.back()))};
  if (watch_ != nullptr) watch_->acknowledged();
  if (storage.durable_position() != storage.last_position()) return true;
  unsynced_.clear();
  if (watch_ != nullptr) watch_->durable();
  return true;
}

std::vector<Change> StorageLife::choose(Table table, StoredRows& rows) {
  std::map<std::string, std::optional<std::string>> chosen;
  for (std::uint64_t left = below(8); left > 0; --left) {
    const std::string value = std::to_string(random_());
    const auto key = "key" + std::to_string(below(60));
    chosen[key] = below(3) == 0 ? std::nullopt : std::optional(value);
  }
  std::vector<Change> changes;
  for (const auto& [key, value] : chosen) {
    changes.push_back({table, key, value});
    if (value) {
      rows[key] = *value;
    } else {
      rows.erase(key);
    }
  }
  return changes;
}

bool StorageLife::commit(WholeStorage& storage) {
  StoredState state = sure();
  const auto changes = choose(Table::kRows, state.rows);
  state.batches.push_back(std::string(below(300), 'b') + std::to_string(random_()));
  const core::Seq seq = state.batches.size();
  const std::string batch = state.batches.back();
  const LogRecord record{kWriter, seq, seq, batch};
  const Changes made = changes;
  return make(storage, std::move(state), [&] {
    const bool at_once = below(2) == 0;
    const auto begun =
        at_once ? commit_at_once(storage, record, made) : storage.begin_commit({&record, 1}, made);
    if (!begun.ok()) return core::Result<void>(begun.failure());
    if (begun.value() && storage.last_position() >= seq) shown_early_ = true;
    return storage.finish_commit();
  });
}

// Makes the next rows the current ones, with some changes.
bool StorageLife::swap(WholeStorage& storage) {
  StoredState state = sure();
  state.rows = next_;
  const auto changes = choose(Table::kNextRows, state.rows);
  if (!make(storage, std::move(state), [&] { return storage.swap(changes); })) return false;
  next_.clear();
  ++swaps_;
  return true;
}

bool StorageLife::fill(WholeStorage& storage) {
  StoredRows next = next_;
  const auto changes = choose(Table::kNextRows, next);
  const auto filled = done(storage, [&]() -> core::Result<void> {
    const auto committed = storage.commit({}, changes);
    return committed.ok() ? core::Result<void>() : committed.failure();
  });
  if (!filled.ok()) return false;
  next_ = std::move(next);
  return true;
}

bool StorageLife::clear_next(WholeStorage& storage) {
  if (!storage.clear_next().ok()) return false;
  next_.clear();
  return true;
}

bool StorageLife::trim(WholeStorage& storage) {
  StoredState state = sure();
  state.first = std::max<Position>(state.first, 1 + below(state.batches.size() + 1));
  return make(storage, state, [&] { return storage.trim(state.first); });
}

}  // namespace anabranch::storage::test
