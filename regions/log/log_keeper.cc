#include "regions/log/log_keeper.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::Millis;
using core::Origin;
using core::planted;
using storage::Position;

LogKeeper::LogKeeper(storage::Storage& storage, Known known, const Identity& self, LogLimits limits)
    : storage_(storage), known_(known), self_(self), segments_(limits) {}

core::Result<void> LogKeeper::load() {
  const auto snapshot = storage_.snapshot();
  auto standings = Standings::load(*snapshot);
  if (!standings.ok()) return standings.failure();
  standings_ = std::move(standings).value();
  return segments_.load(*snapshot, storage_);
}

// ---- With commits.

void LogKeeper::append(std::span<const storage::LogRecord> records) {
  segments_.append(storage_.last_position(), records);
}

std::vector<storage::Change> LogKeeper::take_changes() {
  std::vector<storage::Change> changes = segments_.take_changes();
  if (standings_.changed() && now_ms_ - remembered_ms_ >= kRememberMs) {
    remembered_ms_ = now_ms_;
    changes.push_back(segments_.running_time());
    std::ranges::move(standings_.take_changes(), std::back_inserter(changes));
  }
  return changes;
}

core::Result<void> LogKeeper::remember(Millis now) {
  if (now - remembered_ms_ < kIdleMs || !standings_.changed()) return {};
  const auto done = storage_.commit({}, take_changes());
  return done.ok() ? core::Result<void>() : done.failure();
}

// ---- Missing records.

core::VersionVector LogKeeper::on_disk(Origin origin, const Peer* peer) const {
  core::VersionVector durable;
  if (peer != nullptr) durable = peer->durable;  // The vector of its acks, which is newer.
  if (const Standing* said = standings_.find(origin)) {
    durable.join(known_.settled.durable(known_.regions, *said));
  }
  return durable;
}

core::VersionVector LogKeeper::durable(const std::string& region, const Peers& peers) const {
  for (const Peer* peer : leaders_of(region, peers)) {
    if (has_said(*peer)) return on_disk(peer->origin, peer);
  }
  std::optional<core::VersionVector> least;  // Of all its incarnations that may still run.
  for (const auto& [origin, standing] : standings_.all()) {
    if (standing.region != region || standing.previous != 0) continue;
    const core::VersionVector durable = on_disk(origin, nullptr);
    least = least ? core::lower(*least, durable) : durable;
  }
  return least ? *least : seen_by(region);
}

bool LogKeeper::has_said(const Peer& peer) const {
  if (known_.regions.succeeded(peer.origin)) return false;
  if (known_.regions.lost(peer.region, peer.origin)) return false;
  return !peer.durable.empty() || standings_.find(peer.origin) != nullptr;
}

core::VersionVector LogKeeper::seen_by(const std::string& region) const {
  core::VersionVector seen;
  for (const auto& [origin, head] : known_.applied.heads()) {
    if (head.region == region) seen.join(head.deps);
  }
  return seen;
}

std::vector<core::VersionVector> LogKeeper::by_leader(const std::string& region,
                                                      const Peers& peers) const {
  std::vector<core::VersionVector> all;
  for (const Peer* peer : leaders_of(region, peers)) {
    if (has_said(*peer)) all.push_back(on_disk(peer->origin, peer));
  }
  for (const auto& [origin, standing] : standings_.all()) {
    const bool leads = standing.region == region && standing.previous == 0;
    const bool counts = leads && origin != self_.origin;
    if (counts && !peers.contains(origin)) all.push_back(on_disk(origin, nullptr));
  }
  if (all.empty() && region != self_.region) all.push_back(seen_by(region));
  return all;
}

Position LogKeeper::first_lacked(const core::VersionVector& durable) const {
  Position first = storage_.last_position() + 1;
  for (const auto& [origin, seq] : known_.applied.vector()) {
    if (durable.at(origin) >= seq) continue;
    const auto found = storage_.find(origin, durable.at(origin) + 1);
    // The index of a record whose origin was changed on the disk is not trimmed with the record.
    if (found && *found >= segments_.first()) first = std::min(first, *found);
  }
  return first;
}

core::Result<void> LogKeeper::look(const Peers& peers, const WaitedFor& waited_for) {
  std::set<std::string> known;
  for (const auto& [origin, head] : known_.applied.heads()) known.insert(head.region);
  for (const Peer* peer : leaders(peers)) known.insert(peer->region);
  for (const auto& [origin, standing] : standings_.all()) known.insert(standing.region);
  lacked_.clear();
  const Position end = storage_.last_position() + 1;
  Position first = end;
  for (const std::string& region : known) {
    if (region.empty() || !waited_for(region)) continue;
    if (region == self_.region && planted(Bug::kForgetOtherLeaders)) continue;
    Position lacked = end;
    for (const core::VersionVector& each : by_leader(region, peers)) {
      lacked = std::min(lacked, first_lacked(each));
    }
    if (lacked < end) lacked_[region] = lacked;
    first = std::min(first, lacked);
  }
  if (planted(Bug::kTrimTooFar)) first = end;
  keep_from_ = std::min(segments_.keep_from(first), storage_.durable_position() + 1);
  return forgetting() ? keep_chains(known, peers) : core::Result<void>();
}

void LogKeeper::keep_chains_at(const core::VersionVector& shown) {
  for (const auto& [origin, seq] : known_.applied.vector()) {
    if (shown.at(origin) >= seq) continue;
    const auto next = storage_.find(origin, shown.at(origin) + 1);
    if (!next || *next < keep_from_) (void)known_.chains.keep(origin, shown.at(origin));
  }
}

core::Result<void> LogKeeper::keep_chains(const std::set<std::string>& regions,
                                          const Peers& peers) {
  for (const std::string& region : regions) {
    for (const core::VersionVector& shown : by_leader(region, peers)) keep_chains_at(shown);
  }
  const std::vector<storage::Change> kept = known_.chains.take_changes();
  if (kept.empty()) return {};
  const auto done = storage_.commit({}, kept);  // Before the log forgets.
  return done.ok() ? core::Result<void>() : done.failure();
}

// ---- Forgetting.

core::Result<void> LogKeeper::tick(Millis now, const Peers& peers, const WaitedFor& waited_for) {
  if (now_ms_ >= 0) segments_.pass(std::max<Millis>(0, now - now_ms_));
  now_ms_ = now;
  if (now < next_ms_) return {};
  if (!forgetting()) {
    if (auto done = look(peers, waited_for); !done.ok()) return done;
  }
  if (forgetting()) {
    if (auto done = forget_slice(); !done.ok()) return done;
  }
  next_ms_ = now + (forgetting() ? kPauseMs : kDecideMs);
  return remember(now);
}

Millis LogKeeper::running_ms(Millis now) const {
  return segments_.running_ms() + (now_ms_ >= 0 ? std::max<Millis>(0, now - now_ms_) : 0);
}

Millis LogKeeper::next_tick_ms() const {
  return forgetting() ? next_ms_ : std::numeric_limits<Millis>::max();
}

void LogKeeper::hold(const std::string& who, Position position) {
  segments_.hold(who, position);
  keep_from_ = std::min(keep_from_, position);
}

core::Result<bool> LogKeeper::forget_before(Position end) {
  if (segments_.first() >= end) return false;
  keep_from_ = std::max(keep_from_, end);
  if (auto done = forget_slice(); !done.ok()) return done.failure();
  return segments_.first() < end;
}

core::Result<void> LogKeeper::forget_slice() {
  const Position first = segments_.first();
  Position end = std::min(keep_from_, first + kSliceRecordsMax);
  const auto bytes = [&] { return segments_.bytes() - segments_.bytes_from(end); };
  while (end > first + 1 && bytes() > kSliceBytesMax) end = first + (end - first) / 2;
  const auto done = storage_.trim(end);
  if (done.ok()) segments_.trimmed(end);
  return done;
}

}  // namespace anabranch::regions
