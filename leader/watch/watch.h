// A watch: changes received from the reader of the log wait in a queue until one of the call
// threads passes them to the watch's function. A queue that is too long takes no more: the watch
// falls behind, and later reads the rest from the log by itself.
#pragma once

#include <anabranch/watch.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leader/watch/log_reader.h"
#include "leader/watch/notifier.h"

namespace anabranch {

class Watch::Impl final : public leader::LogListener, public leader::NotifierOf<Changes> {
 public:
  // Watches the rows whose encoded paths begin with `prefix`; see told.h.
  Impl(std::shared_ptr<leader::Watches> watches, std::string prefix, OnChanges function);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Begins, from now on or behind `seen`.
  void begin(const std::optional<core::VersionVector>& seen);

  // ---- For the reader of the log.
  [[nodiscard]] const std::string& prefix() const override { return prefix_; }
  [[nodiscard]] bool is_document() const override { return false; }
  [[nodiscard]] bool take(std::vector<leader::Told>& told) override;
  void fall_behind(leader::LogCursor cursor) override;
  void lose(const std::string& token) override;

 private:
  static constexpr std::size_t kQueuedMax = 1000;
  static constexpr std::size_t kQueuedBytesMax = std::size_t{1} << 20U;

  struct Queued {
    Changes changes;
    std::size_t bytes = 0;
  };

  // ---- A turn: calls the function once, or reads some of the log.
  [[nodiscard]] bool take_next() override;
  void do_next() override;
  [[nodiscard]] bool goes_on() override;
  void empty_queue() override;
  void leave() override { watches_->reader->leave(*this); }

  void put(Changes changes);  // Called under the mutex.

  const std::string prefix_;
  std::deque<Queued> queue_;
  std::size_t queued_bytes_ = 0;
  // These belong to the turn while one runs.
  std::optional<Changes> next_;
  std::optional<leader::LogCursor> behind_;
  bool with_reader_ = false;  // The turn has caught up with the reader of the log.
};

}  // namespace anabranch
