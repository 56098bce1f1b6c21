// What has ended: who is retired, and what regions call settled, held against what all machines
// have.
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
    return std::ranges::all_of(replica.regions().ended(), [&](core::Origin origin) {
      return !replica.regions().succeeded(origin) || each.vector().at(origin) == 0 ||
             replica.settled().contains(origin);
    });
  };
  while (!std::ranges::all_of(machines_, [&](Machine& each) { return settled_at(*each.node); })) {
    if (next_ms() > end) return false;
    step();
  }
  return true;
}

void Network::check_settled(Index at) {
  if (had_outsiders_) return;
  Machine& machine = machines_[at];
  const regions::SettledOrigins& settled_here = machine.node->replica().settled();
  if (machine.settled == settled_here.hash()) return;
  machine.settled = settled_here.hash();
  for (const auto& [origin, seq] : settled_here.all()) note(at, settled(at, origin, seq));
}

// Nobody can know what a backup holds that its region has lost since, or what a region has that
// nobody has heard of; and nobody waits for a follower, or for both of two leaders of a region.
std::string Network::settled(Index at, core::Origin origin, core::Seq seq) {
  if (ledger_.has_ended(origin)) return ledger_.ended(origin, seq);
  for (Index each = 0; each < size(); ++each) {
    Machine& machine = machines_[each];
    const bool unheard = machine.backup && machine.backup_vector.at(origin) > seq;
    const bool counts = leads_alone(each) &&
                        node(at).replica().regions().knows(machine.region, machine.node->origin());
    const bool more = history(machine).at(origin) > seq;
    if (unheard || (!counts && more)) {
      settled_unknowing_.insert(origin);
      return {};
    }
    if (more || (counts && on_disk(each).at(origin) < seq)) {
      return "calls origin " + core::to_string(origin) + " settled at " + std::to_string(seq) +
             ", but " + name(each) + " has " + std::to_string(history(machine).at(origin)) +
             " and on its disk " + std::to_string(on_disk(each).at(origin));
    }
  }
  return ledger_.ended(origin, seq);
}

// What it takes comes from who has lost it since.
void Network::forgive_followers(Index at) {
  if (leads_alone(at)) return;
  for (const auto& [origin, seq] : ledger_.forget_ends_before(node(at).vector())) {
    settled_unknowing_.insert(origin);
  }
}

}  // namespace anabranch::test
