// The connections that others have opened to the port where we listen, as the kernel sees them.
// ZeroMQ can neither close one of them nor bound what it takes in: here both are done, by
// descriptor.
//
// A descriptor may be closed by ZeroMQ's thread and used again at any moment. So before one is
// shut, it must still be a connection to our port: the worst is then that another peer has to dial
// again. Not thread-safe.
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
  bool is_endless = false;      // Was found to send a message that does not end.
  std::uint64_t read_mark = 0;  // Bytes that had been received when it was heard last.
};

class Connections {
 public:
  static constexpr std::size_t kMax = 256;

  // From now on only connections to this port are shut.
  void listen_at(std::uint16_t port) { port_ = port; }

  // A connection was accepted. When there are too many, one is shut: the oldest one that is no link
  // yet, else this one. Returns the address of the one that was shut.
  std::optional<std::string> open(int descriptor);
  // A connection is over; gives what was known of it, nothing when it was not known.
  std::optional<Connection> close(int descriptor);
  // A message came on it.
  void hear(int descriptor);
  // Ends a connection from our side; ZeroMQ then tells that it is over.
  void shut(int descriptor) const;

  // Connections from which more than `bytes_max` bytes have come since their last message: somebody
  // sends a message that does not end. To be asked now and then; each is told of once.
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
