#include "storage/memory_storage.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "storage/changes.h"
#include "storage/memory_table.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

// A table is shared with the snapshots that hold it. The writer changes it in place while it is not
// shared, and copies it first otherwise.
using Tables = std::array<std::shared_ptr<MemoryTable>, kStoredTableCount>;

// Returns copies that share no leaves: no mutex orders later changes of the two.
Tables copy(const Tables& tables) {
  Tables copies;
  std::transform(tables.begin(), tables.end(), copies.begin(), [](const auto& table) {
    return std::make_shared<MemoryTable>(table->detached());
  });
  return copies;
}

// The value of a key that rot() has damaged.
constexpr std::string_view kRotten("\xff\x00 is damaged", 13);

std::string_view sound(std::string_view value) {
  if (value == kRotten) throw Error(ErrorCode::kCorrupt, "a value is damaged on the disk");
  return value;
}

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const MemoryTable& table, const KeyRange& range) : table_(table), range_(range) {
    const auto& [from, to, direction] = range;
    if (direction == Direction::kForward) {
      look(table.lower_bound(from));
    } else {
      look(table.previous(to.empty() ? table.end() : table.lower_bound(to)));
    }
  }

  [[nodiscard]] bool valid() const override { return at_ != table_.end(); }
  [[nodiscard]] std::string_view key() const override {
    ANABRANCH_ASSERT(valid());
    return table_.at(at_).key;
  }
  [[nodiscard]] std::string_view value() const override {
    ANABRANCH_ASSERT(valid());
    return sound(table_.at(at_).value);
  }
  void next() override {
    ANABRANCH_ASSERT(valid());
    look(range_.direction == Direction::kForward ? table_.next(at_) : table_.previous(at_));
  }

 private:
  void look(MemoryTable::Place place) {
    const bool left = place != table_.end() && range_.is_left_at(table_.at(place).key);
    at_ = left ? table_.end() : place;
  }

  const MemoryTable& table_;
  const KeyRange range_;
  MemoryTable::Place at_;
};

// The records of a log, in the order of their positions.
using Log = std::deque<StoredRecord>;

std::optional<StoredRecord> first_at(const Log& log, Position position) {
  const auto found = std::ranges::lower_bound(log, position, {}, &StoredRecord::position);
  return found == log.end() ? std::nullopt : std::optional(*found);
}

// Takes and releases its references under the storage's mutex, which orders its reads before the
// writer's next change in place.
class MemorySnapshot final : public WholeSnapshot {
 public:
  MemorySnapshot(const Tables& tables, std::mutex& mutex, Log log = {}, Position last = 0)
      : tables_(tables), mutex_(mutex), log_(std::move(log)), last_(last) {}
  ~MemorySnapshot() override {
    const std::lock_guard guard(mutex_);
    tables_ = {};
  }
  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    const std::string* const value = tables_.at(static_cast<std::size_t>(table))->find(key);
    if (value == nullptr) return std::nullopt;
    return sound(*value);
  }
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override {
    return std::make_unique<MemoryCursor>(*tables_.at(static_cast<std::size_t>(table)), range);
  }
  [[nodiscard]] std::string_view first_key(Table table, std::string_view from,
                                           std::string_view to) const override {
    const MemoryTable& keys = *tables_.at(static_cast<std::size_t>(table));
    const MemoryTable::Place place = keys.lower_bound(from);
    const bool none = place == keys.end() || KeyRange{from, to}.is_left_at(keys.at(place).key);
    return none ? std::string_view() : keys.at(place).key;
  }
  [[nodiscard]] std::uint64_t size(Table table) const override {
    return tables_.at(static_cast<std::size_t>(table))->size();
  }
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override {
    return first_at(log_, position);
  }
  [[nodiscard]] Position last_position() const override { return last_; }

 private:
  Tables tables_;
  std::mutex& mutex_;
  const Log log_;  // Only of whole snapshots.
  const Position last_;
};

class MemorySpool final : public Spool {
 public:
  Result<void> append(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t size) const override {
    return offset < bytes_.size() ? bytes_.substr(offset, size) : std::string();
  }
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
};

Failure closed_failure() {
  return {ErrorCode::kClosed,
          "memory storage is closed for writes after a failed commit: injected fault"};
}

}  // namespace

// crash() undoes the changes since the last sync: they are kept in `undo` and `trimmed`.
struct MemoryStorage::State {
  mutable std::mutex mutex;
  MemoryFaults faults;
  bool opened = false;
  bool closed = false;
  Place place{.machine = "memory", .boot = "1", .device = 1, .directory = 1, .file = 1};

  Tables tables;
  Log log;
  std::map<std::pair<core::Origin, core::Seq>, Position> index;  // By last seq.
  Position last = 0;
  std::uint64_t log_bytes_read = 0;
  std::string reach;
  std::string segment;

  Position durable = 0;
  std::string durable_reach;
  std::string durable_segment;
  std::vector<Change> undo;          // From the oldest to the newest.
  std::deque<StoredRecord> trimmed;  // Durable records trimmed since, in order.

  [[nodiscard]] std::function<void()> before_apply() const {
    const std::lock_guard guard(mutex);
    return faults.before_apply;
  }
  std::shared_ptr<MemoryTable>& table(Table table) {
    return tables.at(static_cast<std::size_t>(table));
  }
  // Fails when no commit may be made; counts down to the commit that is to fail.
  Result<void> may_commit();
  // Fails where this call is to be refused.
  Result<void> look_for_refusal();
  void append(const LogRecord& record, Position position);
  void change(const ChangeView& change);
  void sync();
  void clear_next();
};

Result<void> MemoryStorage::State::may_commit() {
  ANABRANCH_ASSERT(opened);
  if (closed) return closed_failure();
  if (faults.fail_commit == 0 || --faults.fail_commit > 0) return {};
  closed = true;
  if (faults.failed) faults.failed();
  return Failure{ErrorCode::kIo, "commit to memory storage: injected fault"};
}

Result<void> MemoryStorage::State::look_for_refusal() {
  if (closed) return closed_failure();
  if (faults.refuse == 0) return {};
  --faults.refuse;
  return Failure{ErrorCode::kIo, "memory storage: injected refusal", true};
}

void MemoryStorage::State::clear_next() {
  for (const TablePair& pair : kSwappedTables) {
    table(pair.next) = std::make_shared<MemoryTable>();
    std::erase_if(undo, [&](const Change& back) { return back.table == pair.next; });
  }
}

void MemoryStorage::State::append(const LogRecord& record, Position position) {
  ANABRANCH_ASSERT(record.origin != 0 && record.first > 0 && record.first <= record.last);
  ANABRANCH_ASSERT(position > last);
  const bool added = index.emplace(std::pair(record.origin, record.last), position).second;
  ANABRANCH_ASSERT(added);
  last = position;
  log.push_back({position, record.origin, record.first, record.last, std::string(record.bytes)});
}

void MemoryStorage::State::change(const ChangeView& change) {
  std::shared_ptr<MemoryTable>& shared = table(change.table);
  if (shared.use_count() > 1) shared = std::make_shared<MemoryTable>(*shared);
  std::string key(change.key);
  std::optional<std::string> before = shared->set(key, std::optional<std::string>(change.value));
  if (!faults.durable_at_once) undo.push_back({change.table, std::move(key), std::move(before)});
}

void MemoryStorage::State::sync() {
  durable = last;
  durable_reach = reach;
  durable_segment = segment;
  undo.clear();
  trimmed.clear();
}

MemoryStorage::MemoryStorage(MemoryFaults faults) : state_(std::make_unique<State>()) {
  state_->faults = std::move(faults);
  for (auto& table : state_->tables) table = std::make_shared<MemoryTable>();
}

MemoryStorage::~MemoryStorage() = default;

Result<void> MemoryStorage::open() {
  // Log and tables are always committed together, so recovery has no record to apply.
  (void)open_below();
  const std::lock_guard guard(state_->mutex);
  if (!state_->reach.empty()) return core::invalid("the newest changes are in a write-ahead log");
  state_->clear_next();
  return {};
}

Result<Generation> MemoryStorage::open_below() {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(!state_->opened);
  state_->opened = true;
  return Generation{0};
}

std::unique_ptr<Snapshot> MemoryStorage::snapshot() const {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  return std::make_unique<MemorySnapshot>(state_->tables, state_->mutex);
}

std::unique_ptr<WholeSnapshot> MemoryStorage::whole_snapshot() const {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  return std::make_unique<MemorySnapshot>(state_->tables, state_->mutex, state_->log, state_->last);
}

Result<void> MemoryStorage::make_ready(std::uint64_t /*bytes*/, std::uint64_t /*records*/) {
  const std::lock_guard guard(state_->mutex);
  return state_->look_for_refusal();
}

Result<Position> MemoryStorage::commit(std::span<const LogRecord> records, const Changes& changes) {
  std::vector<ChangeView> sorted;
  sort_changes(changes, sorted);
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  if (auto may = state.may_commit(); !may.ok()) return may.failure();
  state.place.failed = false;
  for (const LogRecord& record : records) state.append(record, state.last + 1);
  for (const ChangeView& change : sorted) state.change(change);
  if (state.faults.durable_at_once) state.sync();
  return state.last;
}

Result<void> MemoryStorage::apply(std::span<const ChangeView> changes,
                                  const std::optional<ReachNote>& note) {
  State& state = *state_;
  if (const auto before = state.before_apply(); before) before();
  const std::lock_guard guard(state.mutex);
  if (auto refused = state.look_for_refusal(); !refused.ok()) return refused;
  if (auto may = state.may_commit(); !may.ok()) return may;
  for (const ChangeView& change : changes) state.change(change);
  if (note) {
    for (const Table each : note->emptied) state.table(each) = std::make_shared<MemoryTable>();
    state.reach = note->reach;
  }
  state.sync();
  return {};
}

void MemoryStorage::forget_failure() {
  const std::lock_guard guard(state_->mutex);
  state_->place.failed = false;
}

Result<void> MemoryStorage::note_segment(std::string_view name) {
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  if (auto refused = state.look_for_refusal(); !refused.ok()) return refused;
  if (auto may = state.may_commit(); !may.ok()) return may;
  state.segment = name;
  state.sync();
  return {};
}

Result<std::string> MemoryStorage::noted_segment() const {
  const std::lock_guard guard(state_->mutex);
  return state_->segment;
}

Result<std::string> MemoryStorage::reach() const {
  const std::lock_guard guard(state_->mutex);
  return state_->reach;
}

std::optional<StoredRecord> MemoryStorage::read_log(Position position) const {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  auto record = first_at(state_->log, position);
  if (record) state_->log_bytes_read += record->bytes.size();
  return record;
}

std::uint64_t MemoryStorage::log_bytes_read() const {
  const std::lock_guard guard(state_->mutex);
  return state_->log_bytes_read;
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

Result<void> MemoryStorage::append(std::span<const StoredRecord> records) {
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  if (auto may = state.may_commit(); !may.ok()) return may;
  for (const StoredRecord& each : records) {
    state.append({each.origin, each.first, each.last, each.bytes}, each.position);
  }
  state.sync();
  return {};
}

Result<void> MemoryStorage::go_on_behind(Position position) {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  if (state_->closed) return closed_failure();
  state_->last = std::max(state_->last, position);
  state_->sync();
  return {};
}

Result<void> MemoryStorage::swap(const Changes& changes) {
  std::vector<ChangeView> sorted;
  sort_changes(changes, sorted);
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  if (auto may = state.may_commit(); !may.ok()) return may;
  for (const ChangeView& change : sorted) state.change(change);
  for (const TablePair& pair : kSwappedTables) {
    state.table(pair.current) = std::move(state.table(pair.next));
  }
  state.sync();
  state.clear_next();
  return {};
}

Result<void> MemoryStorage::clear_next() {
  const std::lock_guard guard(state_->mutex);
  ANABRANCH_ASSERT(state_->opened);
  if (state_->closed) return closed_failure();
  state_->clear_next();
  return {};
}

Result<std::unique_ptr<Spool>> MemoryStorage::make_spool() {
  return std::unique_ptr<Spool>(std::make_unique<MemorySpool>());
}

Place MemoryStorage::place() const {
  const std::lock_guard guard(state_->mutex);
  return state_->place;
}

void MemoryStorage::flip(Position position, std::size_t offset, std::uint8_t bits) {
  const std::lock_guard guard(state_->mutex);
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  const auto found = std::ranges::lower_bound(state_->log, position, {}, &StoredRecord::position);
  if (found == state_->log.end() || found->position != position) return;
  StoredRecord& record = *found;
  if (offset >= 3 * kNumber) {
    offset -= 3 * kNumber;
    if (offset < record.bytes.size()) {
      record.bytes[offset] = static_cast<char>(record.bytes[offset] ^ static_cast<char>(bits));
    }
    return;
  }
  std::uint64_t& number = offset < kNumber       ? record.origin
                          : offset < 2 * kNumber ? record.first
                                                 : record.last;
  number ^= std::uint64_t{bits} << 8 * (kNumber - 1 - offset % kNumber);
}

bool MemoryStorage::rot(Table table, std::string_view key) {
  State& state = *state_;
  const std::lock_guard guard(state.mutex);
  if (state.table(table)->find(key) == nullptr) return false;
  state.change({table, key, kRotten});
  return true;
}

void MemoryStorage::set_place(Place place) {
  const std::lock_guard guard(state_->mutex);
  state_->place = std::move(place);
}

Room MemoryStorage::room(std::uint64_t /*enough*/) const {
  const std::lock_guard guard(state_->mutex);
  if (state_->faults.room_asked) state_->faults.room_asked();
  return state_->faults.room;
}

Position MemoryStorage::last_position() const {
  const std::lock_guard guard(state_->mutex);
  return state_->last;
}

Position MemoryStorage::durable_position() const {
  const std::lock_guard guard(state_->mutex);
  return state_->durable;
}

void MemoryStorage::sync() { (void)sync_all(); }

core::Result<void> MemoryStorage::sync_all() {
  const std::lock_guard guard(state_->mutex);
  if (state_->closed) return closed_failure();
  state_->sync();
  return {};
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
  copied.reach = state_->reach;
  copied.segment = state_->segment;
  copied.place = state_->place;
  copied.place.failed = state_->place.failed || state_->closed;
  copied.sync();
  return other;
}

std::unique_ptr<MemoryStorage> MemoryStorage::crash() const {
  std::unique_ptr<MemoryStorage> other = clone();
  const std::lock_guard guard(state_->mutex);
  State& left = *other->state_;
  left.place.boot += "+1";
  while (!left.log.empty() && left.log.back().position > state_->durable) left.log.pop_back();
  left.log.insert(left.log.begin(), state_->trimmed.begin(), state_->trimmed.end());
  left.index.clear();
  for (const StoredRecord& record : left.log) {
    left.index.emplace(std::pair(record.origin, record.last), record.position);
  }
  for (auto back = state_->undo.rbegin(); back != state_->undo.rend(); ++back) {
    left.change({back->table, back->key, back->value});
  }
  left.last = state_->durable;
  left.reach = state_->durable_reach;
  left.segment = state_->durable_segment;
  left.sync();
  return other;
}

void MemoryStorage::set_faults(const MemoryFaults& faults) {
  const std::lock_guard guard(state_->mutex);
  state_->faults = faults;
  if (faults.durable_at_once && !state_->closed) state_->sync();
}

}  // namespace anabranch::storage
