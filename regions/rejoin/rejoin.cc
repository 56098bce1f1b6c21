#include "regions/rejoin/rejoin.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Origin;

Rejoin::Rejoin(Owner owner, const RejoinLimits& limits, RejoinState state)
    : owner_(std::move(owner)), limits_(limits), state_(std::move(state)) {}

storage::Change Rejoin::row() const {
  return {storage::Table::kMeta, std::string(storage::kRejoinKey), encode_rejoin(state_)};
}

core::Result<void> Rejoin::resume() {
  unlogged_.load(*owner_.state.storage().snapshot());
  if (logging() && !planted(core::Bug::kForgetUnlogged)) return {};
  return clear();
}

core::Result<void> Rejoin::clear() {
  while (!unlogged_.empty()) {
    auto slice = unlogged_.take(*owner_.state.storage().snapshot(), limits_.records_max, SIZE_MAX);
    if (!slice.ok()) return slice.failure();
    auto done = owner_.state.commit({.changes = std::move(slice.value().changes)});
    if (!done.ok()) return done;
  }
  return {};
}

core::Result<Unlogged::Slice> Rejoin::next_slice(std::size_t records_max) {
  return unlogged_.take(*owner_.state.storage().snapshot(),
                        std::min(records_max, limits_.records_max), limits_.bytes_max);
}

// ---- The snapshot.

bool Rejoin::is_source(const Peer& peer) const {
  const bool wanted = state_.sources.empty() ||
                      std::ranges::find(state_.sources, peer.region) != state_.sources.end();
  return wanted && peer.connected() && !owner_.exchange.links().paused(peer);
}

bool Rejoin::sources_give_way() const {
  return std::ranges::none_of(owner_.exchange.peers(), [this](const auto& each) {
    return is_source(each.second) && !each.second.applied.empty();
  });
}

// Two leaders that give way to each other would exchange their histories, and each would have
// written its own again: every write would count twice. Of several in a ring the one with the
// greatest origin is asked by one that precedes it.
bool Rejoin::precedes(Origin asker) const {
  return logging() || state_.lost || owner_.state.identity().origin < asker || !sources_give_way();
}

// A peer that shows nothing gives way itself. It is asked only when every source does, so that one
// of them hears of it and does not.
std::optional<Origin> Rejoin::source(const std::set<Origin>& avoided) const {
  if (logging()) return std::nullopt;
  const bool any = !state_.lost && sources_give_way();
  std::optional<Origin> best;
  core::Seq most = 0;
  for (const auto& [origin, peer] : owner_.exchange.peers()) {
    if (!is_source(peer) || avoided.contains(origin)) continue;
    if (peer.applied.empty() && !any) continue;
    core::Seq ops = 1;
    for (const auto& entry : peer.applied) ops += entry.seq;
    if (ops <= most) continue;
    best = origin;
    most = ops;
  }
  return best;
}

// Batches that both sides have may be in no log here any more, and must not be written again.
core::VersionVector Rejoin::least(Origin source) const { return least(source, state_.common); }

core::VersionVector Rejoin::least(Origin source, const Forks& forks) const {
  const auto peer = owner_.exchange.peers().find(source);
  if (peer == owner_.exchange.peers().end()) return {};
  core::VersionVector least = lower(owner_.state.applied().vector(), peer->second.applied);
  for (const auto& [origin, common] : forks) {
    least.set(origin, std::min(least.at(origin), common));
  }
  return least;
}

core::Result<bool> Rejoin::accept(Origin source, const SnapshotHeader& header) {
  Forks forks = forks_against(header);
  if (forks.empty() && !state_.common.empty()) return false;
  for (const auto& [origin, seq] : least(source, forks)) {
    const auto there = header.heads.find(origin);
    if (there != header.heads.end() && there->second.seq >= seq) continue;
    return core::invalid("it is older than what its region has shown of origin " +
                         core::to_string(origin));
  }
  for (const auto& [origin, head] : header.heads) {
    if (auto accepted = accept(origin, head, forks); !accepted.ok()) return accepted.failure();
  }
  const BranchWalk::Before before{owner_.state.log(),    owner_.state.applied(),
                                  owner_.state.chains(), owner_.state.identity(),
                                  owner_.regions,        shown()};
  forks_ = std::move(forks);
  RejoinState state = state_;
  state.common = forks_;
  walk_.emplace(before, header.heads, state);
  prepared_ = false;
  next_ = 0;
  checkpoints_.clear();
  return true;
}

Rejoin::Forks Rejoin::forks_against(const SnapshotHeader& header) const {
  Forks forks = state_.common;
  std::erase_if(forks, [&](const auto& fork) {
    const auto& [origin, common] = fork;
    const auto there = header.heads.find(origin);
    if (there == header.heads.end() || there->second.seq <= common) return false;
    const ChainLink link{there->second.seq, there->second.chain};
    return owner_.state.chains().compare(origin, link) == Match::kEqual;
  });
  return forks;
}

core::VersionVector Rejoin::shown() const {
  core::VersionVector shown;
  for (const auto& [origin, peer] : owner_.exchange.peers()) {
    if (peer.connected() && !owner_.exchange.links().paused(peer)) shown.join(peer.applied);
  }
  return shown;
}

core::Result<void> Rejoin::accept(Origin origin, const Head& there, const Forks& forks) const {
  if (forks.contains(origin)) return {};
  if (owner_.state.chains().compare(origin, {there.seq, there.chain}) == Match::kDifferent) {
    return core::invalid("two histories of origin " + core::to_string(origin) + " have met");
  }
  if (!state_.lost || owner_.state.applied().head(origin).region != owner_.state.identity().region)
    return {};
  for (const auto& [name, peer] : owner_.exchange.peers()) {
    if (peer.applied.at(origin) <= there.seq) continue;
    return core::invalid("it lacks what region " + peer.region + " has of origin " +
                         core::to_string(origin));
  }
  return {};
}

// ---- On top of the snapshot.

core::Result<void> Rejoin::check_loss(const rows::RowReader& rows) const {
  if (!state_.lost) return {};
  RegionList list;
  list.load(rows);
  const bool lost = std::ranges::any_of(owner_.state.applied().heads(), [&](const auto& head) {
    return list.lost(owner_.state.identity().region, head.first);
  });
  if (lost) return {};
  return core::invalid("the others do not say that this region was declared lost");
}

core::Result<void> Rejoin::check_log() const {
  for (const LogDamage& damage : owner_.state.log().damage()) {
    if (!walk_->needs(damage)) continue;
    return core::corrupt("what only this leader has cannot be written again: " +
                         to_string(damage, owner_.state.applied().head(damage.origin).region) +
                         "; the others may give way instead");
  }
  return {};
}

core::Result<bool> Rejoin::put_on_top(RowMerge& merge, storage::Changes& changes) {
  if (!prepared_) {
    if (auto lost = check_loss(merge.next_rows()); !lost.ok()) return lost.failure();
    auto more = walk_->prepare(limits_.records_max);
    if (!more.ok() || more.value()) return more;
    prepared_ = true;
  }
  std::size_t ops = 0;
  std::size_t bytes = 0;
  const auto rows = [&](const core::Path& path) { return merge.next_rows().row(path); };
  for (std::size_t records = 0;
       records < limits_.records_max && ops < limits_.ops_max && bytes < limits_.bytes_max;
       ++records) {
    const auto record = owner_.state.log().read_log(next_);
    if (!record) {
      const auto sound = check_log();
      return sound.ok() ? core::Result<bool>(false) : sound.failure();
    }
    next_ = record->position + 1;
    const auto taken = walk_->take(*record, rows);
    if (!taken.ok()) return taken.failure();
    if (!taken.value()) continue;
    const HeldBatch& held = taken.value()->held;
    owner_.state.applied().name(held.batch.origin);
    merge.put_on_top(held.batch, taken.value()->deps);
    changes.add(
        unlogged_.add({held.batch.origin, held.batch.first(), held.batch.last(), held.bytes}));
    keep(*taken.value());
    ops += held.batch.last() - held.batch.first() + 1;
    bytes += held.bytes.size();
  }
  taken_ = walk_->taken();
  renamed_ = walk_->renamed();
  return true;
}

void Rejoin::keep(const BranchWalk::Taken& taken) {
  const core::Batch& batch = taken.held.batch;
  if (!ChainHashes::is_checkpoint(batch.first(), batch.last())) return;
  checkpoints_.push_back({batch.origin, {batch.last(), taken.chain}});
}

void Rejoin::take_over() {
  taken_ = walk_->taken();
  renamed_ = walk_->renamed();
  state_.stage = RejoinState::Stage::kLogging;
  // Also of a fork in which the source has the history that was here: the log goes all the same.
  for (const auto& [origin, common] : state_.common) owner_.state.chains().part(origin, common);
  state_.common = std::move(forks_);
  state_.log_end = owner_.state.storage().last_position();
  for (const auto& [origin, common] : walk_->common()) {  // Others will ask where it parted.
    (void)owner_.state.chains().keep(origin, common);
  }
  std::set<Origin> changed;
  for (const auto& [origin, head] : owner_.state.applied().heads()) {
    const RewrittenOrigin* const rewritten = walk_->names().find(origin);
    const auto parted = walk_->common().find(origin);
    core::Seq same = walk_->now().vector().at(origin);
    if (rewritten != nullptr) same = std::min(same, rewritten->after);
    if (parted != walk_->common().end()) same = std::min(same, parted->second);
    if (same >= head.seq) continue;
    changed.insert(origin);
    owner_.state.chains().forget_beyond(origin, same);
  }
  owner_.state.applied().replace(walk_->now().heads());
  for (const Checkpoint& each : checkpoints_) {
    owner_.state.chains().keep(each.origin, each.link.seq, each.link.hash);
  }
  walk_.reset();
  owner_.history_replaced(changed);
  core::mark<"a leader has given way">();
}

}  // namespace anabranch::regions
