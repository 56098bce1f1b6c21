// Followers: machines that copy a region's leader, and may come to lead it.
#include <anabranch/error.h>

#include <algorithm>

#include "tests/sim/network.h"
#include "tests/write.h"

namespace anabranch::test {

Network::Index Network::add_follower(Index leader) {
  return add(std::string(machines_[leader].region), true);
}

std::string Network::name(Index at) const {
  const std::string& region = machines_[at].region;
  const std::string own = "r" + std::to_string(at);
  return region == own ? region : own + " (of " + region + ")";
}

bool Network::leads_alone(Index at) const {
  if (follows(at)) return false;
  return std::ranges::count_if(machines_, [&](const Machine& each) {
           return each.region == machines_[at].region && !each.follows;
         }) == 1;
}

void Network::promote(Index at) {
  Machine& machine = machines_[at];
  ANABRANCH_ASSERT(machine.follows && running(at));
  const core::Origin before = machine.node->origin();
  const bool was_listed = machine.node->replica().members().is_listed();
  carry_out(at);
  set_wall(at);
  machine.follows = machine.has_led = false;
  const auto promoted = machine.node->replica().promote(now_);
  machine.broken = breaks(promoted);
  if (!promoted.ok()) machine.follows = machine.node->replica().exchange().follows();
  if (!promoted.ok()) return;
  const bool keeps = machine.node->origin() == before;
  if (keeps && !was_listed) note(at, "leads under the origin that it followed under");
  if (!keeps && was_listed) note(at, "begins an origin, although its own is listed");
  follow(at);
  if (disks_ != Disks::kInterval) sync(at);
  turn(at);
}

void Network::demote(Index at) {
  machines_[at].follows = machines_[at].has_led = true;
  machines_[at].owes = node(at).replica().background().upkeep().sweeping();
  restart(at, Restart::kClean);
}

// Those that it is connected to; others could tell it of more.
void Network::show_members(Index at) {
  if (!lists_ || follows(at)) return;
  std::vector<regions::ShownMember> members;
  for (Index each = 0; each < size(); ++each) {
    const Machine& machine = machines_[each];
    if (each == at || machine.region != machines_[at].region || machine.dead) continue;
    if (!connected(at, each) || is_cut(at, each)) continue;
    const regions::Replica& replica = machine.node->replica();
    const regions::Identity& self = replica.identity();
    const bool whole = !machine.broken && !machine.stray && !replica.exchange().joining() &&
                       !background_of(each).snapshots().receiving();
    members.push_back({.node = self.node,
                       .made_ms = now_,
                       .ripe = follows(each) && whole,
                       .origin = self.origin,
                       .previous = self.previous,
                       .formers = self.formers});
  }
  node(at).replica().see_members(std::move(members), 0, now_);
}

void Network::check_may_write(Index at) {
  const Machine& machine = machines_[at];
  if (machine.follows && !machine.owes) note(at, "writes although it follows");
}

void Network::try_to_write(Index at, const std::function<void(regions::Group&)>& function) {
  regions::Replica& replica = node(at).replica();
  const core::VersionVector vector = node(at).vector();
  const storage::Position last = node(at).disk().last_position();
  bool refused = false;
  try {
    test::write(replica, function);
  } catch (const Error& error) {
    refused = error.code() == ErrorCode::kReadOnly;
  }
  if (!refused) note(at, "takes a write although it follows");
  const auto committed = replica.commit();
  machines_[at].broken = breaks(committed);
  const bool same = node(at).vector() == vector && node(at).disk().last_position() == last;
  if (!same) note(at, "is changed by a write that it refused");
}

}  // namespace anabranch::test
