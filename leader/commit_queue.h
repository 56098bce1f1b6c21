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
#include <mutex>
#include <optional>

#include "core/result.h"
#include "leader/leader.h"

namespace anabranch::leader {

// Thread-safe. The leader must outlive it and be used through it alone, but for its read().
class CommitQueue {
 public:
  explicit CommitQueue(Leader& leader) : leader_(leader) {}

  // Runs the function under the lock and returns when all that it staged is committed. Throws what
  // the function throws (a transaction undoes its own ops), and what the commit throws. Calling it
  // from within a function that it runs throws Error{kInvalid}.
  void run(const std::function<void(Leader&)>& function);
  // Commits what others have staged and runs a function that stages nothing. Throws what the
  // function throws; how the commit went is said to those whose writes were in it.
  void run_between(const std::function<void(Leader&)>& function);

 private:
  // How the commit of one group went; shared by all whose transactions are in it.
  struct Outcome {
    std::optional<core::Failure> failure;  // Not touched any more once it is done.
    std::atomic<int> done = 0;
  };

  // Waits for the lock, seen as waiting meanwhile.
  [[nodiscard]] std::unique_lock<std::mutex> enter();
  // When somebody waits for the lock, returns once one of them has it: a lock that is given back
  // and taken again at once is hard to get for who sleeps on it.
  void let_one_in() const;
  void commit_group();
  // Lets others come to the lock while fewer are in the group than were in the one before.
  void give_way() const;
  // Leaves the group to whoever waits, or commits it; returns when it is done.
  void settle(std::unique_lock<std::mutex>& lock);

  Leader& leader_;
  std::mutex mutex_;
  std::atomic<int> waiting_ = 0;
  std::atomic<std::uint32_t> entered_ = 0;  // How often the lock was taken.
  std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
  int members_ = 0;       // Of the open group.
  int members_last_ = 0;  // Of the one before.
};

}  // namespace anabranch::leader
