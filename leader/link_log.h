// Says, as lines of the log, which leaders come, have caught up and go, whoever dialled; and
// remembers since when each has been away. A peer that comes and goes all the time is said at most
// every few seconds, as it then stands. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/dot.h"
#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "regions/exchange/exchange.h"

namespace anabranch::leader {

class LinkLog {
 public:
  static constexpr core::Millis kPauseMs = 5000;  // Between two lines about one peer.

  // Lines begin with the name of this region.
  explicit LinkLog(std::string region) : region_(std::move(region)) {}

  // Looks at who is connected, and at what has been applied here.
  void look(const regions::Exchange& exchange, const core::VersionVector& applied,
            core::Millis now);
  // For how long a peer has been away, in ms; 0 when it is there or not known.
  [[nodiscard]] core::Millis away_ms(core::Origin peer, core::Millis now) const;
  // The address at which a peer was dialled last; empty when it has dialled this leader.
  [[nodiscard]] std::string address(core::Origin peer) const;

 private:
  struct Known {
    std::string address;
    bool connected = false;            // As was seen last...
    core::Millis since_ms = 0;         // ...and since when.
    bool said_connected = false;       // As was said last...
    core::Millis said_ms = -kPauseMs;  // ...and when.
    // What each side had when they met, until the other one has it, too.
    bool catching_up = false;
    std::uint64_t ops = 0;
    core::VersionVector there;
    core::VersionVector here;
  };

  static void meet(Known& known, const regions::Exchange& exchange, const regions::Peer& peer,
                   const core::VersionVector& applied, core::Millis now);
  void say(Known& known, const regions::Peer& peer, core::Millis now) const;
  void say_caught_up(Known& known, const regions::Peer& peer, const core::VersionVector& applied,
                     core::Millis now) const;

  std::string region_;
  std::map<core::Origin, Known> peers_;  // Those of the exchange.
};

}  // namespace anabranch::leader
