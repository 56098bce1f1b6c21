#include "server/resp/slices/strand.h"

#include <ctime>

#include <utility>

#include <anabranch/error.h>

namespace anabranch::server {

Strand::~Strand() {
  if (!thread_.joinable()) return;
  if (!done_) {
    abandoned_ = true;
    hand_over(Turn::kWork, Turn::kOwner);
  }
  thread_.join();
}

bool Strand::go_on(SteadyTime until) {
  if (done_) return true;
  until_ = until;
  if (!begun_) {
    begun_ = true;
    try {
      thread_ = begin_thread_([this] { run_on_thread(); });
    } catch (const Error&) {
      run_here();
      return done_;
    }
  }
  hand_over(Turn::kWork, Turn::kOwner);
  return done_;
}

void Strand::hand_over(Turn to, Turn back) {
  std::unique_lock lock(mutex_);
  turn_ = to;
  changed_.notify_one();
  changed_.wait(lock, [&] { return turn_ == back; });
}

void Strand::run_on_thread() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return turn_ == Turn::kWork; });
  }
  exchange(this);
  if (!abandoned_) run();
  count_spent();
  const std::lock_guard lock(mutex_);
  turn_ = Turn::kOwner;
  changed_.notify_one();
}

// In one piece: nobody else could go on.
void Strand::run_here() {
  until_ = SteadyTime::max();
  Pace* const before = exchange(this);
  run();
  exchange(before);
}

void Strand::run() {
  try {
    work_();
  } catch (const Abandoned&) {
    // Nobody asks for the result.
  } catch (...) {
    thrown_ = std::current_exception();
  }
  done_ = true;
}

void Strand::count_spent() {
  if (spent_ == nullptr) return;
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  const std::int64_t now = std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  *spent_ += now - std::exchange(counted_, now);
}

// What is undone once the strand is abandoned goes on to its end.
void Strand::look() {
  if (abandoned_) return;
  pause_if_late();
  if (units() > units_max_) throw TooMuch{units_max_};
}

void Strand::pause_if_late() {
  if (steady_now() < until_) return;
  count_spent();
  hand_over(Turn::kOwner, Turn::kWork);
  if (abandoned_) throw Abandoned{};
}

}  // namespace anabranch::server
