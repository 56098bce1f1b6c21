#include "regions/exchange/wanted_positions.h"

#include <algorithm>

namespace anabranch::regions {

using core::Origin;
using core::Seq;

void WantedPositions::want(Origin origin, Seq seq) {
  const Position position(origin, seq);
  if (positions_.size() >= kPositionsMax && !positions_.contains(position)) return;
  positions_[position].idle = 0;
}

bool WantedPositions::asking(Origin origin) const {
  const auto begin = positions_.lower_bound({origin, 0});
  const auto end = std::find_if(begin, positions_.end(),
                                [&](const auto& each) { return each.first.first != origin; });
  return std::any_of(begin, end, [](const auto& each) { return each.second.asks < kAsksMax; });
}

std::vector<WantedPositions::Position> WantedPositions::tick(
    const std::function<bool(const Position&)>& known) {
  for (auto& [position, asked] : positions_) ++asked.idle;
  std::erase_if(positions_, [&](const auto& each) {
    return each.second.idle > kIdleTicksMax || known(each.first);
  });
  std::vector<Position> due;
  for (auto& [position, asked] : positions_) {
    if (asked.asks++ < kAsksMax || asked.asks % kTicksLater == 0) due.push_back(position);
  }
  return due;
}

}  // namespace anabranch::regions
