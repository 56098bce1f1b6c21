#include "regions/rejoin/rewritten_ops.h"

#include <algorithm>

#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "regions/members/region_list.h"

namespace anabranch::regions {

using core::ObservedSlot;
using core::Origin;
using core::Path;
using core::Seq;
using core::VersionVector;

const RewrittenOps::Frame* RewrittenOps::frame(Origin origin, const Path& path) {
  const auto found = frames_.find({origin, path});
  if (found != frames_.end()) return &found->second;
  const auto read = find_frame_(origin, path);
  if (!read) return nullptr;
  remember(origin, path, *read);
  return &frames_.at({origin, path});
}

void RewrittenOps::remember(Origin origin, const Path& path, const Frame& frame) {
  if (frames_.size() >= kFramesMax) frames_.clear();
  frames_.insert_or_assign(std::pair(origin, path), frame);
}

RewrittenOps::Slots RewrittenOps::of(const Path& path, const Slots& observed,
                                     const VersionVector& context) {
  std::map<Origin, ObservedSlot> slots;
  const auto add = [&](const ObservedSlot& slot) {
    const ObservedSlot& kept = slots.try_emplace(slot.origin, slot).first->second;
    if (kept.seq < slot.seq) slots[slot.origin] = slot;
  };
  for (const ObservedSlot& slot : observed) {
    const RewrittenOrigin* const rewritten = names_.find(slot.origin);
    if (rewritten == nullptr || slot.seq <= rewritten->after) {
      add(slot);
    } else if (slot.birth > rewritten->after || rewritten->origin == slot.origin) {
      add({rewritten->origin, slot.birth - rewritten->minus, slot.seq - rewritten->minus,
           slot.total});
    } else if (const Frame* known = frame(slot.origin, path)) {
      add({slot.origin, slot.birth, rewritten->after, known->before});
      add({rewritten->origin, known->birth, slot.seq - rewritten->minus,
           slot.total.minus(known->before)});
    }
  }
  Slots result;
  for (const auto& [origin, slot] : slots) {
    if (context.covers({origin, slot.seq})) result.push_back(slot);
  }
  return result;
}

// One op of `origin` with the new dot `dot`.
struct RewrittenOps::Rename {
  RewrittenOps& self;
  Origin origin;
  const RewrittenOrigin& rewritten;
  core::Dot dot;
  const VersionVector& context;

  std::optional<VersionVector> of(const std::optional<VersionVector>& old) const {
    if (!old) return old;
    return planted(core::Bug::kKeepFormerContext) ? *old : bounded(self.names_.of(*old), context);
  }

  // An expiry names the values that it was set over.
  std::string of_expiry(const std::string& value) const {
    auto expiry = crdt::decode_expiry(value);
    if (!expiry) return value;
    for (core::Dot& named : expiry->values) {
      const RewrittenOrigin* const other = self.names_.find(named.origin);
      if (other != nullptr && named.seq > other->after) {
        named = {other->origin, named.seq - other->minus};
      }
    }
    std::ranges::sort(expiry->values);
    return crdt::encode_expiry(*expiry);
  }

  core::Op operator()(core::Put op) const {
    op.context = of(op.context);
    if (crdt::is_expiry(op.path)) op.value = of_expiry(op.value);
    if (!RegionList::prefix().is_prefix_of(op.path)) return op;
    return RegionList::renamed(std::move(op), self.names_);
  }
  core::Op operator()(core::Remove op) const {
    op.context = of(op.context);
    return op;
  }
  core::Op operator()(core::Add op) const {
    if (op.birth > rewritten.after || rewritten.origin == origin) {
      op.birth -= rewritten.minus;
      return op;
    }
    const Frame* known = self.frame(origin, op.path);
    if (known == nullptr) {
      self.remember(origin, op.path, {dot.seq, op.total.minus(op.amount)});
      known = self.frame(origin, op.path);
    }
    op.birth = known->birth;
    op.total = op.total.minus(known->before);
    return op;
  }
  core::Op operator()(core::Reset op) const {
    op.observed = self.of(op.path, op.observed, context);
    return op;
  }
  core::Op operator()(core::Clear op) const {
    for (core::Clear::Tally& tally : op.tallies) {
      tally.observed = self.of(tally.path, tally.observed, context);
    }
    std::erase_if(op.tallies,
                  [](const core::Clear::Tally& tally) { return tally.observed.empty(); });
    return op;
  }
  core::Op operator()(const core::UnknownOp& op) const { return op; }
};

core::Result<std::vector<core::Transaction>> RewrittenOps::of(const core::Batch& batch,
                                                              const VersionVector& deps) {
  const RewrittenOrigin* const rewritten = names_.find(batch.origin);
  ANABRANCH_ASSERT(rewritten != nullptr);
  VersionVector context = deps;
  std::vector<core::Transaction> renamed;
  for (const core::Transaction& txn : batch.transactions) {
    core::Transaction& now = renamed.emplace_back();
    now.first = txn.first - rewritten->minus;
    now.hlc = txn.hlc;
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      const core::Op& op = txn.ops[k];
      if (std::holds_alternative<core::UnknownOp>(op)) {
        return core::invalid("a newer version has written what this one cannot write again");
      }
      const core::Dot dot{rewritten->origin, now.first + k};
      context.set(dot.origin, dot.seq - 1);
      now.ops.push_back(std::visit(Rename{*this, batch.origin, *rewritten, dot, context}, op));
    }
  }
  return renamed;
}

VersionVector RewrittenOps::seen_by(const core::Batch& batch) {
  VersionVector seen;
  const auto see = [&](const Slots& slots) {
    for (const ObservedSlot& slot : slots) seen.raise(slot.origin, slot.seq);
  };
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      if (const auto* put = std::get_if<core::Put>(&op); put != nullptr && put->context) {
        seen.join(*put->context);
      } else if (const auto* remove = std::get_if<core::Remove>(&op); remove && remove->context) {
        seen.join(*remove->context);
      } else if (const auto* reset = std::get_if<core::Reset>(&op)) {
        see(reset->observed);
      } else if (const auto* clear = std::get_if<core::Clear>(&op)) {
        for (const core::Clear::Tally& tally : clear->tallies) see(tally.observed);
      }
    }
  }
  return names_.of(seen);
}

}  // namespace anabranch::regions
