#include "leader/salvage/left_key.h"

#include <algorithm>
#include <set>
#include <variant>

#include "crdt/expiry.h"

namespace anabranch::leader {

using core::Dot;
using core::Path;
using core::VersionVector;

LeftKey::LeftKey(std::uint64_t loss, std::string key, const LostLog::OpPlace& from,
                 std::unique_ptr<LostBatches> batches)
    : loss_(loss),
      key_(std::move(key)),
      prefix_(Path::trusted(key_)),
      from_(from),
      batches_(std::move(batches)) {}

core::Result<bool> LeftKey::read(std::size_t records, const regions::Replica& replica,
                                 const IsOwn& is_own) {
  for (std::size_t i = 0; i < records; ++i) {
    if (!found_) {
      auto more = batches_->search();
      if (!more.ok()) return more;
      found_ = !more.value();
      continue;
    }
    auto record = batches_->next();
    if (!record.ok()) return record.failure();
    if (!record.value()) return false;
    take(
        *record.value(),
        own_batches(*record.value(), replica.applied().vector(), replica.identity().region, is_own),
        replica);
    if (ops_ > kOpsMax) return core::invalid("the key has more lost ops than are taken at once");
  }
  return true;
}

void LeftKey::take(const LostBatches::Record& record, const std::vector<core::Batch>& own,
                   const regions::Replica& replica) {
  const bool here = record.at.is_in_record_of(from_);
  std::uint64_t number = 0;
  for (const core::Batch& batch : own) {
    const auto [at, is_first] = deps_.try_emplace(batch.origin);
    if (is_first) at->second = replica.applied().head(batch.origin).deps;
    at->second.join(batch.deps_changed);
    for (const core::Transaction& txn : batch.transactions) {
      core::Seq seq = txn.first;
      for (const core::Op& op : txn.ops) {
        left_ = left_ || (here && number == from_.op);
        ++number;
        VersionVector seen = at->second;
        seen.set(batch.origin, seq - 1);
        take({batch.origin, seq++}, op, left_, seen);
      }
    }
  }
}

void LeftKey::take(Dot was, const core::Op& op, bool left, const VersionVector& seen) {
  if (const auto* const clear = std::get_if<core::Clear>(&op)) {
    const bool above = clear->prefix.is_prefix_of(prefix_);
    if (!above && !prefix_.is_prefix_of(clear->prefix)) return;
    if (left) ++ops_;
    for (auto& [path, row] : rows_) {
      if (clear->prefix.is_prefix_of(path)) {
        std::erase_if(row.values, [&](const auto& each) { return seen.covers(each.first); });
      }
    }
    for (const core::Clear::Tally& each : clear->tallies) {
      if (prefix_.is_prefix_of(each.path)) reset(rows_[each.path], each.observed);
    }
    if (left) clears_.emplace_back(clear->prefix, seen);
    return;
  }
  std::visit(
      [&](const auto& each) {
        if constexpr (requires { each.path; }) {
          if (!prefix_.is_prefix_of(each.path)) return;
          if (left) ++ops_;
          take(op, was, rows_[each.path], left, seen);
        }
      },
      op);
}

void LeftKey::take(const core::Op& op, Dot was, Row& row, bool left, const VersionVector& seen) {
  const auto remove = [&](const std::optional<VersionVector>& context) {
    const VersionVector& of = context ? *context : seen;
    std::erase_if(row.values, [&](const auto& each) { return of.covers(each.first); });
    if (left) row.seen.join(of);
  };
  if (const auto* const put = std::get_if<core::Put>(&op)) {
    remove(put->context);
    if (left) row.values.emplace_back(was, put->value);
  } else if (const auto* const removes = std::get_if<core::Remove>(&op)) {
    remove(removes->context);
  } else if (const auto* const add = std::get_if<core::Add>(&op)) {
    core::Number& sum = left ? row.added : row.before;
    sum = sum.plus(add->amount);
  } else if (const auto* const resets = std::get_if<core::Reset>(&op)) {
    if (left) return reset(row, resets->observed);
    row.before = {};
  }
}

// Additions that were written again before are taken back, since they were seen.
void LeftKey::reset(Row& row, const std::vector<core::ObservedSlot>& observed) const {
  if (!left_) {
    row.before = {};
    return;
  }
  row.added = core::Number().minus(row.before);
  for (const core::ObservedSlot& slot : observed) {
    core::ObservedSlot& kept = row.observed.try_emplace(slot.origin, slot).first->second;
    if (kept.seq < slot.seq) kept = slot;
  }
}

void LeftKey::write_row(const Path& path, const Row& row, LostOps& ops,
                        regions::OpenTransaction& txn) const {
  VersionVector seen = row.seen;
  for (const auto& [prefix, of] : clears_) {
    if (prefix.is_prefix_of(path)) seen.join(of);
  }
  const crdt::Row now = txn->stage().peek(path);
  const auto context = ops.context(seen, now.cell);
  bool first = true;
  for (const auto& [was, value] : row.values) {
    const std::string as_now =
        ops.value_of({.path = path, .value = value, .base = {}, .context = {}});
    txn->put(path, as_now, first ? *context : VersionVector());
    first = false;
  }
  const bool removes = std::ranges::any_of(
      now.cell.siblings, [&](const crdt::Sibling& each) { return context->covers(each.dot); });
  if (first && removes) txn->remove(path, *context);
  std::vector<core::ObservedSlot> observed;
  for (const crdt::Slot& slot : now.tally.slots) {
    const auto found = row.observed.find(slot.origin);
    if (found == row.observed.end() || slot.dead() || found->second.birth != slot.birth) continue;
    const bool all = found->second.seq >= slot.seq;
    observed.push_back(all ? core::ObservedSlot{slot.origin, slot.birth, slot.seq, slot.total}
                           : found->second);
  }
  if (!observed.empty()) txn->reset(path, std::move(observed));
  if (row.added != core::Number()) txn->add(path, row.added);
}

void LeftKey::write(regions::Replica& replica, const rows::Resolvers& resolvers,
                    regions::OpenTransaction& txn, std::vector<LostLog::Written>& written) const {
  LostOps ops(replica, resolvers, txn, written);
  const core::Seq from = txn->next().seq;
  std::set<Path> paths;
  txn->stage().scan(prefix_, [&](const Path& path, const crdt::Row& /*row*/) {
    paths.insert(path);
    return true;
  });
  for (const auto& [path, row] : rows_) paths.insert(path);
  const Path expiry = crdt::expiry_path(key_);
  const auto write_at = [&](const Path& path) {
    const auto found = rows_.find(path);
    write_row(path, found == rows_.end() ? Row() : found->second, ops, txn);
  };
  for (const Path& path : paths) {
    if (path != expiry) write_at(path);
  }
  if (paths.contains(expiry)) write_at(expiry);  // It names the values.
  const Dot next = txn->next();
  if (next.seq > from) written.push_back({0, 0, 0, next.origin, from, next.seq - 1});
}

}  // namespace anabranch::leader
