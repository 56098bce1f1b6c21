// The loop: one thread, one epoll set, all clients of the Redis port, and the leader that it owns.
//
// A turn reads what the clients have sent, runs it as group commits, commits, answers, then takes
// one slice of the peers' messages. Many clients so share one commit, and no answer leaves before
// what it tells is durable.
//
// Invariants: 1. no client waits longer than a turn for another; a turn takes a bounded amount of
// each client and a bounded time of all together (turn_budget.h), and goes on in the next one where
// it stopped, those first whose commands cost little; 2. connections are closed at the end of a
// turn only, so nothing within one looks at a client that has gone; 3. without clients and peers
// that send, the thread sleeps until the leader's next timer, or until a client has waited long
// enough.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "leader/leader.h"
#include "server/resp/connection.h"
#include "server/resp/file.h"
#include "server/resp/heap.h"
#include "server/resp/host.h"
#include "server/resp/input_room.h"
#include "server/resp/output_room.h"
#include "server/resp/turn.h"
#include "server/resp/turn_budget.h"
#include "server/resp/waiting.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Loop {
 public:
  // Non-blocking eventfds; what they ask for is done when they are readable.
  struct Requests {
    int stop = -1;         // Ends run().
    int reload_keys = -1;  // Has the leader read its keys again.
  };

  // `listener` is a listening, non-blocking socket; `leader`, `options` and the descriptors of
  // `requests` must outlive the loop. Throws std::system_error when the machine has no descriptor
  // for the epoll set.
  Loop(leader::Leader& leader, const ServerOptions& options, File listener, std::string endpoint,
       Requests requests);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves until it is asked to stop; then the turn is finished and everybody is closed.
  void run();

 private:
  using Milliseconds = std::chrono::milliseconds;

  // One turn; returns how long the next one may wait for events.
  Milliseconds turn(Milliseconds patience);
  void wait(Milliseconds patience);
  void hear(std::span<std::pair<Connection*, std::uint32_t>> heavy);
  void reload_keys();
  void accept_clients();
  void accept_client(int fd, std::string address);
  void pause_accepting();
  void resume_accepting();
  // Reads from a client, or learns that it has gone.
  void on_event(Connection& connection, std::uint32_t events);
  void receive(Connection& connection);
  // Closes clients that hold most of what is not run yet, when that is too much.
  void bound_input();
  // Serves the clients of this turn, as far as its budget goes.
  void serve_all();
  // Runs the requests of a client that this turn has room for.
  void serve(Connection& connection, TurnBudget& budget);
  // Runs the next request. Returns whether another one may follow.
  bool serve_next(Connection& connection);
  // Puts back a request that cannot be run now.
  void hold_back(Connection& connection);
  // Lets go on who was held back for what is over, and closes who keeps others waiting.
  void let_go_on();
  void go_on(Connection& connection);
  // Goes on with long reads, in a turn that began then.
  void read_some(SteadyTime begun);
  // Answers a client and decides what to wait for next.
  void answer(Connection& connection);
  void close_gone();
  void set_interest(Connection& connection, std::uint32_t events);
  // Puts a client on the list of those that this turn serves and answers.
  void schedule(Connection& connection);

  leader::Leader& leader_;
  const ServerOptions& options_;
  Host host_;
  Turn turn_;
  File listener_;
  File epoll_;
  Requests requests_;
  bool stopped_ = false;
  std::uint64_t ids_ = 0;
  SteadyTime accept_again_ = {};  // While accepting is paused; else zero.
  bool accept_warned_ = false;    // Said once, until it works again.
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;  // By client id.
  Waiting waiting_;
  OutputRoom room_;
  InputRoom input_;
  std::vector<Connection*> behind_removals_;  // Held back until all removals are over.
  Heap heap_;
  std::size_t first_heard_ = 0;  // Where reading goes on among clients that say much.
  std::vector<Connection*> scheduled_;
  std::vector<Connection*> answering_;
};

}  // namespace anabranch::server
