// The threads that call the functions of watches: four for all watches of a store, begun on demand.
// A function that runs for over a second is slow, and gets one more thread until it returns, so
// that a few slow functions delay no others; there are at most 32 threads. If the system refuses a
// thread, the existing ones do the work.
//
// While functions run, one extra thread is idle, to notice when a second is over.
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

// Work to be done in turns, each by one of the threads.
class Job {
 public:
  virtual ~Job() = default;
  // Returns whether there is more to do: then turn() is called again after the turns of other jobs.
  virtual bool turn() = 0;
};

// Thread-safe.
class CallThreads {
 public:
  static constexpr std::size_t kThreads = 4;
  static constexpr std::size_t kThreadsMax = 32;

  // `region` is that of the store, for the log.
  CallThreads(std::string region, StoreId store,
              std::chrono::milliseconds slow_after = std::chrono::seconds(1),
              BeginThread begin_thread = leader::begin_thread);
  ~CallThreads();
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  // Begins one thread if there is none, so that jobs added later will run. Throws Error{kIo} if the
  // system refuses it.
  void begin();
  // Runs turns of a job. A job must not be added again before a turn of it has returned false.
  void add(std::shared_ptr<Job> job);
  // Returns when no job runs any more and none will. Must not be called by a job.
  void close();

  // The number of functions that are slow now, and of those that were since the start.
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
  // All of these are called under the mutex.
  void do_turn(std::unique_lock<OrderedMutex>& lock);
  void wait(std::unique_lock<OrderedMutex>& lock);
  void note_slow_calls();
  void begin_thread_if_all_run();
  void begin_one_more();
  [[nodiscard]] bool may_run() const;

  const std::string region_;
  const StoreId store_;
  const std::chrono::milliseconds slow_after_;
  const BeginThread begin_thread_;
  mutable OrderedMutex mutex_;
  std::condition_variable_any work_;
  std::deque<std::shared_ptr<Job>> ready_;
  std::list<Call> calls_;     // Calls that run now.
  std::size_t idle_ = 0;      // Threads that run no job now...
  std::size_t watching_ = 0;  // ...and of these, those that wake for the next slow call.
  Counts counts_;
  Clock::time_point quiet_until_{};  // No line of the log about slow functions before.
  bool stopped_ = false;
  bool refused_ = false;  // The system refused the last thread.
  Threads threads_;
  Threads ended_;  // Finished threads to be joined.
};

}  // namespace anabranch::leader
