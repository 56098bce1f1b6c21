// The lines in the log about commands that change the leader, its users or much of its data: the
// command, user and address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/steady_clock.h"

namespace anabranch::server {

struct Call;
struct Client;

class Acts {
 public:
  // Returns the words for the user and the address of a client, as before its command.
  static std::string actor_of(const Client& client);
  // Notes a command of this actor that has run; its answer begins at `mark`. One that repeats
  // within a second is only counted.
  void note(const Call& call, const std::string& actor, std::size_t mark);
  // How many there were since the start.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::string last_;
  SteadyTime last_time_ = {};
  std::uint64_t repeated_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace anabranch::server
