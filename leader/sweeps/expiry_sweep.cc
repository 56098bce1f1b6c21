#include "leader/sweeps/expiry_sweep.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "rows/expiry_index.h"
#include "rows/row_walk.h"

namespace anabranch::leader {

using core::Millis;
using core::Path;
using crdt::Expiry;

core::Result<bool> ExpirySweep::slice(Millis now) {
  last_.clear();
  removals_.clear();
  if (now < next_ms_ || replica_.broken() || replica_.background().replaces_rows()) return false;
  follows_ = replica_.exchange().follows();
  if (follows_ && !replica_.members().is_listed()) return false;
  if (!replica_.writer().reserve().allows_removing()) return false;
  const Times times{replica_.names().expiries().wall_ms(), replica_.clearable_ms(now)};
  bool over = false;
  try {
    over = look(times);
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  if (auto done = carry_out(); !done.ok()) return done.failure();
  const bool busy = !last_.empty() || !removals_.empty();
  if (over) {
    waiting_ = std::exchange(found_, 0);
    const Millis latest = std::exchange(latest_ms_, 0);
    if (waiting_ > 0 && clock_is_wanted(latest, times.now_ms)) {
      if (auto stored = replica_.store_clock(); !stored.ok()) return stored.failure();
    }
  }
  next_ms_ = now + (over ? kRestMs : busy ? 0 : kSliceRestMs);
  return busy && !over;
}

bool ExpirySweep::clock_is_wanted(Millis deadline, Millis now_ms) const {
  const Millis stored = replica_.state().stored_clock().millis();
  const Millis late = deadline + limits_.grace_ms;
  return stored < deadline || (now_ms >= late && stored < late);
}

bool ExpirySweep::look(const Times& times) {
  const auto snapshot = storage_.snapshot();
  const auto rows = replica_.reader();
  const std::string end = rows::due_key(times.now_ms + 1);
  const std::string endless = rows::due_key(Expiry::kNever);
  const auto scan = [&](std::string_view from, std::string_view to) {
    return snapshot->scan(storage::Table::kExpiries, {.from = from, .to = to});
  };
  const std::string from = after_.empty() ? std::string() : after_ + '\0';
  bool among_endless = from >= end;
  auto cursor = among_endless ? scan(std::max(from, endless), {}) : scan(from, end);
  for (std::size_t looks = 0; looks < limits_.looks; ++looks) {
    if (!cursor->valid() && !std::exchange(among_endless, true)) cursor = scan(endless, {});
    if (!cursor->valid()) {
      after_.clear();
      return true;
    }
    after_ = cursor->key();
    take(*snapshot, *rows, times);
    if (last_.size() + removals_.size() >= limits_.clears) break;
    cursor->next();
  }
  return false;
}

void ExpirySweep::take(const storage::Snapshot& snapshot, const rows::SnapshotReader& rows,
                       const Times& times) {
  const rows::DueExpiry entry = rows::read_due(after_).value_or_raise();
  const auto stored = snapshot.get(storage::Table::kRows, entry.row_key);
  if (!stored) throw Error(ErrorCode::kCorrupt, "the order of expiries names a row that is gone");
  const Path path =
      rows::decode_row_at(entry.row_key, *stored, replica_.names().origins()).value_or_raise().path;
  Verdict verdict = judge(rows, path, entry.deadline, times);
  if (verdict.deadline != entry.deadline) return;  // Another entry decides this key.
  if (follows_ && verdict.act != Act::kKeep) verdict.act = Act::kWait;
  if (verdict.act == Act::kWait) {
    ++found_;
    latest_ms_ = std::max(latest_ms_, verdict.deadline);
  }
  if (verdict.act == Act::kClear) {
    last_.push_back({std::string(crdt::key_part(path)), verdict.deadline});
  }
  if (verdict.act == Act::kRemove) removals_.push_back(path);
}

ExpirySweep::Verdict ExpirySweep::judge(const rows::SnapshotReader& rows, const Path& expiry,
                                        Millis entry, const Times& times) const {
  const crdt::Cell cell = rows.row(expiry).cell;
  if (cell.siblings.empty()) return {};  // A large clear covers it.
  const View view(rows, replica_.names(), resolvers_, times.now_ms);
  // A leader that knows the policy of the key clears it.
  if (!view.can_decide(crdt::key_part(expiry))) return {Act::kWait, entry};
  const crdt::ShownKey key = view.shown_key(crdt::key_part(expiry));
  const auto deciding = crdt::deciding_expiry(cell, key);
  if (!deciding) return crdt::is_spent(cell, key) ? judge_spent(cell, times) : Verdict{};
  const Millis deadline = deciding->expiry.deadline;
  if (deadline > times.now_ms) return {};
  return {is_due(*deciding->sibling, deadline, times) ? Act::kClear : Act::kWait, deadline};
}

// Judges by the longest expiry of the cell; an expiry without a deadline counts as over since its
// write.
ExpirySweep::Verdict ExpirySweep::judge_spent(const crdt::Cell& cell, const Times& times) const {
  const crdt::Sibling* longest = nullptr;
  Millis deadline = -1;
  for (const crdt::Sibling& sibling : cell.siblings) {
    const auto expiry = crdt::decode_expiry(sibling.value);
    if (!expiry || expiry->deadline <= deadline) continue;
    deadline = expiry->deadline;
    longest = &sibling;
  }
  if (longest == nullptr) return {};
  const Millis over = deadline == Expiry::kNever ? longest->hlc.millis() : deadline;
  const bool due = over <= times.now_ms && is_due(*longest, over, times);
  return {due ? Act::kRemove : Act::kKeep, deadline};
}

bool ExpirySweep::is_due(const crdt::Sibling& sibling, Millis deadline, const Times& times) const {
  const core::Origin origin = sibling.dot.origin;
  const regions::Identity& self = replica_.identity();
  const bool own = origin == self.origin || replica_.names().region(origin) == self.region;
  const Millis grace_ms = own ? 0 : limits_.grace_ms;
  return times.stable_time_ms - grace_ms >= deadline;
}

core::Result<void> ExpirySweep::carry_out() {
  if (last_.empty() && removals_.empty()) return {};
  if (auto ready = replica_.make_ready(); !ready.ok()) return ready;
  try {
    for (const Cleared& each : last_) {
      regions::OpenTransaction txn = replica_.begin();
      txn->clear(Path::trusted(each.key));
      txn.keep();
    }
    for (const Path& expiry : removals_) {
      regions::OpenTransaction txn = replica_.begin();
      txn->remove(expiry);
      txn.keep();
    }
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  const auto committed = replica_.commit();
  if (!committed.ok()) return committed.failure();
  cleared_ += last_.size();
  if (!last_.empty()) core::mark<"a key that has expired is cleared">();
  if (!removals_.empty()) core::mark<"an expiry that stands alone is removed">();
  return {};
}

}  // namespace anabranch::leader
