#include "regions/exchange/outbox_room.h"

#include <algorithm>

namespace anabranch::regions {

std::uint64_t OutboxRoom::share() const {
  return std::min(kLaneMax, kSumMax / std::max<std::uint64_t>(lanes_, 1));
}

std::uint64_t OutboxRoom::large() const {
  std::uint64_t sum = 0;
  for (const auto& [key, each] : waiting_) {
    if (now_ - each.large_ms < kStuckMs) sum += each.large;
  }
  return sum;
}

bool OutboxRoom::has_room(LinkId link, Lane lane, std::uint64_t weight, std::uint64_t taken) const {
  if (!bounded_) return true;
  const std::uint64_t here = waiting(link, lane);
  const std::uint64_t small = sum_ - large_;
  const std::uint64_t most = kFirstMax + std::min(taken, kLaneMax - kFirstMax);
  if (here + weight <= std::min(most, share()) && small + weight <= kSumMax) return true;
  if (here > 0) return false;
  if (!is_large(weight)) return weight <= kLeastMax || small + weight <= kSumMax;
  const std::uint64_t others = large();
  return others == 0 || others + weight <= kSumMax;
}

void OutboxRoom::handed(LinkId link, const Turn& turn) {
  if (!bounded_ || turn.lane == Lane::kNote) return;
  const bool goes_alone = is_large(turn.weight);
  Waiting& here = waiting_[{link, turn.lane}];
  if (here.sum() == 0) ++lanes_;
  here.handed += turn.weight;
  sum_ += turn.weight;
  if (!goes_alone) return;
  here.large = turn.weight;
  large_ += turn.weight;
  here.large_ms = now_;
}

void OutboxRoom::left(LinkId link, Lane lane, std::uint64_t weight) {
  const auto found = waiting_.find({link, lane});
  if (found == waiting_.end()) return;
  Waiting& here = found->second;
  const std::uint64_t before = here.sum();
  here.left = std::clamp(weight, here.left, here.handed);
  sum_ -= before - here.sum();
  if (here.sum() < here.large) large_ -= std::exchange(here.large, 0);
  if (here.sum() == 0 && before > 0) --lanes_;
}

void OutboxRoom::forget(LinkId link) {
  for (const Lane lane : {Lane::kBatch, Lane::kSnapshot}) {
    const auto found = waiting_.find({link, lane});
    if (found == waiting_.end()) continue;
    left(link, lane, found->second.handed);
    waiting_.erase(found);
  }
}

std::uint64_t OutboxRoom::waiting(LinkId link, Lane lane) const {
  const auto found = waiting_.find({link, lane});
  return found == waiting_.end() ? 0 : found->second.sum();
}

}  // namespace anabranch::regions
