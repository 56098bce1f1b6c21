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
  begin(std::move(why));
  ++state_.identity().opening;
  return state_.commit_identity();
}

}  // namespace anabranch::regions
