// The links between the regions, where a relay carries them (examples/relay): asks it for their
// state, and to cut, slow down or heal one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace board {

struct Link {
  std::string one;
  std::string other;
  std::string state;              // "open", "cut", "slow".
  std::uint64_t bytes_there = 0;  // Passed on from one to the other,
  std::uint64_t bytes_back = 0;   // and back.
};

// Thread-safe: each call is a connection of its own.
class Links {
 public:
  // Port of the relay's commands on 127.0.0.1; 0: there is no relay, and no link.
  explicit Links(std::uint16_t port) : port_(port) {}

  [[nodiscard]] bool has_relay() const { return port_ != 0; }
  // Return the links as they are, after the change. Throw Refused: 404 without a relay, 400 for a
  // link or a change that it does not know, 503 when it does not answer.
  [[nodiscard]] std::vector<Link> all() const;
  [[nodiscard]] std::vector<Link> change(const std::string& one, const std::string& other,
                                         const std::string& to) const;

 private:
  [[nodiscard]] std::vector<Link> ask(const std::string& command) const;

  const std::uint16_t port_;
};

}  // namespace board
