#include "leader/waiting_room.h"

#include <utility>

#include <anabranch/error.h>

namespace anabranch::leader {

namespace {

[[noreturn]] void closed() {
  throw Error(ErrorCode::kClosed, "the store was closed while a call was waiting");
}

}  // namespace

WaitingRoom::Guest::Guest(WaitingRoom& room, Holds holds) : room_(room), holds_(std::move(holds)) {
  const std::lock_guard lock(room_.mutex_);
  if (room_.closed_) closed();
  room_.guests_.push_back(this);
}

WaitingRoom::Guest::~Guest() {
  const std::lock_guard lock(room_.mutex_);
  room_.guests_.remove(this);
  room_.changed_.notify_all();
}

bool WaitingRoom::Guest::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(room_.mutex_);
  room_.changed_.wait_for(lock, timeout, [&] { return held_ || room_.closed_; });
  if (!held_ && room_.closed_) closed();
  return held_;
}

void WaitingRoom::look(Leader& leader) {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (Guest* const guest : guests_) {
    if (!guest->held_) any |= guest->held_ = guest->holds_(leader);
  }
  if (any) changed_.notify_all();
}

void WaitingRoom::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return guests_.empty(); });
}

}  // namespace anabranch::leader
