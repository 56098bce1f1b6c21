#include "storage/memory_storage.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "storage/change_order.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

using Map = std::map<std::string, std::string, std::less<>>;

// A map is shared with the snapshots that hold it. The writer changes it in place while nobody
// else does, and copies it first otherwise.
using Tables = std::array<std::shared_ptr<Map>, kTableCount>;

Tables copy(const Tables& tables) {
  Tables copies;
  std::transform(tables.begin(), tables.end(), copies.begin(),
                 [](const auto& map) { return std::make_shared<Map>(*map); });
  return copies;
}

// Sets or removes; gives the change that takes it back.
Change change_map(Map& map, const Change& change) {
  Change back{change.table, change.key, std::nullopt};
  const auto found = map.find(change.key);
  if (found != map.end()) back.value = std::move(found->second);
  if (change.value) {
    map.insert_or_assign(change.key, *change.value);
  } else if (found != map.end()) {
    map.erase(found);
  }
  return back;
}

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const Map& map, std::string_view from, Direction direction)
      : map_(map), direction_(direction) {
    if (direction == Direction::kForward) {
      at_ = map.lower_bound(from);
    } else {
      at_ = from.empty() ? map.end() : map.lower_bound(from);
      step_back();
    }
  }

  [[nodiscard]] bool valid() const override { return at_ != map_.end(); }
  [[nodiscard]] std::string_view key() const override {
    ANABRANCH_ASSERT(valid());
    return at_->first;
  }
  [[nodiscard]] std::string_view value() const override {
    ANABRANCH_ASSERT(valid());
    return at_->second;
  }
  void next() override {
    ANABRANCH_ASSERT(valid());
    if (direction_ == Direction::kForward) {
      ++at_;
    } else {
      step_back();
    }
  }

 private:
  void step_back() { at_ = at_ == map_.begin() ? map_.end() : std::prev(at_); }

  const Map& map_;
  Direction direction_;
  Map::const_iterator at_;
};

// Takes and gives back its references under the storage's mutex, which orders its reads before
// the writer's next change in place.
class MemorySnapshot final : public Snapshot {
 public:
  MemorySnapshot(const Tables& tables, std::mutex& mutex) : tables_(tables), mutex_(mutex) {}
  ~MemorySnapshot() override {
    const std::lock_guard guard(mutex_);
    tables_ = {};
  }
  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    const Map& map = *tables_.at(static_cast<std::size_t>(table));
    const auto found = map.find(key);
    if (found == map.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, std::string_view from,
                                             Direction direction) const override {
    return std::make_unique<MemoryCursor>(*tables_.at(static_cast<std::size_t>(table)), from,
                                          direction);
  }

 private:
  Tables tables_;
  std::mutex& mutex_;
};

Failure closed_failure() {
  return {ErrorCode::kClosed,
          "memory storage is closed for writes after a failed commit: injected fault"};
}

}  // namespace

// What crash() loses is kept as what takes it back: `undo` and `trimmed` since the last sync.
struct MemoryStorage::State {
  mutable std::mutex mutex;
  MemoryFaults faults;
  bool opened = false;
  bool closed = false;

  Tables tables;
  std::deque<StoredRecord> log;                                  // Without gaps.
  std::map<std::pair<core::Origin, core::Seq>, Position> index;  // By last seq.
  Position last = 0;

  Position durable = 0;
  std::vector<Change> undo;          // From the oldest to the newest.
  std::deque<StoredRecord> trimmed;  // What was durable and is trimmed, in order.

  void append(const LogRecord& record);
  void change(const Change& change);
  void sync();
};

void MemoryStorage::State::append(const LogRecord& record) {
  ANABRANCH_ASSERT(record.origin != 0 && record.first > 0 && record.first <= record.last);
  const bool added = index.emplace(std::pair(record.origin, record.last), last + 1).second;
  ANABRANCH_ASSERT(added);
  log.push_back({++last, record.origin, record.first, record.last, std::string(record.bytes)});
}

void MemoryStorage::State::change(const Change& change) {
  std::shared_ptr<Map>& map = tables.at(static_cast<std::size_t>(change.table));
  if (map.use_count() > 1) map = std::make_shared<Map>(*map);
  Change back = change_map(*map, change);
  if (!faults.durable_at_once) undo.push_back(std::move(back));
}

void MemoryStorage::State::sync() {
  durable = last;
  undo.clear();
  trimmed.clear();
}

MemoryStorage::MemoryStorage(MemoryFaults faults) : state_(std::make_unique<State>()) {
  state_->faults = faults;
  for (auto& map : state_->tables) map = std::make_shared<Map>();
}

MemoryStorage::~MemoryStorage() = default;

Result<void> MemoryStorage::open(const Apply& /*apply*/) {
  // Log and tables are always committed together, so there is nothing to apply again.
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(!state_->opened);
  state_->opened = true;
  return {};
}

std::unique_ptr<Snapshot> MemoryStorage::snapshot() const {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  return std::make_unique<MemorySnapshot>(state_->tables, state_->mutex);
}

Result<Position> MemoryStorage::commit(std::span<const LogRecord> records,
                                       std::span<const Change> changes) {
  std::vector<const Change*> sorted;
  sort_changes(changes, sorted);
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  ANABRANCH_ASSERT(state.opened);
  if (state.closed) {
    return closed_failure();
  }
  if (state.faults.fail_commit > 0 && --state.faults.fail_commit == 0) {
    state.closed = true;
    return Failure{ErrorCode::kIo, "commit to memory storage: injected fault"};
  }
  for (const LogRecord& record : records) state.append(record);
  for (const Change* change : sorted) state.change(*change);
  if (state.faults.durable_at_once) state.sync();
  return state.last;
}

std::optional<StoredRecord> MemoryStorage::read_log(Position position) const {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  const std::deque<StoredRecord>& log = state_->log;
  if (log.empty() || position > log.back().position) return std::nullopt;
  const Position first = log.front().position;
  return log[position < first ? 0 : position - first];
}

std::optional<Position> MemoryStorage::find(core::Origin origin, core::Seq seq) const {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  const auto found = state_->index.lower_bound({origin, seq});
  if (found == state_->index.end() || found->first.first != origin) return std::nullopt;
  return found->second;
}

Result<void> MemoryStorage::trim(Position position) {
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  ANABRANCH_ASSERT(state.opened);
  if (state.closed) {
    return closed_failure();
  }
  while (!state.log.empty() && state.log.front().position < position) {
    StoredRecord& record = state.log.front();
    state.index.erase({record.origin, record.last});
    if (!state.faults.durable_at_once && record.position <= state.durable) {
      state.trimmed.push_back(std::move(record));
    }
    state.log.pop_front();
  }
  return {};
}

Position MemoryStorage::last_position() const {
  const std::lock_guard guard(state_->mutex);
  return state_->last;
}

Position MemoryStorage::durable_position() const {
  const std::lock_guard guard(state_->mutex);
  return state_->durable;
}

void MemoryStorage::sync() {
  const std::lock_guard guard(state_->mutex);
  if (!state_->closed) state_->sync();
}

std::unique_ptr<MemoryStorage> MemoryStorage::clone() const {
  const std::lock_guard guard(state_->mutex);
  auto other = std::make_unique<MemoryStorage>(
      MemoryFaults{.durable_at_once = state_->faults.durable_at_once});
  State& copied = *other->state_;
  copied.tables = copy(state_->tables);
  copied.log = state_->log;
  copied.index = state_->index;
  copied.last = state_->last;
  copied.sync();
  return other;
}

std::unique_ptr<MemoryStorage> MemoryStorage::crash() const {
  std::unique_ptr<MemoryStorage> other = clone();
  const std::lock_guard guard(state_->mutex);
  State& left = *other->state_;
  while (!left.log.empty() && left.log.back().position > state_->durable) left.log.pop_back();
  left.log.insert(left.log.begin(), state_->trimmed.begin(), state_->trimmed.end());
  left.index.clear();
  for (const StoredRecord& record : left.log) {
    left.index.emplace(std::pair(record.origin, record.last), record.position);
  }
  for (auto back = state_->undo.rbegin(); back != state_->undo.rend(); ++back) {
    left.change(*back);
  }
  left.last = state_->durable;
  left.sync();
  return other;
}

void MemoryStorage::set_faults(MemoryFaults faults) {
  const std::lock_guard guard(state_->mutex);
  state_->faults = faults;
  if (faults.durable_at_once && !state_->closed) state_->sync();
}

}  // namespace anabranch::storage
