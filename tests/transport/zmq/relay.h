// A TCP relay in user space, between a dialling and a listening process, that can break: for tests
// of partitions without root.
//
//   Relay relay{port_of_the_leader};
//   dial("tcp://127.0.0.1:" + std::to_string(relay.port()));
//   relay.cut();    // Connections are closed, new ones are closed at once.
//   relay.stall();  // Connections stay and carry nothing: a broken cable.
//   relay.heal();   // Everything flows again, also what waited in stalled connections.
//
// One thread moves the bytes. All functions are thread-safe; a switch counts when it returns.
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "transport/wake.h"

namespace anabranch::test {

class Relay {
 public:
  // Listens on a free port of 127.0.0.1 and forwards to `target_port` there. Throws
  // std::system_error when that fails.
  // With a rate it is a thin line: each direction carries so many bytes a second, and little waits
  // in its queues.
  explicit Relay(std::uint16_t target_port, std::size_t bytes_per_second = 0);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void cut() { set_mode(Mode::kCut); }
  void stall() { set_mode(Mode::kStall); }
  void heal() { set_mode(Mode::kFlow); }
  // How many connections were forwarded since the beginning.
  [[nodiscard]] std::size_t connections() const;

 private:
  enum class Mode : std::uint8_t { kFlow, kStall, kCut, kStop };
  // Bytes on their way in one direction.
  struct Buffer {
    std::string bytes;
    std::size_t sent = 0;
    std::chrono::steady_clock::time_point next;  // When a thin line reads again.
  };
  // The sockets of the dialling side (0) and of the listening side (1), and the bytes read from
  // each.
  struct Connection {
    std::array<int, 2> sockets{-1, -1};
    std::array<Buffer, 2> buffers;
    bool is_over = false;
  };

  void set_mode(Mode mode);
  Mode apply_mode();
  void run();
  void wait(Mode mode, std::vector<pollfd>& watched);
  void accept(bool is_wanted);
  void move(Connection& connection, std::size_t from);
  void close_over(bool all);

  [[nodiscard]] bool can_read(const Buffer& buffer) const;
  [[nodiscard]] int timeout_ms() const { return rate_ == 0 ? -1 : 5; }

  const std::uint16_t target_port_;
  const std::size_t rate_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  transport::Wake wake_;
  std::list<Connection> connections_;  // Of the thread.

  mutable std::mutex mutex_;
  std::condition_variable applied_;
  Mode wanted_ = Mode::kFlow;
  Mode mode_ = Mode::kFlow;
  std::size_t connections_made_ = 0;
  std::thread thread_;
};

}  // namespace anabranch::test
