// A client in a simulation: it goes from region to region and takes along the vector that it has
// seen, as a session's token does. A region that lets it in must show its last write, and no sum of
// the additions of all clients may be smaller than before. Not thread-safe.
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
  // follower must refuse to write. Returns the error in words, or an empty string.
  std::string visit(Network& network, Network::Index at);

  [[nodiscard]] std::uint64_t visits() const { return visits_; }
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

 private:
  // Returns whether the region has all that this client has seen; an error in the rest of the
  // answer is stored in `wrong`.
  bool let_in(Network& network, Network::Index at, std::string& wrong);
  [[nodiscard]] std::string read(Node& node);
  void write(regions::Group& group) const;
  // All copies of the writes that it had seen are gone: it begins as another client.
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
