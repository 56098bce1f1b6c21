// The shared room for the unsent answers of all clients.
//
// Each client has a share of its own, whatever the others hold, so that a small answer never waits
// for clients that do not read theirs. Larger answers use the rest of the room, to an extent that
// depends on the client:
//   - three eighths are common to all;
//   - a client that has proved that it reads (Connection::reads) may fill all of it;
//   - when the common part is full, the other clients wait and are tried one after another with
//   half
//     of the room, the newest client with a single request first: at the rate at which bytes become
//     free by closing clients that do not read.
// So neither readers nor newcomers wait for clients that never read, however many they are.
//
// If there is no room for a client's answer, its command is undone, and the client waits until
// others have read. Then clients that have not read for a while are closed, the longest first:
// otherwise a few could keep all others from large answers for ever. Of the clients that wait for
// the common part, the oldest and the newest go in turns, so that none waits for ever.
//
// Invariant: the unsent bytes are at most output_bytes_total, plus the shares, which are half as
// much or 16 KiB a client. A single answer may be larger than the room: it is admitted when at most
// three eighths of the room are taken, so one at a time, up to output_bytes_max.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "server/resp/connection.h"
#include "server/resp/host.h"
#include "server/resp/server_options.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class OutputRoom {
 public:
  // Answers up to this size are never undone: a command runs only with this much room.
  static constexpr std::size_t kSmall = std::size_t{1} << 10U;
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;
  using Milliseconds = std::chrono::milliseconds;
  using Use = std::function<void(Connection&)>;

  // Both references must outlive the room.
  OutputRoom(const ServerOptions& options, Host& host) : options_(options), host_(host) {}

  // Updates the count after the output of a client has changed.
  void count(Connection& connection);
  // Lets a client's answers grow as far as there is room at present.
  void allow(Connection& connection) const;
  // Returns the maximum length of a client's draft at present.
  [[nodiscard]] std::size_t for_draft(const Connection& connection) const;
  // Whether there is room for a small answer.
  [[nodiscard]] bool any_for(const Connection& connection) const;

  // Makes a client wait whose answer of at least `bytes` found no room.
  void hold(Connection& connection, std::size_t bytes);
  [[nodiscard]] bool anybody_waits() const { return !readers_.empty() || !others_.empty(); }
  // Calls the function with the clients that wait no longer, since there is room for them now.
  void release(SteadyTime now, const Use& over);
  // Calls the function with clients to be closed, so that others need not wait; now and then.
  void relieve(SteadyTime now, const Connections& all, const Use& close);
  // Returns the time until release() and relieve() should be called again; `most` if no client
  // waits.
  [[nodiscard]] Milliseconds timeout(Milliseconds most) const;
  // Forgets a closed client.
  void forget(Connection& connection);

 private:
  struct Held {
    Connection* connection;
    std::size_t bytes;
    bool alone;  // Has sent no other request.
  };
  // The part of the room that counts a client's output.
  enum Part : std::size_t { kCommon, kReading, kTried, kParts };
  using Line = std::deque<Held>;  // In the order of arrival.

  [[nodiscard]] std::size_t share() const;
  // Returns `n` eighths of the room.
  [[nodiscard]] std::size_t eighths(std::size_t n) const {
    return options_.output_bytes_total / 8 * n;
  }
  // Returns the room left for a client, less the bytes promised to others.
  [[nodiscard]] std::size_t left(const Connection& connection, std::size_t promised) const;
  // Returns the maximum output of a client, given the bytes promised to others.
  [[nodiscard]] std::size_t most(const Connection& connection, std::size_t promised) const;
  // The same for its next answer: no more than its share if others of its kind already wait.
  [[nodiscard]] std::size_t most_now(const Connection& connection) const;
  [[nodiscard]] bool fits(const Held& held, std::size_t promised) const;
  // Ends the wait of one client, and adds its bytes to the promised ones.
  void let(Line& line, const Line::iterator& held, std::size_t& promised, const Use& over);
  // Tries one of the clients that have not proved that they read, if it is time.
  void try_one(SteadyTime now, std::size_t& promised, const Use& over);
  // Returns the client to be tried, if there is room; else the end of others_.
  [[nodiscard]] Line::iterator to_be_tried(std::size_t promised, bool alone);
  // Returns the next client to get room in the common part.
  [[nodiscard]] Line::iterator next() {
    return newest_next_ ? std::prev(others_.end()) : others_.begin();
  }
  // Returns clients that have not read for `time` and hold more than `share`: the longest first.
  [[nodiscard]] static std::vector<Connection*> stalled(SteadyTime now, const Connections& all,
                                                        Milliseconds time, std::size_t share);
  void forget_output(Connection& connection);
  void say_full();

  const ServerOptions& options_;
  Host& host_;
  Line readers_;  // Waiting clients that have proved that they read.
  Line others_;   // Other waiting clients.
  std::array<std::size_t, kParts> used_ = {};
  bool newest_next_ = false;
  SteadyTime try_again_ = {};
  SteadyTime said_full_ = {};
  SteadyTime looked_ = {};
};

}  // namespace anabranch::server
