// The room for answers that wait to be sent, of all clients together.
//
// Each client has a share of its own, whatever the others hold, so that nobody waits for a small
// answer because others do not read theirs. What is larger takes of what is left of the room, and
// how far depends on the client:
//   - three eighths are common to all;
//   - one that has shown that it reads (Connection::reads) may fill all of it;
//   - of the others, who wait when the common part is full, one after another is tried with a half
//     of the room, the newest first that has asked for one thing only: so many bytes in a time as
//     become free by closing those that do not read.
// So neither who reads nor a newcomer waits for those who never read, however many they are.
//
// When there is no room for a client, the command is undone, and the client waits until others have
// read. Who has not read for a while is closed then, the longest first: else a few could keep all
// others from large answers for ever. Of those who wait for the common part, the oldest and the
// newest go in turns, so that nobody waits for ever.
//
// Invariant: what waits is at most output_bytes_total, plus the shares, which are half as much or
// 16 KiB a client. A single answer may be larger than the room: it goes when at most three eighths
// of the room are taken, so one at a time, up to output_bytes_max.
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
  // Answers that are so small are never undone: there is as much room when a command is run.
  static constexpr std::size_t kSmall = std::size_t{1} << 10U;
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;
  using Milliseconds = std::chrono::milliseconds;
  using Use = std::function<void(Connection&)>;

  // Both must outlive it.
  OutputRoom(const ServerOptions& options, Host& host) : options_(options), host_(host) {}

  // The output of a client is more or less than when this was called last.
  void count(Connection& connection);
  // Lets a client's answers grow as far as there is room for them now.
  void allow(Connection& connection) const;
  // How long the draft of a client's answer may become now.
  [[nodiscard]] std::size_t for_draft(const Connection& connection) const;
  // Whether there is room for an answer that needs none worth speaking of.
  [[nodiscard]] bool any_for(const Connection& connection) const;

  // A client's answer of so many bytes, at least, found no room: it waits for some.
  void hold(Connection& connection, std::size_t bytes);
  [[nodiscard]] bool anybody_waits() const { return !readers_.empty() || !others_.empty(); }
  // Gives the function those who wait no longer, since there is room for them now.
  void release(SteadyTime now, const Use& over);
  // Gives the function clients that are to be closed, so that others need not wait; now and then.
  void relieve(SteadyTime now, const Connections& all, const Use& close);
  // Within what time these two should be called again; `most` when nobody waits.
  [[nodiscard]] Milliseconds patience(Milliseconds most) const;
  // Forgets a client that has gone.
  void forget(Connection& connection);

 private:
  struct Held {
    Connection* connection;
    std::size_t bytes;
    bool alone;  // Has asked for nothing else.
  };
  // Whose output it is.
  enum Part : std::size_t { kCommon, kReading, kTried, kParts };
  using Line = std::deque<Held>;  // In the order in which they came.

  [[nodiscard]] std::size_t share() const;
  // So many eighths of the room.
  [[nodiscard]] std::size_t eighths(std::size_t n) const {
    return options_.output_bytes_total / 8 * n;
  }
  // What is left for a client, while others are promised so much.
  [[nodiscard]] std::size_t left(const Connection& connection, std::size_t promised) const;
  // How much output a client may have while others are promised so much.
  [[nodiscard]] std::size_t most(const Connection& connection, std::size_t promised) const;
  // The same for its next answer: no more than its share when others of its kind wait already.
  [[nodiscard]] std::size_t most_now(const Connection& connection) const;
  [[nodiscard]] bool fits(const Held& held, std::size_t promised) const;
  // Ends the waiting of one, and counts what it is promised.
  void let(Line& line, Line::iterator held, std::size_t& promised, const Use& over);
  // Tries one of those who are not known to read, if it is time.
  void try_one(SteadyTime now, std::size_t& promised, const Use& over);
  // Who of them it is, if there is room; else the end of others_.
  [[nodiscard]] Line::iterator to_be_tried(std::size_t promised, bool alone);
  // Who waits for the common part and goes next.
  [[nodiscard]] Line::iterator next() {
    return newest_next_ ? std::prev(others_.end()) : others_.begin();
  }
  // Clients that have not read for so long, and hold more than their share: the longest first.
  [[nodiscard]] static std::vector<Connection*> stalled(SteadyTime now, const Connections& all,
                                                        Milliseconds time, std::size_t share);
  void forget_output(Connection& connection);
  void say_full();

  const ServerOptions& options_;
  Host& host_;
  Line readers_;  // Wait, and have shown that they read.
  Line others_;   // Wait otherwise.
  std::array<std::size_t, kParts> used_ = {};
  bool newest_next_ = false;
  SteadyTime try_again_ = {};
  SteadyTime said_full_ = {};
  SteadyTime looked_ = {};
};

}  // namespace anabranch::server
