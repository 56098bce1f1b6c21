// Ended origins: the retired regions, and the origins that regions call settled, compared with the
// vectors of all machines.
#include <algorithm>

#include "core/hash.h"
#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;

void Network::retire(Index at, Index whom, regions::Retirement retirement) {
  write(at, [&](regions::Group& /*group*/) {
    (void)node(at).replica().retire(machines_[whom].region,
                                    retirement);  // It may not be known there yet.
  });
}

bool Network::run_until_settled(Millis at_most) {
  if (had_outsiders_) return true;
  const Millis end = now_ + at_most;
  const auto settled_at = [&](Node& each) {
    const regions::Replica& replica = each.replica();
    return std::ranges::all_of(replica.members().list().ended(), [&](core::Origin origin) {
      return !replica.members().list().succeeded(origin) || each.vector().at(origin) == 0 ||
             replica.members().settled().contains(origin);
    });
  };
  while (!std::ranges::all_of(machines_, [&](Machine& each) { return settled_at(*each.node); })) {
    if (next_ms() > end) return false;
    step();
  }
  return true;
}

// With outsiders no rule can tell the rightly settled origins; origins settled unknowing are
// recorded, since alarms follow from them.
void Network::check_settled(Index at) {
  Machine& machine = machines_[at];
  const regions::SettledOrigins& settled_here = machine.node->replica().members().settled();
  if (machine.settled == settled_here.hash()) return;
  machine.settled = settled_here.hash();
  for (const auto& [origin, seq] : settled_here.all()) {
    if (!had_outsiders_) {
      note(at, settled(at, origin, seq));
    } else if (settles_unknowing(at, origin, seq)) {
      settled_unknowing_[origin] = seq;
    }
  }
}

// No region can know the content of a backup that its region has lost since, or of a leader that
// was never heard of; and none waits for a follower that never led. By now others may have their
// extra writes, too.
bool Network::settles_unknowing(Index at, core::Origin origin, core::Seq seq) {
  for (Index each = 0; each < size(); ++each) {
    const Machine& machine = machines_[each];
    if (machine.backup && machine.backup_vector.at(origin) > seq) return true;
    if (!counts_for(at, each) && history(machine).at(origin) > seq) return true;
  }
  return false;
}

bool Network::counts_for(Index at, Index whom) {
  return node(at).replica().members().list().knows(machines_[whom].region,
                                                   machines_[whom].node->origin());
}

std::string Network::settled(Index at, core::Origin origin, core::Seq seq) {
  // The unknown may be known since: an origin settled without it is judged once.
  const auto before = settled_unknowing_.find(origin);
  if (before != settled_unknowing_.end() && before->second == seq) return {};
  const bool unknowing = settles_unknowing(at, origin, seq);
  if (ledger_.has_ended(origin) && !unknowing) return ledger_.ended(origin, seq);
  if (unknowing) {
    settled_unknowing_[origin] = seq;
    return {};
  }
  for (Index each = 0; each < size(); ++each) {
    const core::Seq has = history(machines_[each]).at(origin);
    if (has > seq || (counts_for(at, each) && on_disk(each).at(origin) < seq)) {
      return "calls origin " + core::to_string(origin) + " settled at " + std::to_string(seq) +
             ", but " + name(each) + " has " + std::to_string(has) + " and on its disk " +
             std::to_string(on_disk(each).at(origin));
    }
  }
  return ledger_.ended(origin, seq);
}

// Its extra writes come from a region that has lost them since.
void Network::forgive_followers(Index at) {
  if (!follows(at) || counts_for(at, at)) return;
  for (const auto& [origin, seq] : ledger_.forget_ends_before(node(at).vector())) {
    settled_unknowing_[origin] = seq;
  }
}

}  // namespace anabranch::test
