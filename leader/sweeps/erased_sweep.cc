#include "leader/sweeps/erased_sweep.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/batch.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/type_table.h"
#include "regions/seen_by_all.h"
#include "rows/row_walk.h"

namespace anabranch::leader {

using core::Bug;
using core::Millis;
using core::Path;
using core::planted;

namespace {

// The tag of remove-wins sets inside an encoded path, behind another component.
constexpr std::string_view kTagInPath{"\0\1E\0\1", 5};

// Most rows are skipped by their keys alone.
constexpr std::size_t kWalkedPerLook = 10;

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
    : replica_(replica), storage_(storage), limits_(limits) {
  walk_anew();
}

core::Result<void> ErasedSweep::slice(Millis now) {
  last_.clear();
  if (now < next_ms_ || replica_.broken() || replica_.repair().rejoin() != nullptr) return {};
  if (replica_.exchange().follows() || !replica_.writer().reserve().allows_removing()) return {};
  bool more = false;
  try {
    const std::uint64_t jumps = replica_.names().vectors().jumps();
    if (jumps != jumps_) walk_anew();
    more = read_log();
    more = (walking_ && walk()) || more;
    more = judge() || more;
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  next_ms_ = now + (more ? kSliceRestMs : kRestMs);
  return carry_out();
}

// ---- Finding.

void ErasedSweep::walk_anew() {
  jumps_ = replica_.names().vectors().jumps();
  position_ = storage_.last_position() + 1;
  walking_ = true;
  too_many_ = false;
  after_.clear();
}

void ErasedSweep::take(const Path& path) {
  if (waiting_.size() < limits_.waiting) {
    waiting_.insert(path);
  } else {
    too_many_ = true;
  }
}

bool ErasedSweep::read_log() {
  for (std::size_t looks = 0; looks < limits_.looks; ++looks) {
    const auto record = storage_.read_log(position_);
    if (!record) return false;
    if (record->position != position_) {  // Trimmed before the sweep read it.
      walk_anew();
      return true;
    }
    position_ = record->position + 1;
    if (record->bytes.find(kTagInPath) == std::string::npos) continue;
    const auto batch = core::decode_batch(record->bytes);
    if (!batch.ok()) {  // Damaged on the disk: treated as trimmed.
      walk_anew();
      return true;
    }
    for (const core::Transaction& txn : batch.value().transactions) {
      for (const core::Op& op : txn.ops) {
        const auto* const put = std::get_if<core::Put>(&op);
        if (put != nullptr && put->value == crdt::kFalse && is_element(put->path)) take(put->path);
      }
    }
  }
  return true;
}

bool ErasedSweep::walk() {
  const auto snapshot = storage_.snapshot();
  const std::string from = after_.empty() ? std::string() : after_ + '\0';
  rows::RowWalk rows(*snapshot, from, replica_.names().origins());
  for (std::size_t looks = 0; looks < limits_.looks * kWalkedPerLook; ++looks, rows.next()) {
    if (!rows.valid()) {
      walking_ = false;
      return false;
    }
    after_ = rows.key();
    if (rows.key().find(kTagInPath) == std::string_view::npos) continue;
    const rows::PathRow at = rows.row().value_or_raise();
    if (is_erased(at.row) && is_element(at.path)) take(at.path);
  }
  return true;
}

// ---- Forgetting.

bool ErasedSweep::judge() {
  if (waiting_.empty()) {
    if (too_many_) walk_anew();
    return false;
  }
  const core::VersionVector seen =
      planted(Bug::kForgetErasedTooEarly) ? replica_.applied().vector() : seen_by_all(replica_);
  const auto rows = replica_.reader();
  auto at = waiting_.upper_bound(judged_);
  for (std::size_t looks = 0; looks < limits_.looks && last_.size() < limits_.removals; ++looks) {
    if (at == waiting_.end()) {
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
    at = erased ? std::next(at) : waiting_.erase(at);
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
  try {
    regions::OpenTransaction txn = replica_.begin();
    for (const Forgotten& each : last_) txn->remove(each.path);
    txn.keep();
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  const auto committed = replica_.commit();
  if (!committed.ok()) return committed.failure();
  for (const Forgotten& each : last_) waiting_.erase(each.path);
  forgotten_ += last_.size();
  core::mark<"removed elements of a remove-wins set are forgotten">();
  return {};
}

}  // namespace anabranch::leader
