// The state of a Store, for its own functions and those of its sessions: the leader, the queue of
// writers, the waiting calls, and the thread that exchanges writes with the peers.
#pragma once

#include <anabranch/store.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "core/mutex.h"
#include "leader/async_writes.h"
#include "leader/commit_queue.h"
#include "leader/leader.h"
#include "leader/store_service.h"
#include "leader/threads/opening_process.h"
#include "leader/threads/own_thread.h"
#include "leader/wait_queue.h"
#include "leader/watch/event_watch.h"
#include "leader/watch/loser_watch.h"
#include "leader/watch/presence_watch.h"
#include "leader/watch/published_messages.h"
#include "leader/watch/watch.h"
#include "rows/hooks/hook_guard.h"

namespace anabranch {

// Thread-safe. In a process forked from the one that opened the store, every function throws
// Error{kInvalid}.
class Store::Impl {
 public:
  explicit Impl(std::unique_ptr<leader::Leader> leader);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] const leader::OpeningProcess& process() const { return process_; }
  [[nodiscard]] const std::string& region() const { return leader_->region(); }
  // For the thread-safe functions of the leader. Throws Error{kInvalid} inside a function between
  // concurrent values.
  [[nodiscard]] const leader::Leader& leader() const {
    process_.check();
    rows::check_outside_hooks();
    return *leader_;
  }

  // Runs a function under the writer's lock, and commits its staged changes.
  void run(const std::function<void(leader::Leader&)>& function) {
    queue_.run(function);
    look_at_losers();
  }

  // See Store::atomically.
  void atomically(const std::function<void(Scope&)>& function);

  // See Store::transact_async.
  std::future<std::string> run_async(std::function<void(Transaction&)> function);

  // Commits the open group and runs a function that stages nothing. Throws Error{kTimeout} while a
  // transaction runs for over 10 s.
  void between(const std::function<void(leader::Leader&)>& function);

  // Keeps a service until the store is closed, which ends it first.
  void keep(std::unique_ptr<leader::StoreService> service) { service_ = std::move(service); }
  // The leader, for its thread-safe functions.
  [[nodiscard]] leader::Leader& leader_beside() { return *leader_; }

  // Whether this thread is one of the threads of this store.
  [[nodiscard]] bool is_own_thread() const { return leader::OwnThread::of(leader_.get()); }
  // Whether this thread is inside a transaction of this store.
  [[nodiscard]] bool in_transaction() const { return queue_.running_here(); }

  // See Store::status.
  [[nodiscard]] StoreStatus status();

  // Returns the result of a leader function that writes nothing, called under the lock.
  template <typename Function>
  auto ask(const Function& function) {
    decltype(function(*leader_)) answer{};
    queue_.run_between([&](leader::Leader& leader) { answer = function(leader); });
    return answer;
  }

  // Returns the result of a function of a view on the newest committed state.
  template <typename Function>
  auto read(const Function& function) const {
    decltype(function(std::declval<const leader::View&>())) answer{};
    leader().read([&](const leader::View& view) { answer = function(view); });
    return answer;
  }

  // Waits until the exchange brings a condition about; returns whether that happened before the
  // timeout. Throws Error{kClosed} if the store is closed meanwhile.
  bool wait_until(const leader::WaitQueue::Holds& holds, std::chrono::milliseconds timeout);
  // Waits until a region has applied all ops that a session has seen, and returns the vector, less
  // lost ops if the caller allows that. Throws like Store::session.
  core::VersionVector wait_for(core::VersionVector seen, std::chrono::milliseconds timeout,
                               LostWrites gone);
  // See Store::watch; without `seen`, the watch begins now. `prefix` is a prefix of encoded paths
  // (told.h).
  Watch watch(std::string prefix, const std::optional<core::VersionVector>& seen,
              OnChanges function);
  // See Store::watch_losers.
  LoserWatch watch_losers(LoserFilter filter, OnLosers function);
  // See Store::publish and Store::listen.
  void publish(std::string_view channel, std::string_view body);
  PresenceWatch listen(std::string prefix, OnPresence function);
  // See Store::events.
  EventWatch events(OnEvent function);
  // The reader of the log, for open documents.
  [[nodiscard]] const std::shared_ptr<leader::LogReader>& log_reader() const {
    return watches_->reader;
  }
  // What watches share, for observers of documents.
  [[nodiscard]] const std::shared_ptr<leader::Watches>& watches() const { return watches_; }
  // The writer of the transaction that this thread is inside of.
  [[nodiscard]] leader::GroupWriter& writer_here() { return leader_->writer(); }
  // See Store::wait.
  ReplicationProgress wait(const core::VersionVector& seen, const WriteConcern& concern,
                           std::chrono::milliseconds timeout);

 private:
  // Wakes the watches of losers if there are new ones.
  void look_at_losers();
  // Sends the messages of presence that wait.
  void send_published(leader::Leader& leader);
  // Sleeps until a peer has sent something or the leader's next tick is due; the only loop here.
  void exchange();

  leader::OpeningProcess process_;
  std::unique_ptr<leader::Leader> leader_;
  leader::CommitQueue queue_;
  leader::WaitQueue waiting_;
  core::Mutex status_mutex_;
  StoreStatus status_;  // The status as of the last call.
  std::shared_ptr<leader::Watches> watches_;
  std::shared_ptr<leader::LoserWatches> loser_watches_;
  std::shared_ptr<leader::PresenceWatches> presence_watches_;
  leader::PublishedMessages published_;
  std::shared_ptr<leader::EventWatches> events_;
  leader::AsyncWrites async_;
  int stop_fd_;
  std::thread exchange_;
  std::unique_ptr<leader::StoreService> service_;
};

}  // namespace anabranch
