#include "regions/delivery/batch_check.h"

#include <algorithm>
#include <optional>
#include <span>

namespace anabranch::regions {

namespace {

using core::ObservedSlot;
using core::VersionVector;

// Decoding has checked that no op refers to itself or to a later one of the own origin.
struct Check {
  core::Origin self;
  const VersionVector& deps;

  [[nodiscard]] bool seen(core::Origin origin, core::Seq seq) const {
    return origin == self || deps.covers({origin, seq});
  }
  [[nodiscard]] bool seen(const std::optional<VersionVector>& context) const {
    return !context || std::ranges::all_of(*context, [&](const VersionVector::Entry& entry) {
      return seen(entry.origin, entry.seq);
    });
  }
  [[nodiscard]] bool seen(std::span<const ObservedSlot> slots) const {
    return std::ranges::all_of(
        slots, [&](const ObservedSlot& slot) { return seen(slot.origin, slot.seq); });
  }

  bool operator()(const core::Put& op) const { return seen(op.context); }
  bool operator()(const core::Remove& op) const { return seen(op.context); }
  bool operator()(const core::Add& /*op*/) const { return true; }
  bool operator()(const core::Reset& op) const { return seen(op.observed); }
  bool operator()(const core::Clear& op) const {
    return std::ranges::all_of(
        op.tallies, [&](const core::Clear::Tally& tally) { return seen(tally.observed); });
  }
  bool operator()(const core::UnknownOp& /*op*/) const { return true; }
};

}  // namespace

bool refers_to_what_was_seen(const core::Batch& batch, const VersionVector& deps) {
  const Check check{batch.origin, deps};
  return std::ranges::all_of(batch.transactions, [&](const core::Transaction& txn) {
    return std::ranges::all_of(txn.ops, [&](const core::Op& op) { return std::visit(check, op); });
  });
}

}  // namespace anabranch::regions
