// Checks of replicas: that they show what the history demands, the same where they have the same;
// and, while they talk and forget, that they show no more than they have, and keep the records that
// others lack.
#include <algorithm>
#include <limits>
#include <optional>

#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;
using core::VersionVector;

const VersionVector& Network::on_disk(Index at) const {
  const Machine& machine = machines_[at];
  return disks_ == Disks::kPrompt || machine.stray ? history(machine) : machine.synced;
}

void Network::check_shown(Index at, const regions::Message& message) {
  const VersionVector* applied = nullptr;
  const VersionVector* durable = nullptr;
  if (const auto* ack = std::get_if<regions::Ack>(&message)) {
    applied = &ack->applied;
    durable = &ack->durable;
  }
  if (const auto* beat = std::get_if<regions::Heartbeat>(&message)) {
    applied = &beat->applied;
    durable = &beat->durable;
  }
  if (applied == nullptr || machines_[at].stray) return;
  if (!machines_[at].trail.vector.includes(*applied)) note(at, "shows what it has not applied");
  if (!on_disk(at).includes(*durable)) note(at, "calls durable what goes with its power");
}

void Network::check_proven(Index at, const VersionVector& before) {
  const Machine& machine = machines_[at];
  const regions::Signer& signer = machine.node->replica().inbox().proofs().signer();
  if (!signer.active() || machine.broken) return;
  for (const auto& [origin, seq] : node(at).vector()) {
    if (seq == before.at(origin)) continue;
    const regions::Head& head = node(at).replica().applied().head(origin);
    const bool own = head.region == machine.region;
    // It signs those when they are on the disk.
    if (origin == node(at).origin() || (own && !machine.follows)) continue;
    if (!signer.proves_head(origin) && !ledger_.leaves_unproven(origin, seq)) {
      note(at, "cannot prove what it has applied of " + core::to_string(origin));
    }
  }
}

void Network::tick_and_check(Index at) {
  regions::Replica& replica = node(at).replica();
  const regions::LogKeeper& keeper = replica.keeper();
  const storage::Position first = keeper.segments().first();
  const storage::Position last = node(at).disk().last_position();
  const bool too_much = keeper.segments().bytes() > limits_.log.bytes_max ||
                        keeper.next_tick_ms() != std::numeric_limits<Millis>::max();
  replica.tick(now_);
  if (keeper.segments().first() == first) return;
  const bool wrote = node(at).disk().last_position() > last;  // Perhaps too much.
  too_much || wrote ? forgive_cut(at) : check_kept(at);
}

// The log was too long: cut records are forgiven.
void Network::forgive_cut(Index at) {
  const Disk& log = node(at).disk();
  for (const auto& [origin, seq] : node(at).vector()) {
    const auto position = log.find(origin, 1);
    const auto record = position ? log.read_log(*position) : std::nullopt;
    machines_[at].gone.raise(origin, record ? record->first - 1 : seq);
  }
}

// Returns whether a leader's log is kept for another one: for one that has told its vector, or
// whose region has; that is the same if the region never had another leader.
bool Network::waits_for(Index at, Index other) {
  const regions::Replica& replica = node(at).replica();
  const std::string& region = machines_[other].region;
  if (other == at || follows(other)) return false;
  if (replica.members().list().retirement(region) != regions::Retirement::kNone) return false;
  const bool alone = std::ranges::count(machines_, region, &Machine::region) == 1;
  return std::ranges::any_of(replica.keeper().reports().all(), [&](const auto& each) {
    return alone ? each.second.region == region : each.first == node(other).origin();
  });
}

// The log was not too long when it was cut: a region that is waited for must find its missing
// records there.
void Network::check_kept(Index at) {
  for (Index other = 0; other < size(); ++other) {
    if (!waits_for(at, other)) continue;
    VersionVector had = machines_[other].ever;
    had.join(on_disk(other));
    for (const auto& [origin, seq] : node(at).vector()) {
      const core::Seq next = had.at(origin) + 1;
      if (next > seq || next <= machines_[at].gone.at(origin)) continue;
      const auto position = node(at).disk().find(origin, next);
      const auto record = position ? node(at).disk().read_log(*position) : std::nullopt;
      if (!record || record->first > next) note(at, "has forgotten what " + name(other) + " lacks");
    }
  }
}

std::string Network::wrong() {
  if (!failure_.empty()) return failure_;
  std::vector<std::optional<core::Hash128>> digests(size());
  std::vector<std::optional<core::Hash128>> shown(size());
  const auto digest = [&](Index at) {
    if (!digests[at]) digests[at] = node(at).digest();
    return *digests[at];
  };
  const auto shows = [&](Index at) {
    if (!shown[at]) shown[at] = shown_digest(at);
    return *shown[at];
  };
  ledger_.settle(floor());
  for (Index at = 0; at < size(); ++at) {
    if (broken(at) || machines_[at].stray) continue;
    const std::string who = name(at) + ": ";
    if (rotten(at)) {
      const std::string wrong = ledger_.wrong_beside_damage(node(at));
      if (!wrong.empty()) return who + wrong;
      continue;
    }
    for (Index other = 0; other < at; ++other) {
      if (broken(other) || rotten(other) || machines_[other].stray) continue;
      if (node(other).vector() != node(at).vector()) continue;
      if (digest(other) != digest(at)) return who + "other rows than " + name(other);
      if (shows(other) != shows(at)) return who + "shows other values than " + name(other);
    }
    const std::string wrong_rows = ledger_.wrong(node(at), machines_[at].was_rotten);
    if (!wrong_rows.empty()) return who + wrong_rows;
    if (const std::string wrong = wrong_kept_values(at); !wrong.empty()) return who + wrong;
    if (const std::string wrong = wrong_expiry(at); !wrong.empty()) return who + wrong;
    if (const std::string wrong = wrong_orphan(at); !wrong.empty()) return who + wrong;
    if (const std::string wrong = wrong_request(at); !wrong.empty()) return who + wrong;
  }
  return {};
}

// ---- The worst case.

VersionVector Network::floor() const {
  std::optional<VersionVector> floor;
  const auto at_least = [&](const VersionVector& each) {
    floor = floor ? lower(*floor, each) : each;
  };
  for (const Machine& machine : machines_) {
    at_least(on_disk(static_cast<Index>(&machine - machines_.data())));
    if (machine.backup) at_least(machine.backup_vector);
  }
  return floor.value_or(VersionVector{});
}

VersionVector Network::kept() const {
  VersionVector kept;
  for (const Machine& machine : machines_) kept.join(history(machine));
  return kept;
}

}  // namespace anabranch::test
