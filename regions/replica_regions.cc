// The replica and the other regions as such: the list of them, who is retired, which origins have
// ended, whose clock is wrong, and what heartbeats say.
#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Millis;

// ---- The list of regions.

core::Result<void> Replica::load_regions() {
  return state_.reading([&]() -> core::Result<void> {
    regions_.load(*reader());
    if (std::exchange(list_, regions_.hash()) == regions_.hash()) return {};
    keeper_.standings().retain([&](const Standing& each) { return may_stand(each); });
    settle();
    return {};
  });
}

namespace {

// What the leader of an origin had gone by before, as its standing says or the first batch of it;
// nothing when neither is there.
std::optional<core::Origin> left_for(const storage::Storage& log, const Standing* said,
                                     core::Origin origin) {
  if (said != nullptr && said->previous != 0) return said->previous;
  const auto place = log.find(origin, 1);
  const auto record = place ? log.read_log(*place) : std::nullopt;
  if (!record || record->origin != origin || record->first != 1) return std::nullopt;
  const auto batch = core::decode_batch(record->bytes);
  if (!batch.ok() || !batch.value().opening) return std::nullopt;
  return batch.value().opening->previous;
}

}  // namespace

core::Result<void> Replica::announce() {
  if (!options_.announce || options_.follows || broken() ||
      regions_.knows(state_.identity().region, state_.identity().origin)) {
    return {};
  }
  ANABRANCH_ASSERT(!dirty());
  // A follower that has led may have listed counters under a name that it did not announce.
  const core::Origin previous = state_.identity().previous;
  const bool listed = regions_.knows(state_.identity().region, previous);
  std::optional<core::Origin> before;
  if (!listed) before = left_for(state_.storage(), keeper_.standings().find(previous), previous);
  write([&](Group& group) {
    if (before) {
      group.put(RegionList::origin_row(state_.identity().region, previous),
                RegionList::origin_value(*before));
    }
    group.put(RegionList::origin_row(state_.identity().region, state_.identity().origin),
              RegionList::origin_value(previous));
  });
  const auto done = commit();
  return done.ok() ? core::Result<void>() : done.failure();
}

std::vector<core::Origin> Replica::origins_of(std::string_view region) const {
  std::set<core::Origin> origins;
  if (const auto found = regions_.all().find(region); found != regions_.all().end()) {
    for (const auto& [origin, known] : found->second.origins) origins.insert(origin);
  }
  for (const auto& [origin, head] : state_.applied().heads()) {
    if (head.region == region) origins.insert(origin);
  }
  for (const Peer* peer : leaders_of(region, exchange_->peers())) origins.insert(peer->origin);
  return {origins.begin(), origins.end()};
}

namespace {

// The lines of the leaders of a region that are connected.
std::set<core::Origin> lines_there(std::string_view region, const Peers& peers,
                                   const RegionList& list, const Standings& standings) {
  std::set<core::Origin> there;
  for (const auto& [origin, peer] : peers) {
    if (!peer.connected() || peer.region != region) continue;
    const Standing* const said = standings.find(origin);
    const core::Origin line = list.line(region, origin, said == nullptr ? 0 : said->previous);
    if (line != 0 || !peer.follows) there.insert(line == 0 ? origin : line);
  }
  return there;
}

}  // namespace

core::Result<void> Replica::retire(std::string_view region, Retirement retirement) {
  const std::string name(region);
  const bool own = name == state_.identity().region;
  if (own && retirement != Retirement::kLost) {
    return core::invalid("this leader cannot retire its own region");
  }
  std::vector<core::Origin> origins = origins_of(region);
  if (origins.empty()) return core::invalid("there is no region '" + name + "'");
  std::set<core::Origin> there =
      lines_there(region, exchange_->peers(), regions_, keeper_.standings());
  if (own) there.insert(regions_.line(state_.identity().origin));
  if (retirement == Retirement::kLost && !there.empty()) {
    std::erase_if(origins, [&](core::Origin origin) {
      return !regions_.knows(region, origin) || there.contains(regions_.line(origin));
    });
    if (origins.empty() && own) return core::invalid("no other leader of this region is known");
    if (origins.empty()) {
      return core::invalid("region " + name + " is connected, so it is not lost");
    }
  }
  const core::Path row = RegionList::retirement_row(region);
  write([&](Group& group) {
    if (retirement != Retirement::kNone) {
      group.put(row, RegionList::retirement_value(retirement, origins));
    } else if (group.stage().peek(row).present()) {
      group.remove(row);
    }
  });
  return {};
}

bool Replica::refuse_lost(LinkId link, const Message& message) {
  const auto* greeting = std::get_if<Greeting>(&message);
  const Peer* const peer = exchange_->peer_at(link);
  if (greeting == nullptr && peer == nullptr) return false;
  const std::string& region = greeting != nullptr ? greeting->region : peer->region;
  const core::Origin origin = greeting != nullptr ? greeting->origin : peer->origin;
  if (!regions_.lost(region, origin)) return false;
  exchange_->refuse_lost(link, region);
  return true;
}

// ---- Clocks.

void Replica::take(LinkId link, Heartbeat& heartbeat, Millis now) {
  observe_clock(link, heartbeat, now);
  exchange_->complete(link, heartbeat);
  hear_clocks(link, heartbeat, now);
  compare(link, heartbeat);
  renew_standing(now);
  send_standings(link, heartbeat.standings);
}

void Replica::compare(LinkId link, const Heartbeat& heartbeat) {
  const std::string region = exchange_->region(link);
  if (region.empty() || heartbeat.applied != state_.applied().vector() || rejoin_) return;
  const bool one_history =
      heartbeat.chains.empty() || heartbeat.chains == state_.applied().chains();
  if (!one_history) return;
  if (core::planted(core::Bug::kIgnoreDigests)) return;
  auto alarm = divergence_.compare(region, heartbeat.digest, digest());
  if (alarm) effects_.push_back(Alarm{*std::move(alarm)});
}

void Replica::observe_clock(LinkId link, const Heartbeat& heartbeat, Millis now) {
  (void)state_.clock()->observe(heartbeat.hlc);
  const std::string region = exchange_->region(link);
  if (region.empty() || heartbeat.wall_ms == 0) return;
  clocks_.heard(region, heartbeat.wall_ms, ClockWatch::round_trip_ms(heartbeat.echo, now),
                state_.clock()->wall_ms(), now);
}

void Replica::complain_of_clocks(Millis now) {
  const auto complaints = clock_complaints(now);
  for (const auto& [who, text] : complaints) {
    if (wrong_clocks_.insert(who).second) effects_.push_back(Alarm{text});
  }
  std::erase_if(wrong_clocks_, [&](const auto& who) { return !complaints.contains(who); });
}

}  // namespace anabranch::regions
