// The commit queue of an embedded store: many threads write, one commit serves all that wait.
//
// The writer is a lock, not a thread. Whoever holds it stages its transaction in the open group; if
// somebody waits for the lock, it leaves the commit to them and waits for it, else it commits the
// group itself. So a lone caller commits at once without a hand-over, and under load a group is as
// large as the number of callers (LevelDB's writer queue does the same with the roles swapped).
//
// Callers that shared a commit come back together, but not at the same instant. The first one back
// would commit alone and make the others wait twice, so it gives way a few times while fewer have
// come than last time. A lone caller never does.
//
// Invariant: whoever leaves the lock with a group open and nobody waiting has committed it.
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

// Thread-safe. The leader must outlive it and be used through it alone, but for its read(). In a
// process that was forked from the one that made it, running anything throws Error{kInvalid}.
class CommitQueue {
 public:
  explicit CommitQueue(Leader& leader, std::chrono::milliseconds patience = Watchdog::kPatience)
      : leader_(leader), lock_(&leader), watchdog_(leader.region(), patience) {}

  // Runs the function under the lock and returns when all that it staged is committed. Throws what
  // the function throws (a transaction undoes its own ops), and what the commit throws. Calling it
  // from within a function that it runs throws Error{kInvalid}.
  void run(const std::function<void(Leader&)>& function);
  // Commits what others have staged and runs a function that stages nothing. Throws what the
  // function throws; how the commit went is said to those whose writes were in it.
  void run_between(const std::function<void(Leader&)>& function);
  // The same, but for not running the function, and returning false, while a transaction runs that
  // is a long one.
  [[nodiscard]] bool run_unless_held_up(const std::function<void(Leader&)>& function);

  // Whether this thread is within a function that it runs.
  [[nodiscard]] bool running_here() const { return lock_.mine(); }
  [[nodiscard]] const Watchdog& watchdog() const { return watchdog_; }

 private:
  // How the commit of one group went; shared by all whose transactions are in it.
  struct Outcome {
    std::optional<core::Failure> failure;  // Not touched any more once it is done.
    std::atomic<int> done = 0;
  };

  // Throws Error{kInvalid} within a function that it runs, and in a forked process.
  void check_not_running_here() const;
  void commit_group();
  // Lets others come to the lock while fewer are in the group than were in the one before.
  void give_way() const;
  // Leaves the group to whoever waits, or commits it; returns when it is done. The lock is given
  // back.
  void settle();

  OpeningProcess process_;
  Leader& leader_;
  WriterLock lock_;
  Watchdog watchdog_;
  std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
  int members_ = 0;       // Of the open group.
  int members_last_ = 0;  // Of the one before.
};

}  // namespace anabranch::leader
