// Clients that wait: the last command of each can only be answered when something has happened that
// takes longer than a turn, such as another region's writes coming here.
//
//   wait_for(call, 500ms, [&client](bool late) { ... });  // In a command, instead of a reply.
//
// Until that has answered, nothing more of the client is read or run, and everybody else is served.
// The loop tries again when its turn is committed and after each turn of the leader. What a
// connection waits for goes with it when it closes.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/connection.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// Answers at once if the attempt can, else leaves it with the client as its Wait; a `patience` of
// kForEver has no end.
inline constexpr std::chrono::milliseconds kForEver = std::chrono::milliseconds::max();
void wait_for(Call& call, std::chrono::milliseconds patience, Wait::Attempt attempt);

class Waiting {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // A connection whose client has begun to wait.
  void add(Connection& connection) { connections_.push_back(&connection); }
  // Tries to answer one; nothing happens when it does not wait.
  static void attempt(Client& client);
  // Tries to answer all, and gives those that wait no longer to the function.
  void attempt_all(const std::function<void(Connection&)>& over);
  // Forgets connections that are gone.
  void forget_gone();
  // How long a turn may sleep so that nobody is answered too late.
  [[nodiscard]] Milliseconds patience(Milliseconds most) const;

 private:
  std::vector<Connection*> connections_;
};

}  // namespace anabranch::server
