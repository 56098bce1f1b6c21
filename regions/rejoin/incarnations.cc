#include "regions/rejoin/incarnations.h"

#include <utility>

#include "regions/members/region_list.h"
#include "regions/state/incarnation.h"

namespace anabranch::regions {

core::Origin Incarnations::fresh() {
  core::Origin fresh = std::exchange(source_.first, 0);
  while (fresh == 0 || fresh == state_.identity().origin ||
         state_.applied().heads().contains(fresh)) {
    ++begun_;
    fresh =
        source_.random
            ? source_.random()
            : core::digest128(storage::big_endian(source_.nonce) + storage::big_endian(begun_)).low;
  }
  return fresh;
}

bool Incarnations::is_used() const {
  const Identity& self = state_.identity();
  if (source_.may_be_listed || state_.applied().vector().at(self.origin) > 0) return true;
  return state_.reader()->row(RegionList::origin_row(self.region, self.origin)).present();
}

void Incarnations::begin(std::string why) {
  bool used = true;  // Where the list cannot be read, since it may be there.
  (void)state_.reading_for_others([&]() -> core::Result<void> {
    used = is_used();
    return {};
  });
  alarms_.notice("goes on under a new origin: " + why);
  begin_incarnation(state_.identity(), fresh(), used, std::move(why));
}

core::Result<void> Incarnations::begin_and_record(std::string why) {
  if (!state_.ready()) {
    if (auto ready = state_.make_ready(); !ready.ok()) return ready;
  }
  begin(std::move(why));
  ++state_.identity().opening;
  return state_.commit_identity();
}

core::Result<void> Incarnations::renew(std::string why, core::Millis now) {
  auto recorded = begin_and_record(std::move(why));
  if (recorded.ok()) exchange_.renew(state_.identity().origin, now);
  return recorded;
}

core::Result<bool> Incarnations::handle_origin_conflict(core::Millis now) {
  const std::string why = exchange_.origin_conflict();
  if (why.empty()) return false;
  std::erase_if(denied_ms_, [&](core::Millis at) { return now - at >= kDeniedMs; });
  if (denied_ms_.size() < kDeniedMax) {
    auto renewed = renew(why, now);
    if (!renewed.ok()) return renewed.failure();
    denied_ms_.push_back(now);
    return true;
  }
  exchange_.forget_origin_conflict();
  const std::string closed =
      "takes no writes: within an hour peers have denied " + std::to_string(kDeniedMax) +
      " origins of this leader, and deny the next one: " + why +
      ". Stop the leader that runs on a copy of this data directory, then start this one again";
  alarms_.raise(closed);
  return state_.fail({ErrorCode::kBusy, closed});
}

}  // namespace anabranch::regions
