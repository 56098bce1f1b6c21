// Background work of replicas: they sweep the rest of large clears, and clear expired keys; and the
// checks of both.
#include <algorithm>
#include <optional>

#include "core/batch.h"
#include "core/checksum.h"
#include "crdt/expiry.h"
#include "crdt/type_table.h"
#include "leader/scopes/view.h"
#include "tests/policies_oracle.h"
#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;
using core::Path;
using core::VersionVector;

namespace {

constexpr Millis kExpiryEveryMs = 200;
constexpr leader::ExpiryLimits kExpiryLimits{.grace_ms = 3'000, .looks = 20, .clears = 5};

constexpr Millis kErasedEveryMs = 300;
constexpr leader::ErasedLimits kErasedLimits{
    .grace_ms = 3'000, .looks = 20, .removals = 3, .waiting = 10};

// Whether a row at or below a path can make its type shown: what is below an element cannot.
bool may_show(const Path& at, const Path& row, const crdt::TypeEntry& type) {
  const bool has_elements =
      type.layout == crdt::Layout::kElements || type.layout == crdt::Layout::kItems;
  return !has_elements || row.components().size() == at.components().size() + 1;
}

// Whether any value below a path shows something: elements of a remove-wins set that were removed
// do not.
bool shows_values(const Visible& visible, const Path& at, const crdt::TypeEntry& type) {
  for (auto cell = visible.cells.lower_bound(at);
       cell != visible.cells.end() && at.is_prefix_of(cell->first); ++cell) {
    const bool removed =
        type.hides_false() && std::ranges::any_of(cell->second, [](const Visible::Value& each) {
          return each.value == crdt::kFalse;
        });
    if (!removed && may_show(at, cell->first, type)) return true;
  }
  return false;
}

// The type that a key shows, found anew from all visible rows: nothing, or a tag.
std::string tag_shown(const Visible& visible, const Path& key) {
  for (const crdt::TypeEntry& type : crdt::kTypes) {
    const std::string tag = type.tag();
    const Path at = key.child(tag);
    if (shows_values(visible, at, type)) return tag;
    for (auto tally = visible.tallies.lower_bound(at);
         tally != visible.tallies.end() && at.is_prefix_of(tally->first); ++tally) {
      if (may_show(at, tally->first, type)) return tag;
    }
  }
  return {};
}

// Returns whether an expiry decides about a key's visibility: the rule of docs/semantics.md once
// more. `shown` is the value of a string; nullopt if it has none.
bool decides(const crdt::Expiry& expiry, const Visible& visible, const Path& key,
             const std::optional<std::string>& shown) {
  const std::string tag = tag_shown(visible, key);
  if (tag.empty() || tag.front() != static_cast<char>(expiry.type)) return false;
  if (tag != "s") return true;
  const auto cell = visible.cells.find(key.child(tag));
  if (cell == visible.cells.end()) return expiry.values.empty();
  // A value that a function has made of all shows all of them.
  const auto is_shown = [&](const Visible::Value& value) { return value.value == shown; };
  const bool made = std::ranges::none_of(cell->second, is_shown);
  return std::ranges::any_of(cell->second, [&](const Visible::Value& value) {
    return (made || is_shown(value)) && std::ranges::count(expiry.values, value.dot) > 0;
  });
}

}  // namespace

void Network::sweep(Index at) {
  Machine& machine = machines_[at];
  regions::Replica& replica = machine.node->replica();
  if (!replica.background().upkeep().tidying() || now_ < machine.next_sweep_ms) return;
  machine.next_sweep_ms = now_ + random_.between(1, sweep_gap_ms_max_);
  machine.broken = breaks(replica.background().sweep());
  follow(at);
}

// ---- Expiry.

std::unique_ptr<leader::ExpirySweep> Network::make_expiry_sweep(Node& node) const {
  return std::make_unique<leader::ExpirySweep>(node.replica(), node.disk(), resolvers_,
                                               kExpiryLimits);
}

void Network::expire(Index at) {
  Machine& machine = machines_[at];
  if (now_ < machine.next_expiry_ms) return;
  machine.next_expiry_ms = now_ + kExpiryEveryMs;
  machine.broken = fails(at, machine.expiries->slice(now_));
  follow(at);
  if (!machine.broken) check_cleared(at);
}

// ---- Removed elements of remove-wins sets.

std::unique_ptr<leader::ErasedSweep> Network::make_erased_sweep(Node& node) {
  return std::make_unique<leader::ErasedSweep>(node.replica(), node.disk(), kErasedLimits);
}

void Network::forget(Index at) {
  Machine& machine = machines_[at];
  if (now_ < machine.next_erased_ms) return;
  machine.next_erased_ms = now_ + kErasedEveryMs;
  machine.broken = fails(at, machine.erased->slice(now_));
  follow(at);
  if (!machine.broken) check_forgotten(at);
}

void Network::check_forgotten(Index at) {
  if (machines_[at].erased->last().empty()) return;
  if (anybody_strays() || had_outsiders_ || intruders() > 0) return;
  VersionVector dots;
  for (const leader::ErasedSweep::Forgotten& each : machines_[at].erased->last()) {
    for (const crdt::Sibling& sibling : each.row.cell.siblings) {
      dots.raise(sibling.dot.origin, sibling.dot.seq);
    }
  }
  const regions::Replica& replica = node(at).replica();
  if (!on_disk(at).includes(dots)) note(at, "forgets what its own disk lacks");
  for (Index other = 0; other < size(); ++other) {
    const regions::Identity& who = node(other).replica().identity();
    if (other == at || !replica.members().list().knows(who.region, who.origin)) continue;
    if (replica.members().list().retirement(who.region) == regions::Retirement::kLost) continue;
    if (!on_disk(other).includes(dots)) note(at, "forgets what " + who.region + " has not seen");
    const core::Seq next = node(at).vector().at(who.origin) + 1;
    const auto position = node(other).disk().find(who.origin, next);
    const auto record = position ? node(other).disk().read_log(*position) : std::nullopt;
    // A log that was trimmed meanwhile begins behind it; a damaged record proves nothing.
    const bool is_next = record && record->origin == who.origin && record->first == next;
    if (!is_next || core::checksum_of(record->bytes) != core::Checksum::kRight) continue;
    // Its deps include at least those of the batch before it in the same log.
    VersionVector seen = node(at).replica().applied().head(who.origin).deps;
    seen.join(core::decode_batch(record->bytes).value().deps_changed);
    if (!seen.includes(dots)) note(at, "forgets what " + who.region + " had not seen");
  }
}

std::string Network::wrong_expiry(Index at) {
  const regions::Replica& replica = node(at).replica();
  const auto rows = replica.reader();
  const Visible visible = node(at).shown();
  const leader::View view(*rows, replica.names(), resolvers_);
  const PoliciesOracle policies(visible.cells);
  for (const auto& [path, values] : visible.cells) {
    if (path.components().size() != 3 || path.last() != "x") continue;
    const Path key = path.parent();
    const auto string = visible.cells.find(key.child("s"));
    const bool has_string = string != visible.cells.end();
    const auto shown =
        has_string ? policies.shown(string->first, string->second) : std::optional<std::string>();
    if (has_string && !shown) continue;  // Nobody can tell.
    std::optional<Millis> longest;
    for (const Visible::Value& value : values) {
      const auto expiry = crdt::decode_expiry(value.value);
      if (!expiry || !decides(*expiry, visible, key, shown)) continue;
      longest = std::max(longest.value_or(0), expiry->deadline);
    }
    const bool expired = longest && *longest <= view.now_ms();
    if (view.expired(key) != expired) {
      return expired ? "shows a key that has expired" : "hides a key that has not expired";
    }
  }
  return {};
}

}  // namespace anabranch::test
