// The connections of other processes to our listening port, as the kernel sees them. ZeroMQ can
// neither close one of them nor limit its input: here both are done, by descriptor.
//
// A descriptor may be closed by ZeroMQ's thread and reused at any moment. So before a shutdown the
// descriptor must still be a connection to our port: the worst effect is then that another peer has
// to dial again. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace anabranch::transport {

struct Connection {
  using Time = std::chrono::steady_clock::time_point;

  std::string address;          // The other side's host; empty when it is gone already.
  Time heard;                   // When its last message came, or it was accepted.
  bool is_link = false;         // Has sent a valid message.
  bool gives_way = false;       // Was shut for another one, and is not over yet.
  bool was_heard = false;       // A message came since the last look.
  bool is_endless = false;      // Is known to send a message without end.
  std::uint64_t read_mark = 0;  // Bytes received up to its last message.
};

class Connections {
 public:
  using Time = Connection::Time;

  // A connection does not give way to another one before.
  static constexpr std::chrono::seconds kYoung{2};

  // At most `max` are open. `keyed`: a link has proven a key, and gives way to nobody. Else all are
  // strangers.
  Connections(std::size_t max, bool keyed) : max_(max), keyed_(keyed) {}

  // From now on only connections to this port are shut.
  void listen_at(std::uint16_t port) { port_ = port; }

  // Adds an accepted connection. When there are too many, shuts one: the stranger that has said
  // nothing for longest, one that is no link yet before others; this one if that stranger has come
  // or spoken less than kYoung ago, so a flood of connections ends no link. Returns the address of
  // the shut connection, else nullopt.
  std::optional<std::string> open(int descriptor, Time now);
  // Removes a connection that is over; returns its data, nullopt for an unknown descriptor.
  std::optional<Connection> close(int descriptor);
  // Notes a message on the connection.
  void hear(int descriptor, Time now);
  // Ends a connection from our side; ZeroMQ then reports it as over.
  void shut(int descriptor) const;

  // Returns the connections that have sent more than `bytes_max` bytes since their last message,
  // and so send a message without end. Call it periodically; each connection is returned once.
  [[nodiscard]] std::vector<int> endless(std::uint64_t bytes_max);
  [[nodiscard]] std::string address(int descriptor) const;
  [[nodiscard]] bool empty() const { return connections_.empty(); }
  [[nodiscard]] std::size_t size() const { return connections_.size(); }
  [[nodiscard]] std::size_t max() const { return max_; }

 private:
  // Returns the one that gives way to the newest one, which may be that itself.
  [[nodiscard]] int giving_way(int newest, Time now) const;

  const std::size_t max_;
  const bool keyed_;
  std::map<int, Connection> connections_;
  std::size_t giving_way_ = 0;  // Of these, not over yet.
  std::uint16_t port_ = 0;
};

}  // namespace anabranch::transport
