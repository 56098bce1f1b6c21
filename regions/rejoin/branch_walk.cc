#include "regions/rejoin/branch_walk.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Batch;
using core::Origin;
using core::Seq;
using core::VersionVector;

BranchWalk::BranchWalk(Before before, const std::map<Origin, Head>& base, const RejoinState& state)
    : before_(std::move(before)),
      state_(state),
      common_(state.common),
      ops_(names_,
           [this](Origin origin, const core::Path& path) { return find_frame(origin, path); }) {
  for (const auto& [origin, head] : base) now_.set_head(origin, head);
  if (!state.lost) return;
  for (const auto& [origin, head] : before_.applied.heads()) {
    const Seq there = now_.vector().at(origin);
    if (is_own(origin) && head.seq > there) common_.try_emplace(origin, there);
  }
}

// ---- Before the first batch.

core::Result<bool> BranchWalk::prepare(std::size_t records_max) {
  if (deps_.empty() && looking_.empty()) {
    for (const auto& [origin, common] : common_) {
      if (auto found = look_for(origin, common); !found.ok()) return found.failure();
    }
  }
  while (!looking_.empty()) {
    auto more = looking_.back().read(before_.log, records_max);
    if (!more.ok() || more.value()) return more;
    deps_[looking_.back().origin()] = looking_.back().deps();
    looking_.pop_back();
  }
  return false;
}

core::Result<void> BranchWalk::look_for(Origin origin, Seq common) {
  const Head& head = before_.applied.head(origin);
  if (head.seq <= common || origin == before_.identity.origin) return {};
  const auto place = before_.log.find(origin, common + 1);
  const auto record = place ? before_.log.read_log(*place) : std::nullopt;
  const bool there = record && record->first == common + 1;
  if (!there && !is_own(origin) && before_.log.damaged(origin, common + 1)) return {};
  if (!there) {
    return core::invalid("the log no longer has all that only this leader has of origin " +
                         core::to_string(origin));
  }
  if (now_.vector().at(origin) == common) {
    deps_[origin] = now_.head(origin).deps;
  } else {
    looking_.emplace_back(origin, head.seq, head.deps, common);
  }
  return {};
}

// ---- Batches.

std::optional<Seq> BranchWalk::parted_at(Origin origin) const {
  const auto found = common_.find(origin);
  return found == common_.end() ? std::nullopt : std::optional(found->second);
}

bool BranchWalk::is_own(Origin origin) const {
  return origin == before_.identity.origin ||
         before_.applied.head(origin).region == before_.identity.region;
}

bool BranchWalk::needs(const LogDamage& damage) const {
  if (!damage.certain) return true;
  const auto parted = parted_at(damage.origin);
  const Seq there = now_.vector().at(damage.origin);
  return is_own(damage.origin) && damage.last > (parted ? std::min(*parted, there) : there);
}

// A branch whose beginning is damaged has no new name: it ends. What depends on it names its hash.
bool BranchWalk::depends_on_branch(const VersionVector& deps) const {
  return names_.concerns(deps) || std::ranges::any_of(common_, [&](const auto& each) {
           return deps.at(each.first) > each.second;
         });
}

BranchWalk::Outcome BranchWalk::take(const storage::StoredRecord& record, const Rows& rows) {
  rows_ = &rows;
  const auto parted = parted_at(record.origin);
  if (names_.find(record.origin) != nullptr) return renamed(record);
  if (parted && record.first > *parted) {
    name(record);
    return renamed(record);
  }
  return continued(record);
}

BranchWalk::Outcome BranchWalk::continued(const storage::StoredRecord& record) {
  const Head& head = now_.head(record.origin);
  if (record.last <= head.seq) return std::optional<Taken>();
  auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure();
  const bool next = record.first == head.seq + 1 && batch.value().previous == head.chain;
  VersionVector deps = head.deps;
  deps.join(batch.value().deps_changed);
  const bool renames = depends_on_branch(deps);
  if (next && !renames && now_.vector().includes(deps)) {
    taken_ += record.last - head.seq;
    return std::optional(advance(std::move(batch).value(), record.bytes, std::move(deps)));
  }
  const bool whole = next && renames && now_.vector().includes(names_.of(deps));
  // Its own region writes it again.
  if (!whole && !is_own(record.origin)) return std::optional<Taken>();
  if (!renames && before_.shown.at(record.origin) >= record.last) {
    return core::Failure{ErrorCode::kTimeout,
                         "it lacks what others have of origin " + core::to_string(record.origin)};
  }
  if (record.first != head.seq + 1) {
    return core::invalid("the log no longer has all that only this leader has of origin " +
                         core::to_string(record.origin));
  }
  deps_[record.origin] = head.deps;
  common_[record.origin] = head.seq;
  name(record);
  return renamed(record);
}

BranchWalk::Outcome BranchWalk::renamed(const storage::StoredRecord& record) {
  auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure();
  const RewrittenOrigin rewritten = *names_.find(record.origin);
  VersionVector& before = deps_[record.origin];
  before.join(batch.value().deps_changed);
  if (!is_own(record.origin) && !now_.vector().includes(names_.of(before))) {
    return std::optional<Taken>();
  }
  auto made = rewrite(batch.value(), rewritten);
  if (!made.ok()) return made.failure();
  const Seq there = now_.vector().at(rewritten.origin);
  if (made.value().last() <= there) return std::optional<Taken>();  // Another leader has done it.
  if (made.value().first() != there + 1) {
    if (!is_own(record.origin)) return std::optional<Taken>();
    return core::invalid("the log lacks a part of the branch of origin " +
                         core::to_string(record.origin));
  }
  if (planted(core::Bug::kForgetBranch)) return std::optional<Taken>();
  renamed_ += record.last - record.first + 1;
  VersionVector deps = now_.head(rewritten.origin).deps;
  deps.join(made.value().deps_changed);
  std::string bytes = core::encode_batch(made.value());
  return std::optional(advance(std::move(made).value(), std::move(bytes), std::move(deps)));
}

BranchWalk::Taken BranchWalk::advance(Batch batch, std::string bytes, VersionVector deps) {
  Taken taken;
  taken.chain = core::chain_hash(bytes);
  now_.advance(batch, batch.extent(), deps, taken.chain);
  taken.held.bytes = std::move(bytes);
  taken.held.batch = std::move(batch);
  taken.deps = std::move(deps);
  return taken;
}

// ---- New names.

void BranchWalk::name(const storage::StoredRecord& record) {
  const Seq after = record.first - 1;
  if (record.origin == before_.identity.origin) {  // No other leader has seen anything of it yet.
    names_.add(record.origin, {after, record.origin, 0});
    return;
  }
  const Origin rewritten = name_of(record.origin, core::chain_hash(record.bytes));
  names_.add(record.origin, {after, rewritten, after});
}

Origin BranchWalk::name_of(Origin origin, const core::ChainHash& first) const {
  const std::string& own = before_.identity.region;
  const std::string& wrote = before_.applied.head(origin).region;
  for (const std::string& region : regions_known(before_.regions, now_)) {
    const Origin rewritten = rewritten_origin(origin, first, region);
    if (now_.vector().at(rewritten) > 0) return rewritten;  // Another leader has written it before.
  }
  const bool adopted = state_.adopt && state_.common.contains(origin);
  return rewritten_origin(origin, first, wrote.empty() || adopted ? own : wrote);
}

core::Result<Batch> BranchWalk::rewrite(const Batch& batch, const RewrittenOrigin& rewritten) {
  VersionVector& before = deps_[batch.origin];
  VersionVector deps = planted(core::Bug::kKeepFormerContext) ? before : names_.of(before);
  if (rewritten.after > 0) deps.raise(batch.origin, rewritten.after);
  deps.join(ops_.seen_by(batch));
  deps = bounded(deps, now_.vector());
  before.set(batch.origin, batch.last());
  auto transactions = ops_.of(batch, deps);
  if (!transactions.ok()) return transactions.failure();
  const Head& head = now_.head(rewritten.origin);
  deps.set(rewritten.origin, head.seq);
  Batch made;
  made.origin = rewritten.origin;
  made.previous = head.chain;
  made.deps_changed = core::difference(deps, head.deps);
  if (head.seq == 0 || batch.opening) made.opening = opening_of(batch, rewritten);
  made.transactions = std::move(transactions).value();
  return made;
}

core::Opening BranchWalk::opening_of(const Batch& batch, const RewrittenOrigin& rewritten) const {
  if (rewritten.origin == batch.origin && batch.opening) return *batch.opening;
  core::Opening opening;
  if (batch.opening) opening = *batch.opening;
  opening.mesh = before_.identity.mesh;
  opening.previous = batch.origin;
  const std::string& wrote = before_.applied.head(batch.origin).region;
  const bool adopted = state_.adopt && state_.common.contains(batch.origin);
  opening.region = wrote.empty() || adopted ? before_.identity.region : wrote;
  return opening;
}

// The slot of the rewritten origin has the sum of the branch's additions until the slot's newest
// addition; the batch of that addition has the total of both histories.
std::optional<RewrittenOps::Frame> BranchWalk::find_frame(Origin origin,
                                                          const core::Path& path) const {
  const RewrittenOrigin* const rewritten = names_.find(origin);
  const crdt::Row row = (*rows_)(path);
  const crdt::Slot* const slot = row.tally.find(rewritten->origin);
  if (slot == nullptr) return std::nullopt;
  const Seq seq = slot->seq + rewritten->minus;
  const auto place = before_.log.find(origin, seq);
  const auto record = place ? before_.log.read_log(*place) : std::nullopt;
  if (!record || record->origin != origin || record->first > seq) return std::nullopt;
  const auto batch = core::decode_batch(record->bytes);
  if (!batch.ok()) return std::nullopt;
  for (const core::Transaction& txn : batch.value().transactions) {
    if (seq < txn.first || seq > txn.last()) continue;
    const auto* add = std::get_if<core::Add>(&txn.ops[seq - txn.first]);
    if (add == nullptr || add->path != path || add->birth > rewritten->after) return std::nullopt;
    return RewrittenOps::Frame{slot->birth, add->total.minus(slot->total)};
  }
  return std::nullopt;
}

}  // namespace anabranch::regions
