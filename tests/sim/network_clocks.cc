// Clocks in the network: the true last words of clocks, and the check that no region clears a key
// before its deadline has passed by the clocks of the others.
#include <algorithm>
#include <set>

#include "core/batch.h"
#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;

namespace {

constexpr Millis kDriftMs = core::HybridClock::kDriftMaxMs;
// A clock that differs by less may be taken for right: words take their time.
constexpr Millis kSurelyOffMs = 10 * kDriftMs;
// A region heard of so lately is surely present; one not heard of for kPerhapsThereMs may be
// absent.
constexpr Millis kSurelyThereMs = 20'000;
constexpr Millis kPerhapsThereMs = 120'000;
// A clock that stops is off after this time, and stored as off after that.
constexpr Millis kStoredMs = kDriftMs + regions::HeardClocks::kStoreMs;

bool surely_off(Millis by) { return by > kSurelyOffMs || by < -kSurelyOffMs; }

}  // namespace

Millis Network::wall(Index at) const {
  const Clock& clock = machines_[at].clock;
  return clock.wall_ms + (now_ - clock.since_ms) * clock.speed;
}

void Network::set_wall(Index at) {
  Machine& machine = machines_[at];
  machine.wall_max_ms = std::max(machine.wall_max_ms, wall(at));
  machine.node->clock().set(wall(at));
}

void Network::jump_clock(Index at, Millis by) {
  machines_[at].clock = {wall(at) + by, now_, machines_[at].clock.speed};
}

void Network::set_clock_speed(Index at, int times) {
  machines_[at].clock = {wall(at), now_, times};
}

// It looks with each heartbeat and each clear, and at other times. A jump that is taken back
// between two looks cannot be noticed.
void Network::look_at_clock(Index at) {
  Machine& machine = machines_[at];
  const Look look{now_, wall(at) - now_};
  const Look before = machine.look.value_or(look);
  const Millis moved = look.ahead_ms - before.ahead_ms;
  // A clock that stood still, or hurried, may make up for some of it.
  if (moved > 2 * kDriftMs || moved < -2 * kDriftMs) machine.jumped_ms = before.at_ms;
  machine.look = look;
}

std::shared_ptr<const Hearsay> Network::hearsay(Index at) const {
  auto all = std::make_shared<Hearsay>(machines_[at].heard);
  (*all)[at] = {now_, wall(at), 0, machines_[at].node->origin()};
  return all;
}

void Network::hear(Index at, const Hearsay& all) {
  for (const auto& [who, word] : all) {
    if (who == at) continue;
    HeardOf heard = word;
    heard.off_ms = heard.wall_ms + (now_ - heard.at_ms) - wall(at);
    // A word that was known by a wrong own clock may be forgotten, and heard again by a right one.
    HeardOf& right = machines_[at].heard_right[who];
    if (!surely_off(heard.off_ms) && heard.at_ms > right.at_ms) right = heard;
    HeardOf& known = machines_[at].heard[who];
    if (heard.at_ms > known.at_ms) known = heard;
  }
}

void Network::look_back(Index at, Millis before) {
  Machine& machine = machines_[at];
  Millis latest = 0;
  for (const auto& [who, heard] : machine.heard) {
    if (who != at) latest = std::max(latest, heard.wall_ms + (now_ - heard.at_ms) + kDriftMs);
  }
  if (latest > 0 && latest < before) machine.gone_back.emplace_back(latest, before);
}

// Returns whether a leader need not wait for another one any more: the other one was away for long
// enough, and its clock, right at its last word, has gone on beyond the deadline. A leader that was
// restarted since knows the clock's reading from its last store, no better than kStoredMs. That a
// clock is wrong is stored within kStoreMs: if a leader that has heard so stops before, it and
// those that hear of it know of the last right word only.
bool Network::given_up(Index at, Index other, Millis deadline) const {
  const Machine& machine = machines_[at];
  const auto passes = [&](const HeardOf& heard) {
    const Millis away = now_ - heard.at_ms;
    const Millis unsure = heard.at_ms < machine.opened_ms ? kStoredMs : 0;
    return away >= kExpiryWaitMs && heard.wall_ms + unsure + away - kExpiryWaitMs >= deadline;
  };
  const auto last = machine.heard.find(other);
  if (last == machine.heard.end()) return false;
  if (!surely_off(last->second.off_ms)) return passes(last->second);
  const auto stopped = ends_ms_.lower_bound(last->second.at_ms);
  const bool may_be_forgotten =
      stopped != ends_ms_.end() &&
      *stopped <= last->second.at_ms + regions::HeardClocks::kStoreMs + kDriftMs;
  const auto right = machine.heard_right.find(other);
  return may_be_forgotten && right != machine.heard_right.end() && passes(right->second);
}

bool Network::lost(Index at, Index other) {
  const regions::Identity& who = node(other).replica().identity();
  return node(at).replica().members().list().lost(who.region, who.origin);
}

bool Network::counts_for_clearing(Index at, Index other) {
  const regions::Identity& who = node(other).replica().identity();
  const regions::RegionList& list = node(at).replica().members().list();
  // Until it knows that it is listed it shows no clock.
  const bool shows = !follows(other) || node(other).replica().members().is_listed();
  return other != at && shows && list.knows(who.region, who.origin) && !lost(at, other);
}

// The clock of a leader stands alone when several others are there and all of them differ. A leader
// that has greeted may agree before it is in the list of regions. Words from before this leader
// opened may come to it again, from others: then they are judged by its clock as it is now.
bool Network::stands_alone(Index at) {
  const auto differs = [&](const HeardOf& word) {
    const bool again = word.at_ms < machines_[at].opened_ms;
    const Millis off_now_ms = word.wall_ms + (now_ - word.at_ms) - wall(at);
    return surely_off(word.off_ms) && (!again || surely_off(off_now_ms));
  };
  std::set<std::string> regions;
  bool somebody_differs = false;
  for (Index other = 0; other < size(); ++other) {
    if (machines_[other].has_led) return false;  // It may be known by its former name.
    if (machines_[other].region == machines_[at].region) continue;  // That is no witness.
    const bool counts = counts_for_clearing(at, other);
    if (counts) regions.insert(machines_[other].region);
    const auto found = machines_[at].heard.find(other);
    if (other == at || lost(at, other) || found == machines_[at].heard.end()) continue;
    const bool renamed = found->second.origin != node(other).origin();
    if (counts && renamed) return false;  // It is known by different names.
    const Millis age = now_ - found->second.at_ms;
    const bool off = differs(found->second);
    if (!off && age < kPerhapsThereMs) return false;
    somebody_differs = somebody_differs || (counts && off && age < kSurelyThereMs);
  }
  return somebody_differs && regions.size() > 1;
}

// The next write of another leader, still unknown to the clearing one, may have let the key live
// longer if it was written before the deadline was over there.
bool Network::may_have_renewed(Index at, Index other, Millis deadline) {
  for (const auto& [later_than, up_to] : machines_[other].gone_back) {
    if (later_than < deadline && deadline <= up_to) return false;  // Others may have believed it.
  }
  const core::Origin origin = node(other).origin();
  const auto position = node(other).disk().find(origin, node(at).vector().at(origin) + 1);
  const auto record = position ? node(other).disk().read_log(*position) : std::nullopt;
  if (!record) return false;
  const auto written = machines_[other].written_ms.find({origin, record->first});
  if (written != machines_[other].written_ms.end()) return written->second < deadline;
  const auto batch = core::decode_batch(record->bytes);
  if (!batch.ok()) return false;  // Damaged on the disk.
  return batch.value().transactions.front().hlc.millis() < deadline;
}

void Network::check_cleared(Index at) {
  if (anybody_strays() || had_outsiders_ || intruders() > 0) return;
  const auto& cleared = machines_[at].expiries->last();
  if (cleared.empty()) return;
  look_at_clock(at);
  if (machines_[at].jumped_ms >= 0 && now_ - machines_[at].jumped_ms < kExpiryWaitMs) {
    note(at, "clears a key although its clock has jumped");
  }
  if (stands_alone(at)) note(at, "clears a key although its clock stands alone");
  for (const leader::ExpirySweep::Cleared& each : cleared) {
    for (Index other = 0; other < size(); ++other) {
      if (!counts_for_clearing(at, other) || given_up(at, other, each.deadline)) continue;
      if (machines_[other].wall_max_ms < each.deadline) {
        note(at, "clears a key before its deadline, by the clock of " + name(other));
      }
      if (may_have_renewed(at, other, each.deadline)) {
        note(at, "clears a key that " + name(other) + " may have let live longer");
      }
    }
  }
}

}  // namespace anabranch::test
