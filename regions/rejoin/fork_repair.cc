#include "regions/rejoin/fork_repair.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/checksum.h"
#include "core/mark.h"

namespace anabranch::regions {

using core::Millis;
using core::Origin;

namespace {

// Batches that are logged in one commit where each gets a signature beside it.
constexpr std::size_t kSignedAtOnce = 200;

}  // namespace

// ---- When it is to give way.

bool ForkRepair::was_rewritten(Origin origin, core::Seq common) const {
  const auto first = owner_.state.chains().first_behind(origin, common);
  if (!first) return false;
  for (const std::string& region : regions_known(owner_.regions, owner_.state.applied())) {
    const Origin rewritten = rewritten_origin(origin, *first, region);
    const bool shown = std::ranges::any_of(owner_.exchange.peers(), [&](const auto& peer) {
      return peer.second.applied.at(rewritten) > 0;
    });
    if (shown) return true;
  }
  return false;
}

bool ForkRepair::may_rewrite(Origin origin) const {
  const std::string& wrote = owner_.state.applied().head(origin).region;
  if (wrote.empty() || wrote == owner_.state.identity().region) return true;
  const Forks::ByPeer& others = owner_.exchange.forks().all().at(origin);
  const bool there = std::ranges::any_of(owner_.exchange.peers(), [&](const auto& each) {
    const Peer& peer = each.second;
    return peer.region == wrote && peer.connected() && !others.contains(each.first);
  });
  return there || std::ranges::any_of(others, [&](const auto& each) {
           return was_rewritten(origin, each.second.common);
         });
}

core::Result<RejoinState> ForkRepair::rejoin_with(Origin peer, Origin origin, bool adopt) const {
  RejoinState state;
  state.adopt = adopt;
  const auto& forks = owner_.exchange.forks().all();
  const core::Seq common = forks.at(origin).at(peer).common;
  for (const auto& [other, fork] : forks.at(origin)) {
    if (fork.common == common) state.sources.push_back(fork.region);
  }
  for (const Origin each : owner_.exchange.forks().with(owner_.exchange.peers().at(peer))) {
    const Fork& fork = forks.at(each).at(peer);
    state.common[each] = fork.common;
    if (owner_.state.applied().head(each).seq <= fork.common) continue;
    const auto place = owner_.state.log().find(each, fork.common + 1);
    const auto record = place ? owner_.state.log().read_log(*place) : std::nullopt;
    const bool next = record && record->first == fork.common + 1;
    if (next && (record->last >= fork.differs || was_rewritten(each, fork.common))) continue;
    if (owner_.state.log().damaged(each, fork.common + 1))
      continue;  // Of another region it is left to that.
    return core::invalid("where the histories of origin " + core::to_string(each) + " part " +
                         why_unknown(peer, each, next));
  }
  return state;
}

std::string ForkRepair::why_unknown(Origin peer, Origin origin, bool in_log) const {
  const Forks& forks = owner_.exchange.forks();
  const Fork& fork = forks.all().at(origin).at(peer);
  if (!forks.agreed(owner_.exchange.peers().at(peer), origin)) {
    return "is not known yet: region " + fork.region +
           " has not answered; try again in some seconds";
  }
  const std::string common = std::to_string(fork.common);
  if (!in_log) return "is not known exactly: the log here does not reach back to " + common;
  return "is not known exactly: behind " + common + " and at or before " +
         std::to_string(fork.differs) + ", and the log of region " + fork.region +
         " does not reach back to that";
}

core::Result<void> ForkRepair::resolve(const GroupClosed& /*closed*/, Origin origin, bool adopt,
                                       Millis now) {
  if (owner_.state.broken()) return *owner_.state.broken();
  if (rejoin_) return core::invalid("this leader is giving way already: see fork list");
  const auto& forks = owner_.exchange.forks().all();
  const auto fork = forks.find(origin);
  if (fork == forks.end()) {
    return core::invalid("there is no fork of origin " + core::to_string(origin) +
                         " here: see fork list");
  }
  if (!adopt && !may_rewrite(origin)) {
    return core::invalid("region " + owner_.state.applied().head(origin).region +
                         " has not got what is here of its origin " + core::to_string(origin) +
                         ": run this where that region gives way, or have this region adopt it");
  }
  core::Failure why = core::invalid("no region that has the other history is connected");
  for (const auto& [peer_origin, each] : fork->second) {
    const Peer& peer = owner_.exchange.peers().at(peer_origin);
    if (!peer.connected() || owner_.exchange.links().paused(peer)) continue;
    auto state = rejoin_with(peer_origin, origin, adopt);
    if (state.ok()) {
      return begin(std::move(state).value(),
                   "it gives way to the history that region " + peer.region + " has of origin " +
                       core::to_string(origin),
                   now);
    }
    why = state.failure();  // Another peer may have shown more exactly where they part.
  }
  return why;
}

void ForkRepair::on(const Refusal& refusal) {
  if (refusal.why == kIsSelf) return;  // The end that dialled says it, and it is no fault.
  const std::string what = refusal.lost ? "it joins again, and writes as new what only it has"
                                        : "nothing is exchanged with that region";
  owner_.alarms.raise_once("region " + refusal.region + " refuses this leader: it " + refusal.why +
                           "; " + what);
  lost_ = lost_ || refusal.lost;
}

core::Result<void> ForkRepair::rejoin_if_declared_lost(const GroupClosed& /*closed*/, Millis now) {
  const bool begins = lost_ && !rejoin_ && !failed_;
  if (!begins) {
    lost_ = false;
    return {};
  }
  RejoinState state;
  state.lost = true;
  auto begun = begin(std::move(state), "this region was declared lost", now);
  lost_ = !begun.ok() && begun.failure().passes;  // Else at a later tick.
  return begun;
}

// ---- Joining.

namespace {

// This leader does not give way any more.
storage::Change no_rejoin_row() {
  return {storage::Table::kMeta, std::string(storage::kRejoinKey), std::nullopt};
}

}  // namespace

void ForkRepair::make(RejoinState state) {
  rejoin_ = std::make_unique<Rejoin>(
      Rejoin::Owner{owner_.state, owner_.exchange, owner_.regions,
                    [this](const std::set<Origin>& changed) { history_replaced(changed); },
                    [this](const core::Failure& why) { failed_ = why; }},
      limits_, std::move(state));
}

core::Result<void> ForkRepair::begin(RejoinState state, std::string why, Millis now) {
  if (auto ready = owner_.state.make_ready(); !ready.ok()) return ready;
  failed_.reset();
  make(std::move(state));
  auto recorded = owner_.incarnations.begin_and_record(std::move(why));
  if (!recorded.ok()) return recorded;
  owner_.snapshots.take_for(rejoin_.get());
  owner_.keeper.hold("snapshots", owner_.snapshots.pinned());
  owner_.exchange.join_as_empty(true, owner_.state.identity().origin, now);
  return {};
}

void ForkRepair::record(Commit& commit) {
  if (!rejoin_) return;
  if (commit.swap || commit.identity) commit.changes.add(rejoin_->row());
  if (!rejoin_->logging() || logging_) return;
  for (const storage::LogRecord& record : std::exchange(commit.records, {})) {
    commit.changes.add(rejoin_->defer(record));
  }
}

core::Result<void> ForkRepair::resume() {
  const auto stored =
      owner_.state.storage().snapshot()->get(storage::Table::kMeta, storage::kRejoinKey);
  if (!stored) return {};
  auto state = decode_rejoin(*stored);
  if (!state.ok()) return state.failure();
  make(std::move(state).value());
  if (auto resumed = rejoin_->resume(); !resumed.ok()) return resumed;
  owner_.snapshots.take_for(rejoin_.get());
  owner_.exchange.join_as_empty(true, owner_.state.identity().origin, 0);
  core::mark<"a leader that gives way was started anew">();
  return {};
}

void ForkRepair::history_replaced(const std::set<Origin>& changed) {
  for (const Origin origin : changed) {
    owner_.inbox.proofs().signer().forget(origin);
    owner_.settled.forget(origin);
  }
  owner_.inbox.clear();
  owner_.time.forget();
}

core::Result<void> ForkRepair::give_up(const GroupClosed& /*closed*/, Millis now) {
  if (!rejoin_ || !failed_) return {};
  owner_.alarms.raise("this leader does not give way: " + failed_->message);
  if (auto cleared = rejoin_->clear(); !cleared.ok()) return cleared;
  auto done = owner_.state.commit({.changes = {no_rejoin_row()}});
  if (!done.ok()) return done;
  end(now);
  return {};
}

// ---- Logging.

core::Result<bool> ForkRepair::log_slice(const GroupClosed& /*closed*/, Millis now) {
  const auto older = owner_.keeper.forget_before(rejoin_->state().log_end + 1);
  if (!older.ok()) return older.failure();
  if (older.value()) return true;
  const bool signs = owner_.inbox.proofs().signer().active();
  auto slice = rejoin_->next_slice(signs ? kSignedAtOnce : SIZE_MAX);
  if (!slice.ok()) return owner_.state.fail(slice.failure());
  std::vector<storage::LogRecord> records;
  for (const storage::StoredRecord& each : slice.value().records) {
    if (core::checksum_of(each.bytes) == core::Checksum::kWrong) {  // The log has a gap there.
      owner_.alarms.raise_once(
          "a batch that is to be logged is damaged: ops " + std::to_string(each.first) + " to " +
          std::to_string(each.last) + " of origin " + core::to_string(each.origin) +
          "; whoever lacks it gets a snapshot; have the disk and the memory of this machine "
          "looked at");
      continue;
    }
    owner_.inbox.proofs().sign_beside(each);
    records.push_back({each.origin, each.first, each.last, each.bytes});
  }
  storage::Changes& changes = slice.value().changes;
  const bool last = rejoin_->all_logged();
  if (last) changes.add(no_rejoin_row());
  logging_ = true;
  const auto done = owner_.state.commit({.records = records, .changes = std::move(changes)});
  logging_ = false;
  if (!done.ok()) return done.failure();
  if (!last) return true;
  owner_.alarms.notice("has given way: " + std::to_string(rejoin_->renamed()) +
                       " ops were written again as new, " + std::to_string(rejoin_->taken()) +
                       " taken over as they were");
  end(now);
  return false;
}

void ForkRepair::end(Millis now) {
  owner_.snapshots.take_for(nullptr);
  rejoin_.reset();
  owner_.exchange.join_as_empty(false, owner_.state.identity().origin, now);
}

}  // namespace anabranch::regions
