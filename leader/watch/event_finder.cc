#include "leader/watch/event_finder.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace anabranch::leader {
namespace {

using Kind = Event::Kind;

// A peer is known by its origin; before its first connection, by its address.
bool is_same(const PeerStatus& a, const PeerStatus& b) {
  if (!a.origin.empty() && !b.origin.empty()) return a.origin == b.origin;
  return !a.address.empty() && a.address == b.address;
}

const PeerStatus* find(const std::vector<PeerStatus>& peers, const PeerStatus& peer) {
  const auto found =
      std::ranges::find_if(peers, [&](const PeerStatus& each) { return is_same(each, peer); });
  return found == peers.end() ? nullptr : &*found;
}

Event of_peer(Kind kind, const PeerStatus& peer, const std::string& why = {}) {
  return {.kind = kind, .region = peer.region, .address = peer.address, .why = why};
}

// Why a peer is not connected.
std::string reason(const PeerStatus& peer) {
  const bool both = !peer.note.empty() && !peer.away_why.empty();
  return peer.note + (both ? "; " : "") + peer.away_why;
}

void look_at(const PeerStatus* before, const PeerStatus& now, std::vector<Event>& events) {
  const bool was_up = before != nullptr && before->connected;
  if (!now.connected) {
    if (was_up) {
      events.push_back(of_peer(Kind::kPeerDown, now, reason(now)));
    } else if (!reason(now).empty() && (before == nullptr || reason(*before) != reason(now))) {
      events.push_back(of_peer(Kind::kPeerAway, now, reason(now)));
    }
    return;
  }
  if (!was_up) events.push_back(of_peer(Kind::kPeerUp, now));
  const bool lacked = !was_up || before->catching_up;
  if (lacked && !now.catching_up) events.push_back(of_peer(Kind::kCaughtUp, now));
}

bool is_sent(const SnapshotStatus& snapshot) { return snapshot.stage == "sending"; }

const SnapshotStatus* find(const std::vector<SnapshotStatus>& snapshots,
                           const SnapshotStatus& snapshot) {
  const auto found = std::ranges::find_if(snapshots, [&](const SnapshotStatus& each) {
    return each.region == snapshot.region && is_sent(each) == is_sent(snapshot);
  });
  return found == snapshots.end() ? nullptr : &*found;
}

Event of_snapshot(Kind kind, const SnapshotStatus& snapshot) {
  const bool merges = snapshot.stage == "merging";
  return {.kind = kind,
          .region = snapshot.region,
          .why = snapshot.stage,
          .done = merges ? snapshot.rows : snapshot.bytes,
          .total = merges ? snapshot.rows_total : snapshot.bytes_total};
}

void look_at_snapshots(const StoreStatus& before, const StoreStatus& after,
                       std::vector<Event>& events) {
  for (const SnapshotStatus& now : after.snapshots) {
    const SnapshotStatus* const was = find(before.snapshots, now);
    const bool moved = was == nullptr || was->stage != now.stage || was->bytes != now.bytes ||
                       was->rows != now.rows;
    if (moved) events.push_back(of_snapshot(Kind::kSnapshot, now));
  }
  for (const SnapshotStatus& was : before.snapshots) {
    if (find(after.snapshots, was) == nullptr) {
      events.push_back(of_snapshot(Kind::kSnapshotOver, was));
    }
  }
}

}  // namespace

std::vector<Event> events_between(const StoreStatus& before, const StoreStatus& after) {
  std::vector<Event> events;
  for (const PeerStatus& now : after.peers) look_at(find(before.peers, now), now, events);
  for (const PeerStatus& was : before.peers) {
    if (was.connected && find(after.peers, was) == nullptr) {
      events.push_back(of_peer(Kind::kPeerDown, was));
    }
  }
  look_at_snapshots(before, after, events);
  for (const ForkStatus& fork : after.forks) {
    const bool known = std::ranges::any_of(
        before.forks, [&](const ForkStatus& each) { return each.origin == fork.origin; });
    if (!known) {
      events.push_back({.kind = Kind::kFork, .region = fork.region, .why = fork.origin});
    }
  }
  if (before.full != after.full) {
    events.push_back({.kind = after.full ? Kind::kDiskFull : Kind::kDiskFree});
  }
  if (before.follower != after.follower) {
    events.push_back({.kind = Kind::kRole, .why = after.follower ? "follows" : "leads"});
  }
  if (before.writable && !after.writable) events.push_back({.kind = Kind::kClosed});
  return events;
}

}  // namespace anabranch::leader
