// A watch: changes received from the reader of the log wait in a queue until one of the call
// threads passes them to the watch's function. A queue that is too long takes no more: the watch
// falls behind, and later reads the rest from the log by itself.
#pragma once

#include <anabranch/status.h>
#include <anabranch/watch.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "leader/threads/call_threads.h"
#include "leader/threads/lock_order.h"
#include "leader/threads/opening_process.h"
#include "leader/watch/log_reader.h"

namespace anabranch {

namespace leader {

// The state shared by the watches of a store. Lives until the last watch is gone, also after the
// store.
struct Watches {
  static constexpr std::size_t kQueuedBytesMax = std::size_t{64} << 20U;

  Watches(const LogSource& source, StoreId id)
      : store(id),
        region(source.region),
        reader(std::make_shared<LogReader>(source, id)),
        threads(source.region, id) {}

  // From then on no function is called.
  void close() {
    reader->close();
    threads.close();
  }
  [[nodiscard]] WatchesStatus status() const;

  const StoreId store;
  const std::string region;  // Of the store, for the log.
  const std::shared_ptr<LogReader> reader;
  CallThreads threads;
  std::atomic<std::size_t> queued_bytes = 0;
  std::atomic<std::uint64_t> thrown = 0;
  std::atomic<std::uint64_t> dropped = 0;  // Queues of observers of documents.
};

}  // namespace leader

// Stopped by the end of the watch, or of its store, whichever is first.
class Watch::Impl final : public leader::LogListener,
                          public leader::Job,
                          public std::enable_shared_from_this<Watch::Impl> {
 public:
  // Watches the rows whose encoded paths begin with `prefix`; see told.h.
  Impl(std::shared_ptr<leader::Watches> watches, std::string prefix, OnChanges function);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Begins, from now on or behind `seen`.
  void begin(const std::optional<core::VersionVector>& seen);
  // Returns when the function is not running any more, or at once on the thread that runs it;
  // inside a transaction the wait is deferred to its end. A second call does nothing. Thread-safe.
  void stop();
  // Whether there is a thread to stop: false in a forked process.
  [[nodiscard]] bool here() const { return process_.here(); }

  // ---- For the reader of the log.
  [[nodiscard]] const std::string& prefix() const override { return prefix_; }
  [[nodiscard]] bool is_document() const override { return false; }
  [[nodiscard]] bool take(std::vector<leader::Told>& told) override;
  void fall_behind(leader::LogCursor cursor) override;
  void lose(const std::string& token) override;

  // ---- For the call threads: calls the function once, or reads some of the log.
  bool turn() override;

 private:
  static constexpr std::size_t kQueuedMax = 1000;
  static constexpr std::size_t kQueuedBytesMax = std::size_t{1} << 20U;

  struct Queued {
    Changes changes;
    std::size_t bytes = 0;
  };

  void tell(const Changes& changes);
  void wait_for_rest();
  // All of these are called under the mutex.
  void put(Changes changes);
  void empty_queue();
  void schedule();
  [[nodiscard]] std::optional<Changes> take_first();

  const leader::OpeningProcess process_;
  const std::shared_ptr<leader::Watches> watches_;
  const std::string prefix_;
  OnChanges function_;
  leader::OrderedMutex mutex_;
  std::condition_variable_any rested_;
  std::deque<Queued> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<leader::LogCursor> behind_;  // Belongs to the turn while one runs.
  bool scheduled_ = false;                   // Among the threads' jobs, or running.
  bool stopped_ = false;
  std::thread::id runner_;  // The thread that runs a turn; no thread's id if none runs.
};

}  // namespace anabranch
