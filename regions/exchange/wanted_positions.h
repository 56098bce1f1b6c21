// Positions of peers' histories that cannot be compared with the history here: this leader has
// given way in their origin, and its log does not have them. They are asked for, since a peer with
// the same history may have them in its log: each second at first, then seldom. A position that is
// not wanted again for some seconds is dropped. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "core/dot.h"

namespace anabranch::regions {

class WantedPositions {
 public:
  using Position = std::pair<core::Origin, core::Seq>;

  static constexpr std::size_t kPositionsMax = 100;  // Further ones are not asked for.
  static constexpr unsigned kAsksMax = 10;           // Then no peer seems to have it...
  static constexpr unsigned kTicksLater = 30;  // ...and it is asked for once in so many ticks.
  static constexpr unsigned kIdleTicksMax = 5;

  // Notes that a position is wanted, or still is.
  void want(core::Origin origin, core::Seq seq);
  [[nodiscard]] bool contains(core::Origin origin, core::Seq seq) const {
    return positions_.contains({origin, seq});
  }
  // Returns whether a position of an origin is being asked for that may still become known.
  [[nodiscard]] bool asking(core::Origin origin) const;
  // Called once a second. Drops positions that are known by now; returns those to be asked for.
  [[nodiscard]] std::vector<Position> tick(const std::function<bool(const Position&)>& known);
  [[nodiscard]] std::size_t size() const { return positions_.size(); }
  void clear() { positions_.clear(); }

 private:
  struct Asked {
    unsigned asks = 0;
    unsigned idle = 0;  // Ticks since the position was wanted.
  };

  std::map<Position, Asked> positions_;
};

}  // namespace anabranch::regions
