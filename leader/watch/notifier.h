// The base of all watches: a function of the application that is called in turns by the call
// threads of the store, never by two threads at once, and not again after stop().
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "leader/threads/call_threads.h"
#include "leader/threads/lock_order.h"
#include "leader/threads/opening_process.h"
#include "leader/watch/watches.h"

namespace anabranch::leader {

// Stopped by the end of its handle, or of its store, whichever is first. Thread-safe.
class Notifier : public Job, public std::enable_shared_from_this<Notifier> {
 public:
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Stops a notifier whose handle ends. Does nothing for null. In a forked process, which has no
  // thread to stop, the notifier is kept for good.
  static void end(std::shared_ptr<Notifier> notifier);

  // Calls the function at most once.
  bool turn() final;

 protected:
  // `kind`, which lives for ever, names the watch in the log: "a watch".
  Notifier(std::shared_ptr<Watches> watches, std::string_view kind);

  // Calls the function. What it throws is logged and counted.
  void call(const std::function<void()>& function);
  // Adds this to the jobs of the call threads, unless it is one. Called under the mutex.
  void schedule();

  // ---- The parts of a turn, and of the end.

  // Takes the next thing to do; returns false if there is none. Called under the mutex.
  [[nodiscard]] virtual bool take_next() = 0;
  // Does it. Called without the mutex.
  virtual void do_next() = 0;
  // Returns whether there may be more to do; if not, schedule() is called when there is. Called
  // under the mutex.
  [[nodiscard]] virtual bool goes_on() { return true; }
  // Drops the messages that wait. Called under the mutex.
  virtual void empty_queue() = 0;
  // Destroys the function, which is not running and will not be called any more.
  virtual void drop_function() = 0;
  // Leaves the source of the messages.
  virtual void leave() = 0;

  const std::shared_ptr<Watches> watches_;
  mutable OrderedMutex mutex_;
  bool stopped_ = false;

 private:
  // Returns when the function is not running any more, or at once on the thread that runs it;
  // inside a transaction the wait is deferred to its end. A second call does nothing.
  void stop();
  void wait_for_rest();

  const OpeningProcess process_;
  const std::string_view kind_;
  std::condition_variable_any rested_;
  bool scheduled_ = false;  // Among the threads' jobs, or running.
  std::thread::id runner_;  // The thread that runs a turn; no thread's id if none runs.
};

// A notifier whose function takes a message.
template <typename Message>
class NotifierOf : public Notifier {
 public:
  using Function = std::function<void(const Message&)>;

 protected:
  NotifierOf(std::shared_ptr<Watches> watches, std::string_view kind, Function function)
      : Notifier(std::move(watches), kind), function_(std::move(function)) {}

  void tell(const Message& message) {
    call([&] { function_(message); });
  }

 private:
  void drop_function() final { function_ = nullptr; }

  Function function_;
};

}  // namespace anabranch::leader
