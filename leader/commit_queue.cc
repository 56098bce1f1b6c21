#include "leader/commit_queue.h"

#include <thread>
#include <utility>

#include <anabranch/error.h>

namespace anabranch::leader {

namespace {

// The queue whose function this thread is running.
thread_local const CommitQueue* running = nullptr;

// Marks this thread as running a function of a queue.
class Running {
 public:
  explicit Running(const CommitQueue* queue) : before_(std::exchange(running, queue)) {}
  ~Running() { running = before_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  const CommitQueue* before_;
};

}  // namespace

std::unique_lock<std::mutex> CommitQueue::enter() {
  if (running == this) {
    throw Error(ErrorCode::kInvalid,
                "the store is used for writing from within its own transaction; use the scope that "
                "the function was given");
  }
  ++waiting_;
  std::unique_lock lock(mutex_);
  --waiting_;
  ++entered_;
  entered_.notify_all();
  return lock;
}

void CommitQueue::let_one_in() const {
  // Read first: whoever waits after this counts up after this.
  const std::uint32_t seen = entered_;
  if (waiting_ > 0 && running != this) entered_.wait(seen);
}

void CommitQueue::run(const std::function<void(Leader&)>& function) {
  std::unique_lock lock = enter();
  std::exception_ptr thrown;
  {
    const Running mark(this);
    try {
      function(leader_);
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  settle(lock);
  if (thrown) std::rethrow_exception(thrown);
}

void CommitQueue::run_between(const std::function<void(Leader&)>& function) {
  let_one_in();
  const std::unique_lock lock = enter();
  commit_group();
  function(leader_);
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
  for (int i = 0; i < kTimesMax && waiting_ == 0 && members_ < members_last_; ++i) {
    std::this_thread::yield();
  }
}

void CommitQueue::settle(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Outcome> mine = outcome_;
  ++members_;
  give_way();
  if (waiting_ == 0 || leader_.group_full()) {
    commit_group();
  } else {
    lock.unlock();
    mine->done.wait(0);
  }
  if (mine->failure) mine->failure->raise();
}

}  // namespace anabranch::leader
