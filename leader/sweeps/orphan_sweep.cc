#include "leader/sweeps/orphan_sweep.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "core/planted_bug.h"
#include "crdt/elements.h"
#include "crdt/type_table.h"
#include "rows/gone_element.h"

namespace anabranch::leader {

namespace {

using core::Millis;
using core::Path;

bool is_element(const Path& path) {
  const std::vector<std::size_t> elements = crdt::elements_on(path.encoded());
  return !elements.empty() && elements.back() == path.encoded().size();
}

// Returns the member row of the element whose new position a row holds; nullopt for other rows.
std::optional<Path> member_of_position(const Path& row) {
  const Path above = row.parent();
  if (above.empty() || above.last() != crdt::kMoved) return std::nullopt;
  Path member = above.parent().child(row.last());
  return is_element(member) ? std::optional(std::move(member)) : std::nullopt;
}

// Returns the prefix of which all rows are orphans if the row at a path is one: an element, or the
// path itself where it holds the position of an element that is gone.
std::optional<Path> orphaned(const rows::RowReader& rows, const Path& path) {
  if (auto element = rows::gone_element(rows, path)) return element;
  const auto member = member_of_position(path);
  if (member && !rows.row(*member).present()) return path;
  return std::nullopt;
}

// Returns the row that holds the new position of an element, if it was moved.
Path position_of_member(const Path& member) {
  return member.parent().child(crdt::kMoved).child(member.last());
}

// Whether a path is an element, inside one, or the new position of one.
bool concerns_element(const Path& path) {
  return !crdt::elements_on(path.encoded()).empty() || member_of_position(path).has_value();
}

}  // namespace

OrphanSweep::OrphanSweep(regions::Replica& replica, const storage::Storage& storage,
                         OrphanLimits limits)
    : replica_(replica),
      limits_(limits),
      finder_(replica, storage, {.looks = limits.looks, .waiting = limits.waiting},
              {.type = Type::kItemList,
               .op = [this](const core::Op& op) { read(op); },
               .row = [this](const rows::PathRow& at) { walk_over(at.path); }}) {}

void OrphanSweep::read(const core::Op& op) {
  const auto take = [&](const Path& path) {
    if (concerns_element(path)) finder_.take(path);
  };
  if (const auto* const put = std::get_if<core::Put>(&op)) take(put->path);
  if (const auto* const add = std::get_if<core::Add>(&op)) take(add->path);
  const auto* const clear = std::get_if<core::Clear>(&op);
  if (clear == nullptr || !is_element(clear->prefix)) return;
  finder_.take(clear->prefix);
  finder_.take(position_of_member(clear->prefix));
}

// The rows of a walk are as stored: a member row may be hidden by a mask, so its reader decides.
void OrphanSweep::walk_over(const Path& path) {
  if (!concerns_element(path)) return;
  const std::size_t depth = crdt::elements_on(path.encoded()).size();
  const bool inside = depth > 0 && depth == inside_depth_ && inside_.is_prefix_of(path);
  if (inside) return;
  if (orphaned(*replica_.reader(), path)) return finder_.take(path);
  if (!is_element(path)) return;
  inside_ = path;
  inside_depth_ = depth;
}

core::Result<void> OrphanSweep::slice(Millis now) {
  if (now < next_ms_ || replica_.broken() || replica_.background().replaces_rows()) return {};
  if (replica_.exchange().follows() || !replica_.writer().reserve().allows_removing()) return {};
  // The element may have been erased since the last slice.
  if (!planted(core::Bug::kTrustLastSlice)) inside_depth_ = 0;
  look_for_former_leaders();
  try {
    is_behind_ = finder_.look();
    judge(now);
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  const bool more = is_behind_ || !finder_.waiting().empty();
  next_ms_ = now + (more ? kSliceRestMs : kRestMs);
  return carry_out(now);
}

// A clear leaves rows inside elements where its leader had not seen them. That leader finds them in
// its log, behind the clear; another one may have them before it, and passes them over.
void OrphanSweep::look_for_former_leaders() {
  const regions::Identity& self = replica_.identity();
  const auto& list = replica_.members().list();
  core::Seq writes = 0;
  for (const auto& [origin, seq] : replica_.applied().vector()) {
    const std::string region = replica_.names().region(origin);
    const bool is_former = region == self.region && origin != self.origin;
    const bool is_gone =
        list.retirement(region) != regions::Retirement::kNone || list.lost(region, origin);
    if (is_former || is_gone) writes += seq;
  }
  if (of_former_ && *of_former_ != writes) finder_.walk_again();
  of_former_ = writes;
}

void OrphanSweep::judge(Millis now) {
  std::set<Path>& found = finder_.waiting();
  if (found.empty()) return;
  const auto rows = replica_.reader();
  for (std::size_t looks = 0; looks < limits_.looks && !found.empty(); ++looks) {
    if (due_.size() >= limits_.waiting) return;
    const Path path = found.extract(found.begin()).value();
    const auto prefix = orphaned(*rows, path);
    if (!prefix || planted(core::Bug::kKeepOrphans)) continue;
    const Below below = look_below(*rows, *prefix);
    if (below.any) due_.try_emplace(*prefix, below.own ? now : now + limits_.grace_ms);
  }
}

OrphanSweep::Below OrphanSweep::look_below(const rows::RowReader& rows, const Path& prefix) const {
  const auto is_own = [&](core::Origin origin) {
    return replica_.names().region(origin) == replica_.identity().region;
  };
  Below below;
  std::size_t left = limits_.looks;
  rows.scan(prefix, [&](const Path&, const crdt::Row& row) {
    if (row.present()) {
      below.any = true;
      below.own = std::ranges::any_of(row.cell.siblings,
                                      [&](const auto& each) { return is_own(each.dot.origin); }) ||
                  std::ranges::any_of(row.tally.slots,
                                      [&](const auto& each) { return is_own(each.origin); });
    }
    return !below.own && --left > 0;
  });
  return below;
}

core::Result<void> OrphanSweep::carry_out(Millis now) {
  if (std::ranges::none_of(due_, [&](const auto& each) { return each.second <= now; })) return {};
  if (auto ready = replica_.make_ready(); !ready.ok()) return ready;
  std::vector<Path> clears;
  const auto rows = replica_.reader();
  for (auto at = due_.begin(); at != due_.end() && clears.size() < limits_.clears;) {
    if (at->second > now) {
      ++at;
      continue;
    }
    // Another region may have cleared it, or an element outside of it may have gone, too.
    if (look_below(*rows, at->first).any) clears.push_back(at->first);
    at = due_.erase(at);
  }
  if (clears.empty()) return {};
  try {
    regions::OpenTransaction txn = replica_.begin();
    for (const Path& each : clears) txn->clear(each);
    txn.keep();
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  const auto committed = replica_.commit();
  if (!committed.ok()) return committed.failure();
  cleared_ += clears.size();
  return {};
}

}  // namespace anabranch::leader
