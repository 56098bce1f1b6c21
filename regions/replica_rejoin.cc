// What a replica does to give way: it begins a rejoin when an operator or a peer says so, logs what
// was put on top after the swap, and ends it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/checksum.h"
#include "core/mark.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Millis;
using core::Origin;

// ---- When it is to give way.

bool Replica::was_rewritten(Origin origin, core::Seq common) const {
  const auto first = state_.chains().first_behind(origin, common);
  if (!first) return false;
  for (const std::string& region : regions_known(regions_, state_.applied())) {
    const Origin image = image_name(origin, *first, region);
    const bool shown = std::ranges::any_of(
        exchange_->peers(), [&](const auto& peer) { return peer.second.applied.at(image) > 0; });
    if (shown) return true;
  }
  return false;
}

bool Replica::may_rewrite(Origin origin) const {
  const std::string& wrote = state_.applied().head(origin).region;
  if (wrote.empty() || wrote == state_.identity().region) return true;
  const Forks::ByPeer& others = exchange_->forks().all().at(origin);
  const bool there = std::ranges::any_of(exchange_->peers(), [&](const auto& each) {
    const Peer& peer = each.second;
    return peer.region == wrote && peer.connected() && !others.contains(each.first);
  });
  return there || std::ranges::any_of(others, [&](const auto& each) {
           return was_rewritten(origin, each.second.common);
         });
}

core::Result<RejoinState> Replica::rejoin_with(Origin peer, Origin origin, bool adopt) const {
  RejoinState state;
  state.adopt = adopt;
  const auto& forks = exchange_->forks().all();
  const core::Seq common = forks.at(origin).at(peer).common;
  for (const auto& [other, fork] : forks.at(origin)) {
    if (fork.common == common) state.sources.push_back(fork.region);
  }
  for (const Origin each : exchange_->forks().with(exchange_->peers().at(peer))) {
    const Fork& fork = forks.at(each).at(peer);
    state.common[each] = fork.common;
    if (state_.applied().head(each).seq <= fork.common) continue;
    const auto place = state_.log().find(each, fork.common + 1);
    const auto record = place ? state_.log().read_log(*place) : std::nullopt;
    const bool next = record && record->first == fork.common + 1;
    if (next && (record->last >= fork.differs || was_rewritten(each, fork.common))) continue;
    if (state_.log().damaged(each, fork.common + 1))
      continue;  // Of another region it is left to that.
    return core::invalid("where the histories of origin " + core::to_string(each) + " part " +
                         why_unknown(peer, each, next));
  }
  return state;
}

std::string Replica::why_unknown(Origin peer, Origin origin, bool in_log) const {
  const Forks& forks = exchange_->forks();
  const Fork& fork = forks.all().at(origin).at(peer);
  if (!forks.agreed(exchange_->peers().at(peer), origin)) {
    return "is not known yet: region " + fork.region +
           " has not answered; try again in some seconds";
  }
  const std::string common = std::to_string(fork.common);
  if (!in_log) return "is not known exactly: the log here does not reach back to " + common;
  return "is not known exactly: behind " + common + " and at or before " +
         std::to_string(fork.differs) + ", and the log of region " + fork.region +
         " does not reach back to that";
}

core::Result<void> Replica::resolve_fork(Origin origin, bool adopt, Millis now) {
  ANABRANCH_ASSERT(!dirty());
  drop_group();
  if (broken()) return *broken();
  if (rejoin_) return core::invalid("this leader is giving way already: see fork list");
  const auto& forks = exchange_->forks().all();
  const auto fork = forks.find(origin);
  if (fork == forks.end()) {
    return core::invalid("there is no fork of origin " + core::to_string(origin) +
                         " here: see fork list");
  }
  if (!adopt && !may_rewrite(origin)) {
    return core::invalid("region " + state_.applied().head(origin).region +
                         " has not got what is here of its origin " + core::to_string(origin) +
                         ": run this where that region gives way, or have this region adopt it");
  }
  core::Failure why = core::invalid("no region that has the other history is connected");
  for (const auto& [peer_origin, each] : fork->second) {
    const Peer& peer = exchange_->peers().at(peer_origin);
    if (!peer.connected() || exchange_->paused(peer)) continue;
    auto state = rejoin_with(peer_origin, origin, adopt);
    if (state.ok()) {
      return begin_rejoin(std::move(state).value(),
                          "it gives way to the history that region " + peer.region +
                              " has of origin " + core::to_string(origin),
                          now);
    }
    why = state.failure();  // Another peer may have shown more exactly where they part.
  }
  return why;
}

void Replica::take(const Refusal& refusal) {
  const std::string what = refusal.lost ? "it joins again, and writes as new what only it has"
                                        : "nothing is exchanged with that region";
  alarm_once("region " + refusal.region + " refuses this leader: it " + refusal.why + "; " + what);
  lost_ = lost_ || refusal.lost;
}

core::Result<void> Replica::heed_loss(Millis now) {
  if (!std::exchange(lost_, false) || rejoin_ || rejoin_failed_ || dirty()) return {};
  drop_group();
  RejoinState state;
  state.lost = true;
  return begin_rejoin(std::move(state), "this region was declared lost", now);
}

// ---- Joining.

namespace {

// This leader does not give way any more.
storage::Change no_rejoin_row() {
  return {storage::Table::kMeta, std::string(storage::kRejoinKey), std::nullopt};
}

}  // namespace

void Replica::make_rejoin(RejoinState state) {
  rejoin_ = std::make_unique<Rejoin>(
      Rejoin::Owner{state_, *exchange_, regions_,
                    [this](const std::set<Origin>& changed) { taken_over(changed); },
                    [this](const core::Failure& why) { rejoin_failed_ = why; }},
      options_.limits.rejoin, std::move(state));
}

core::Result<void> Replica::begin_rejoin(RejoinState state, std::string why, Millis now) {
  begin_origin(std::move(why));
  ++state_.identity().opening;
  opening_sent_ = false;
  rejoin_failed_.reset();
  make_rejoin(std::move(state));
  if (auto recorded = record_identity(); !recorded.ok()) return recorded;
  snapshots_->take_for(rejoin_.get());
  hold_log();
  exchange_->join_as_empty(true, state_.identity().origin, now);
  return {};
}

core::Result<void> Replica::resume_rejoin() {
  if (auto loaded = load_parted(); !loaded.ok()) return loaded;
  const auto stored = state_.storage().snapshot()->get(storage::Table::kMeta, storage::kRejoinKey);
  if (!stored) return {};
  auto state = decode_rejoin(*stored);
  if (!state.ok()) return state.failure();
  make_rejoin(std::move(state).value());
  if (auto resumed = rejoin_->resume(); !resumed.ok()) return resumed;
  if (!rejoin_->logging()) snapshots_->take_for(rejoin_.get());
  exchange_->join_as_empty(true, state_.identity().origin, 0);
  core::mark<"a leader that gives way was started anew">();
  return {};
}

core::Result<void> Replica::load_parted() {
  const auto snapshot = state_.storage().snapshot();
  const std::string_view prefix = storage::kPartedPrefix;
  const auto cursor = snapshot->scan(storage::Table::kMeta, prefix, storage::Direction::kForward);
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view origin = cursor->key().substr(prefix.size());
    if (origin.size() != sizeof(Origin) || cursor->value().size() != sizeof(core::Seq)) {
      return core::corrupt("where this leader gave way cannot be read");
    }
    exchange_->part(storage::from_big_endian(origin), storage::from_big_endian(cursor->value()));
  }
  return {};
}

void Replica::taken_over(const std::set<Origin>& changed) {
  for (const Origin origin : changed) {
    signer_.forget(origin);
    settled_.forget(origin);
  }
  for (const auto& [origin, common] : rejoin_->state().common) exchange_->part(origin, common);
  held_.clear();
  provenance_.clear();
  passed_ = {};
}

core::Result<void> Replica::give_up_rejoin(Millis now) {
  if (!rejoin_ || !rejoin_failed_) return {};
  effects_.push_back(Alarm{"this leader does not give way: " + rejoin_failed_->message});
  if (auto cleared = rejoin_->clear(); !cleared.ok()) return cleared;
  const auto done = state_.commit({.changes = {no_rejoin_row()}});
  if (!done.ok()) return done;
  end_rejoin(now);
  return {};
}

// ---- Logging.

core::Result<bool> Replica::log_slice(Millis now) {
  const auto older = keeper_.forget_before(rejoin_->state().log_end + 1);
  if (!older.ok()) return older.failure();
  if (older.value()) return true;
  auto slice = rejoin_->next_slice();
  if (!slice.ok()) return state_.fail(slice.failure());
  std::vector<storage::LogRecord> records;
  for (const storage::StoredRecord& each : slice.value().records) {
    if (core::checksum_of(each.bytes) == core::Checksum::kWrong) {  // The log has a gap there.
      alarm_once("a batch that is to be logged is damaged: ops " + std::to_string(each.first) +
                 " to " + std::to_string(each.last) + " of origin " + core::to_string(each.origin) +
                 "; whoever lacks it gets a snapshot; have the disk and the memory of this machine "
                 "looked at");
      continue;
    }
    records.push_back({each.origin, each.first, each.last, each.bytes});
  }
  std::vector<storage::Change>& changes = slice.value().changes;
  const bool last = rejoin_->all_logged();
  if (last) changes.push_back(no_rejoin_row());
  logging_ = true;
  const auto done = state_.commit({.records = records, .changes = std::move(changes)});
  logging_ = false;
  if (!done.ok()) return done.failure();
  if (!last) return true;
  effects_.push_back(Notice{"has given way: " + std::to_string(rejoin_->renamed()) +
                            " ops were written again as new, " + std::to_string(rejoin_->taken()) +
                            " taken over as they were"});
  end_rejoin(now);
  return false;
}

void Replica::end_rejoin(Millis now) {
  snapshots_->take_for(nullptr);
  rejoin_.reset();
  exchange_->join_as_empty(false, state_.identity().origin, now);
}

}  // namespace anabranch::regions
