// Waiting clients: the last command of each can only be answered after an event that takes longer
// than a turn, such as the arrival of another region's writes.
//
//   wait_for(call, 500ms, [&client](bool late) { ... });  // In a command, instead of a reply.
//
// Until the function has answered, no further input of the client is read or run, and all others
// are served. The loop tries again after the commit of its turn and after each turn of the leader.
// A closed connection takes its Wait with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/connection.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// Answers at once if the attempt can, else leaves it with the client as its Wait; a `timeout` of
// kForEver has no end.
inline constexpr std::chrono::milliseconds kForEver = std::chrono::milliseconds::max();
void wait_for(Call& call, std::chrono::milliseconds timeout, Wait::Attempt attempt);

class Waiting {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // The host must outlive it.
  explicit Waiting(Host& host) : host_(host) {}

  // Adds a connection whose client has begun to wait.
  void add(Connection& connection) { connections_.push_back(&connection); }
  // Tries to answer one client; does nothing if it does not wait.
  void attempt(Client& client);
  // Tries to answer all clients, and calls the function with those that wait no longer. Where that
  // takes long it is done in pieces, one a call, and rests for three times as long before it begins
  // anew: who waits for much holds up nobody else.
  void attempt_all(const std::function<void(Connection&)>& over);
  // Forgets closed connections.
  void forget_gone();
  // Returns the time that a turn may sleep so that no answer is late.
  [[nodiscard]] Milliseconds timeout(Milliseconds most) const;

 private:
  // Tries some of those that are left of this round.
  void attempt_some(const std::function<void(Connection&)>& over);

  Host& host_;
  std::vector<Connection*> connections_;
  std::size_t next_ = 0;          // The one to be tried next.
  std::size_t left_ = 0;          // Of this round.
  SteadyTime::duration spent_{};  // In this round.
  SteadyTime rests_until_ = {};   // Before the next one...
  bool called_ = false;           // ...for which there has been cause meanwhile.
};

}  // namespace anabranch::server
