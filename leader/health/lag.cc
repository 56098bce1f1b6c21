#include "leader/health/lag.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "leader/health/amounts.h"
#include "transport/log_peer.h"

namespace anabranch::leader {

using regions::Peer;
using regions::Replica;

namespace {

// Whether alarms are about the region of a peer.
bool counts(const Peer& peer, const Replica& replica) {
  return !peer.follows && peer.region != replica.identity().region &&
         replica.members().list().retirement(peer.region) == regions::Retirement::kNone;
}

// The leaders of each region that alarms are about, connected ones first.
std::map<std::string, std::vector<const Peer*>> counted(const Replica& replica) {
  std::map<std::string, std::vector<const Peer*>> regions;
  for (const auto& [origin, peer] : replica.exchange().peers()) {
    if (counts(peer, replica)) regions[peer.region].push_back(&peer);
  }
  for (auto& [name, peers] : regions) {
    std::ranges::stable_sort(peers, {}, [](const Peer* peer) { return !peer->connected(); });
  }
  return regions;
}

}  // namespace

void Lag::note(const Replica& replica, core::Millis now) {
  const core::Origin own = replica.identity().origin;
  times_.note({own, replica.applied().vector().at(own)}, now);
}

core::Millis Lag::behind_ms(const Peer& peer, const Replica& replica, core::Millis now,
                            Shown shown) const {
  core::Seq confirmed = (peer.*shown).at(times_.origin());
  const regions::Peers& peers = replica.exchange().peers();
  if (!peer.follows) {
    for (const Peer* const leader : regions::leaders_of(peer.region, peers)) {
      if (replica.members().list().succeeded(leader->origin)) continue;
      confirmed = std::max(confirmed, (leader->*shown).at(times_.origin()));
    }
  }
  return times_.age_behind(confirmed, now);
}

Lag::Alarm Lag::alarm_of(const Peer& peer, const Replica& replica, core::Millis behind_ms) const {
  Alarm alarm{"region " + peer.region + " is behind: it has not confirmed writes made here " +
                  time_span(behind_ms) + " ago",
              {}};
  if (replica.exchange().links().paused(peer)) {
    alarm.what_to_do = "the exchange with it is paused: anabranch peer resume " + peer.region;
  } else if (!peer.connected()) {
    alarm.what_to_do = "it is not connected: start its leader, or mend the link to it";
  } else {
    alarm.what_to_do = "look at the link to it, and at the load and the disk of its machine";
  }
  return alarm;
}

void Lag::say(const std::string& about, const std::string& text, bool warn) const {
  const transport::LogPeer peer(about);
  warn ? core::log_warning(region_, text) : core::log_info(region_, text);
}

void Lag::look(const Replica& replica, core::Millis now) {
  note(replica, now);
  if (alarm_ms_ == 0) return;
  const auto regions = counted(replica);
  for (const auto& [name, peers] : regions) {
    const core::Millis behind = behind_ms(*peers.front(), replica, now);
    const bool begun = alarms_.contains(name);
    if (behind > (begun ? alarm_ms_ / 2 : alarm_ms_)) {
      const Alarm& alarm = alarms_[name] = alarm_of(*peers.front(), replica, behind);
      if (!begun) say(name, alarm.text + "; " + alarm.what_to_do, true);
    } else if (alarms_.erase(name) > 0) {
      say(name, "region " + name + " is no longer behind", false);
    }
  }
  std::erase_if(alarms_, [&](const auto& each) {
    const bool is_gone = !regions.contains(each.first);
    if (is_gone) say(each.first, "region " + each.first + " is no longer waited for", false);
    return is_gone;
  });
}

}  // namespace anabranch::leader
