#include "leader/sweeps/erased_sweep.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/type_table.h"
#include "regions/seen_by_all.h"

namespace anabranch::leader {

using core::Bug;
using core::Millis;
using core::Path;
using core::planted;

namespace {

bool is_element(const Path& path) {
  const crdt::TypeEntry* const type = crdt::type_at(path.components());
  return type != nullptr && type->hides_false();
}

// Whether a row records the removal of an element and nothing else.
bool is_erased(const crdt::Row& row) {
  return row.tally.slots.empty() && !row.cell.siblings.empty() &&
         std::ranges::all_of(row.cell.siblings, [](const crdt::Sibling& sibling) {
           return sibling.value == crdt::kFalse;
         });
}

}  // namespace

ErasedSweep::ErasedSweep(regions::Replica& replica, const storage::Storage& storage,
                         ErasedLimits limits)
    : replica_(replica),
      limits_(limits),
      finder_(replica, storage, {.looks = limits.looks, .waiting = limits.waiting},
              {.type = Type::kRemoveWinsSet,
               .op =
                   [this](const core::Op& op) {
                     const auto* const put = std::get_if<core::Put>(&op);
                     const bool removes = put != nullptr && put->value == crdt::kFalse;
                     if (removes && is_element(put->path)) finder_.take(put->path);
                   },
               .row =
                   [this](const rows::PathRow& at) {
                     if (is_erased(at.row) && is_element(at.path)) finder_.take(at.path);
                   }}) {}

core::Result<void> ErasedSweep::slice(Millis now) {
  last_.clear();
  if (now < next_ms_ || replica_.broken() || replica_.background().replaces_rows()) return {};
  if (replica_.exchange().follows() || !replica_.writer().reserve().allows_removing()) return {};
  bool more = false;
  try {
    more = finder_.look();
    more = judge() || more;
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  next_ms_ = now + (more ? kSliceRestMs : kRestMs);
  return carry_out();
}

bool ErasedSweep::judge() {
  std::set<Path>& waiting = finder_.waiting();
  if (waiting.empty()) return false;
  const core::VersionVector seen =
      planted(Bug::kForgetErasedTooEarly) ? replica_.applied().vector() : seen_by_all(replica_);
  const auto rows = replica_.reader();
  auto at = waiting.upper_bound(judged_);
  for (std::size_t looks = 0; looks < limits_.looks && last_.size() < limits_.removals; ++looks) {
    if (at == waiting.end()) {
      judged_ = {};
      return false;
    }
    judged_ = *at;
    crdt::Row row = rows->row(*at);
    const bool erased = is_erased(row);
    const bool known = erased && std::ranges::all_of(row.cell.siblings, [&](const auto& sibling) {
                         return seen.covers(sibling.dot);
                       });
    if (known && is_due(row)) last_.push_back({*at, std::move(row)});
    at = erased ? std::next(at) : waiting.erase(at);
  }
  return true;
}

bool ErasedSweep::is_due(const crdt::Row& row) const {
  const auto newest = std::ranges::max_element(row.cell.siblings, {}, &crdt::Sibling::hlc);
  const bool own = replica_.names().region(newest->dot.origin) == replica_.identity().region;
  const Millis waited = replica_.names().expiries().now_ms() - newest->hlc.millis();
  return own || waited >= limits_.grace_ms;
}

core::Result<void> ErasedSweep::carry_out() {
  if (last_.empty()) return {};
  if (auto ready = replica_.make_ready(); !ready.ok()) return ready;
  try {
    regions::OpenTransaction txn = replica_.begin();
    for (const Forgotten& each : last_) txn->remove(each.path);
    txn.keep();
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  const auto committed = replica_.commit();
  if (!committed.ok()) return committed.failure();
  for (const Forgotten& each : last_) finder_.waiting().erase(each.path);
  forgotten_ += last_.size();
  core::mark<"removed elements of a remove-wins set are forgotten">();
  return {};
}

}  // namespace anabranch::leader
