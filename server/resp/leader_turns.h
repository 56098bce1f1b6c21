// When the leader has its turn: it is due when its descriptor is readable, or after the time that
// its last turn has told. While it cannot have one its descriptor is not watched, since that would
// wake the loop all the time.
#pragma once

#include <chrono>
#include <utility>

#include "leader/leader.h"
#include "server/resp/socket/epoll.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class LeaderTurns {
 public:
  // `epoll` watches the leader's descriptor.
  LeaderTurns(leader::Leader& leader, const Epoll& epoll) : leader_(leader), epoll_(epoll) {}

  // The descriptor is readable; `waits`: the turn cannot come now.
  void called(bool waits) {
    called_ = true;
    if (waits) watch(false);
  }
  [[nodiscard]] bool due() const { return called_ || steady_now() >= due_; }
  // The turn that was to be taken has to wait.
  void refuse() { refused_ = true; }
  [[nodiscard]] bool refused() const { return refused_; }
  // Takes a turn; returns the time until the next one. Nothing may be staged or under way.
  std::chrono::milliseconds take() {
    begin();
    const std::chrono::milliseconds rest = leader_.turn();
    end(rest);
    return rest;
  }
  // A turn begins that is taken elsewhere: none is due before it ends, and it tells the time until
  // the next one.
  void begin() {
    called_ = refused_ = false;
    due_ = SteadyTime::max();
    watch(true);
  }
  void end(std::chrono::milliseconds rest) { due_ = steady_now() + rest; }
  // A turn that was taken elsewhere has ended. Clients that have waited to write meanwhile come
  // before the next one, however soon that is due, up to yielded().
  void end_elsewhere(std::chrono::milliseconds rest) {
    end(rest);
    yields_ = true;
  }
  [[nodiscard]] bool yields() const { return yields_; }
  void yielded() { yields_ = false; }

 private:
  void watch(bool wanted) {
    if (std::exchange(watched_, wanted) == wanted || leader_.wake_fd() < 0) return;
    // A failure, for want of memory, costs time alone.
    (void)epoll_.change(leader_.wake_fd(), nullptr, wanted ? EPOLLIN : 0U);
  }

  leader::Leader& leader_;
  const Epoll& epoll_;
  bool watched_ = true;
  bool called_ = false;   // Since its last turn.
  bool refused_ = false;  // The same.
  bool yields_ = false;
  SteadyTime due_ = {};
};

}  // namespace anabranch::server
