// The room for answers that wait to be sent, of all clients together.
//
// Each client has a share of its own, whatever the others hold, so that nobody waits for a small
// answer because others do not read theirs. What is larger takes of what is left of the whole room.
// When nothing is left, the command of such an answer is undone, and the client waits until others
// have read. Who has not read for a while is closed then, the longest first: else a few could keep
// all others from large answers for ever. Of those who wait, the oldest and the newest go in turns:
// a newcomer must not stand behind hundreds who will not read, nor anybody wait for ever.
//
// Invariant: what waits is at most output_bytes_total, plus the shares, which are half as much or
// 16 KiB a client. A single answer may be larger than the room: it goes when at most half of the
// room is taken, so one at a time, up to output_bytes_max.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "server/resp/connection.h"
#include "server/resp/host.h"
#include "server/resp/server_options.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class OutputRoom {
 public:
  // Answers that are so small are never undone: there is as much room when a command is run.
  static constexpr std::size_t kSmall = std::size_t{1} << 10U;
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

  // Both must outlive it.
  OutputRoom(const ServerOptions& options, Host& host) : options_(options), host_(host) {}

  // The output of a client is more or less than when this was called last.
  void count(Connection& connection);
  // Lets a client's answers grow as far as there is room for them now.
  void allow(Connection& connection) const;
  // Whether there is room for an answer that needs none worth speaking of.
  [[nodiscard]] bool any_for(const Connection& connection) const;

  // A client's answer of so many bytes, at least, found no room: it waits for some.
  void hold(Connection& connection, std::size_t bytes);
  [[nodiscard]] bool anybody_waits() const { return !held_.empty(); }
  // Gives the function those who wait no longer, since there is room for them now.
  void release(const std::function<void(Connection&)>& over);
  // Gives the function clients that are to be closed, so that others need not wait; now and then.
  void relieve(SteadyTime now, const Connections& all,
               const std::function<void(Connection&)>& close);
  // Forgets a client that has gone.
  void forget(Connection& connection);

 private:
  struct Held {
    Connection* connection;
    std::size_t bytes;
  };

  [[nodiscard]] std::size_t share() const;
  // How much output a client may have, if it may have more than its share, while others are
  // promised so much.
  [[nodiscard]] std::size_t most(const Connection& connection, std::size_t promised) const;
  // Who of those that wait goes next.
  [[nodiscard]] const Held& next() const { return newest_next_ ? held_.back() : held_.front(); }
  void say_full();

  const ServerOptions& options_;
  Host& host_;
  std::deque<Held> held_;  // In the order in which they came.
  bool newest_next_ = false;
  SteadyTime said_full_ = {};
  SteadyTime looked_ = {};
};

}  // namespace anabranch::server
