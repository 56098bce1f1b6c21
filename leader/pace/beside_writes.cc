#include "leader/pace/beside_writes.h"

#include "leader/pace/machine.h"

namespace anabranch::leader {

bool BesideWrites::slice(regions::Replica& replica, Sweeps& sweeps, core::Millis now,
                         const Sweeps::Failed& failed) {
  if (replica.state().refused()) return false;  // The tick tries whether that has passed.
  const auto waits = [&](const core::Result<bool>& more) {
    if (!more.ok()) failed(more.failure());
    return more.ok() && more.value();
  };
  pacer_.begins(steady_now());
  bool applying = waits(replica.apply(now));
  while (applying && pacer_.goes_on(steady_now())) applying = waits(replica.apply(now));
  pacer_.press(intake_.look(replica, applying, now));
  regions::Background& background = replica.background();
  const bool working = waits(background.work(now));
  const bool sweeping = background.upkeep().tidying() && waits(background.sweep());
  const bool expiring = sweeps.slice(now, failed);
  pacer_.ended(steady_now());
  return applying || working || sweeping || expiring;
}

}  // namespace anabranch::leader
