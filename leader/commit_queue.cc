#include "leader/commit_queue.h"

#include <thread>
#include <utility>

#include <anabranch/error.h>

#include "leader/threads/after_transaction.h"
#include "rows/hooks/hook_guard.h"

namespace anabranch::leader {

namespace {

// Holds the writer's lock until it is destroyed, or has given the lock back.
class Holding {
 public:
  explicit Holding(WriterLock& lock) : lock_(lock) {}
  ~Holding() {
    if (lock_.mine()) lock_.leave();
  }
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;

 private:
  WriterLock& lock_;
};

}  // namespace

void CommitQueue::check_not_running_here() const {
  process_.check();
  rows::check_outside_hooks();
  if (!running_here()) return;
  throw Error(ErrorCode::kInvalid,
              "the store is used for writing from within its own transaction; use the scope that "
              "the function was given, or the store after the transaction");
}

void CommitQueue::run(const std::function<void(Leader&)>& function) {
  check_not_running_here();
  const AfterTransaction after(&leader_);
  lock_.enter();
  const Holding holding(lock_);
  std::exception_ptr thrown;
  watchdog_.begin();
  try {
    function(leader_);
  } catch (...) {
    thrown = std::current_exception();
  }
  process_.check();  // The function may have forked.
  watchdog_.end();
  finish();
  if (thrown) std::rethrow_exception(thrown);
}

void CommitQueue::run_between(const std::function<void(Leader&)>& function) {
  check_not_running_here();
  lock_.let_one_in();
  lock_.enter();
  const Holding holding(lock_);
  commit_group();
  function(leader_);
}

bool CommitQueue::run_unless_held_up(const std::function<void(Leader&)>& function) {
  check_not_running_here();
  if (!lock_.enter_unless([&] { return watchdog_.running().has_value(); })) return false;
  const Holding holding(lock_);
  commit_group();
  function(leader_);
  return true;
}

void CommitQueue::commit_group() {
  const core::Result<void> committed = leader_.commit();
  if (!committed.ok()) outcome_->failure = committed.failure();
  outcome_->done = 1;
  outcome_->done.notify_all();
  outcome_ = std::make_shared<Outcome>();
  if (members_ > 0) members_last_ = std::exchange(members_, 0);
}

void CommitQueue::give_way() const {
  constexpr int kTimesMax = 64;
  for (int i = 0; i < kTimesMax && lock_.waiting() == 0 && members_ < members_last_; ++i) {
    std::this_thread::yield();
  }
}

void CommitQueue::finish() {
  const std::shared_ptr<Outcome> mine = outcome_;
  ++members_;
  give_way();
  if (!leader_.group_full() && lock_.leave_to_others()) {
    mine->done.wait(0);
  } else {
    commit_group();
    lock_.leave();
  }
  if (mine->failure) mine->failure->raise();
}

}  // namespace anabranch::leader
