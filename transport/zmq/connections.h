// The connections of other processes to our listening port, as the kernel sees them. ZeroMQ can
// neither close one of them nor limit its input: here both are done, by descriptor.
//
// A descriptor may be closed by ZeroMQ's thread and reused at any moment. So before a shutdown the
// descriptor must still be a connection to our port: the worst effect is then that another peer has
// to dial again. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace anabranch::transport {

struct Connection {
  std::string address;          // The other side's host; empty when it is gone already.
  std::uint64_t number = 0;     // Younger ones have greater numbers.
  bool is_link = false;         // Has sent a valid message.
  bool was_heard = false;       // A message came since the last look.
  bool is_endless = false;      // Is known to send a message without end.
  std::uint64_t read_mark = 0;  // Bytes received up to its last message.
};

class Connections {
 public:
  static constexpr std::size_t kMax = 256;

  // From now on only connections to this port are shut.
  void listen_at(std::uint16_t port) { port_ = port; }

  // Adds an accepted connection. When there are too many, shuts one: the oldest that is no link
  // yet, else this one. Returns the address of the shut connection, else nullopt.
  std::optional<std::string> open(int descriptor);
  // Removes a connection that is over; returns its data, nullopt for an unknown descriptor.
  std::optional<Connection> close(int descriptor);
  // Notes a message on the connection.
  void hear(int descriptor);
  // Ends a connection from our side; ZeroMQ then reports it as over.
  void shut(int descriptor) const;

  // Returns the connections that have sent more than `bytes_max` bytes since their last message,
  // and so send a message without end. Call it periodically; each connection is returned once.
  [[nodiscard]] std::vector<int> endless(std::uint64_t bytes_max);
  [[nodiscard]] std::string address(int descriptor) const;
  [[nodiscard]] bool empty() const { return connections_.empty(); }
  [[nodiscard]] std::size_t size() const { return connections_.size(); }

 private:
  std::map<int, Connection> connections_;
  std::uint64_t last_number_ = 0;
  std::uint16_t port_ = 0;
};

}  // namespace anabranch::transport
