#include "tests/sim/faults.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "tests/sim/clock_faults.h"
#include "tests/sim/link_faults.h"
#include "tests/sim/workload.h"

namespace anabranch::test {

namespace {

using core::Millis;
using Index = Network::Index;

constexpr Index kRegionsMax = 7;

// ---- Processes and disks.

bool kill(Scene& scene) {
  scene.network().restart(scene.any_region(), Network::Restart::kClean);
  return true;
}

bool lose_power(Scene& scene) {
  scene.network().restart(scene.any_region(), Network::Restart::kPowerLoss);
  return true;
}

bool lose_write(Scene& scene) {
  const auto at = scene.writable_region();
  const bool can = scene.plan().wishes.engine || scene.plan().disks == Network::Disks::kLazy;
  if (!at || !can) return false;
  scene.network().lose_write(*at, [&](regions::Group& group) {
    random_transaction(group, scene.random(), scene.plan(), scene.network().node(*at).vector());
  });
  return true;
}

bool freeze(Scene& scene) {
  const Index at = scene.any_region();
  scene.network().freeze(at, scene.network().now() + scene.duration());
  return true;
}

bool break_disk(Scene& scene) {
  Network& network = scene.network();
  const auto at = scene.readable_region();
  if (!at) return false;
  network.fail_commit(*at, 1 + scene.random().below(4));
  scene.later(scene.duration(), [&network, at = *at] {
    if (network.broken(at)) network.restart(at, Network::Restart::kClean);
  });
  return true;
}

// Its writes go on, and its card says that it is not fit to lead; also over starts.
bool slow_disk(Scene& scene) {
  constexpr Millis kAtLeastMs = 2'000;
  Network& network = scene.network();
  const Index at = scene.any_region();
  network.candidate(at).slow_until_ms = network.now() + kAtLeastMs + scene.duration();
  return true;
}

bool refuse(Scene& scene) {
  const auto at = scene.readable_region();
  if (at) scene.network().refuse(*at, 1 + scene.random().below(4));
  return at.has_value();
}

bool restore(Scene& scene) {
  Network& network = scene.network();
  const Index at = scene.any_region();
  if (network.broken(at)) return false;
  network.backup(at);
  scene.later(scene.duration(), [&network, at] { network.restore(at); });
  return true;
}

// Writes where a leader's disk was copied, or where it goes on on the copy: at least one op, and at
// times no other.
void write_beside_copy(Scene& scene, Index at) {
  Network& network = scene.network();
  if (!network.writable(at)) return;
  const core::VersionVector seen = network.node(at).vector();
  network.write(at, [&](regions::Group& group) {
    if (scene.random().chance(0.7)) random_transaction(group, scene.random(), scene.plan(), seen);
    group.put(core::Path{"\1", "clone", "s"}, "");
  });
}

// Copies a leader's disk, and puts it back as soon as all others have got the writes after the
// copy.
bool clone_at(Scene& scene, Index at) {
  Network& network = scene.network();
  // Damage would come back with the copy, when the rows have been taken again.
  if (!network.may_stray(at) || network.rotten(at)) return false;
  // It would listen first, and others would lead: nothing forks.
  if (network.chooses() && network.has_members(at)) return false;
  network.copy(at);
  write_beside_copy(scene, at);
  const auto put_back = [&scene, &network, at] {
    if (!network.put_back(at)) return;
    write_beside_copy(scene, at);
    network.look_for_fork(at);
    scene.later(scene.duration(), [&network, at] {
      for (Index other = 0; other < network.size(); ++other) {
        if (network.is_cut(at, other)) network.heal(at, other);
      }
    });
  };
  constexpr int kTries = 8;
  const Millis step = scene.random().between(10, 1'000);
  for (int tries = 1; tries <= kTries; ++tries) scene.later(tries * step, put_back);
  return true;
}

// Where little log is kept, writes that only the copy has, or where its history parts, might be
// forgotten before the fork is noticed; and no region notices that a disk has lost writes that were
// shown.
bool clone(Scene& scene) {
  Network& network = scene.network();
  const auto at = scene.writable_region();
  const bool little_log = scene.plan().limits.log.bytes_min < (std::uint64_t{1} << 20U);
  const bool lossy = scene.plan().disks == Network::Disks::kInterval;
  if (!at || little_log || lossy || network.size() < 2 || !clone_at(scene, *at)) return false;
  for (std::size_t more = 1; more < scene.plan().strays; ++more) {
    const auto other = scene.region_that([&](Index each) {
      return each != *at && network.writable(each) && !network.connected(each, *at);
    });
    if (other) clone_at(scene, *other);
  }
  return true;
}

// Of the messages that say where histories part many get lost from now on.
bool unsay(Scene& scene) {
  scene.network().lose_histories(0.3 + scene.random().unit() / 2);
  return true;
}

bool join(Scene& scene) {
  Network& network = scene.network();
  if (network.size() >= kRegionsMax || network.anybody_strays()) return false;
  const Index at = network.add();
  network.connect(at, scene.random().below(at));
  const Index other = scene.random().below(at);
  if (!network.connected(at, other)) network.connect(at, other);
  return true;
}

// ---- Regions.

// An operator retires a region, mostly while it is away; it may be taken back, and it returns.
bool retire(Scene& scene) {
  Network& network = scene.network();
  const auto at = scene.writable_region();
  const Index whom = scene.any_region();
  if (!at || *at == whom) return false;
  const Millis duration = scene.duration();
  if (scene.random().chance(0.7)) cut_off(scene, whom, std::nullopt, duration);
  if (!network.writable(*at)) return true;  // It gives way since.
  network.retire(*at, whom, regions::Retirement::kRetired);
  if (scene.random().chance(0.5)) {
    scene.later(scene.duration(), [&scene, whom] {
      const auto by = scene.writable_region();
      if (by && *by != whom) scene.network().retire(*by, whom, regions::Retirement::kNone);
    });
  }
  return true;
}

// The last writes of a region reach one other alone, and that goes away and is retired; then the
// region falls back to a backup.
bool strand(Scene& scene) {
  Network& network = scene.network();
  const auto pair = scene.connected_pair();
  if (!pair || network.size() < 3 || network.is_cut(pair->first, pair->second)) return false;
  const Index writer = pair->first;
  const Index only = pair->second;
  const Index third = scene.any_region();
  if (third == writer || third == only) return false;
  for (const Index each : {writer, only, third}) {
    if (!network.writable(each)) return false;
  }
  const Millis away = 2'000 + scene.duration();
  network.backup(writer);
  cut_off(scene, writer, only, 1'500);
  cut_off(scene, only, writer, away);
  if (!network.write(writer, [&](regions::Group& group) {
        random_transaction(group, scene.random(), scene.plan(), network.node(writer).vector());
      })) {
    return true;
  }
  network.run(scene.random().between(1, 1'000));
  if (!network.is_cut(writer, only)) cut_for(scene, writer, only, away);
  if (network.broken(writer) || !network.writable(third)) return true;
  network.restore(writer);
  if (network.writable(third)) network.retire(third, only, regions::Retirement::kRetired);
  return true;
}

// ---- Followers.

// A follower that has its leader's place: while that lives, or when it stands still, or is cut off.
bool promote(Scene& scene) {
  Network& network = scene.network();
  const auto at =
      scene.region_that([&](Index each) { return network.follows(each) && network.running(each); });
  if (!at) return false;
  const std::string region = network.node(*at).replica().identity().region;
  const double how = scene.random().unit();
  for (Index other = 0; other < network.size(); ++other) {
    const bool leads = other != *at && network.node(other).replica().identity().region == region;
    if (!leads || how < 0.4) continue;
    if (how < 0.7) network.freeze(other, network.now() + scene.duration());
    if (how >= 0.7) cut_off(scene, other, std::nullopt, scene.duration());
  }
  if (network.running(*at)) network.promote(*at);  // Its disk may have failed as links were cut.
  return true;
}

// Where the members choose their leader, they do the rest.
bool ask_to_hand_over(Scene& scene) {
  Network& network = scene.network();
  const auto leader = scene.region_that([&](Index each) { return network.writable(each); });
  return leader && network.ask_to_hand_over(*leader);
}

// A leader takes no writes until a listed follower has on its disk all that it has, steps down, and
// that follower leads.
bool hand_over(Scene& scene) {
  constexpr Millis kAtMostMs = 2'000;
  constexpr Millis kStepMs = 20;
  Network& network = scene.network();
  if (network.chooses()) return ask_to_hand_over(scene);
  const auto leader =
      scene.region_that([&](Index each) { return network.heir_of(each).has_value(); });
  if (!leader) return false;
  const Millis after = scene.random().chance(0.5) ? 0 : scene.random().between(1, 200);
  for (const Millis end = network.now() + kAtMostMs; network.now() < end; network.run(kStepMs)) {
    const auto heir = network.heir_of(*leader);
    if (!heir) return false;
    if (network.covers(*heir, *leader)) return network.hand_over(*leader, *heir, after);
  }
  return false;
}

// A leader starts again as a follower, where its region has another leader.
bool demote(Scene& scene) {
  Network& network = scene.network();
  const auto at = scene.region_that(
      [&](Index each) { return network.writable(each) && !network.leads_alone(each); });
  if (!at || network.anybody_strays()) return false;
  network.demote(*at);
  return true;
}

// A leader is away while a follower takes its place and another region goes on under a new origin;
// the follower may follow again afterwards.
bool rival(Scene& scene) {
  Network& network = scene.network();
  const auto region_of = [&](Index at) { return network.node(at).replica().identity().region; };
  const auto at =
      scene.region_that([&](Index each) { return network.follows(each) && network.running(each); });
  if (!at || network.anybody_strays()) return false;
  const auto leader = scene.region_that(
      [&](Index each) { return network.writable(each) && region_of(each) == region_of(*at); });
  const auto third = scene.region_that(
      [&](Index each) { return network.writable(each) && region_of(each) != region_of(*at); });
  if (!leader || !third) return false;
  cut_off(scene, *leader, std::nullopt, 8'000);
  if (!network.running(*at)) return true;
  network.promote(*at);
  if (!network.writable(*third)) return true;
  network.write(*third, [&](regions::Group& group) {
    random_transaction(group, scene.random(), scene.plan(), network.node(*third).vector());
  });
  network.run(scene.random().between(500, 2'000));
  network.backup(*third);
  if (!network.broken(*third)) network.restore(*third);
  scene.later(scene.duration(), [&network, at = *at] {
    if (network.writable(at) && !network.leads_alone(at)) network.demote(at);
  });
  network.run(scene.random().between(2'000, 5'000));
  return true;
}

// ---- Snapshots.

// Has a region that lacks something ask another one for a snapshot, and lets time pass until a part
// of it has come, or `enough` says so; returns the sender.
template <typename Enough>
std::optional<Index> begin_snapshot(Scene& scene, const Enough& enough) {
  constexpr Millis kAtMostMs = 300;
  const auto pair = scene.connected_pair();
  if (!pair) return std::nullopt;
  Network& network = scene.network();
  const auto [to, from] = *pair;
  if (!network.readable(to) || !network.readable(from)) return std::nullopt;
  regions::Replica& receiver = network.node(to).replica();
  if (receiver.background().snapshots().receiving()) return std::nullopt;
  receiver.background().ask_for_snapshot(network.node(from).origin(), network.now());
  network.turn(to);
  for (Millis waited = 0; waited < kAtMostMs; ++waited) {
    const auto underway = network.node(to).replica().background().snapshots().status(network.now());
    const bool some = std::ranges::any_of(underway, [](const SnapshotStatus& each) {
      return each.stage == "receiving" && each.bytes > 0;
    });
    if (enough(some)) return from;
    network.run(1);
  }
  return std::nullopt;
}

bool die_in_snapshot(Scene& scene) {
  const auto from = begin_snapshot(scene, [](bool some) { return some; });
  if (!from) return false;
  const bool power = scene.random().chance(0.5);
  scene.network().restart(*from, power ? Network::Restart::kPowerLoss : Network::Restart::kClean);
  return true;
}

bool rot_snapshot(Scene& scene) {
  Network& network = scene.network();
  const std::uint64_t before = network.carried().rotten;
  network.rot_snapshots(1);
  const auto is_rotten = [&](bool /*some*/) { return network.carried().rotten > before; };
  (void)begin_snapshot(scene, is_rotten);
  network.rot_snapshots(0);
  return is_rotten(true);
}

// ---- Bytes that change.
bool rot_log(Scene& scene) { return scene.network().flip_record(scene.any_region()); }

bool flip_log(Scene& scene) { return scene.network().flip_log(scene.any_region()); }

// Now and then an operator notices before the leader does.
bool rot_values(Scene& scene) {
  if (scene.plan().has_little_log()) return false;  // No peer may have what its log has no more.
  Network& network = scene.network();
  const Index at = scene.any_region();
  if (!network.rot_values(at)) return false;
  scene.later(scene.duration(), [&network, at] {
    if (network.rotten(at) && network.running(at)) {
      network.node(at).replica().background().take_rows_again(true);
    }
  });
  return true;
}

bool rot_batch(Scene& scene) {
  Network& network = scene.network();
  const auto at = scene.writable_region();
  if (!at || network.anybody_strays()) return false;
  const std::uint64_t before = network.carried().rotten_batches;
  network.rot_batches(1);
  network.write(*at, [&](regions::Group& group) {
    random_transaction(group, scene.random(), scene.plan(), network.node(*at).vector());
  });
  network.run(50);
  network.rot_batches(0);
  return network.carried().rotten_batches > before;
}

// ---- Intruders. They stay until they are refused, or until all regions are equal in spite of
// them.

template <Malice kMalice>
bool intrude(Scene& scene) {
  constexpr std::size_t kIntrudersMax = 3;
  Network& network = scene.network();
  const auto at = scene.readable_region();
  if (!at || network.intruders() >= kIntrudersMax) return false;
  network.intrude(*at, kMalice);
  return true;
}

// A leader is shown more of its origin than it has in the moment after it has written, so that it
// goes on under another one.
bool doubt(Scene& scene) {
  Network& network = scene.network();
  const auto at = scene.writable_region();
  if (!at) return false;
  for (int writes = 0; writes < 2; ++writes) {  // Not both are signed at once.
    if (!network.writable(*at)) return false;
    network.write(*at, [&](regions::Group& group) {
      random_transaction(group, scene.random(), scene.plan(), network.node(*at).vector());
    });
  }
  if (network.broken(*at)) return false;
  return network.doubt(*at) || intrude<Malice::kBoasting>(scene);
}

constexpr std::string_view kClockAlarm = "the clock of";
constexpr std::string_view kForkAlarm = "two histories";
constexpr std::string_view kNoMerge = "is not merged";
constexpr std::string_view kIntruder = Intruder::kName;
// A backup, or a region never heard of, held more than other regions knew.
constexpr std::string_view kGoesOn = "goes on although it had ended";

constexpr std::array kFaults{
    Fault{"loss", "messages get lost", 0.01, lose},
    Fault{"repeat", "messages arrive twice", 0.01, repeat},
    Fault{"reorder", "messages overtake each other", 0.01, reorder},
    Fault{"delay", "messages take long", 0.01, delay},
    Fault{"slow", "links carry a few bytes a millisecond", 0.005, slow},
    Fault{"swizzle", "links clog one by one and are freed in another order", 0.005, swizzle},
    Fault{"cut", "a link breaks, both sides notice", 0.01, cut},
    Fault{"isolate", "all links of a region break", 0.005, isolate},
    Fault{"split", "the mesh falls into two halves", 0.005, split},
    Fault{"flap", "a link breaks and is there again, three times", 0.005, flap},
    Fault{"mute", "a link goes silent one way, nobody notices", 0.01, mute},
    Fault{"deafen", "a link goes silent both ways, nobody notices", 0.01, deafen},
    Fault{"replay", "old messages come again", 0.01, replay},
    Fault{"pause", "an operator pauses a peer", 0.005, pause},
    Fault{"kill", "a process ends and starts again", 0.005, kill},
    Fault{"power", "a machine loses power, and what was not synced", 0.005, lose_power},
    Fault{"lost-write", "power fails between commit and sync of a write", 0.005, lose_write},
    Fault{"freeze", "a process gets no time for a while", 0.005, freeze},
    Fault{"disk", "a commit fails, and the process starts again later", 0.003, break_disk},
    Fault{.name = "slow-disk",
          .what = "for some time a disk takes seconds for each commit",
          .per_round = 0.005,
          .strike = slow_disk,
          .of_choice = true},
    Fault{"refusal", "for a moment the system has no descriptor, room or memory for a leader",
          0.005, refuse, "nothing can be written for now", Company::kAny, false, true},
    Fault{"restore", "a region starts again on a copy of some time ago", 0.003, restore, kGoesOn},
    Fault{"retire", "a region is retired, and returns", 0.003, retire, kGoesOn,
          Company::kRetirements},
    Fault{"strand", "last writes survive with a retired region alone", 0.002, strand, kGoesOn,
          Company::kRetirements},
    Fault{"clone", "a leader writes on on an old copy, and gives way", 0.01, clone, kForkAlarm,
          Company::kClones},
    Fault{"unsaid",
          "what is said of histories that part gets lost",
          0.02,
          unsay,
          {},
          Company::kClones},
    Fault{"join", "a new region joins", 0.002, join},
    Fault{.name = "promote",
          .what = "a follower is promoted",
          .per_round = 0.01,
          .strike = promote,
          .of_followers = true,
          .of_chance = true},
    Fault{"handover",
          "a leader steps down for a listed follower that has all",
          0.01,
          hand_over,
          {},
          Company::kAny,
          true},
    Fault{.name = "demote",
          .what = "one of two leaders starts again as a follower",
          .per_round = 0.01,
          .strike = demote,
          .of_followers = true,
          .of_chance = true},
    Fault{.name = "rival",
          .what = "a follower takes the place of a leader that is away, and another region a new "
                  "name",
          .per_round = 0.004,
          .strike = rival,
          .alarm = kGoesOn,
          .of_followers = true,
          .of_chance = true},
    Fault{"clock-ahead", "a clock jumps ahead by hours", 0.003, jump_clock, kClockAlarm},
    Fault{"clock-back", "a clock goes back by hours", 0.003, set_clock_back, kClockAlarm},
    Fault{"clock-stuck", "a clock stands still", 0.003, stop_clock, kClockAlarm},
    Fault{"clock-double", "a clock goes twice as fast", 0.003, hurry_clock, kClockAlarm},
    Fault{"clock-decade", "a clock is ten years ahead, for a while or for ever", 0.003, leap_ahead,
          kClockAlarm, Company::kAny, false, true},
    Fault{"clock-day", "a clock is a day behind, for a while or for ever", 0.003, fall_behind,
          kClockAlarm, Company::kAny, false, true},
    Fault{"deadline", "a key expires while a region whose clock is wrong is away", 0.001,
          pass_deadline, kClockAlarm, Company::kAny, false, true},
    Fault{"snapshot-end", "who sends a snapshot ends in the middle", 0.005, die_in_snapshot},
    Fault{"snapshot-rot", "a part of a snapshot is changed", 0.005, rot_snapshot, kNoMerge},
    Fault{"log-rot", "a byte of a log changes on a disk", 0.005, rot_log, "the log is damaged",
          Company::kRetirements, false, true},
    Fault{"log-flip", "a bit changes of what only the log has, while a process is gone", 0.005,
          flip_log, kGoesOn, Company::kAny, false, true, true},
    Fault{"value-rot", "values of rows change on a disk", 0.005, rot_values,
          "takes all its rows again", Company::kAny, false, true},
    Fault{"batch-rot", "a byte of a batch changes in memory", 0.003, rot_batch,
          "whose checksum is wrong", Company::kRetirements, false, true},
    Fault{"rubbish", "a peer sends rubbish", 0.003, intrude<Malice::kRubbish>, kIntruder,
          Company::kIntruders},
    Fault{"counts", "a peer sends wrong counts", 0.003, intrude<Malice::kWrongCounts>, kIntruder,
          Company::kIntruders},
    Fault{"gaps", "a peer leaves gaps", 0.002, intrude<Malice::kGaps>, kIntruder,
          Company::kIntruders},
    Fault{"forgery", "a peer writes in other names", 0.003, intrude<Malice::kForgery>, kIntruder,
          Company::kIntruders},
    Fault{"rewriting", "a peer has other hashes", 0.003, intrude<Malice::kRewriting>, kIntruder,
          Company::kIntruders},
    Fault{"future", "a peer writes in 2099", 0.002, intrude<Malice::kFuture>, kClockAlarm,
          Company::kIntruders},
    Fault{"greed", "a peer asks without end", 0.002, intrude<Malice::kGreed>, kIntruder,
          Company::kIntruders},
    Fault{"boasting", "a peer shows what is not", 0.003, intrude<Malice::kBoasting>, kIntruder,
          Company::kIntruders},
    Fault{"doubt", "a peer shows a leader more of its origin, right after a write", 0.003, doubt,
          kIntruder, Company::kIntruders},
    Fault{"denial", "a peer denies a digest", 0.002, intrude<Malice::kFalseDigest>, kIntruder,
          Company::kIntruders},
};

}  // namespace

std::span<const Fault> faults() { return kFaults; }

std::uint64_t Carried::*harm_of(const Fault& fault) {
  struct Row {
    std::string_view name;
    std::uint64_t Carried::*count;
  };
  static constexpr std::array kHarms{
      Row{"loss", &Carried::lost},         Row{"repeat", &Carried::repeated},
      Row{"reorder", &Carried::overtaken}, Row{"slow", &Carried::slowed},
      Row{"swizzle", &Carried::clogged},   Row{"mute", &Carried::silenced},
      Row{"deafen", &Carried::silenced},   Row{"disk", &Carried::failed_commits},
      Row{"refusal", &Carried::refusals},  Row{"restore", &Carried::restored},
      Row{"clone", &Carried::strayed},     Row{"unsaid", &Carried::unsaid},
  };
  const auto* const row = std::ranges::find(kHarms, fault.name, &Row::name);
  return row == kHarms.end() ? nullptr : row->count;
}

}  // namespace anabranch::test
