// The threads that call the functions of watches: four for all watches of a store, begun when they
// are needed. A function that runs for over a second is slow, and gets one more thread until it
// returns, so that a few of these hold up nobody else; there are at most 32 threads. When the
// system begins no more, those that there are do the work.
//
// While functions run one thread more is idle, to see when a second is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "leader/threads/begin_thread.h"
#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Something to be done in turns, each by one of the threads.
class Job {
 public:
  virtual ~Job() = default;
  // Returns whether there is more to do: then it is called again when others have had their turn.
  virtual bool turn() = 0;
};

// Thread-safe.
class CallThreads {
 public:
  static constexpr std::size_t kThreads = 4;
  static constexpr std::size_t kThreadsMax = 32;

  // `region` stands before each line of the log.
  CallThreads(std::string region, StoreId store,
              std::chrono::milliseconds slow_after = std::chrono::seconds(1),
              BeginThread begin_thread = leader::begin_thread);
  ~CallThreads();
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  // Begins one thread if there is none, so that what is added later will be run. Throws Error{kIo}
  // when there can be none.
  void begin();
  // Has turns of a job run. A job must not be added again before a turn of it has returned false.
  void add(std::shared_ptr<Job> job);
  // Returns when nothing runs any more and nothing will. Must not be called by a job.
  void close();

  // How many functions are slow now, and how many were since the start.
  struct Counts {
    std::uint64_t slow = 0;
    std::uint64_t ever_slow = 0;
  };
  [[nodiscard]] Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Call {
    Clock::time_point begun;
    std::uint64_t thread = 0;
    bool slow = false;
  };
  using Threads = std::list<std::thread>;

  void run(Threads::iterator self);
  // All of these are under the mutex.
  void do_turn(std::unique_lock<OrderedMutex>& lock);
  void wait(std::unique_lock<OrderedMutex>& lock);
  void note_slow_calls();
  void begin_thread_if_all_run();
  void begin_one_more();
  [[nodiscard]] bool may_run() const;

  const std::string region_;
  const std::chrono::milliseconds slow_after_;
  const BeginThread begin_thread_;
  mutable OrderedMutex mutex_;
  std::condition_variable_any work_;
  std::deque<std::shared_ptr<Job>> ready_;
  std::list<Call> calls_;     // That run now.
  std::size_t idle_ = 0;      // Threads that run nothing now...
  std::size_t watching_ = 0;  // ...and of these, those that wake when a call becomes slow.
  Counts counts_;
  Clock::time_point quiet_until_{};  // No line of the log about slow functions before.
  bool stopped_ = false;
  bool refused_ = false;  // The last thread that was to begin did not.
  Threads threads_;
  Threads ended_;  // To be joined.
};

}  // namespace anabranch::leader
