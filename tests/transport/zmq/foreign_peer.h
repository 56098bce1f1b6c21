// Peers that are not ours: a bare TCP connection, and a ZMTP DEALER, spoken by hand, that sends the
// bytes it is given.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::test {

// The port of "tcp://127.0.0.1:PORT".
std::uint16_t port_of(const std::string& endpoint);

// Plain TCP to a port of 127.0.0.1.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // Returns false when the other side has closed.
  bool send(std::string_view bytes) const;
  // Exactly `size` bytes, or nothing when the other side closes or the deadline passes before.
  [[nodiscard]] std::optional<std::string> receive(
      std::size_t size, std::chrono::steady_clock::time_point deadline) const;
  // Returns whether the other side closes within `timeout`; bytes that it sends until then are
  // dropped.
  [[nodiscard]] bool wait_closed(std::chrono::milliseconds timeout) const;

 private:
  int socket_;
};

// Speaks ZMTP 3.0, but no frames of ours. By itself it answers no heartbeats, so it is closed after
// seconds.
class ForeignDealer {
 public:
  // Shakes hands with a ROUTER. `routing_id` is the name that it claims; empty: none.
  explicit ForeignDealer(std::uint16_t port, const std::string& routing_id = {});

  // Sends one message of these parts. Returns false when the other side has closed.
  bool send(const std::vector<std::string>& parts) const;
  // Sends a part of a message that goes on.
  bool send_unfinished(const std::string& part) const;
  // Answers a heartbeat, whether one has come or not: so the link lasts.
  bool send_pong() const;
  // The next message's first part, or nothing when none comes within `timeout`.
  [[nodiscard]] std::optional<std::string> receive(std::chrono::milliseconds timeout) const;
  [[nodiscard]] const RawConnection& connection() const { return connection_; }

 private:
  RawConnection connection_;
};

}  // namespace anabranch::test
