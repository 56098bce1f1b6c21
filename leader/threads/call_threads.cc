#include "leader/threads/call_threads.h"

#include <anabranch/error.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/log.h"
#include "leader/threads/own_thread.h"

namespace anabranch::leader {

namespace {

constexpr std::chrono::minutes kQuiet{1};

}  // namespace

CallThreads::CallThreads(std::string region, StoreId store, std::chrono::milliseconds slow_after,
                         BeginThread begin_thread)
    : region_(std::move(region)),
      store_(store),
      slow_after_(slow_after),
      begin_thread_(std::move(begin_thread)),
      mutex_(LockRank::kCalls, store) {}

CallThreads::~CallThreads() { close(); }

void CallThreads::begin() {
  const std::lock_guard lock(mutex_);
  if (threads_.empty() && !stopped_) begin_one_more();
}

void CallThreads::add(std::shared_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  ready_.push_back(std::move(job));
  begin_thread_if_all_run();
  work_.notify_one();
}

void CallThreads::close() {
  Threads threads;
  std::deque<std::shared_ptr<Job>> dropped;  // Destroyed without the mutex.
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(ready_);
    threads.splice(threads.end(), threads_);
    threads.splice(threads.end(), ended_);
    work_.notify_all();
  }
  for (std::thread& each : threads) {
    ANABRANCH_ASSERT(each.get_id() != std::this_thread::get_id());
    each.join();
  }
}

CallThreads::Counts CallThreads::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool CallThreads::may_run() const {
  return !ready_.empty() && calls_.size() < std::min(kThreads + counts_.slow, kThreadsMax - 1);
}

void CallThreads::begin_thread_if_all_run() {
  for (std::thread& each : ended_) each.join();  // They are about to end, without the mutex.
  ended_.clear();
  if (idle_ > 0 || threads_.size() >= kThreadsMax || stopped_) return;
  try {
    begin_one_more();
    refused_ = false;
  } catch (const Error& error) {
    if (std::exchange(refused_, true)) return;
    core::log_warning(region_, "watches are called by " + std::to_string(threads_.size()) +
                                   " threads for now, since " + error.what());
  }
}

void CallThreads::begin_one_more() {
  threads_.emplace_back();
  const auto self = std::prev(threads_.end());
  try {
    *self = begin_thread_([this, self] { run(self); });
  } catch (...) {
    threads_.erase(self);
    throw;
  }
  ++idle_;  // Until it runs a job.
}

void CallThreads::run(Threads::iterator self) {
  const OwnThread here(store_);
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    note_slow_calls();
    if (may_run()) {
      do_turn(lock);
    } else if (idle_ > 1 && threads_.size() > kThreads + 1) {
      break;
    } else {
      wait(lock);
    }
  }
  --idle_;
  if (!stopped_) ended_.splice(ended_.end(), threads_, self);
}

void CallThreads::do_turn(std::unique_lock<OrderedMutex>& lock) {
  std::shared_ptr<Job> job = std::move(ready_.front());
  ready_.pop_front();
  const auto call =
      calls_.insert(calls_.end(), {Clock::now(), static_cast<std::uint64_t>(::gettid()), false});
  --idle_;
  begin_thread_if_all_run();
  if (watching_ == 0) work_.notify_one();
  lock.unlock();
  if (!job->turn()) job.reset();  // Without the mutex: the destructor may run user code.
  lock.lock();
  ++idle_;
  if (call->slow) --counts_.slow;
  calls_.erase(call);
  if (job && !stopped_) ready_.push_back(std::move(job));
  if (!job) return;
  lock.unlock();
  job.reset();
  lock.lock();
}

void CallThreads::wait(std::unique_lock<OrderedMutex>& lock) {
  const auto next = std::ranges::find(calls_, false, &Call::slow);  // Sorted by their beginnings.
  if (next == calls_.end()) {
    work_.wait(lock);
  } else {
    ++watching_;
    work_.wait_until(lock, next->begun + slow_after_);
    --watching_;
  }
}

void CallThreads::note_slow_calls() {
  const Clock::time_point now = Clock::now();
  for (Call& call : calls_) {
    if (call.slow || now - call.begun < slow_after_) continue;
    call.slow = true;
    ++counts_.slow;
    ++counts_.ever_slow;
    if (now < quiet_until_) continue;
    quiet_until_ = now + kQuiet;
    core::log_warning(
        region_,
        "the function of a watch has been running for over a second in thread " +
            std::to_string(call.thread) + "; " + std::to_string(counts_.slow) +
            " do so now, and as long as they do there is one more thread for each, up to " +
            std::to_string(kThreadsMax));
  }
}

}  // namespace anabranch::leader
