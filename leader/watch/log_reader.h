// The reader of the log of an embedded store: one thread reads each new record once, and tells all
// listeners (watches and open documents) what of it concerns them, found in a tree of prefixes.
//
// A listener is with the reader, or behind it: one that begins at an older place, or was too slow,
// reads the log with a cursor of its own, on a thread of its own choice, up to where the reader is;
// there it joins the reader, with no gap and nothing told twice. Nobody is ever ahead of the
// reader, and of each record it tells documents first: so a document shows what a watch tells of.
//
// When the log does not reach back to where a listener is, or a snapshot has brought rows that no
// record tells of, the listener is told that it has lost some, and goes on with the reader.
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

// What the reader calls, mostly under its mutex: it waits for nobody who runs a function of the
// user.
class LogListener {
 public:
  // The encoded paths of what it listens to begin so (told.h). Never changes.
  [[nodiscard]] virtual const std::string& prefix() const = 0;
  // Documents are told before watches, and need no tokens.
  [[nodiscard]] virtual bool is_document() const = 0;
  // What a batch has changed: one entry for each transaction, at least one. Returns whether it was
  // taken; a listener that does not take it falls behind.
  [[nodiscard]] virtual bool take(std::vector<Told>& told) = 0;
  // It is behind from now on, and reads with this cursor.
  virtual void fall_behind(LogCursor cursor) = 0;
  // Anything may have changed; the token covers all of it.
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

  // Tells a listener all that is committed from now on.
  void listen(LogListener& listener);
  // All that was not seen, as far as the log reaches back: the listener falls behind.
  void listen(LogListener& listener, const core::VersionVector& seen);
  // Reads on for a listener that is behind, some records or until it has been told something.
  // Returns whether it has come as far as the reader and is with it again.
  [[nodiscard]] bool catch_up(LogListener& listener, LogCursor& cursor);
  // Tells it nothing more. Nothing to do when it is not listening.
  void leave(const LogListener& listener);
  // Ends, for all. The storage is not read any more.
  void close();

  struct Counts {
    std::uint64_t watches = 0;
    std::uint64_t documents = 0;
    std::uint64_t behind = 0;
    std::uint64_t lost = 0;  // How often a listener has lost some, since the start.
    std::string failed;      // Why nothing can be told at present.
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Entry {
    LogListener* listener = nullptr;
    bool behind = false;
    core::VersionVector seen;  // Of what is still to come; empty when there is no such thing.
    std::vector<Told> told;    // While a batch is handed out.
  };

  void run();
  LogCursor::Found read_behind(LogListener& listener, LogCursor& cursor, storage::Position end,
                               bool& told_any) const;
  // All of these are under the mutex.
  void begin();
  // Reads one record; returns whether there may be more.
  bool step();
  void hand_out(const core::Batch& batch, const LogCursor& before);
  void collect(const core::Batch& batch, std::vector<Entry*>& touched);
  void deliver(Entry& entry, const LogCursor& before);
  void lose_all();
  void lose(Entry& entry);
  void join(Entry& entry, core::VersionVector seen);
  // Says who wrote it, and what the tokens are: of all but the last transaction that is told, that
  // of the batch before, since a vector stands at the end of a batch only.
  void finish(std::vector<Told>& told, const core::VersionVector& before,
              const core::VersionVector& after) const;

  const LogSource source_;
  mutable OrderedMutex mutex_;
  std::condition_variable_any wanted_;
  bool closed_ = false;
  std::map<const LogListener*, Entry> listeners_;
  PrefixTree<Entry> tree_;  // Of those that are not behind.
  LogCursor cursor_;        // The reader's. Stands still while nobody listens.
  std::uint64_t lost_ = 0;
  std::string failed_;
  std::thread thread_;  // Begins with the first listener.
};

// Listens as long as it lives.
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
