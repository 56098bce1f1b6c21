// An observer of an open document: the changes that it is to be told of wait in a queue until one
// of the call threads passes them to its function. A queue that is too long is dropped: the
// observer is then told the whole text.
#pragma once

#include <anabranch/text_change.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "leader/threads/call_threads.h"
#include "leader/threads/lock_order.h"
#include "leader/threads/opening_process.h"
#include "leader/watch/watch.h"

namespace anabranch {

namespace leader {

// What an observer needs of its document. Thread-safe.
class Observed {
 public:
  // Brings the document up to date, and tells its observers; the whole text to this one, if it
  // wants that.
  virtual void catch_up(TextWatch::Impl& observer) = 0;
  // The observer is told nothing more.
  virtual void leave(const TextWatch::Impl& observer) = 0;

 protected:
  ~Observed() = default;
};

}  // namespace leader

// Stopped by its end, or by that of the store, whichever is first. Thread-safe.
class TextWatch::Impl final : public leader::Job, public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<leader::Watches> watches, std::weak_ptr<leader::Observed> document,
       OnTextChange function);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // As Watch::Impl::stop.
  void stop();
  // Whether there is a thread to stop: false in a forked process.
  [[nodiscard]] bool here() const { return process_.here(); }

  // ---- For the document.

  // The size of the text with which the observer begins.
  void begin(std::uint64_t size);
  // The next change.
  void put(const TextChange& change);
  // There is something to catch up with.
  void wake();
  // Whether changes were dropped; then restart() puts the whole text into the queue.
  [[nodiscard]] bool wants_text() const;
  void restart(std::string text, std::uint64_t size, std::string token);

  // ---- For the call threads: calls the function once, or lets the document catch up.
  bool turn() override;

 private:
  static constexpr std::size_t kQueuedMax = 1000;
  static constexpr std::size_t kQueuedBytesMax = std::size_t{1} << 20U;

  void tell(const TextChange& change);
  void wait_for_rest();
  // All of these are called under the mutex.
  void empty_queue();
  void push(TextChange change);
  void schedule();
  [[nodiscard]] std::optional<TextChange> take_first();

  const leader::OpeningProcess process_;
  const std::shared_ptr<leader::Watches> watches_;
  const std::weak_ptr<leader::Observed> document_;
  OnTextChange function_;
  mutable leader::OrderedMutex mutex_;
  std::condition_variable_any rested_;
  std::deque<TextChange> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t size_ = 0;  // Of the text after all that was told.
  bool dropped_ = false;    // The queue was too long: the text is wanted.
  bool woken_ = false;
  bool scheduled_ = false;  // Among the threads' jobs, or running.
  bool stopped_ = false;
  std::thread::id runner_;  // The thread that runs a turn; no thread's id if none runs.
};

}  // namespace anabranch
