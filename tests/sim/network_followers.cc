// Followers: machines that copy a region's leader, and may come to lead it.
#include <anabranch/error.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "core/batch.h"
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
  const regions::Membership& members = machine.node->replica().members();
  const bool was_listed = members.is_listed();
  const std::uint64_t known = members.known_reign();
  carry_out(at);
  set_wall(at);
  machine.follows = false;
  machine.stored_role = false;  // Its disk may say anything if that fails.
  const auto promoted = machine.node->replica().promote(now_);
  machine.broken = breaks(promoted);
  if (!promoted.ok()) machine.follows = machine.node->replica().exchange().follows();
  if (!promoted.ok()) return;
  machine.has_led = machine.set_to_follow = false;
  const bool keeps = machine.node->origin() == before;
  if (keeps && !was_listed) note(at, "leads under the origin that it followed under");
  if (!keeps && was_listed) note(at, "begins an origin, although its own is listed");
  if (lists_ && members.reign() <= known) note(at, "leads under a reign that it has known");
  follow(at);
  if (disks_ != Disks::kInterval) sync(at);
  turn(at);
}

void Network::demote(Index at) {
  machines_[at].follows = machines_[at].has_led = machines_[at].set_to_follow = true;
  machines_[at].owes = node(at).replica().background().upkeep().sweeping();
  restart(at, Restart::kClean);
}

// ---- A handover.

std::optional<Network::Index> Network::heir_of(Index leader) {
  if (!writable(leader) || anybody_strays()) return std::nullopt;
  const regions::RegionList& list = node(leader).replica().members().list();
  for (Index heir = 0; heir < size(); ++heir) {
    const bool linked = connected(leader, heir) && !is_cut(leader, heir);
    if (!linked || !follows(heir) || !running(heir)) continue;
    if (machines_[heir].region != machines_[leader].region) continue;
    const bool listed = list.counts(machines_[heir].region, node(heir).origin());
    if (listed && node(heir).replica().members().is_listed()) return heir;
  }
  return std::nullopt;
}

bool Network::covers(Index heir, Index leader) {
  const regions::Replica& replica = node(leader).replica();
  const auto peer = replica.exchange().peers().find(node(heir).origin());
  return peer != replica.exchange().peers().end() && peer->second.connected() &&
         peer->second.durable.includes(replica.applied().vector());
}

bool Network::hand_over(Index leader, Index heir, core::Millis after) {
  const core::VersionVector all = node(leader).vector();
  step_down(leader);
  if (!follows(leader)) return false;
  run(after);
  if (running(heir) && follows(heir)) promote(heir);
  const bool leads = !follows(heir) && !broken(heir);
  if (leads && !on_disk(heir).includes(all)) note(heir, "leads, and lacks what it took over");
  if (!leads && running(leader) && follows(leader)) promote(leader);
  return true;
}

void Network::step_down(Index at) {
  Machine& machine = machines_[at];
  ANABRANCH_ASSERT(writable(at));
  const core::VersionVector before = node(at).vector();
  const core::Origin origin = node(at).origin();
  carry_out(at);
  set_wall(at);
  regions::Replica& replica = node(at).replica();
  const auto done = replica.step_down(now_);
  machine.broken = breaks(done) && done.failure().code != ErrorCode::kInvalid;
  if (!done.ok()) return;
  machine.follows = machine.has_led = true;
  machine.owes = background_of(at).upkeep().sweeping();
  const bool stored = !replica.state().refused();
  machine.stored_role = lists_ && stored;
  machine.set_to_follow = !machine.stored_role;  // An operator sees to it.
  if (node(at).vector() != before) note(at, "writes while it steps down");
  if (node(at).origin() != origin) note(at, "steps down under another origin");
  note_synced(at);
  if (stored && !on_disk(at).includes(before)) note(at, "follows before its writes are synced");
  turn(at);
}

void Network::see_role(Index at) {
  Machine& machine = machines_[at];
  machine.stored_role = false;
  const bool follows = node(at).replica().exchange().follows();
  if (std::exchange(machine.follows, follows) == follows) return;
  machine.has_led = follows;
  machine.owes = follows && background_of(at).upkeep().sweeping();
}

// Those that it is connected to; others could tell it of more.
void Network::show_members(Index at) {
  if (!lists_ || follows(at) || chooses()) return;
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

void Network::check_may_write(Index at, core::Seq own) {
  const Machine& machine = machines_[at];
  const regions::Identity& self = machine.node->replica().identity();
  if (self.at_rest) note(at, "writes although it is at rest");
  if (!machine.follows) return;
  if (!machine.owes) note(at, "writes although it follows");
  const Disk& disk = machine.node->disk();
  for (core::Seq next = own + 1; next <= machine.node->vector().at(self.origin);) {
    const auto position = disk.find(self.origin, next);
    const auto record = position ? disk.read_log(*position) : std::nullopt;
    const auto batch =
        record ? core::decode_batch(record->bytes) : core::Result<core::Batch>(core::Batch());
    if (!record || !batch.ok()) return;  // Damaged, or trimmed meanwhile.
    for (const core::Transaction& txn : batch.value().transactions) {
      const bool resets = std::ranges::all_of(
          txn.ops, [](const core::Op& op) { return std::holds_alternative<core::Reset>(op); });
      if (!resets) note(at, "follows, and writes more than the resets that it owes");
    }
    next = record->last + 1;
  }
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
