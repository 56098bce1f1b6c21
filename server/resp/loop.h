// The loop: one thread, one epoll set, all clients of the Redis port, and the leader that it owns.
//
// A turn reads the clients' requests, runs them as group commits, commits, answers, then takes one
// slice of the peers' messages. So many clients share one commit, and no answer is sent before the
// writes it reports are durable. While a commit is under way, the loop turns on for other clients:
// those that read are answered from the committed state, writes are staged for the next commit.
//
// Invariants: 1. no client waits longer than a turn for another; a turn takes a bounded amount from
// each client and a bounded time for all together (turn_budget.h), and the next one continues where
// it stopped, with cheap clients first; 2. connections are closed at the end of a turn only, so no
// pointer to a closed client is used within one; 3. while no client or peer sends anything, the
// thread sleeps until the leader's next timer, or until a waiting client's time is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/listener.h"
#include "leader/leader.h"
#include "server/resp/client_room.h"
#include "server/resp/connection.h"
#include "server/resp/crowd.h"
#include "server/resp/heap.h"
#include "server/resp/host.h"
#include "server/resp/input_room.h"
#include "server/resp/leader_turns.h"
#include "server/resp/output_room.h"
#include "server/resp/reception.h"
#include "server/resp/socket/epoll.h"
#include "server/resp/socket/tls_shared.h"
#include "server/resp/strangers.h"
#include "server/resp/turn.h"
#include "server/resp/turn_budget.h"
#include "server/resp/waiting.h"
#include "server/resp/web/judge.h"
#include "server/resp/web/web_gate.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Loop {
 public:
  // Non-blocking eventfds; a readable one triggers its action.
  struct Requests {
    int stop = -1;         // Ends run().
    int reload_keys = -1;  // Has the leader read its keys again.
  };

  // Where clients connect.
  struct Openings {
    std::vector<Entrance> entrances;
    std::optional<TlsContext> tls;               // There if an entrance speaks it.
    const control::Listener* control = nullptr;  // The control socket; null: none.
    std::string endpoint = {};                   // HOST:PORT without TLS,
    std::string tls_endpoint = {};               // and with it; empty: none.
    std::shared_ptr<WebGate> web = {};           // Of the HTTP port; null: there is none.
    std::shared_ptr<SharedTls> web_tls = {};     // Its certificates; null: it has none.
    Reopenings* reopenings = nullptr;            // Of the leader; null: it stays closed.
  };

  // `leader`, `options`, the control socket and the descriptors of `requests` must outlive the
  // loop. Throws std::system_error if the machine has no descriptor for the epoll set.
  Loop(leader::Leader& leader, ServerOptions& options, Users users, Openings openings,
       Requests requests);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves until stop is requested, or the leader is to be opened anew; then finishes the turn and
  // closes all clients.
  void run();
  [[nodiscard]] bool opens_anew() const { return opens_anew_; }

 private:
  using Milliseconds = std::chrono::milliseconds;

  // Runs one turn; returns the time that the next one may wait for events.
  Milliseconds turn(Milliseconds timeout);
  void wait(Milliseconds timeout);
  // Commits the open group, or begins to where others can be served meanwhile; not yet while it
  // gathers commands that have come. The clients whose commit is made are answered in this turn.
  void commit();
  // Whether the open group may wait for commands that have come.
  [[nodiscard]] bool may_gather() const;
  // Waits for the commit under way and answers its clients. Begins the next commit before that, but
  // where commands have waited for the first one.
  // Goes on with a long write, or with removals.
  void stage_some();
  void finish_commit();
  // Tries to answer those that wait for something. No commit may be under way.
  void attempt_waiting();
  // At the end: those whose writes are held are told how far these have come.
  void end_waits();
  // Whether the leader, or a client whose wait is over, needs a moment without a commit.
  [[nodiscard]] bool leader_is_due() const;
  // Takes one slice of the leader's work, unless a commit is under way or to come; returns the time
  // until the next one.
  Milliseconds turn_leader();
  void hear(std::span<std::pair<Connection*, std::uint32_t>> heavy);
  // Keys are to be read again, as soon as the leader is here.
  void take_reload();
  void reload_keys();
  // The certificates, too, if there are any.
  void reload_certificates();
  // Returns whether more may be accepted in this turn.
  bool welcome_guest(Guest& guest);
  // Takes a guest in that there is room for.
  void seat(Guest& guest);
  // Has a stranger give way to a new client; returns whether one does.
  bool make_way();
  // Reads from a client, or detects that it has gone.
  void on_event(Connection& connection, std::uint32_t events);
  void receive(Connection& connection);
  // If too much input is not run yet, closes the clients that hold most of it.
  void bound_input();
  // Serves the clients of this turn, as far as its budget goes.
  void serve_all();
  // Answers those whose answers wait for nothing, before the expensive ones are served.
  void answer_early(std::span<Connection*> cheap);
  // Runs a client's requests as far as this turn has room for them.
  void serve(Connection& connection, TurnBudget& budget);
  // Runs the next request. Returns whether another one may follow.
  bool serve_next(Connection& connection);
  // Runs the request that has come, if there is room for a small answer.
  void execute(Connection& connection);
  // Puts back a request that cannot be run now.
  void hold_back(Connection& connection);
  // Releases held-back clients whose obstacle is gone, and closes clients that keep others waiting.
  void let_go_on();
  void take_stop();
  // Whether it was told to stop, and has handed the lead over where a member can take it.
  bool is_over();
  // Looks whether the leader is closed for writes, and is to be opened anew now.
  bool wants_opening();
  [[nodiscard]] Milliseconds parts_in() const;
  // Looks whether the lead was handed over; closes clients then.
  void look_at_handover();
  void go_on(Connection& connection);
  // Continues long reads, in a turn that began at `begun`.
  void read_some(SteadyTime begun);
  // Answers a client and decides which events to watch next.
  void answer(Connection& connection);
  // Has the clients answered that MONITOR has shown commands, or that a channel has told anything.
  void show_listeners();
  // The same for these; closes those that do not read, and names them so in the log.
  void show(std::string_view listener, std::span<Client* const> clients);
  void close_gone();
  // Returns the time until a client must be looked at; `most` if that is further.
  [[nodiscard]] Milliseconds until_next(Milliseconds most) const;
  // Closes clients, from the next turn on: each of the following.
  void close_some();
  // Closes strangers whose time is over, and clients whose user is gone, or that are to be killed.
  void close_unwelcome();
  // Closes clients that have sent nothing for too long.
  void close_idle();
  // Schedules a client for serving and answering in the next turn.
  void schedule(Connection& connection);

  leader::Leader& leader_;
  const ServerOptions& options_;
  Host host_;
  const std::shared_ptr<WebGate> web_;
  const std::shared_ptr<SharedTls> web_tls_;
  Judge judge_;
  Turn turn_;
  Epoll epoll_;
  Reception reception_;
  Requests requests_;
  bool stopped_ = false;
  bool hurried_ = false;  // It was told to stop twice.
  bool leaves_ = false;   // It has seen to its lead before it stops.
  bool opens_anew_ = false;
  SteadyTime stops_at_ = {};
  bool reload_ = false;  // Keys and certificates.
  LeaderTurns leader_turns_;
  std::uint64_t ids_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;  // By client id.
  Waiting waiting_;
  OutputRoom room_;
  InputRoom input_;
  ClientRoom client_room_;
  Crowd crowd_;
  std::size_t ways_ = 0;  // Made in this turn.
  Strangers strangers_;
  std::vector<Connection*> behind_removals_;  // Held back until all removals are over,
  std::vector<Connection*> paused_;           // and until CLIENT PAUSE, or a handover, is.
  std::uint64_t member_looks_ = 0;            // Of the leader, as they were seen last.
  SteadyTime parts_at_ = {};                  // The other clients leave; while host_.parting...
  std::uint64_t parts_to_ = 0;                // ...those with ids up to this one.
  SteadyTime look_for_idle_ = {};
  Heap heap_;
  std::size_t first_heard_ = 0;  // The next position to read from among expensive clients.
  std::vector<Connection*> scheduled_;
  std::vector<Connection*> answering_;
};

}  // namespace anabranch::server
