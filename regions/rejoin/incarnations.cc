#include "regions/rejoin/incarnations.h"

#include <utility>

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

void Incarnations::begin(std::string why) {
  const bool wrote = state_.applied().vector().at(state_.identity().origin) > 0;
  alarms_.notice("goes on under a new origin: " + why);
  begin_incarnation(state_.identity(), fresh(), wrote, std::move(why));
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
  if (exchange_.origin_conflict().empty()) return false;
  if (may_begin()) {
    const auto renewed = renew(exchange_.origin_conflict(), now);
    return renewed.ok() ? core::Result<bool>(true) : renewed.failure();
  }
  alarms_.raise_once("peers deny every new origin; the last one is kept: " +
                     exchange_.origin_conflict());
  exchange_.forget_origin_conflict();
  return false;
}

}  // namespace anabranch::regions
