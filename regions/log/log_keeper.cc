#include "regions/log/log_keeper.h"

#include <algorithm>
#include <functional>
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

LogKeeper::LogKeeper(CommittedState& state, const RegionList& regions,
                     const SettledOrigins& settled, LogLimits limits)
    : state_(state), regions_(regions), settled_(settled), segments_(limits) {}

core::Result<void> LogKeeper::load() {
  const auto snapshot = state_.storage().snapshot();
  auto reports = RegionReports::load(*snapshot);
  if (!reports.ok()) return reports.failure();
  reports_ = std::move(reports).value();
  if (auto forks = forks_.load(*snapshot); !forks.ok()) return forks;
  auto loaded = segments_.load(*snapshot, state_.storage());
  stored_running_ms_ = segments_.running_ms();
  return loaded;
}

// ---- With commits.

void LogKeeper::record(Commit& commit) {
  const storage::Storage& log = state_.storage();
  const std::uint64_t beside = log.logs_changes() ? commit.changes.bytes().size() : 0;
  segments_.append(log.last_position(), commit.records, beside);
  commit.changes.add(segments_.take_changes());
  commit.changes.add(forks_.take_changes());
  const bool reports_due = reports_.changed() && now_ms_ - remembered_ms_ >= kRememberMs;
  if (std::exchange(running_due_, false) || reports_due) {
    commit.changes.add(segments_.running_time());
    stored_running_ms_ = segments_.running_ms();
  }
  if (!reports_due) return;
  remembered_ms_ = now_ms_;
  commit.changes.add(reports_.take_changes());
}

core::Result<void> LogKeeper::remember(Millis now) {
  const bool reports_due = now - remembered_ms_ >= kIdleMs && reports_.changed();
  // Nothing else may change for days: there may be no writes, no peers, and so no words of clocks.
  running_due_ = running_due_ || segments_.running_ms() - stored_running_ms_ >= kRunningMs;
  return reports_due || running_due_ ? state_.commit({}) : core::Result<void>();
}

// ---- Missing records.

core::VersionVector LogKeeper::on_disk(Origin origin, const Peer* peer) const {
  core::VersionVector durable;
  if (peer != nullptr) durable = peer->durable;  // The vector of its acks, which is newer.
  if (const RegionReport* said = reports_.find(origin)) {
    durable.join(settled_.durable(regions_, *said));
  }
  return forks_.shared(origin, durable);
}

std::vector<LogKeeper::Member> LogKeeper::members(const std::string& region,
                                                  const Exchange& exchange) const {
  std::set<Origin> origins;
  if (const auto found = regions_.all().find(region); found != regions_.all().end()) {
    for (const auto& [origin, known] : found->second.origins) origins.insert(origin);
  }
  for (const Peer* peer : leaders_of(region, exchange.peers())) origins.insert(peer->origin);
  for (const auto& [origin, report] : reports_.all()) {
    if (report.region == region && report.previous == 0) origins.insert(origin);
  }
  origins.erase(state_.identity().origin);
  std::vector<Member> members;
  for (const Origin origin : origins) {
    if (is_gone(region, origin)) continue;
    const auto peer = exchange.peers().find(origin);
    members.push_back({origin, peer == exchange.peers().end() ? nullptr : &peer->second});
  }
  return members;
}

std::vector<LogKeeper::Member> LogKeeper::deciding(const std::string& region,
                                                   const Exchange& exchange) const {
  std::vector<Member> told = members(region, exchange);
  std::erase_if(told, [&](const Member& member) { return !has_said(member); });
  const Origin leading = regions_.newest_reign(region).origin;
  const auto leads = [&](const Member& member) { return member.origin == leading; };
  if (std::ranges::any_of(told, leads)) std::erase_if(told, std::not_fn(leads));
  return told;
}

bool LogKeeper::has(const std::string& region, const core::VersionVector& vector, Has what,
                    const Exchange& exchange) const {
  const std::vector<Member> told = deciding(region, exchange);
  if (told.empty()) return seen_by(region).includes(vector);
  return std::ranges::any_of(told, [&](const Member& member) {
    core::VersionVector shown = on_disk(member.origin, member.peer);
    if (member.peer != nullptr) {
      if (what == Has::kApplied) shown.join(member.peer->applied);
      shown = exchange.forks().shared(member.origin, shown);
    }
    return shown.includes(vector);
  });
}

core::Seq LogKeeper::reached(const std::string& region, Origin of, Has what,
                             const Exchange& exchange) const {
  const std::vector<Member> told = deciding(region, exchange);
  if (told.empty()) return seen_by(region).at(of);
  core::Seq most = 0;
  for (const Member& member : told) {
    most = std::max(most, reached(member.origin, of, what, exchange));
  }
  return most;
}

// Of one origin alone: whole vectors would be joined for each member of a mesh again and again.
core::Seq LogKeeper::reached(Origin member, Origin of, Has what, const Exchange& exchange,
                             core::Seq shown) const {
  const auto peer = exchange.peers().find(member);
  const bool is_peer = peer != exchange.peers().end();
  core::VersionVector all;
  all.set(of, shown);
  if (is_peer) all.raise(of, peer->second.durable.at(of));
  if (const RegionReport* said = reports_.find(member)) all.raise(of, said->durable.at(of));
  all = forks_.shared(member, all);
  if (!is_peer) return all.at(of);
  if (what == Has::kApplied) all.raise(of, peer->second.applied.at(of));
  return exchange.forks().shared(member, of, all.at(of));
}

bool LogKeeper::is_gone(const std::string& region, Origin origin) const {
  if (planted(Bug::kWaitForGone)) return false;
  return regions_.succeeded(origin) || regions_.lost(region, origin);
}

bool LogKeeper::has_said(const Member& member) const {
  const bool as_peer = member.peer != nullptr && !member.peer->durable.empty();
  return as_peer || reports_.find(member.origin) != nullptr;
}

core::VersionVector LogKeeper::seen_by(const std::string& region) const {
  core::VersionVector seen;
  for (const auto& [origin, head] : state_.applied().heads()) {
    if (head.region == region) seen.join(head.deps);
  }
  for (const auto& [origin, head] : state_.applied().heads()) {
    if (head.region == region) seen.set(origin, 0);
  }
  return seen;
}

core::VersionVector LogKeeper::seen_by(const Member& member) const {
  if (member.peer != nullptr && !member.peer->follows) return seen_by(member.peer->region);
  core::VersionVector seen = state_.applied().head(member.origin).deps;
  seen.set(member.origin, 0);
  return seen;
}

core::VersionVector LogKeeper::of_this_history(Origin leader, const core::VersionVector& durable,
                                               const Exchange& exchange) {
  const bool compared = exchange.peers().contains(leader);  // Others show no hashes.
  core::VersionVector& covered = covered_[leader];
  core::VersionVector same;
  for (const auto& [origin, seq] : durable) {
    if (seq <= state_.applied().vector().at(origin)) covered.raise(origin, seq);
    same.raise(origin, compared ? exchange.forks().shared(leader, origin, seq)
                                : std::min(seq, covered.at(origin)));
  }
  return same;
}

std::vector<core::VersionVector> LogKeeper::by_leader(const std::string& region,
                                                      const Exchange& exchange) {
  std::vector<core::VersionVector> all;
  for (const Member& member : members(region, exchange)) {
    all.push_back(has_said(member) ? of_this_history(member.origin,
                                                     on_disk(member.origin, member.peer), exchange)
                                   : seen_by(member));
  }
  if (all.empty() && region != state_.identity().region) all.push_back(seen_by(region));
  return all;
}

Position LogKeeper::first_lacked(const core::VersionVector& durable) const {
  Position first = state_.storage().last_position() + 1;
  for (const auto& [origin, seq] : state_.applied().vector()) {
    if (durable.at(origin) >= seq) continue;
    const auto found = state_.storage().find(origin, durable.at(origin) + 1);
    // Of a record whose origin was changed on the disk the index is not trimmed with it.
    if (found && *found >= segments_.first()) first = std::min(first, *found);
  }
  return first;
}

void LogKeeper::look_at_forks(const Exchange& exchange) {
  const auto counts = [&](Origin leader) {
    return exchange.peers().contains(leader) || reports_.find(leader) != nullptr;
  };
  forks_.look(exchange.forks(), counts);
  std::erase_if(covered_, [&](const auto& each) { return !counts(each.first); });
}

core::Result<void> LogKeeper::look(const Exchange& exchange, const WaitedFor& waited_for) {
  look_at_forks(exchange);
  std::set<std::string> known;
  for (const auto& [name, region] : regions_.all()) known.insert(name);
  for (const auto& [origin, head] : state_.applied().heads()) known.insert(head.region);
  for (const Peer* peer : leaders(exchange.peers())) known.insert(peer->region);
  for (const auto& [origin, report] : reports_.all()) known.insert(report.region);
  lacked_.clear();
  const Position end = state_.storage().last_position() + 1;
  Position first = end;
  for (const std::string& region : known) {
    if (region.empty() || !waited_for(region)) continue;
    if (region == state_.identity().region && planted(Bug::kForgetOtherLeaders)) continue;
    Position lacked = end;
    for (const core::VersionVector& each : by_leader(region, exchange)) {
      lacked = std::min(lacked, first_lacked(each));
    }
    if (lacked < end) lacked_[region] = lacked;
    first = std::min(first, lacked);
  }
  if (planted(Bug::kTrimTooFar)) first = end;
  keep_from_ = std::min(segments_.keep_from(first), state_.storage().durable_position() + 1);
  if (forgetting()) keep_chains(known, exchange);
  const bool kept = forgetting() && state_.chains().has_changes();
  // Before the log forgets.
  return kept || forks_.has_changes() ? state_.commit({}) : core::Result<void>();
}

void LogKeeper::keep_chains_at(const core::VersionVector& shown) {
  for (const auto& [origin, seq] : state_.applied().vector()) {
    if (shown.at(origin) >= seq) continue;
    const auto next = state_.storage().find(origin, shown.at(origin) + 1);
    if (!next || *next < keep_from_) (void)state_.chains().keep(origin, shown.at(origin));
  }
}

void LogKeeper::keep_chains(const std::set<std::string>& regions, const Exchange& exchange) {
  for (const std::string& region : regions) {
    for (const core::VersionVector& shown : by_leader(region, exchange)) keep_chains_at(shown);
  }
}

// ---- Forgetting.

core::Result<void> LogKeeper::tick(Millis now, const Exchange& exchange,
                                   const WaitedFor& waited_for) {
  if (now_ms_ >= 0) segments_.pass(std::max<Millis>(0, now - now_ms_));
  now_ms_ = now;
  if (now < next_ms_) return {};
  if (!forgetting()) {
    // The log forgets nothing of what look() could not commit.
    if (auto ready = state_.make_ready(); !ready.ok()) return ready;
    if (auto done = look(exchange, waited_for); !done.ok()) return done;
  }
  if (forgetting()) {
    if (auto done = forget_slice(); !done.ok()) return done;
  }
  // While the log is made anew, the batches of some rows are not in it yet.
  if (trims_signatures_ && !exchange.joining())
    trims_signatures_ = state_.log().signatures().trim();
  next_ms_ = now + (forgetting() ? kPauseMs : kDecideMs);
  return remember(now);
}

Millis LogKeeper::running_ms(Millis now) const {
  return segments_.running_ms() + (now_ms_ >= 0 ? std::max<Millis>(0, now - now_ms_) : 0);
}

Millis LogKeeper::next_tick_ms() const {
  return forgetting() ? next_ms_ : std::numeric_limits<Millis>::max();
}

void LogKeeper::hold(const std::string& reader, std::optional<Position> position) {
  if (!position) return segments_.release(reader);
  segments_.hold(reader, *position);
  keep_from_ = std::min(keep_from_, *position);
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
  auto done = state_.trim(end);
  if (done.ok()) segments_.trimmed(end);
  trims_signatures_ = true;
  return done;
}

}  // namespace anabranch::regions
