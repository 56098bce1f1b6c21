// The listeners of presence at a store: each has a queue of messages that wait until one of the
// call threads passes them to its function. A queue that is too long drops its oldest messages.
#pragma once

#include <anabranch/presence.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "leader/threads/call_threads.h"
#include "leader/threads/lock_order.h"
#include "leader/threads/opening_process.h"
#include "leader/watch/watch.h"

namespace anabranch {

namespace leader {

// All listeners of a store. Thread-safe.
class Listeners {
 public:
  explicit Listeners(StoreId store) : mutex_(LockRank::kReader, store) {}

  // Gives a message to all listeners of its channel; they share its bytes.
  void tell(PresenceMessage message);
  void join(Listener::Impl& listener);
  void leave(Listener::Impl& listener);

  // The number of listeners, and the messages that any of them has missed.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  OrderedMutex mutex_;
  std::set<Listener::Impl*> listeners_;
  std::atomic<std::uint64_t> number_ = 0;
  std::atomic<std::uint64_t> missed_ = 0;
};

}  // namespace leader

// Stopped by the end of the listener, or of its store, whichever is first.
class Listener::Impl final : public leader::Job,
                             public std::enable_shared_from_this<Listener::Impl> {
 public:
  Impl(std::shared_ptr<leader::Watches> watches, std::shared_ptr<leader::Listeners> listeners,
       std::string prefix, OnPresence function);

  void begin() { listeners_->join(*this); }
  // As Watch::Impl::stop.
  void stop();
  // Whether there is a thread to stop: false in a forked process.
  [[nodiscard]] bool here() const { return process_.here(); }

  [[nodiscard]] bool hears(std::string_view channel) const { return channel.starts_with(prefix_); }
  // Queues a message; returns how many others were dropped for it.
  std::uint64_t take(const std::shared_ptr<const PresenceMessage>& message);

  // Calls the function with one message.
  bool turn() override;

 private:
  static constexpr std::size_t kQueuedMax = 1000;
  static constexpr std::size_t kQueuedBytesMax = std::size_t{1} << 20U;

  void tell(const PresenceMessage& message);
  void wait_for_rest();

  const leader::OpeningProcess process_;
  const std::shared_ptr<leader::Watches> watches_;
  const std::shared_ptr<leader::Listeners> listeners_;
  const std::string prefix_;
  OnPresence function_;
  leader::OrderedMutex mutex_;
  std::condition_variable_any rested_;
  std::deque<std::shared_ptr<const PresenceMessage>> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t missed_ = 0;  // Since the last call.
  bool scheduled_ = false;    // Among the threads' jobs, or running.
  bool stopped_ = false;
  std::thread::id runner_;  // The thread that runs a turn; no thread's id if none runs.
};

}  // namespace anabranch
