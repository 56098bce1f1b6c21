#include "regions/delivery/deferred_clears.h"

#include <algorithm>
#include <utility>

namespace anabranch::regions {

namespace {

// Calls function(clear, seq) for every clear in a batch.
template <typename Function>
void for_each_clear(const core::Batch& batch, const Function& function) {
  for (const core::Transaction& txn : batch.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      if (const auto* clear = std::get_if<core::Clear>(&txn.ops[k]))
        function(*clear, txn.first + k);
    }
  }
}

}  // namespace

bool DeferredClears::concerns(const core::Batch& batch, const rows::Stage& stage,
                              std::size_t rows) {
  bool concerned = false;
  for_each_clear(batch, [&](const core::Clear& clear, core::Seq) {
    concerned = concerned || stage.stored_below(clear.prefix, rows + 1) > rows;
  });
  return concerned;
}

bool DeferredClears::has(core::Origin origin) const {
  return std::ranges::any_of(batches_,
                             [&](const Aside& aside) { return aside.held.batch.origin == origin; });
}

std::size_t DeferredClears::bytes() const {
  std::size_t bytes = 0;
  for (const Aside& each : batches_) bytes += each.held.size();
  return bytes;
}

void DeferredClears::put(HeldBatch held, const core::VersionVector& deps) {
  Aside aside;
  aside.held = std::move(held);
  aside.deps = deps;
  batches_.push_back(std::move(aside));
}

void DeferredClears::begin(Aside& aside, const rows::Masks& masks, const core::OriginTable& origins,
                           std::shared_ptr<const storage::Snapshot> snapshot) {
  ++aside.beginnings;
  aside.last_mask = masks.last_id();
  aside.survivors.clear();
  core::VersionVector context = aside.deps;
  for_each_clear(aside.held.batch, [&](const core::Clear& clear, core::Seq seq) {
    context.set(aside.held.batch.origin, seq - 1);
    const rows::Masks& before = aside.survivors.empty() ? masks : aside.survivors.back().masks();
    aside.survivors.emplace_back(snapshot, origins, before, clear.prefix, context);
  });
}

void DeferredClears::look(std::size_t rows, const rows::Masks& masks,
                          const core::OriginTable& origins, const TakeSnapshot& take_snapshot) {
  if (empty()) return;
  Aside& aside = batches_.front();
  if (aside.beginnings == 0 || aside.last_mask != masks.last_id()) {
    aside.done = aside.beginnings == kBeginningsMax;
    if (aside.done) {  // The stage will count for itself.
      aside.survivors.clear();
      return;
    }
    begin(aside, masks, origins, take_snapshot());
  }
  aside.done = aside.done || std::ranges::all_of(aside.survivors, [&](rows::Survivors& survivors) {
                 return survivors.look(rows);
               });
}

void DeferredClears::note_change(const core::Path& path) {
  for (Aside& aside : batches_) {
    for (rows::Survivors& survivors : aside.survivors) survivors.note_change(path);
  }
}

bool DeferredClears::ready(std::uint64_t last_mask) const {
  if (empty()) return false;
  const Aside& aside = batches_.front();
  return aside.done && (aside.survivors.empty() || aside.last_mask == last_mask);
}

HeldBatch DeferredClears::take(rows::Stage& stage) {
  Aside aside = std::move(batches_.front());
  batches_.pop_front();
  stage.prepare(std::move(aside.survivors));
  return std::move(aside.held);
}

}  // namespace anabranch::regions
