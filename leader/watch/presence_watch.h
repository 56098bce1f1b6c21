// The watches of presence at a store: each has a queue of messages that wait until one of the call
// threads passes them to its function. A queue that is too long drops its oldest messages.
#pragma once

#include <anabranch/presence.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "leader/threads/lock_order.h"
#include "leader/watch/notifier.h"
#include "leader/watch/watch_set.h"

namespace anabranch {

namespace leader {

// All watches of presence of a store. Thread-safe.
class PresenceWatches {
 public:
  explicit PresenceWatches(StoreId store) : mutex_(LockRank::kReader, store) {}

  // Gives a message to all watches of its channel; they share its bytes.
  void tell(PresenceMessage message);
  void join(PresenceWatch::Impl& watch);
  void leave(PresenceWatch::Impl& watch);

  // The number of watches, and the messages that any of them has missed.
  [[nodiscard]] std::uint64_t number() const { return watches_.number(); }
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  OrderedMutex mutex_;
  WatchSet<PresenceWatch::Impl> watches_;
  std::atomic<std::uint64_t> missed_ = 0;
};

}  // namespace leader

class PresenceWatch::Impl final : public leader::NotifierOf<PresenceMessage> {
 public:
  Impl(std::shared_ptr<leader::Watches> watches, std::shared_ptr<leader::PresenceWatches> presence,
       std::string prefix, OnPresence function);

  void begin() { presence_->join(*this); }

  [[nodiscard]] bool hears(std::string_view channel) const { return channel.starts_with(prefix_); }
  // Queues a message; returns how many others were dropped for it.
  std::uint64_t take(const std::shared_ptr<const PresenceMessage>& message);

 private:
  static constexpr std::size_t kQueuedMax = 1000;
  static constexpr std::size_t kQueuedBytesMax = std::size_t{1} << 20U;

  // ---- A turn: calls the function with one message.
  [[nodiscard]] bool take_next() override;
  void do_next() override;
  void empty_queue() override;
  void leave() override { presence_->leave(*this); }

  const std::shared_ptr<leader::PresenceWatches> presence_;
  const std::string prefix_;
  std::deque<std::shared_ptr<const PresenceMessage>> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t missed_ = 0;  // Since the last call.
  // These belong to the turn while one runs.
  std::shared_ptr<const PresenceMessage> next_;
  std::uint64_t missed_before_next_ = 0;
};

}  // namespace anabranch
