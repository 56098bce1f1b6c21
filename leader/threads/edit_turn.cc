#include "leader/threads/edit_turn.h"

#include "core/assert.h"

namespace anabranch::leader {

bool EditTurn::mine() const {
  const std::lock_guard lock(mutex_);
  return holder_ == std::this_thread::get_id();
}

bool EditTurn::taken() const {
  const std::lock_guard lock(mutex_);
  return holder_ != std::thread::id();
}

// Call under the mutex.
void EditTurn::take() {
  holder_ = std::this_thread::get_id();
  lock_order::took(held_);
}

EditTurn::Guard::Guard(EditTurn& turn) : turn_(&turn) {
  ANABRANCH_ASSERT(lock_order::may_take(turn.held_.rank, turn.held_.store));
  std::unique_lock lock(turn.mutex_);
  turn.given_.wait(lock, [&] { return turn.holder_ == std::thread::id(); });
  turn.take();
}

EditTurn::Guard::Guard(EditTurn& turn, std::chrono::milliseconds timeout) : turn_(nullptr) {
  ANABRANCH_ASSERT(lock_order::may_take(turn.held_.rank, turn.held_.store));
  std::unique_lock lock(turn.mutex_);
  const auto free = [&] { return turn.holder_ == std::thread::id(); };
  if (!turn.given_.wait_for(lock, timeout, free)) return;
  turn_ = &turn;
  turn.take();
}

EditTurn::Guard::~Guard() {
  if (turn_ == nullptr) return;
  lock_order::gave_back(turn_->held_);
  const std::lock_guard lock(turn_->mutex_);
  turn_->holder_ = std::thread::id();
  turn_->given_.notify_one();
}

}  // namespace anabranch::leader
