#include "storage/engine/flusher.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::storage {

using core::Bug;
using core::planted;

namespace {

// Memory that readers have held is looked at so often.
constexpr std::chrono::milliseconds kReleaseEvery{100};
constexpr std::size_t kReleasedChunks = 16;

// A change may copy a page of the base and a share of those above it. The copies of two slices are
// there at the same time, and a part of the room is too scattered for large values.
constexpr std::uint64_t kCopiedBytes = std::uint64_t{8} << 10U;
constexpr std::uint64_t kRoomPerSlice = 8;
constexpr std::uint64_t kChangesMin = 16;
// With less room than this no slice is begun; it is looked for so often.
constexpr std::uint64_t kRoomMin = 2 * kChangesMin * kCopiedBytes;
constexpr std::chrono::milliseconds kLookForRoomEvery{100};

// What was refused for a cause that may pass is tried again so often.
constexpr std::chrono::milliseconds kTryAgainEvery{100};
// The longest that a commit is held up while a flush is under way and there is room.
constexpr std::chrono::microseconds kPaceMax{1'000};

// A wait with an end is made of pieces of this length: no clock is needed to tell how long it was.
constexpr std::chrono::milliseconds kWaitPiece{10};

// Free pages of the base are counted when less than this is free outside of it.
constexpr std::uint64_t kEnough = std::uint64_t{1} << 30U;

}  // namespace

Flusher::Flusher(LayeredTables& tables, StorageBelow& base, const Reach& reach, FlushedBy by,
                 std::uint64_t slice_bytes)
    : tables_(tables),
      base_(base),
      by_(by),
      slice_bytes_(slice_bytes),
      base_trimmed_(reach.trimmed),
      reach_(reach) {
  if (has_thread()) thread_ = std::thread([this] { run(); });
}

Flusher::~Flusher() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  if (has_thread()) thread_.join();
}

void Flusher::flush(const Reach& reach, Wal& log) {
  {
    const std::lock_guard lock(mutex_);
    flush_ = reach;
    log_ = &log;
  }
  changed_.notify_all();
}

void Flusher::trim(const EngineLog::Trimmed& trimmed) {
  {
    const std::lock_guard lock(mutex_);
    const Position told = trim_ ? trim_->log : reach_.trimmed;
    if (trimmed.log <= told && trimmed.base <= base_told_) return;
    base_told_ = std::max(base_told_, trimmed.base);
    trim_ = {std::max(told, trimmed.log), base_told_};
  }
  changed_.notify_all();
}

void Flusher::note_segment(std::string name) {
  {
    const std::lock_guard lock(mutex_);
    segment_ = std::move(name);
  }
  changed_.notify_all();
}

void Flusher::prepare(Wal& wal) {
  {
    const std::lock_guard lock(mutex_);
    prepare_ = &wal;
  }
  changed_.notify_all();
}

core::Result<void> Flusher::wait() {
  std::unique_lock lock(mutex_);
  while (!has_thread() && has_work()) work(lock);
  ++callers_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !has_work(); });
  --callers_;
  const auto failed = failure_.get();
  return failed ? core::Result<void>(*failed) : core::Result<void>();
}

void Flusher::hold_up(std::uint64_t beyond, std::uint64_t limit) {
  if (beyond >= limit) {
    // What failed is told by the next commit, and what the tables refuse by Readiness.
    wait_unless_refused();
  } else if (beyond > limit / 2) {
    wait_at_most(kPaceMax * beyond / limit);
  }
}

void Flusher::wait_unless_refused() {
  std::unique_lock lock(mutex_);
  refused_.forget();
  const auto has_ended = [&] { return !has_work() || refused_.is_noted(); };
  while (!has_thread() && !has_ended()) work(lock);
  ++callers_;
  changed_.notify_all();
  changed_.wait(lock, has_ended);
  --callers_;
}

void Flusher::wait_at_most(std::chrono::microseconds time) {
  std::unique_lock lock(mutex_);
  if (!has_thread() && has_work()) return work(lock);
  changed_.wait_for(lock, time, [&] { return !has_work(); });
}

bool Flusher::wait_within(std::chrono::milliseconds& left, const std::atomic<bool>* given_up) {
  std::unique_lock lock(mutex_);
  while (!has_thread() && has_work()) work(lock);
  const auto ended = [&] { return !has_work() || lacks_room_; };
  while (left > std::chrono::milliseconds(0) && (given_up == nullptr || !*given_up)) {
    const std::chrono::milliseconds piece = std::min(left, kWaitPiece);
    if (changed_.wait_for(lock, piece, ended)) break;
    left -= piece;
  }
  return !has_work();
}

bool Flusher::has_room() const {
  const Room room = base_.room(kRoomMin);
  return room.outside + room.inside >= kRoomMin;
}

bool Flusher::step() {
  std::unique_lock lock(mutex_);
  if (has_work()) {
    work(lock);
    return true;
  }
  lock.unlock();
  return tables_.release(kReleasedChunks);
}

std::uint64_t Flusher::flushes() const {
  const std::lock_guard lock(mutex_);
  return flushes_;
}

bool Flusher::is_flushing() const {
  const std::lock_guard lock(mutex_);
  return flush_ || flushing_;
}

Reach Flusher::reach() const {
  const std::lock_guard lock(mutex_);
  return reach_;
}

void Flusher::set_reach(const Reach& reach) {
  const std::lock_guard lock(mutex_);
  reach_ = reach;
  base_trimmed_ = reach.trimmed;
}

void Flusher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto ready = [&] { return stops_ || has_work(); };
    if (tables_.has_flushed()) {
      changed_.wait_for(lock, kReleaseEvery, ready);
    } else {
      changed_.wait(lock, ready);
    }
    // A trim that was told is noted before the end; a flush is left to the next opening.
    for (;;) {
      if (stops_) flush_ = flushing_ = std::nullopt;
      if (!has_work()) break;
      if (!waits_for_room(lock)) work(lock);
    }
    if (stops_) return;
    release(lock);
  }
}

bool Flusher::waits_for_room(std::unique_lock<std::mutex>& lock) {
  const auto goes_on = [&] { return stops_ || callers_ > 0 || prepare_ != nullptr; };
  if (goes_on()) return false;
  lock.unlock();
  const bool has_room = this->has_room();
  lock.lock();
  lacks_room_ = !has_room;
  if (has_room) return false;
  changed_.notify_all();
  changed_.wait_for(lock, kLookForRoomEvery, goes_on);
  lacks_room_ = false;
  return true;
}

SliceLimit Flusher::limit_slice() {
  const Room room = base_.room(kEnough);
  const std::uint64_t share = (room.outside + room.inside) / kRoomPerSlice;
  const std::lock_guard lock(mutex_);
  slice_room_ = room;
  return {std::clamp<std::uint64_t>(share, 1, slice_bytes_),
          std::max(share / kCopiedBytes, kChangesMin)};
}

Room Flusher::slice_room() const {
  const std::lock_guard lock(mutex_);
  return slice_room_;
}

void Flusher::work(std::unique_lock<std::mutex>& lock) {
  if (prepare_ != nullptr) {
    Wal& wal = *prepare_;
    lock.unlock();
    (void)wal.prepare();  // Without a file made ahead, the log makes one when it needs it.
    lock.lock();
    prepare_ = nullptr;
    changed_.notify_all();
    return;
  }
  if (segment_) return work_on_segment(lock);
  // The next flush may be told before the end of this one is noted.
  if (!flushing_) flushing_ = std::exchange(flush_, std::nullopt);
  Reach reach = flushing_.value_or(reach_);
  const EngineLog::Trimmed trim = trim_.value_or(EngineLog::Trimmed());
  reach.trimmed = std::max(reach_.trimmed, trim.log);
  const bool flushes = flushing_.has_value();
  Reach begun = reach_;
  begun.begun = {std::max(begun.begun.to, reach.ticket), reach.opening};
  lock.unlock();
  const auto noted = write(reach, begun, trim.base, flushes);
  lock.lock();
  if (noted.ok() && refused_.is_noted()) refused_.forget();
  if (!noted.ok() && noted.failure().passes) {
    // What was not written yet is tried again; at the end it is left to the next opening.
    refused_.note(noted.failure());
    if (stops_) trim_.reset();
    changed_.wait_for(lock, kTryAgainEvery, [&] { return stops_ || !has_thread(); });
  } else if (!noted.ok()) {
    failure_.note(noted.failure());
  } else if (noted.value()) {
    if (flushes) ++flushes_;
    flushing_.reset();
    if (trim_ == trim || planted(Bug::kForgetTrim)) trim_.reset();
    reach_ = reach;
  }
  changed_.notify_all();
}

void Flusher::work_on_segment(std::unique_lock<std::mutex>& lock) {
  std::string name = *std::exchange(segment_, std::nullopt);
  lock.unlock();
  const auto noted = base_.note_segment(name);
  lock.lock();
  if (!noted.ok() && noted.failure().passes) {
    // At the end it is left to the next opening.
    if (!stops_ && !segment_) segment_ = std::move(name);
    changed_.wait_for(lock, kTryAgainEvery, [&] { return stops_ || !has_thread(); });
  } else if (!noted.ok()) {
    failure_.note(noted.failure());
  }
  changed_.notify_all();
}

core::Result<bool> Flusher::write(const Reach& reach, const Reach& begun, Position base_trim,
                                  bool flushes) {
  if (base_trim > base_trimmed_) {
    if (auto trimmed = base_.trim(base_trim); !trimmed.ok()) return trimmed.failure();
    base_trimmed_ = base_trim;
  }
  const std::string noted = encode_reach(reach);
  if (flushes) {
    const auto synced =
        planted(Bug::kFlushUnsynced) ? core::Result<void>() : log_->sync_to(reach.ticket);
    if (!synced.ok()) return synced.failure();
    return tables_.flush_slice(noted, limit_slice(), encode_reach(begun));
  }
  if (auto done = base_.apply({}, ReachNote{noted}); !done.ok()) return done.failure();
  return true;
}

void Flusher::release(std::unique_lock<std::mutex>& lock) {
  for (bool more = true; more && !stops_ && !has_work();) {
    lock.unlock();
    more = tables_.release(kReleasedChunks);
    lock.lock();
  }
}

}  // namespace anabranch::storage
