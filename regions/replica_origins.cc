// Under which origin a replica writes: when it begins a new one, and what it does then.

#include <utility>

#include "core/planted_bug.h"
#include "regions/replica.h"
#include "regions/state/incarnation.h"

namespace anabranch::regions {

using core::Millis;

core::Origin Replica::fresh_origin() {
  core::Origin fresh = std::exchange(options_.fresh_origin, 0);
  while (fresh == 0 || fresh == state_.identity().origin ||
         state_.applied().heads().contains(fresh)) {
    ++origins_begun_;
    fresh = options_.random_origin ? options_.random_origin()
                                   : core::digest128(storage::big_endian(options_.nonce) +
                                                     storage::big_endian(origins_begun_))
                                         .low;
  }
  return fresh;
}

void Replica::begin_origin(std::string why) {
  const bool wrote = state_.applied().vector().at(state_.identity().origin) > 0;
  effects_.push_back(Notice{"goes on under a new origin: " + why});
  begin_incarnation(state_.identity(), fresh_origin(), wrote, std::move(why));
  if (!core::planted(core::Bug::kLeaveUnsigned)) signer_.leave();
}

core::Result<void> Replica::heed_doubt(Millis now) {
  if (exchange_->doubt().empty()) return {};
  if (origins_begun_ >= kOriginsPerOpeningMax) {
    alarm_once("peers deny every new origin; the last one is kept: " + exchange_->doubt());
    exchange_->forget_doubt();
    return {};
  }
  return go_on_as_new(exchange_->doubt(), now);
}

core::Result<void> Replica::promote(Millis now) {
  if (broken()) return *broken();
  if (!std::exchange(options_.follows, false)) return {};
  exchange_->lead();
  if (core::planted(core::Bug::kKeepOriginWhenPromoted)) return {};
  return go_on_as_new("it was promoted", now);
}

core::Result<void> Replica::go_on_as_new(std::string why, Millis now) {
  begin_origin(std::move(why));
  ++state_.identity().opening;
  opening_sent_ = false;
  if (auto recorded = record_identity(); !recorded.ok()) return recorded;
  exchange_->renew(state_.identity().origin, now);
  return announce();  // Before it writes anything else, so that the list knows each that wrote.
}

}  // namespace anabranch::regions
