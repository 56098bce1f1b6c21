// The reader of the log of an embedded store: one thread reads each new record once, and tells the
// listeners (watches and open documents) with a matching prefix, found in a tree of prefixes. A
// caller that needs the newest records now reads them in its place.
//
// A listener is with the reader, or behind it: a listener that begins at an older place, or was too
// slow, reads the log with a cursor of its own, on a thread of its own choice, up to the reader's
// position; there it joins the reader, without a gap or a repetition. No listener is ever ahead of
// the reader, and the reader tells each record to documents first: so a document already shows a
// change when a watch is told of it.
//
// If the log does not reach back to a listener's place, or a snapshot has brought rows without log
// records, the listener is told that it has lost some changes, and continues with the reader.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "leader/threads/lock_order.h"
#include "leader/watch/log_cursor.h"
#include "leader/watch/prefix_tree.h"
#include "leader/watch/told.h"

namespace anabranch::leader {

// The functions that the reader calls, mostly under its mutex: they must not wait for a thread that
// runs a user function.
class LogListener {
 public:
  // The prefix of all encoded paths that the listener wants (told.h). Never changes.
  [[nodiscard]] virtual const std::string& prefix() const = 0;
  // Documents are told before watches, and need no tokens.
  [[nodiscard]] virtual bool is_document() const = 0;
  // Receives the changes of a batch: one entry for each transaction, at least one. Returns whether
  // they were taken; a listener that does not take them falls behind.
  [[nodiscard]] virtual bool take(std::vector<Told>& told) = 0;
  // Puts the listener behind the reader; from now on it reads with this cursor.
  virtual void fall_behind(LogCursor cursor) = 0;
  // Reports that anything may have changed; the token covers all of it.
  virtual void lose(const std::string& token) = 0;

 protected:
  ~LogListener() = default;
};

// Thread-safe.
class LogReader {
 public:
  LogReader(LogSource source, StoreId store);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Tells a listener all changes committed from now on.
  void listen(LogListener& listener);
  // Tells a listener all changes that `seen` does not cover, as far as the log reaches back: the
  // listener begins behind the reader.
  void listen(LogListener& listener, const core::VersionVector& seen);
  // Reads for a listener that is behind: some records, or until it was told a change. Returns
  // whether it has reached the reader and is with it again.
  [[nodiscard]] bool catch_up(LogListener& listener, LogCursor& cursor);
  // Returns when the listeners with the reader were told all that was committed before the call.
  // The calling thread reads the records that the reader's thread has not come to.
  void reach_now();
  // Removes a listener. Does nothing if it is not listening.
  void leave(const LogListener& listener);
  // Ends the reading, for all listeners. The storage is not read any more.
  void close();

  struct Counts {
    std::uint64_t watches = 0;
    std::uint64_t documents = 0;
    std::uint64_t behind = 0;
    std::uint64_t lost = 0;  // The number of losses, over all listeners, since the start.
    std::string failed;      // Why nothing can be read at present.
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Entry {
    LogListener* listener = nullptr;
    bool behind = false;
    core::VersionVector seen;  // Covers future records; empty if it covers none.
    std::vector<Told> told;    // While a batch is handed out.
  };

  void run();
  LogCursor::Found read_behind(LogListener& listener, LogCursor& cursor, storage::Position end,
                               bool& told_any) const;
  // All of these are called under the mutex.
  void begin();
  // Reads one record; returns whether there may be more.
  bool step();
  void hand_out(const core::Batch& batch, const LogCursor& before);
  void collect(const core::Batch& batch, std::vector<Entry*>& touched);
  // Adds a change to those for a listener, unless it has seen the batch.
  static void tell(Entry& entry, const core::Batch& batch, const core::Transaction& txn,
                   const Change& change, std::vector<Entry*>& touched);
  void deliver(Entry& entry, const LogCursor& before);
  void lose_all();
  void lose(Entry& entry);
  void join(Entry& entry, core::VersionVector seen);
  // Sets the region and the tokens: every transaction except the last gets the token of the batch
  // before, since a vector stands at the end of a batch only.
  void finish(std::vector<Told>& told, const core::VersionVector& before,
              const core::VersionVector& after) const;

  const LogSource source_;
  mutable OrderedMutex mutex_;
  std::condition_variable_any wanted_;
  bool closed_ = false;
  std::map<const LogListener*, Entry> listeners_;
  PrefixTree<Entry> tree_;  // Of the listeners that are not behind.
  LogCursor cursor_;        // The reader's. Stands still while there are no listeners.
  std::uint64_t lost_ = 0;
  std::string failed_;
  std::thread thread_;  // Begins with the first listener.
};

// Listens while it lives.
class Listening {
 public:
  Listening(std::shared_ptr<LogReader> reader, LogListener& listener)
      : reader_(std::move(reader)), listener_(listener) {
    reader_->listen(listener_);
  }
  ~Listening() { reader_->leave(listener_); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  std::shared_ptr<LogReader> reader_;
  LogListener& listener_;
};

}  // namespace anabranch::leader
