// Logs the leaders that connect, have caught up and disconnect, on dialled and accepted links; and
// remembers since when each has been away. A peer that comes and goes all the time gets at most one
// line every few seconds, with its state at that time. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/dot.h"
#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "leader/link_breaks.h"
#include "regions/exchange/exchange.h"

namespace anabranch::leader {

class LinkLog {
 public:
  static constexpr core::Millis kPauseMs = 5000;  // Between two lines about one peer.

  // Lines begin with the name of this region.
  explicit LinkLog(std::string region) : region_(std::move(region)) {}

  // Compares the connected peers with those of the last call, and the applied vector with theirs.
  // `broken`: the link that is over now, and still known; 0: none is.
  void look(const regions::Exchange& exchange, const core::VersionVector& applied, core::Millis now,
            regions::LinkId broken = 0);
  // Returns "its link has broken 3 times in the last ten minutes"; empty for less than kManyBreaks.
  [[nodiscard]] std::string breaks(core::Origin peer, core::Millis now) const;
  static constexpr std::size_t kManyBreaks = 3;
  // The time a peer has been away, in ms; 0 if it is connected or not known.
  [[nodiscard]] core::Millis away_ms(core::Origin peer, core::Millis now) const;
  // Whether a connected peer or this leader still lacks writes that the other had when they met;
  // also as long as look() has not seen the peer connected.
  [[nodiscard]] bool catching_up(core::Origin peer) const;
  // The address at which a peer was dialled last; empty if the peer dialled this leader.
  [[nodiscard]] std::string address(core::Origin peer) const;

 private:
  struct Known {
    std::string address;
    bool connected = false;            // As seen last...
    core::Millis since_ms = 0;         // ...and since when.
    bool said_connected = false;       // As logged last...
    core::Millis said_ms = -kPauseMs;  // ...and when.
    LinkBreaks breaks;
    // The ops of each side when they met, until the other side has them, too.
    bool catching_up = false;
    std::uint64_t ops = 0;
    core::VersionVector there;
    core::VersionVector here;
  };

  static std::string breaks_of(const Known& known, core::Millis now);
  static void meet(Known& known, const regions::Exchange& exchange, const regions::Peer& peer,
                   const core::VersionVector& applied, core::Millis now);
  void say(Known& known, const regions::Peer& peer, core::Millis now) const;
  void say_caught_up(Known& known, const regions::Peer& peer, const core::VersionVector& applied,
                     core::Millis now) const;

  std::string region_;
  std::map<core::Origin, Known> peers_;  // The peers of the exchange.
};

}  // namespace anabranch::leader
