// The parts of a network that carry messages: the ends of links, and messages on their way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/dot.h"
#include "core/wall_clock.h"
#include "regions/wire/effect.h"
#include "tests/sim/intruder.h"

namespace anabranch::test {

// The true last word of another machine's clock, on any way: the time of it...
struct HeardOf {
  core::Millis at_ms = -1;
  core::Millis wall_ms = 0;  // ...its reading then...
  core::Millis off_ms = 0;   // ...by how much it was ahead of the own one...
  core::Origin origin = 0;   // ...and its origin then.
};
using Hearsay = std::map<std::size_t, HeardOf>;

// The last look of a machine at its clock, and by how much the clock was ahead of virtual time
// then.
struct Look {
  core::Millis at_ms = 0;
  core::Millis ahead_ms = 0;
};
// One end of a live link; the other end has the link `other`.
struct End {
  std::size_t at = 0;
  regions::LinkId other = 0;
  core::Millis last_arrival_ms = 0;  // There.
  core::Millis busy_until_ms = 0;    // The way there.
};
struct Event {
  core::Millis at_ms = 0;
  std::uint64_t order = 0;
  regions::LinkId link = 0;  // At the receiver.
  std::uint8_t kind = 0;
  std::string body;
  // The receiver must reject the link of its sender.
  bool rubbish = false;
  std::shared_ptr<const Hearsay> heard = nullptr;  // Of a heartbeat.
  bool operator>(const Event& other) const {
    return std::pair(at_ms, order) > std::pair(other.at_ms, other.order);
  }
};

// An intruder, at the far side of a link of a region.
struct Guest {
  std::size_t at = 0;
  std::unique_ptr<Intruder> intruder;
  core::Millis last_arrival_ms = 0;
};

}  // namespace anabranch::test
