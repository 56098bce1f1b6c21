// What a replica does about time for keys that expire: it shows how far its clock is, and knows how
// far those of others are.
#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "regions/clocks/timestamps_ahead.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Bug;
using core::Millis;
using core::Origin;
using core::planted;
using core::VersionVector;

void Replica::note_expiry(const core::Path& path) {
  if (crdt::is_expiry(path)) state_.applied().expiry_board().mark(crdt::key_part(path));
}

// ---- What is shown and heard.

void Replica::hear_clocks(LinkId link, const Heartbeat& heartbeat, Millis now) {
  post_time();
  const Millis running = keeper_.running_ms(now);
  const auto waited_for = clocks_waited_for();
  const Millis trip = ClockWatch::round_trip_ms(heartbeat.echo, now).value_or(0);
  for (const ClockWord& word : heartbeat.heard) {
    if (waited_for.contains(word.origin))
      heard_.hear(word, state_.clock()->wall_ms(), running, trip);
  }
  const Origin peer = exchange_->peer(link);
  const bool whole = !heartbeat.left_out || heartbeat.settled == settled_.hash();
  if (peer == 0 || !whole || rejoin_ || heartbeat.clocks.empty()) return;
  // A clock that is ahead now may be set back before a deadline is over here, and then let a key
  // live longer: further than this clock none is believed.
  const core::Hlc here = core::Hlc::of(state_.applied().expiry_board().now_ms(),
                                       std::numeric_limits<std::uint16_t>::max());
  VersionVector believed;
  for (const auto& [origin, bits] : heartbeat.clocks) {
    believed.set(origin, planted(Bug::kBelieveBeyondOwn) ? bits : std::min(bits, here.bits));
  }
  passed_.hear(peer, {heartbeat.applied, std::move(believed)}, state_.applied().vector());
}

VersionVector Replica::shown_clocks(Millis now) {
  if (rejoin_) return {};  // What it has written may come back under other names.
  passed_.look(state_.applied().vector());
  VersionVector shown;
  for (const auto& [origin, bits] : passed_.all()) {
    if (!regions_.succeeded(origin)) shown.set(origin, bits);
  }
  if (follows()) return shown;
  if (state_.storage().durable_position() == state_.storage().last_position())
    shown_clock_ = state_.stored_clock();
  // Timestamps may be ahead of the clock: they follow those of others.
  const core::Hlc wall = core::Hlc::of(state_.applied().expiry_board().wall_ms(), 0);
  core::Hlc own = std::min(shown_clock_, wall);
  // Nobody believes it further than its own clock, when this comes there. A clock that is ahead of
  // that is shown no further than is known after a restart, too: then it may be set right.
  const Millis drift = options_.drift_ms_max;
  const Millis latest = heard_.latest_ms(keeper_.running_ms(now));
  const Millis stored = heard_.latest_stored_ms();
  const bool ahead = own.millis() > latest + drift && !planted(Bug::kBelieveBeyondOwn);
  if (ahead) own = std::min(own, core::Hlc::of(stored + drift, 0));
  if (latest >= 0) believed_ms_ = std::max(believed_ms_, std::min(own.millis(), latest + drift));
  if (stored >= 0) {
    shown.set(state_.identity().origin,
              planted(Bug::kShowTimestamps) ? shown_clock_.bits : own.bits);
  }
  post_time();
  return shown;
}

std::vector<ClockWord> Replica::clock_words(Millis now) const {
  std::vector<ClockWord> words = heard_.words(keeper_.running_ms(now));
  if (follows()) return words;
  words.push_back(
      {state_.identity().origin, state_.identity().opening, now, state_.clock()->wall_ms(), 0});
  return words;
}

// ---- The own clock.

void Replica::post_time() {
  rows::ExpiryBoard& board = state_.applied().expiry_board();
  board.post(state_.clock()->high_water());
  board.set_floor(believed_ms_);
}

void Replica::look_at_clock(Millis now) {
  const Millis moved = jumps_.look(state_.clock()->wall_ms(), now, keeper_.running_ms(now));
  if (moved != 0) {
    clocks_.jumped(moved, now);
    heard_.jumped();
  }
  rows::ExpiryBoard& board = state_.applied().expiry_board();
  if (clocks_.hears(now)) {
    board.set_lead(clocks_.lead_ms(now));
  } else if (moved != 0 && !clocks_waited_for().empty()) {
    // Until somebody says otherwise it was right, or ahead by so much, before it jumped.
    board.set_lead(std::max(Millis{0}, board.lead_ms() + moved));
  }
}

bool Replica::may_clear(Millis now) {
  look_at_clock(now);
  const Millis running = keeper_.running_ms(now);
  if (jumps_.within(options_.expiry_wait_ms, running) && !planted(Bug::kIgnoreJumps)) {
    return false;
  }
  // A leader that fell back to a copy has several origins that count, and one clock.
  std::map<std::pair<std::string, Origin>, std::vector<Origin>> leaders;
  for (const auto& [origin, region] : clocks_waited_for()) {
    leaders[{region, regions_.line(origin)}].push_back(origin);
  }
  leaders.erase({state_.identity().region, regions_.line(state_.identity().origin)});
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

std::map<std::string, std::string> Replica::clock_complaints(Millis now) const {
  std::map<std::string, std::string> complaints = clocks_.complaints(now);
  const Millis running = keeper_.running_ms(now);
  if (auto text = jumps_.complaint(options_.expiry_wait_ms, running); !text.empty()) {
    complaints["jump " + std::to_string(jumps_.count())] = std::move(text);
  }
  if (complaints.contains("")) return complaints;  // By a wrong clock anything is ahead.
  for (auto& [region, text] : timestamps_ahead(state_.applied(), regions_,
                                               state_.clock()->wall_ms(), options_.drift_ms_max)) {
    complaints["timestamps of " + region] = std::move(text);
  }
  return complaints;
}

// ---- The clocks of others.

std::map<Origin, std::string> Replica::clocks_waited_for() const {
  std::map<Origin, std::string> all;
  const auto wait_for = [&](const std::string& region, Origin origin) {
    const bool counts = origin != state_.identity().origin && !regions_.succeeded(origin) &&
                        !regions_.lost(region, origin) &&
                        regions_.retirement(region) != Retirement::kLost;
    if (counts) all[origin] = region;
  };
  for (const auto& [name, region] : regions_.all()) {
    for (const auto& [origin, known] : region.origins) wait_for(name, origin);
  }
  // Who has greeted, and is in no list yet.
  for (const Peer* peer : leaders(exchange_->peers())) {
    if (peer->connected() || heard_.knows(peer->origin)) wait_for(peer->region, peer->origin);
  }
  for (const auto& [origin, head] : state_.applied().heads()) {
    if (!regions_.all().contains(head.region)) wait_for(head.region, origin);
  }
  return all;
}

Millis Replica::passed_ms(Millis now) {
  passed_.look(state_.applied().vector());
  const Millis running = keeper_.running_ms(now);
  Millis least = crdt::Expiry::kNever;
  for (const auto& [origin, region] : clocks_waited_for()) {
    const Millis certain = core::Hlc{passed_.all().at(origin)}.millis();
    const bool by_own_clock = planted(Bug::kWaitByWallClock);
    const Millis given_up = by_own_clock
                                ? state_.clock()->wall_ms() - options_.expiry_wait_ms
                                : heard_.given_up_ms(origin, options_.expiry_wait_ms, running);
    least = std::min(least, std::max(certain, given_up));
  }
  return planted(Bug::kExpireTooEarly) ? crdt::Expiry::kNever : least;
}

core::Result<void> Replica::store_heard(Millis now) {
  const auto waited_for = clocks_waited_for();
  heard_.retain([&](Origin origin) { return waited_for.contains(origin); });
  const Millis running = keeper_.running_ms(now);
  if (!jumps_.changed() && !heard_.wants_storing(running)) return {};
  Commit commit{.changes = heard_.take_changes(running)};
  commit.add(jumps_.take_changes());
  keeper_.store_running_time();
  return state_.commit(std::move(commit));
}

core::Result<void> Replica::store_clock() {
  ANABRANCH_ASSERT(!dirty());
  drop_group();
  if (broken()) return *broken();
  return state_.commit_clock();
}

}  // namespace anabranch::regions
