// The machines of the network: their disks, stops and restarts.

#include "tests/sim/network.h"

#include <chrono>
#include <utility>

#include "core/assert.h"
#include "core/hash.h"
#include "tests/sim/engine_disk.h"
#include "tests/write.h"

namespace anabranch::test {

using core::Millis;
using core::VersionVector;

std::unique_ptr<Disk> Network::make_disk() {
  if (engine_) return EngineDisk::make(*engine_, disks_ == Disks::kInterval);
  return std::make_unique<MemoryDisk>();
}

void Network::move(Disk& disk) {
  storage::Place place = disk.place();
  place.file = ++last_file_;
  disk.set_place(std::move(place));
}

void Network::reopen(Index at, std::unique_ptr<Disk> disk) {
  Machine& machine = machines_[at];
  ends_ms_.insert(now_);  // Of the opening before, if it was not stopped.
  const core::Millis before =
      machine.node == nullptr ? 0 : machine.node->replica().names().expiries().now_ms();
  machine.kept_shown.reset();
  machine.candidate.chooser.reset();
  disk->set_faults({.durable_at_once = disks_ == Disks::kPrompt});
  // No two alike, even after the same seed.
  const core::Origin fresh =
      core::digest128(storage::big_endian(random_.bits()) + storage::big_endian(++last_opening_))
          .low |
      1U;
  machine.node =
      std::make_unique<Node>(std::move(disk),
                             regions::ReplicaOptions{.mesh = {1, 1},
                                                     .region = machine.region,
                                                     .fresh_origin = fresh,
                                                     .nonce = fresh,
                                                     .signatures = machine.seals.get(),
                                                     .resolvers = &resolvers_,
                                                     .expiry_wait_ms = kExpiryWaitMs,
                                                     .follows = machine.set_to_follow,
                                                     .promote_after_ms = promote_after_ms(),
                                                     .listens = chooses(),
                                                     .syncs_later = disks_ == Disks::kInterval,
                                                     .announce = announce_,
                                                     .checksums = !former_ || at % 2 == 1,
                                                     .limits = limits_},
                             wall(at));
  look_back(at, before);
  see_role(at);
  begin_to_choose(at);
  machine.expiries = make_expiry_sweep(*machine.node);
  machine.erased = make_erased_sweep(*machine.node);
  machine.orphans = make_orphan_sweep(*machine.node);
  machine.requests = make_request_sweep(*machine.node);
  machine.look.reset();
  machine.jumped_ms = -1;
  machine.wall_max_ms = std::max(machine.wall_max_ms, wall(at));
  machine.broken = machine.refusing = machine.dead = machine.takes_again = false;
  machine.lost.reset();
  machine.may_send.reset();
  machine.unclear = false;
  ++machine.openings;
  machine.opened_ms = now_;
  machine.trail = Ledger::begin(*machine.node);
  machine.settled.reset();
  sync(at);
}

std::vector<std::pair<Network::Index, Network::Index>> Network::stop(Index at) {
  machines_[at].dead = true;
  ends_ms_.insert(now_);
  machines_[at].ever.join(on_disk(at));
  std::vector<std::pair<Index, Index>> lost;
  for (const auto& each : connections_) {
    const bool of_this = each.first == at || each.second == at;
    if (of_this && !cut_.contains(each)) lost.push_back(each);
  }
  for (const auto& [one, other] : lost) unlink(one, other);
  std::erase_if(guests_, [&](const auto& each) { return each.second.at == at; });
  return lost;
}

// Every other time a process is stopped and not killed: without a draw, so that seeds keep their
// runs.
void Network::close_at_times(Index at) {
  const Machine& machine = machines_[at];
  if (!engine_ || machine.broken || machine.stray || machine.openings % 2 != 0) return;
  set_wall(at);
  // It may fail, as any commit may. In steps the flush takes as long as it takes.
  if (node(at).replica().close().ok()) (void)node(at).disk().close(std::chrono::seconds(8));
}

void Network::restart(Index at, Restart how) {
  Machine& machine = machines_[at];
  if (machine.broken) follow(at);  // A call may commit twice, and fail the second time.
  note_synced(at);
  if (how == Restart::kClean) close_at_times(at);
  const auto lost = stop(at);
  const bool power_loss = how == Restart::kPowerLoss;
  const Disk& disk = machine.node->disk();
  const bool may_have_more = machine.broken && disk.may_keep_failed_commits();
  // The power of an engine may be gone although no commit has found that.
  const bool lossy = disks_ != Disks::kPrompt && (power_loss || disk.lost_power());
  const VersionVector least = lossy ? machine.synced : machine.trail.vector;
  const Ledger::Trail before = machine.trail;
  const core::Origin origin = machine.node->origin();
  auto log_lost = machine.lost;
  const bool stepped_down = machine.stored_role;
  const std::uint64_t shown_reign = machine.candidate.shown_reign;
  reopen(at, power_loss ? disk.crash() : disk.clone());
  machine.lost = std::move(log_lost);
  if (stepped_down && !machine.follows) note(at, "leads although it has stepped down");
  check_stored_reign(at, shown_reign);
  if (may_have_more) {
    follow_failed(at, before, origin);
  } else if (!before.vector.includes(machine.node->vector())) {
    note(at, "more than there was after a restart");
  }
  if (!machine.node->vector().includes(least)) note(at, "less than was synced after a restart");
  if (power_loss || lossy) ledger_.lost(kept());
  for (const auto& [one, other] : lost) link(one, other);
}

void Network::follow_failed(Index at, const Ledger::Trail& before, core::Origin origin) {
  Machine& machine = machines_[at];
  // A commit that failed, and is not there, has left its number to a later one.
  const core::Seq kept = node(at).vector().at(origin);
  std::erase_if(machine.written_ms, [&](const auto& each) {
    return each.first.first == origin && each.first.second > kept;
  });
  if (machine.stray) return machine.stray->follow(node(at), ledger_);
  if (!node(at).vector().includes(before.vector)) return;  // It has lost more than that.
  machine.trail = before;
  note(at, ledger_.made(node(at), origin, machine.trail, machine.wall_max_ms));
  note(at, ledger_.follow(node(at), machine.trail));
  if (machine.trail.vector != node(at).vector()) note(at, "another state after a failed commit");
  sync(at);
}

void Network::lose_write(Index at, const std::function<void(regions::Group&)>& function) {
  ANABRANCH_ASSERT((engine_ || disks_ == Disks::kLazy) && writable(at));
  if (engine_) {
    node(at).disk().lose_power_soon();
    (void)write(at, function);
    return restart(at, Restart::kPowerLoss);
  }
  set_wall(at);
  (void)run_transaction(at, function);
  (void)node(at).replica().commit();
  node(at).replica().durable(node(at).disk().durable_position(), now_);
  carry_out(at);
  restart(at, Restart::kPowerLoss);
}

void Network::look_at_refusals(Index at) {
  Machine& machine = machines_[at];
  if (machine.node->replica().state().refused()) ++carried_.refusals;
  if (machine.broken && machine.refusing && !is_denied(at) && !machine.node->disk().failed()) {
    note(at, "a cause that passes has closed a leader");
  }
}

bool Network::is_denied(Index at) const {
  const auto& why = machines_[at].node->replica().broken();
  return why && why->message.find("peers have denied") != std::string::npos;
}

void Network::refuse(Index at, std::size_t n) {
  machines_[at].refusing = true;
  node(at).disk().set_faults({.refuse = n, .durable_at_once = disks_ == Disks::kPrompt});
}

void Network::fail_commit(Index at, std::uint64_t n) {
  machines_[at].refusing = false;
  const auto failed = [this, at] {
    ++carried_.failed_commits;
    machines_[at].may_send = node(at).replica().effects().size();
  };
  node(at).disk().set_faults(
      {.fail_commit = n, .failed = failed, .durable_at_once = disks_ == Disks::kPrompt});
}

}  // namespace anabranch::test
