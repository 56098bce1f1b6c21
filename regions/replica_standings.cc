// What a replica does about standings: it says where it stands itself, takes in and passes on what
// others say, and settles origins by all of it.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Millis;
using core::planted;

// ---- The own one.

bool Replica::holds(core::Origin origin) const {
  return held_.holds(origin) || aside_.has(origin) || provenance_.holds(origin);
}

Standing Replica::make_standing() const {
  Standing standing;
  standing.region = state_.identity().region;
  standing.origin = state_.identity().origin;
  if (options_.follows && !regions_.knows(state_.identity().region, state_.identity().origin)) {
    standing.previous = state_.identity().previous;
  }
  standing.settled = settled_.hash();
  standing.durable = settled_.without(state_.applied().vector());
  if (snapshots_->receiving() || snapshots_->merging()) return standing;  // It may bring more.
  const bool all_listed = std::ranges::all_of(exchange_->peers(), [&](const auto& each) {
    const auto& [origin, peer] = each;
    if (!peer.connected()) return true;
    return peer.follows ? state_.applied().vector().includes(peer.applied)
                        : regions_.knows(peer.region, origin);
  });
  if (!all_listed) return standing;  // Somebody may have what the list does not know of.
  if (closed_by_ != regions_.hash()) return standing;
  standing.list = regions_.hash();
  for (const core::Origin origin : regions_.ended()) {
    if (holds(origin)) standing.open.push_back(origin);
  }
  return standing;
}

bool Replica::closed_otherwise(const Standing& now) const {
  const Standing* const last = keeper_.standings().find(state_.identity().origin);
  if (last == nullptr || last->number >> kNumbersPerOpening != state_.identity().opening)
    return true;
  const bool same =
      std::tie(now.list, now.open, now.settled) == std::tie(last->list, last->open, last->settled);
  return !same || std::ranges::any_of(regions_.ended(), [&](core::Origin origin) {
    return now.durable.at(origin) != last->durable.at(origin);
  });
}

// Not with each change of the list: who catches up sees many.
void Replica::close_ended(Millis now) {
  if (closed_by_ == regions_.hash() || now < next_close_ms_) return;
  closed_by_ = regions_.hash();
  next_close_ms_ = now + kCloseMs;
  ended_ = regions_.ended();
  exchange_->reopen(ended_);
  // Who sent what waits may have lost it; if not, it comes anew.
  for (const core::Origin origin : ended_) {
    held_.forget(origin);
    provenance_.forget(origin);
  }
}

bool Replica::is_waited_for() const {
  if (!options_.follows) return true;
  return regions_.line(state_.identity().region, state_.identity().origin,
                       state_.identity().previous) != 0;
}

void Replica::renew_standing(Millis now) {
  if (rejoin_) return;  // Nobody waits for it now.
  const bool durable = state_.storage().durable_position() == state_.storage().last_position();
  if (!durable && !planted(Bug::kSettleByApplied)) return;
  close_ended(now);
  if (!is_waited_for()) {  // It closes what has ended for itself.
    if (now - standing_ms_ < kCloseMs) return;
    standing_ms_ = now;
    settle();  // By what others have said, it may have come to have as much as they.
    return;
  }
  Standing standing = make_standing();
  if (!closed_otherwise(standing)) {
    const Standing* const last = keeper_.standings().find(state_.identity().origin);
    if (standing.durable == last->durable || now - standing_ms_ < kStandingMs) return;
  }
  standing_ms_ = now;
  standing.number = (state_.identity().opening << kNumbersPerOpening) + ++standings_made_;
  signer_.sign(standing);
  keeper_.standings().take(std::move(standing));
  settle();
}

// ---- Those of others.

void Replica::take(LinkId link, Standing standing) {
  const Peer* const peer = exchange_->peer_at(link);
  if (peer == nullptr || standing.origin == state_.identity().origin) return;
  const bool is_direct = peer->origin == standing.origin && peer->region == standing.region;
  if (!is_direct && !is_listed(standing)) {
    mark<"a standing comes before its region is known">();
    return;  // It will be sent again.
  }
  if (!may_stand(standing) ||
      keeper_.standings().numbers().at(standing.origin) >= standing.number) {
    return;
  }
  if (!signer_.verify(standing)) {
    alarm_once("region " + peer->region + " passes on a standing of region " + standing.region +
               " that no known key of that has signed");
    return;
  }
  if (!regions_.knows(standing.region, standing.origin) && !make_room_for(standing)) return;
  keeper_.standings().take(std::move(standing));
  settle();
}

bool Replica::is_listed(const Standing& standing) const {
  return regions_.line(standing.region, standing.origin, standing.previous) != 0;
}

bool Replica::make_room_for(const Standing& standing) {
  Standings& standings = keeper_.standings();
  if (!is_listed(standing)) {  // No more than one of each region.
    standings.retain(
        [&](const Standing& each) { return each.region != standing.region || is_listed(each); });
    return true;
  }
  const auto is_like_it = [&](const Standing& each) {
    return each.region == standing.region && each.previous != 0;
  };
  const auto full = [&] {
    return std::ranges::count_if(standings.all(), [&](const auto& each) {
             return is_like_it(each.second);
           }) >= kFormerLeadersMax;
  };
  if (full()) {  // What was said by other lists says nothing any more.
    standings.retain(
        [&](const Standing& each) { return !is_like_it(each) || each.list == regions_.hash(); });
  }
  return standings.find(standing.origin) != nullptr || !full();
}

bool Replica::may_stand(const Standing& standing) const {
  const std::string listed = regions_.region_of(standing.origin);
  return (listed.empty() || listed == standing.region) && !regions_.succeeded(standing.origin) &&
         !regions_.lost(standing.region, standing.origin) &&
         !regions_.lost(standing.region, standing.previous);
}

void Replica::send_standings(LinkId link, const core::VersionVector& known) {
  const core::Origin peer = exchange_->peer(link);
  if (peer == 0 || rejoin_) return;
  for (const auto& [origin, standing] : keeper_.standings().all()) {
    const bool foreign = origin != state_.identity().origin;
    if (foreign && !is_listed(standing)) continue;  // Nobody would take it.
    if (origin == peer || known.at(origin) >= standing.number) continue;
    effects_.push_back(Send{link, standing});
  }
}

// ---- What follows.

void Replica::settle() { settled_.look(regions_, keeper_.standings()); }

void Replica::unsettle(core::Origin origin) {
  if (!settled_.forget(origin)) return;
  alarm_once("origin " + core::to_string(origin) + " of region " + region_of(origin) +
             " goes on although it had ended everywhere: two leaders write as one region");
}

}  // namespace anabranch::regions
