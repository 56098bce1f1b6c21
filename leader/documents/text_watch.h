// An observer of an open document: the changes that it is to be told of wait in a queue until one
// of the call threads passes them to its function. A queue that is too long is dropped: the
// observer is then told the whole text.
#pragma once

#include <anabranch/text_change.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "leader/watch/notifier.h"

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

class TextWatch::Impl final : public leader::NotifierOf<TextChange> {
 public:
  Impl(std::shared_ptr<leader::Watches> watches, std::weak_ptr<leader::Observed> document,
       OnTextChange function);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

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

 private:
  static constexpr std::size_t kQueuedMax = 1000;
  static constexpr std::size_t kQueuedBytesMax = std::size_t{1} << 20U;

  // ---- A turn: calls the function once, or lets the document catch up.
  [[nodiscard]] bool take_next() override;
  void do_next() override;
  [[nodiscard]] bool goes_on() override;
  void empty_queue() override;
  void leave() override;

  void push(TextChange change);  // Called under the mutex.

  const std::weak_ptr<leader::Observed> document_;
  std::deque<TextChange> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t size_ = 0;  // Of the text after all that was told.
  bool dropped_ = false;    // The queue was too long: the text is wanted.
  bool woken_ = false;
  // These belong to the turn while one runs.
  std::optional<TextChange> next_;
  bool waits_ = false;  // The document has caught up: there is nothing to do until it wakes this.
};

}  // namespace anabranch
