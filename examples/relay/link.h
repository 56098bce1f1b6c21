// A link of the relay: a port that one region dials in place of another region's, and the
// connections that go through it.
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace relay {

using Clock = std::chrono::steady_clock;

enum class State : std::uint8_t { kOpen, kCut, kSlow };

std::string to_string(State state);

// Returns a listening socket on a port of 127.0.0.1, 0 for any free one, and sets the port. Throws
// std::system_error.
int listen_on(std::uint16_t& port);

// For one thread, which asks it for sockets to wait for, and then lets it move bytes.
class Link {
 public:
  // Listens on a port, and passes everything on to another one.
  Link(std::string one, std::string other, std::uint16_t port, std::uint16_t target);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] bool is_between(const std::string& one, const std::string& other) const;
  void set(State state) { state_ = state; }
  // Returns "Frankfurt Virginia open 1200 900".
  [[nodiscard]] std::string describe() const;

  // Adds the sockets to wait for. Returns when bytes that are held back are due.
  std::optional<Clock::time_point> watch(std::vector<pollfd>& sockets) const;
  // Accepts, reads and writes as far as that needs no waiting.
  void move();

 private:
  struct Part {
    Clock::time_point due;
    std::string bytes;
  };
  // Bytes on their way, from the socket of this side to the other one.
  struct Way {
    std::deque<Part> parts;
    std::size_t bytes = 0;
    bool has_ended = false;  // No more will be read.
    bool is_told = false;    // And the other side knows.
  };
  struct Connection {
    std::array<int, 2> sockets;
    std::array<Way, 2> ways;
    bool is_broken = false;
  };

  void accept();
  void read(Connection& connection, std::size_t side, Clock::time_point now) const;
  void write(Connection& connection, std::size_t side, Clock::time_point now);

  const std::string one_;
  const std::string other_;
  const std::uint16_t target_;
  int listener_ = -1;
  State state_ = State::kOpen;
  std::array<std::uint64_t, 2> passed_{};
  std::list<Connection> connections_;
};

}  // namespace relay
