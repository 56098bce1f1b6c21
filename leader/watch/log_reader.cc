#include "leader/watch/log_reader.h"

#include <algorithm>

#include "core/log.h"
#include "core/token.h"
#include "leader/threads/begin_thread.h"

namespace anabranch::leader {

namespace {

constexpr int kRecordsAtOnce = 64;               // Of the log, for one listener that is behind.
constexpr storage::Position kRecordsToJoin = 8;  // Read while the reader stands still.
constexpr storage::Position kNoEnd = UINT64_MAX;

}  // namespace

LogReader::LogReader(LogSource source, StoreId store)
    : source_(std::move(source)),
      mutex_(LockRank::kReader, store),
      cursor_(LogCursor::now(source_)) {}

LogReader::~LogReader() { close(); }

void LogReader::close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    wanted_.notify_all();
  }
  source_.names.vectors().notify();
  if (thread_.joinable()) thread_.join();
}

// The first listener finds the reader where it stood when the last listener left.
void LogReader::begin() {
  if (!listeners_.empty()) return;
  cursor_ = LogCursor::now(source_);
  if (!thread_.joinable() && !closed_) thread_ = begin_thread([this] { run(); });
  wanted_.notify_all();
}

void LogReader::listen(LogListener& listener) {
  const std::lock_guard lock(mutex_);
  begin();
  // The reader may be behind the committed state.
  core::VersionVector seen = LogCursor::now(source_).seen();
  Entry& entry = listeners_[&listener];
  entry.listener = &listener;
  join(entry, std::move(seen));
}

void LogReader::listen(LogListener& listener, const core::VersionVector& seen) {
  const std::lock_guard lock(mutex_);
  begin();
  auto cursor = LogCursor::behind(source_, seen, cursor_.position());
  Entry& entry = listeners_[&listener];
  entry.listener = &listener;
  if (cursor) {
    entry.behind = true;
    listener.fall_behind(*std::move(cursor));
  } else {
    lose(entry);
    join(entry, {});
  }
}

void LogReader::leave(const LogListener& listener) {
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(&listener);
  if (found == listeners_.end()) return;
  if (!found->second.behind) tree_.remove(listener.prefix(), found->second);
  listeners_.erase(found);
}

void LogReader::join(Entry& entry, core::VersionVector seen) {
  entry.behind = false;
  entry.seen = cursor_.seen().includes(seen) ? core::VersionVector() : std::move(seen);
  tree_.add(entry.listener->prefix(), entry);
}

// ---- The reader's thread.

void LogReader::run() {
  const rows::PublishedVector& published = source_.names.vectors();
  for (;;) {
    const std::uint32_t seen = published.notifications();  // Later commits end the sleep.
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [&] { return closed_ || !listeners_.empty(); });
      if (closed_) return;
    }
    for (bool more = true; more;) {
      const std::lock_guard lock(mutex_);  // Released between two records, for other threads.
      if (closed_) return;
      more = step();
    }
    published.wait(seen);
  }
}

void LogReader::reach_now() {
  const storage::Position last = source_.storage.last_position();
  for (bool more = true; more;) {
    const std::lock_guard lock(mutex_);  // Released between two records, for other threads.
    more = !closed_ && !listeners_.empty() && cursor_.before(source_, last) && step();
  }
}

bool LogReader::step() {
  try {
    if (!failed_.empty()) lose_all();
    const LogCursor before = cursor_;
    core::Batch batch;
    switch (cursor_.next(source_, UINT64_MAX, batch)) {
      case LogCursor::Found::kEnd:
        return false;
      case LogCursor::Found::kLost:
        lose_all();
        return true;
      case LogCursor::Found::kBatch:
        hand_out(batch, before);
        return true;
    }
  } catch (const std::exception& error) {
    // The reader tries again with the next commit; changes until then are lost.
    if (failed_ != error.what()) {
      core::log_error(
          source_.region,
          std::string("watches and open documents cannot be told what changes: ") + error.what());
    }
    failed_ = error.what();
  }
  return false;
}

void LogReader::hand_out(const core::Batch& batch, const LogCursor& before) {
  std::vector<Entry*> touched;
  collect(batch, touched);
  for (Entry* const each : touched) {
    if (each->listener->is_document()) deliver(*each, before);
  }
  for (Entry* const each : touched) {
    if (!each->listener->is_document()) deliver(*each, before);
  }
}

void LogReader::collect(const core::Batch& batch, std::vector<Entry*>& touched) {
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      const core::Path* const path = path_of(op);
      if (path == nullptr || path->empty()) continue;
      if (const auto policy = policy_change_of(op)) {
        tree_.visit(policy->prefix, true, [&](Entry& entry) {
          if (entry.listener->is_document()) return;  // Its type decides, not a policy.
          tell(entry, batch, txn, policy->change, touched);
        });
        continue;
      }
      std::optional<Change> change;  // Made for the first listener that needs it.
      tree_.visit(path->encoded(), clears(op), [&](Entry& entry) {
        if (!change) change = change_of(op);
        tell(entry, batch, txn, *change, touched);
      });
    }
  }
}

void LogReader::tell(Entry& entry, const core::Batch& batch, const core::Transaction& txn,
                     const Change& change, std::vector<Entry*>& touched) {
  if (entry.seen.at(batch.origin) >= batch.last()) return;
  if (entry.told.empty()) touched.push_back(&entry);
  add(entry.told, batch, txn, change);
}

void LogReader::deliver(Entry& entry, const LogCursor& before) {
  std::vector<Told> told = std::exchange(entry.told, {});
  if (cursor_.seen().includes(entry.seen)) entry.seen = {};
  if (!entry.listener->is_document()) {
    core::VersionVector seen_before = before.seen();
    core::VersionVector seen_after = cursor_.seen();
    seen_before.join(entry.seen);
    seen_after.join(entry.seen);
    finish(told, seen_before, seen_after);
  }
  if (entry.listener->take(told)) return;
  tree_.remove(entry.listener->prefix(), entry);
  entry.behind = true;
  LogCursor cursor = before;
  cursor.pass_by(entry.seen);
  entry.listener->fall_behind(std::move(cursor));
}

void LogReader::finish(std::vector<Told>& told, const core::VersionVector& before,
                       const core::VersionVector& after) const {
  const std::string region = source_.names.region(told.front().origin);
  const std::string first = told.size() > 1 ? core::encode_token(source_.mesh, before) : "";
  for (Told& each : told) {
    each.changes.region = region;
    each.changes.remote = region != source_.region;
    each.changes.token = first;
  }
  told.back().changes.token = core::encode_token(source_.mesh, after);
}

// Listeners that are behind notice the loss by themselves.
void LogReader::lose_all() {
  cursor_ = LogCursor::now(source_);
  failed_.clear();
  for (auto& [listener, entry] : listeners_) {
    if (!entry.behind) lose(entry);
  }
}

// The committed state of now: a listener told of the loss reads it, or a later one.
void LogReader::lose(Entry& entry) {
  ++lost_;
  entry.seen = {};
  entry.listener->lose(core::encode_token(source_.mesh, cursor_.seen()));
}

// ---- Listeners that are behind.

LogCursor::Found LogReader::read_behind(LogListener& listener, LogCursor& cursor,
                                        storage::Position end, bool& told_any) const {
  core::Batch batch;
  const core::VersionVector before = cursor.seen();
  const LogCursor::Found found = cursor.next(source_, end, batch);
  if (found != LogCursor::Found::kBatch) return found;
  std::vector<Told> told = told_of(batch, listener.prefix());
  if (told.empty()) return found;
  finish(told, before, cursor.seen());
  (void)listener.take(told);  // A listener that is behind takes everything.
  told_any = true;
  return found;
}

bool LogReader::catch_up(LogListener& listener, LogCursor& cursor) {
  using Found = LogCursor::Found;
  storage::Position end = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return true;
    end = cursor_.position();
  }
  bool told_any = false;
  Found found = Found::kBatch;
  for (int i = 0; i < kRecordsAtOnce && found == Found::kBatch && !told_any; ++i) {
    found = read_behind(listener, cursor, end, told_any);
  }
  if (found == Found::kBatch) return false;

  const std::lock_guard lock(mutex_);
  const auto entry = listeners_.find(&listener);
  if (closed_ || entry == listeners_.end()) return true;
  if (cursor_.position() > cursor.position() + kRecordsToJoin && found == Found::kEnd) return false;
  do {
    found = read_behind(listener, cursor, cursor_.position(), told_any);
  } while (found == Found::kBatch);
  // The reader began with a vector, which may cover some records behind its position, and what a
  // snapshot brought: of that the log has no record.
  const auto lacks = [&] { return !cursor.seen().includes(cursor_.seen()); };
  for (storage::Position i = 0; i < kRecordsToJoin && found != Found::kLost && lacks(); ++i) {
    found = read_behind(listener, cursor, kNoEnd, told_any);
  }
  if (lacks()) found = Found::kLost;
  if (found == Found::kLost) lose(entry->second);
  join(entry->second, found == Found::kLost ? core::VersionVector() : cursor.seen());
  return true;
}

LogReader::Counts LogReader::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts;
  counts.lost = lost_;
  counts.failed = failed_;
  for (const auto& [listener, entry] : listeners_) {
    ++(listener->is_document() ? counts.documents : counts.watches);
    counts.behind += entry.behind ? 1 : 0;
  }
  return counts;
}

}  // namespace anabranch::leader
