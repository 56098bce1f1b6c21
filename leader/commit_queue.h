// The commit queue of an embedded store: many threads write, one commit serves all waiting threads.
//
// The writer is a lock, not a thread. The holder stages its transaction in the open group; if other
// threads wait for the lock, it leaves the commit to them and waits for the outcome, else it
// commits the group itself. So a lone caller commits at once without a hand-over, and under load a
// group is as large as the number of callers (LevelDB's writer queue does the same with the roles
// swapped).
//
// Callers that shared a commit return together, but not at the same instant. The first of them
// would commit alone and make the others wait twice, so it gives way a few times while fewer
// callers have arrived than last time. A lone caller never gives way.
//
// Invariant: a thread that releases the lock while no thread waits for it has committed the group.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/result.h"
#include "leader/leader.h"
#include "leader/threads/opening_process.h"
#include "leader/threads/watchdog.h"
#include "leader/threads/writer_lock.h"

namespace anabranch::leader {

// Thread-safe. The leader must outlive the queue and be used through it alone, except for its
// read(). In a process forked from the one that made the queue, running a function throws
// Error{kInvalid}.
class CommitQueue {
 public:
  explicit CommitQueue(Leader& leader, std::chrono::milliseconds timeout = Watchdog::kTimeout)
      : leader_(leader), lock_(&leader), watchdog_(leader.region(), timeout) {}

  // Runs the function under the lock and returns when its staged changes are committed. Throws the
  // exception of the function (a transaction undoes its own ops) or the failure of the commit. A
  // call from within a function that the queue runs throws Error{kInvalid}.
  void run(const std::function<void(Leader&)>& function);
  // Commits the open group and runs a function that stages nothing. Throws the exception of the
  // function; a failure of the commit is reported to the callers whose writes were in the group.
  void run_between(const std::function<void(Leader&)>& function);
  // The same, but while a long transaction runs it returns false without running the function.
  [[nodiscard]] bool run_unless_held_up(const std::function<void(Leader&)>& function);

  // Whether this thread is inside a function that the queue runs.
  [[nodiscard]] bool running_here() const { return lock_.mine(); }
  [[nodiscard]] const Watchdog& watchdog() const { return watchdog_; }

 private:
  // The outcome of one group's commit; shared by all callers with a transaction in the group.
  struct Outcome {
    std::optional<core::Failure> failure;  // Immutable once `done` is set.
    std::atomic<int> done = 0;
  };

  // Throws Error{kInvalid} inside a function that the queue runs, inside one between concurrent
  // values, and in a forked process.
  void check_not_running_here() const;
  void commit_group();
  // Lets other threads enter while the group has fewer members than the group before.
  void give_way() const;
  // Leaves the group to a waiting thread, or commits it; returns when it is committed. The lock is
  // given back.
  void finish();

  OpeningProcess process_;
  Leader& leader_;
  WriterLock lock_;
  Watchdog watchdog_;
  std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
  int members_ = 0;       // Callers in the open group.
  int members_last_ = 0;  // Callers in the group before.
};

}  // namespace anabranch::leader
