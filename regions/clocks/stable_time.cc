#include "regions/clocks/stable_time.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "regions/clocks/timestamps_ahead.h"

namespace anabranch::regions {

using core::Bug;
using core::Millis;
using core::Origin;
using core::planted;
using core::VersionVector;

core::Result<void> StableTime::load(const storage::Snapshot& snapshot) {
  if (auto loaded = heard_.load(snapshot); !loaded.ok()) return loaded;
  if (auto loaded = jumps_.load(snapshot); !loaded.ok()) return loaded;
  if (const auto at = jumps_.last_ms()) heard_.jumped(*at);
  return {};
}

void StableTime::open() {
  heard_.resume(owner_.keeper.running_ms(0));
  // The clock shown before, as far as others can have believed it.
  const Millis latest = heard_.latest_ms(owner_.keeper.running_ms(0));
  if (latest >= 0) {
    believed_ms_ = std::min(owner_.state.stored_clock().millis(), latest + drift_ms_max_);
  }
  post();
}

// ---- Clocks shown and heard.

void StableTime::on(LinkId link, const Heartbeat& heartbeat, Millis now) {
  watch(link, heartbeat, now);
  hear(link, heartbeat, now);
}

void StableTime::watch(LinkId link, const Heartbeat& heartbeat, Millis now) {
  (void)owner_.state.clock()->observe(heartbeat.hlc);
  const std::string region = owner_.exchange.links().region(link);
  if (region.empty() || heartbeat.wall_ms == 0) return;
  const core::Moment read = moment(now);
  clocks_.heard(region, heartbeat.wall_ms,
                ClockWatch::round_trip_ms(heartbeat.echo, read.steady_ms), read.wall_ms, now);
}

void StableTime::hear(LinkId link, const Heartbeat& heartbeat, Millis now) {
  post();
  const core::Moment read = moment(now);
  const Millis running = owner_.keeper.running_ms(read.steady_ms);
  const auto others = waited_for();
  const Millis trip = ClockWatch::round_trip_ms(heartbeat.echo, read.steady_ms).value_or(0);
  for (const ClockWord& word : heartbeat.heard) {
    if (others.contains(word.origin)) heard_.hear(word, read.wall_ms, running, trip);
  }
  const Origin peer = owner_.exchange.links().peer(link);
  const bool whole = !heartbeat.left_out || heartbeat.settled == owner_.settled.hash();
  if (peer == 0 || !whole || owner_.exchange.joining() || heartbeat.clocks.empty()) return;
  // A clock that is ahead now may be set back before a deadline is over here, and then let a key
  // live longer: further than this clock none is believed.
  const core::Hlc here =
      core::Hlc::of(expiry().now_ms(), std::numeric_limits<std::uint16_t>::max());
  VersionVector believed;
  const VersionVector& applied = owner_.state.applied().vector();
  const core::Origin self = owner_.state.identity().origin;
  for (const auto& [origin, bits] : heartbeat.clocks) {
    // Of others nobody here needs it, and a peer could name them without end.
    if (origin != self && applied.at(origin) == 0 && !others.contains(origin)) continue;
    believed.set(origin, planted(Bug::kBelieveBeyondOwn) ? bits : std::min(bits, here.bits));
  }
  bounds_.hear(peer, {heartbeat.applied, std::move(believed)}, applied);
}

VersionVector StableTime::shown(Millis now) {
  if (owner_.exchange.joining()) return {};  // Its writes may come back under other names.
  bounds_.look(owner_.state.applied().vector());
  VersionVector shown;
  for (const auto& [origin, bits] : bounds_.all()) {
    if (!owner_.regions.succeeded(origin)) shown.set(origin, bits);
  }
  if (!is_waited_for()) return shown;
  const core::Hlc here = own(now);
  if (heard_.latest_stored_ms() >= 0) {
    const bool raw = planted(Bug::kShowTimestamps);
    shown.set(owner_.state.identity().origin, raw ? shown_clock_.bits : here.bits);
  }
  post();
  return shown;
}

bool StableTime::is_waited_for() const {
  if (!owner_.exchange.follows()) return true;
  const Identity& self = owner_.state.identity();
  return owner_.regions.counts(self.region, self.origin);
}

core::Hlc StableTime::own(Millis now) {
  shown_clock_ = std::max(shown_clock_, owner_.state.durable_clock());
  // Timestamps may be ahead of the clock: they follow those of others.
  core::Hlc own = std::min(shown_clock_, core::Hlc::of(expiry().wall_ms(), 0));
  // Nobody believes it further than its own clock, when this comes there. A clock that is ahead of
  // that is shown no further than is known after a restart, too: then it may be set right.
  const Millis latest = heard_.latest_ms(owner_.keeper.running_ms(moment(now).steady_ms));
  const bool ahead = own.millis() > latest + drift_ms_max_ && !planted(Bug::kBelieveBeyondOwn);
  if (ahead) own = std::min(own, core::Hlc::of(heard_.latest_stored_ms() + drift_ms_max_, 0));
  if (latest >= 0) {
    believed_ms_ = std::max(believed_ms_, std::min(own.millis(), latest + drift_ms_max_));
  }
  return own;
}

std::vector<ClockWord> StableTime::words(Millis now) const {
  std::vector<ClockWord> words = heard_.words(owner_.keeper.running_ms(now));
  if (!is_waited_for()) return words;
  const Identity& self = owner_.state.identity();
  const core::Moment read = moment(now);
  words.push_back({self.origin, self.opening, read.steady_ms, read.wall_ms, 0});
  return words;
}

HeartbeatState StableTime::heartbeat_state(Millis now) {
  look(now);
  HeartbeatState heartbeat_state{.hlc = owner_.state.clock()->high_water(), .wall_ms = wall_ms()};
  heartbeat_state.clocks = shown(now);
  heartbeat_state.heard = words(now);
  return heartbeat_state;
}

// ---- Storing it.

core::Result<void> StableTime::store(Millis now) {
  const auto others = waited_for();
  heard_.retain([&](Origin origin) { return others.contains(origin); });
  const Millis running = owner_.keeper.running_ms(now);
  if (!jumps_.changed() && !heard_.wants_storing(running)) return {};
  store_at_ = running;
  owner_.keeper.store_running_time();
  return owner_.state.commit({});
}

void StableTime::record(Commit& commit) {
  const auto running = std::exchange(store_at_, std::nullopt);
  if (!running) return;
  commit.changes.add(heard_.take_changes(*running));
  commit.changes.add(jumps_.take_changes());
}

// ---- The own clock.

void StableTime::post() {
  expiry().publish(owner_.state.clock()->high_water());
  expiry().set_floor(believed_ms_);
}

void StableTime::look(Millis now) {
  const core::Moment read = moment(now);
  const Millis running = owner_.keeper.running_ms(read.steady_ms);
  const Millis moved = jumps_.look(read.wall_ms, read.steady_ms, running);
  if (moved != 0) {
    clocks_.jumped(moved, now);
    heard_.jumped(running);
  }
  if (clocks_.hears(now)) {
    expiry().set_lead(clocks_.lead_ms(now));
  } else if (moved != 0 && !waited_for().empty()) {
    // Until somebody says otherwise it was right, or ahead by so much, before it jumped.
    expiry().set_lead(std::max(Millis{0}, expiry().lead_ms() + moved));
  }
}

bool StableTime::may_clear(Millis now) {
  look(now);
  const Millis running = owner_.keeper.running_ms(now);
  if (jumps_.within(wait_ms_, running) && !planted(Bug::kIgnoreJumps)) return false;
  // A leader that fell back to a copy has several origins that count, and one clock.
  std::map<std::pair<std::string, Origin>, std::vector<Origin>> leaders;
  for (const auto& [origin, region] : waited_for()) {
    leaders[{region, owner_.regions.line(origin)}].push_back(origin);
  }
  const std::string& own = owner_.state.identity().region;
  std::erase_if(leaders, [&](const auto& each) { return each.first.first == own; });
  std::set<std::string> others;
  bool somebody_differs = false;
  for (const auto& [leader, origins] : leaders) {
    const auto agrees = heard_.agrees(origins, running);
    if (agrees == true) return true;
    somebody_differs = somebody_differs || agrees == false;
    others.insert(leader.first);
  }
  const bool alone = somebody_differs && others.size() > 1;
  if (alone) core::mark<"a leader whose clock stands alone clears nothing">();
  return !alone || planted(Bug::kClearAlone);
}

std::map<std::string, std::string> StableTime::complaints(Millis now) const {
  std::map<std::string, std::string> complaints = clocks_.complaints(now);
  const Millis running = owner_.keeper.running_ms(now);
  if (auto text = jumps_.complaint(wait_ms_, running); !text.empty()) {
    complaints["jump " + std::to_string(jumps_.count())] = std::move(text);
  }
  if (complaints.contains("")) return complaints;  // By a wrong clock anything is ahead.
  for (auto& [region, text] :
       timestamps_ahead(owner_.state.applied(), owner_.regions, wall_ms(), drift_ms_max_)) {
    complaints["timestamps of " + region] = std::move(text);
  }
  return complaints;
}

void StableTime::raise_alarms(Millis now) {
  const auto now_wrong = complaints(now);
  for (const auto& [who, text] : now_wrong) {
    if (wrong_.insert(who).second) owner_.alarms.raise(text);
  }
  std::erase_if(wrong_, [&](const auto& who) { return !now_wrong.contains(who); });
}

// ---- The clocks of others.

std::map<Origin, std::string> StableTime::waited_for() const {
  std::map<Origin, std::string> all;
  const RegionList& list = owner_.regions;
  const auto wait_for = [&](const std::string& region, Origin origin) {
    const bool counts = origin != owner_.state.identity().origin && !list.succeeded(origin) &&
                        !list.lost(region, origin) && list.retirement(region) != Retirement::kLost;
    if (counts) all[origin] = region;
  };
  for (const auto& [name, region] : list.all()) {
    for (const auto& [origin, known] : region.origins) wait_for(name, origin);
  }
  // Leaders that have greeted, and are in no list yet.
  for (const Peer* peer : leaders(owner_.exchange.peers())) {
    if (peer->connected() || heard_.knows(peer->origin)) wait_for(peer->region, peer->origin);
  }
  for (const auto& [origin, head] : owner_.state.applied().heads()) {
    if (!list.all().contains(head.region)) wait_for(head.region, origin);
  }
  return all;
}

Millis StableTime::stable_time_ms(Millis now) {
  bounds_.look(owner_.state.applied().vector());
  const Millis running = owner_.keeper.running_ms(now);
  Millis least = crdt::Expiry::kNever;
  for (const auto& [origin, region] : waited_for()) {
    const Millis certain = core::Hlc{bounds_.all().at(origin)}.millis();
    const Millis given_up = planted(Bug::kWaitByWallClock)
                                ? wall_ms() - wait_ms_
                                : heard_.given_up_ms(origin, wait_ms_, running);
    least = std::min(least, std::max(certain, given_up));
  }
  return planted(Bug::kExpireTooEarly) ? crdt::Expiry::kNever : least;
}

}  // namespace anabranch::regions
