// A client in a simulation, which goes from region to region and takes along what it has seen, as a
// session's token does. Where it is let in, it must find its own last write, and no sum of what all
// clients have added may be smaller than it was. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/version_vector.h"
#include "tests/sim/network.h"

namespace anabranch::test {

class Client {
 public:
  explicit Client(std::string name) : name_(std::move(name)) {}

  // Tries a leader that takes writes, or a follower: reads and writes there if it is let in; a
  // follower must refuse to write. Gives what is wrong in words, and nothing while all is well.
  std::string visit(Network& network, Network::Index at);

  [[nodiscard]] std::uint64_t visits() const { return visits_; }
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

 private:
  // Whether the region has all that this client has seen; what it says of the rest goes to `wrong`.
  bool let_in(Network& network, Network::Index at, std::string& wrong);
  [[nodiscard]] std::string read(Node& node);
  void write(regions::Group& group) const;
  // What it had seen died with every copy: it begins as another one.
  void begin_anew();
  [[nodiscard]] core::Path own_row() const;

  std::string name_;
  core::VersionVector seen_;
  std::int64_t written_ = 0;
  std::int64_t sum_ = 0;
  std::uint64_t visits_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace anabranch::test
