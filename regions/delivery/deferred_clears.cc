#include "regions/delivery/deferred_clears.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/overloaded.h"
#include "rows/stage/clear.h"

namespace anabranch::regions {

namespace {

// Calls function(op, seq) for every op in a batch.
template <typename Function>
void for_each_op(const core::Batch& batch, const Function& function) {
  for (const core::Transaction& txn : batch.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) function(txn.ops[k], txn.first + k);
  }
}

// Calls function(clear, seq) for every clear in a batch.
template <typename Function>
void for_each_clear(const core::Batch& batch, const Function& function) {
  for_each_op(batch, [&](const core::Op& op, core::Seq seq) {
    if (const auto* clear = std::get_if<core::Clear>(&op)) function(*clear, seq);
  });
}

}  // namespace

bool DeferredClears::has_clears(const core::Batch& batch) {
  bool has = false;
  for_each_clear(batch, [&](const core::Clear&, core::Seq) { has = true; });
  return has;
}

// Looks at one op after another as the stage will apply them.
class DeferredClears::Surveyor {
 public:
  Surveyor(const core::Batch& batch, const core::VersionVector& deps, const rows::Stage& stage,
           std::size_t rows)
      : origin_(batch.origin), context_(deps), stage_(stage), rows_(rows) {
    if (stage.cleared()) places_ = stage.cleared().get();
  }

  void look(const core::Op& op, core::Seq seq) {
    std::visit(
        core::Overloaded{
            [&](const core::Clear& clear) { look_at(clear, seq); }, [&](const core::UnknownOp&) {},
            [&](const auto& other) { touched_ += rows::TouchedRows::room(other.path); }},
        op);
  }
  [[nodiscard]] Survey take() { return std::move(survey_); }

 private:
  [[nodiscard]] rows::TouchedRows::Position now() const {
    return places_->touched().end() + touched_;
  }
  void forget() {
    new_places_.reset();
    places_ = &none();
  }
  void look_at(const core::Clear& clear, core::Seq seq) {
    context_.set(origin_, seq - 1);
    const rows::ClearedPlaces::Clear at{clear.prefix, context_, false};
    rows::ClearLook look = rows::look_at(stage_, *places_, at, rows_ + 1);
    if (look.since && now() - *look.since > rows::TouchedRows::kMax) {
      forget();  // The batch touches more rows than are kept.
      look = rows::look_at(stage_, *places_, at, rows_ + 1);
    }
    const std::size_t direct = stage_.rules().foreign_rows_direct;
    if (look.again || look.rows <= rows::ClearLook::few(direct)) return;
    if (look.rows > direct) {
      survey_.counted.push_back(seq);
      sum_ += look.rows;
      survey_.large = sum_ > rows_;
    }
    if (!new_places_) places_ = &new_places_.emplace(*places_);
    new_places_->remember({clear.prefix, context_, {}, false, now()});
  }
  static const rows::ClearedPlaces& none() {
    static const auto* const places = new rows::ClearedPlaces();
    return *places;
  }

  core::Origin origin_;
  core::VersionVector context_;
  const rows::Stage& stage_;
  std::size_t rows_;
  const rows::ClearedPlaces* places_ = &none();
  std::optional<rows::ClearedPlaces> new_places_;  // With those of the clears so far.
  std::size_t touched_ = 0;                        // The room of the rows that ops touch.
  std::size_t sum_ = 0;                            // Of the rows to be counted.
  Survey survey_;
};

DeferredClears::Survey DeferredClears::survey(const core::Batch& batch,
                                              const core::VersionVector& deps,
                                              const rows::Stage& stage, std::size_t rows) {
  Surveyor surveyor(batch, deps, stage, rows);
  for_each_op(batch, [&](const core::Op& op, core::Seq seq) { surveyor.look(op, seq); });
  return surveyor.take();
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

void DeferredClears::put(HeldBatch held, const core::VersionVector& deps,
                         std::vector<core::Seq> counted) {
  Aside aside;
  aside.held = std::move(held);
  aside.deps = deps;
  aside.counted = std::move(counted);
  batches_.push_back(std::move(aside));
}

void DeferredClears::begin(Aside& aside, const rows::Masks& masks, const core::OriginTable& origins,
                           std::shared_ptr<const storage::Snapshot> snapshot) {
  ++aside.beginnings;
  aside.last_mask = masks.last_id();
  aside.survivors.clear();
  core::VersionVector context = aside.deps;
  for_each_clear(aside.held.batch, [&](const core::Clear& clear, core::Seq seq) {
    if (!std::ranges::binary_search(aside.counted, seq)) return;
    context.set(aside.held.batch.origin, seq - 1);
    const rows::Masks& before = aside.survivors.empty() ? masks : aside.survivors.back().masks();
    aside.survivors.emplace_back(snapshot, origins, before, clear.prefix, context);
  });
}

bool DeferredClears::take_in(Aside& aside, const rows::Masks& masks) {
  for (const rows::Mask* const mask : masks.since(aside.last_mask)) {
    const bool all = std::ranges::all_of(
        aside.survivors, [&](rows::Survivors& survivors) { return survivors.take_in(*mask); });
    if (!all) return false;
  }
  aside.last_mask = masks.last_id();
  return true;
}

void DeferredClears::look(std::size_t rows, const rows::Masks& masks,
                          const core::OriginTable& origins, const TakeSnapshot& take_snapshot) {
  if (empty()) return;
  Aside& aside = batches_.front();
  if (aside.beginnings == 0 || !take_in(aside, masks)) {
    aside.done = aside.beginnings == kBeginningsMax;
    if (aside.done) {  // The stage will count for itself.
      aside.survivors.clear();
      return;
    }
    begin(aside, masks, origins, take_snapshot());
  }
  std::size_t left = rows;
  aside.done = aside.done || std::ranges::all_of(aside.survivors, [&](rows::Survivors& survivors) {
                 return survivors.look(left);
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
