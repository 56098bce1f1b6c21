// Leaders that write on under their origin on an old copy of their disk, and give way later.
#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "tests/sim/network.h"

namespace anabranch::test {

using core::VersionVector;

void Network::backup(Index at) {
  if (machines_[at].stray || rotten(at)) return;  // The operator's program finds it damaged.
  machines_[at].backup = node(at).disk().clone();
  machines_[at].backup_vector = machines_[at].trail.vector;
}

void Network::restore(Index at) {
  if (anybody_strays() || !machines_[at].backup) return;
  // What the rows of another region lack may be here alone.
  if (std::ranges::any_of(machines_, &Machine::rotten) && !rotten(at)) return;
  const auto lost = stop(at);
  ++carried_.restored;
  Machine& machine = machines_[at];
  auto disk = machine.backup->clone();
  move(*disk);
  // An operator sees to it: a copy has no role.
  if (!chooses()) machine.set_to_follow = machine.follows;
  reopen(at, std::move(disk));
  machine.rotten = false;
  if (machine.has_led)
    machine.owes = machine.node->replica().background().upkeep().sweeping();  // As in `demote`.
  ledger_.lost(kept());
  for (const auto& [one, other] : lost) link(one, other);
}

void Network::copy(Index at) {
  Machine& machine = machines_[at];
  machine.copy = node(at).disk().clone();
  machine.copied_origin = node(at).origin();
  machine.copied_seq = node(at).vector().at(node(at).origin());
}

bool Network::put_back(Index at) {
  Machine& machine = machines_[at];
  if (!machine.copy || !may_stray(at) || machine.frozen_until_ms > now_) return false;
  if (machine.follows) return false;  // It would not write on: nothing forks.
  for (Index other = 0; other < size(); ++other) {
    if (other == at) continue;
    // What its rows lack may be here alone, and it is to give rows to this one.
    if (rotten(other)) return false;
    const bool strays = machines_[other].stray.has_value();  // It takes the others' history.
    if (!strays && !is_ahead_of_copy(other, at)) return false;
  }
  ++carried_.strayed;
  carried_.together += anybody_strays() ? 1 : 0;
  for (const auto& each : stop(at)) cut_.insert(each);
  reopen(at, std::move(machine.copy));
  machine.stray.emplace(node(at), machine.copied_origin);
  machine.rotten = false;
  machine.kills = 0;
  had_outsiders_ = true;
  ledger_.forget_ends();
  ledger_.lost(kept());
  if (chooses()) beat(at);  // It leads on at once: its region has no other member.
  return true;
}

void Network::look_for_fork(Index at) {
  Machine& machine = machines_[at];
  if (machine.broken || node(at).vector().at(machine.copied_origin) > machine.copied_seq) return;
  machine.stray.reset();
  machine.trail = Ledger::begin(node(at));
}

bool Network::is_ahead_of_copy(Index other, Index at) const {
  const core::Origin origin = machines_[at].copied_origin;
  const core::Seq seq = machines_[at].copied_seq;
  const Machine& machine = machines_[other];
  const regions::ChainHashes& chains = machine.node->replica().state().chains();
  const bool tells = chains.at(origin, seq) && chains.first_behind(origin, seq);
  return machine.trail.vector.at(origin) > seq && machine.synced.at(origin) > seq &&
         (tells || !connected(at, other));
}

bool Network::goes_unsaid(std::uint8_t kind) {
  static const std::uint8_t history = regions::kind_of(regions::History{});
  return kind == history && histories_lost_ > 0 && random_.chance(histories_lost_);
}

bool Network::anybody_strays() const {
  return std::ranges::any_of(machines_, [](const Machine& each) { return each.stray.has_value(); });
}

bool Network::may_stray(Index at) const {
  std::size_t strays = 0;
  for (Index other = 0; other < size(); ++other) {
    if (!machines_[other].stray) continue;
    ++strays;
    if (other == at || connected(at, other)) return false;
  }
  return strays < strays_max_;
}

void Network::ask_to_give_way(Index at) {
  Machine& machine = machines_[at];
  regions::Replica& replica = node(at).replica();
  if (!machine.stray || replica.background().repair().rejoin() != nullptr) return;
  const auto begun =
      replica.background().resolve_fork(machine.stray->forked(), false, now_);  // Else later.
  machine.refused = begun.ok() ? "" : begun.failure().message;
}

std::string Network::stray_text(Index at) {
  const Machine& machine = machines_[at];
  if (!machine.stray) return {};
  if (const regions::Rejoin* rejoin = machine.node->replica().background().repair().rejoin()) {
    return rejoin->logging() ? " strays, and logs what it has written again" : " strays, and joins";
  }
  return " strays, and does not give way: " + machine.refused;
}

bool Network::strays_again(Index at, const VersionVector& before) {
  Machine& machine = machines_[at];
  const bool gives_way = background_of(at).repair().rejoin() != nullptr;
  const bool has_branch = machine.gave_way && !before.includes(node(at).vector());
  if (!gives_way && !has_branch) return false;
  ANABRANCH_ASSERT(machine.gave_way);
  machine.stray = std::exchange(machine.gave_way, std::nullopt);
  machine.stray->stray_again(node(at));
  machine.refused.clear();
  ledger_.forget_ends();
  return true;
}

void Network::take_back(Index at) {
  Machine& machine = machines_[at];
  if (const auto& failed = node(at).replica().background().repair().failed()) {
    // Of two leaders that would give way to each other one stays as it is: it is asked again later.
    machine.refused = failed->message;
    const bool same_time =
        machine.refused.find("gives way to it at the same time") != std::string::npos;
    if (!same_time && !cannot_give_way(at)) {
      note(at, "does not give way: " + machine.refused);
    }
    return;
  }
  note(at, machine.stray->settle(node(at), ledger_));
  machine.gave_way = std::exchange(machine.stray, std::nullopt);
  machine.trail = Ledger::begin(node(at));
  sync(at);
}

void Network::note_alarm(Index at, const std::string& text) {
  if (text.find("no log tells any more") != text.npos) machines_[at].unclear = true;
  alarms_.push_back(text);
}

// Damage of its log has put it back, and the log of its branch was trimmed before, or others have
// what it had written again in place of that: the manual has the operator begin anew.
bool Network::cannot_give_way(Index at) const {
  const Machine& machine = machines_[at];
  return machine.stray && machine.stray->strays_again() && !machine.refused.empty();
}

bool Network::begin_anew() {
  for (Index at = 0; at < size(); ++at) {
    Machine& machine = machines_[at];
    const VersionVector vector = node(at).vector();
    const bool is_behind = std::ranges::any_of(machines_, [&](const Machine& other) {
      return !other.stray && other.trail.vector != vector && other.trail.vector.includes(vector);
    });
    const bool unclear = machine.unclear && !machine.stray && is_behind;
    if (!unclear && !cannot_give_way(at)) continue;
    ++carried_.anew;
    const auto lost = stop(at);
    machine.stray.reset();
    if (!chooses()) machine.set_to_follow = machine.follows;
    auto disk = make_disk();
    move(*disk);
    reopen(at, std::move(disk));
    machines_[at].rotten = false;
    machines_[at].backup.reset();
    machines_[at].copy.reset();
    for (const auto& [one, other] : lost) link(one, other);
    return true;
  }
  return false;
}

void Network::kill_who_gives_way() {
  constexpr double kOften = 0.01;
  constexpr int kKillsMax = 5;  // Each begins the joining anew.
  for (Index at = 0; at < size(); ++at) {
    if (!machines_[at].stray || broken(at) || machines_[at].kills >= kKillsMax) continue;
    const regions::Rejoin* const rejoin = node(at).replica().background().repair().rejoin();
    if (rejoin == nullptr || !random_.chance(rejoin->logging() ? 10 * kOften : kOften)) continue;
    ++machines_[at].kills;
    restart(at, Restart::kClean);
  }
}

const VersionVector& Network::history(const Machine& machine) const {
  return machine.stray ? machine.stray->from() : machine.trail.vector;
}

}  // namespace anabranch::test
