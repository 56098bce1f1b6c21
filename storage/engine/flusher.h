// Writes to the tables on disk: frozen overlays, a slice after the other, and how far the log is
// trimmed. It also frees the memory of flushed overlays, and makes files for the log ahead of use.
// A thread of its own does so, or, in tests that must be repeatable, its owner in steps.
//
// On a disk that has no room at all the thread waits for some; once a caller waits for the thread,
// it tries. What the base refuses for a cause that may pass is tried again all the time.
//
// Nobody else writes to the base while it has something to do. Thread-safe; the thread ends with
// the object, after the slice it is at; a flush that is not done is left to the next opening.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/result.h"
#include "storage/engine/engine_log.h"
#include "storage/engine/reach.h"
#include "storage/noted_failure.h"
#include "storage/overlay/layered_tables.h"
#include "storage/tables_below.h"
#include "storage/wal/wal.h"

namespace anabranch::storage {

enum class FlushedBy : std::uint8_t { kThread, kSteps };

class Flusher {
 public:
  // Both must outlive this. `reach`: as noted in the base. `slice_bytes`: the most that a slice of
  // a flush has, about; it is smaller where the base has little room.
  Flusher(LayeredTables& tables, StorageBelow& base, const Reach& reach, FlushedBy by,
          std::uint64_t slice_bytes);
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;
  ~Flusher();

  // Writes what is frozen, and notes with it how far the log is in it (but for the trimming). What
  // the log has up to there is synced first: the tables must not have what it could lose. Nothing
  // else may be frozen, and the log must stay, until that is done.
  void flush(const Reach& reach, Wal& log);
  // Notes up to where the log is trimmed, and removes the records of the base's own log that may
  // go.
  void trim(const EngineLog::Trimmed& trimmed);
  // Notes the name of a segment that the log has begun.
  void note_segment(std::string name);
  // Makes a file for the next segment of the log, which must stay until that is done.
  void prepare(Wal& wal);
  // Returns when there is nothing to do; fails when something has failed. Without a thread it does
  // the work.
  core::Result<void> wait();
  // Has a writer wait for the flush under way: longer where more bytes are `beyond` the limit, and
  // until all is done, or the base has refused something, from twice the limit on. Without a thread
  // it does that, or a step.
  void hold_up(std::uint64_t beyond, std::uint64_t limit);
  // Returns whether there is nothing to do; waits for that at most as long as `left`, from which it
  // takes the time, and not where the base has no room, or once `given_up` is set, if it is not
  // null. Does not make the thread try without room, as wait() does. Without a thread it does the
  // work, however long that takes.
  bool wait_within(std::chrono::milliseconds& left, const std::atomic<bool>* given_up);
  // Returns whether the base has room for a slice.
  [[nodiscard]] bool has_room() const;
  // Without a thread: writes a slice or a trim, or else frees some memory. Returns whether there
  // may be more to do.
  bool step();
  // Returns why something has failed; nothing is written any more then.
  [[nodiscard]] std::optional<core::Failure> failure() const { return failure_.get(); }
  // Returns why the tables have refused the last write, for a cause that may pass; nullopt once it
  // has gone through.
  [[nodiscard]] std::optional<core::Failure> refused() const { return refused_.get(); }
  // Returns how many flushes have ended, and whether one waits or runs.
  [[nodiscard]] std::uint64_t flushes() const;
  [[nodiscard]] bool is_flushing() const;
  // Returns what is noted in the base.
  [[nodiscard]] Reach reach() const;
  // Returns the room that the base had when the last slice began.
  [[nodiscard]] Room slice_room() const;
  // Tells what was noted by another, while there was nothing to do.
  void set_reach(const Reach& reach);
  // As wait(), but returns also when the base has refused something: see refused().
  void wait_unless_refused();

 private:
  void run();
  // Returns after so long at the latest; without a thread, after one step.
  void wait_at_most(std::chrono::microseconds time);
  [[nodiscard]] bool has_work() const {
    return prepare_ != nullptr ||
           ((flush_ || flushing_ || trim_ || segment_) && !failure_.is_noted());
  }
  [[nodiscard]] bool has_thread() const { return by_ == FlushedBy::kThread; }
  void work(std::unique_lock<std::mutex>& lock);
  void work_on_segment(std::unique_lock<std::mutex>& lock);
  // Waits a while, and returns true, when the base has no room for a slice.
  bool waits_for_room(std::unique_lock<std::mutex>& lock);
  // Returns what the next slice may have, by the room that the base has.
  SliceLimit limit_slice();
  // Writes a slice, or the reach alone; returns whether the reach is noted. `base_trim`: what of
  // the base's own log may go.
  core::Result<bool> write(const Reach& reach, const Reach& begun, Position base_trim,
                           bool flushes);
  // Frees memory in slices until none is left or there is something to do.
  void release(std::unique_lock<std::mutex>& lock);

  LayeredTables& tables_;
  StorageBelow& base_;
  const FlushedBy by_;
  const std::uint64_t slice_bytes_;
  Position base_trimmed_;  // The base's own log has nothing before; of the one that works alone.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Reach reach_;
  std::optional<Reach> flush_;
  Wal* log_ = nullptr;             // That of the last flush.
  std::optional<Reach> flushing_;  // The flush that has begun.
  std::optional<EngineLog::Trimmed> trim_;
  std::optional<std::string> segment_;  // To be noted.
  Position base_told_ = 0;              // That of the last trim.
  Wal* prepare_ = nullptr;              // The log that wants a file.
  std::uint64_t flushes_ = 0;
  std::size_t callers_ = 0;  // That wait for the thread.
  Room slice_room_;          // Before the last slice.
  NotedFailure failure_;
  bool lacks_room_ = false;  // The thread waits for some.
  NotedFailure refused_;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace anabranch::storage
