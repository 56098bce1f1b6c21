#include "leader/watch/told.h"

#include <utility>

#include <anabranch/key.h>

#include "core/space.h"
#include "crdt/decimal.h"
#include "rows/key_prefix.h"
#include "rows/policy/policy_rows.h"

namespace anabranch::leader {

namespace {

using core::Path;

// Describes an op as a change; `path` is the place where it acts.
struct Describe {
  Change operator()(const core::Put& op) const {
    return made(op.path, Change::Kind::kPut, op.value);
  }
  Change operator()(const core::Remove& op) const { return made(op.path, Change::Kind::kRemove); }
  Change operator()(const core::Add& op) const {
    return made(op.path, Change::Kind::kAdd, crdt::number_text(op.amount));
  }
  Change operator()(const core::Reset& op) const { return made(op.path, Change::Kind::kReset); }
  Change operator()(const core::Clear& op) const { return made(op.prefix, Change::Kind::kClear); }
  Change operator()(const core::UnknownOp& /*op*/) const { return {}; }

  static Change made(const Path& path, Change::Kind kind, std::string value = {}) {
    const core::Components components = path.components();
    Change change;
    change.kind = kind;
    change.value = std::move(value);
    // Space 0 belongs to the mesh itself, and is not watched.
    change.database = core::database_of(components.front()).value_or(0);
    if (components.size() > 1) change.key = components[1];
    if (components.size() > 2) change.path.assign(components.begin() + 2, components.end());
    return change;
  }
};

}  // namespace

const Path* path_of(const core::Op& op) {
  if (const auto* put = std::get_if<core::Put>(&op)) return &put->path;
  if (const auto* remove = std::get_if<core::Remove>(&op)) return &remove->path;
  if (const auto* add = std::get_if<core::Add>(&op)) return &add->path;
  if (const auto* reset = std::get_if<core::Reset>(&op)) return &reset->path;
  if (const auto* clear = std::get_if<core::Clear>(&op)) return &clear->prefix;
  return nullptr;
}

bool clears(const core::Op& op) { return std::holds_alternative<core::Clear>(op); }

Change change_of(const core::Op& op) { return std::visit(Describe{}, op); }

void add(std::vector<Told>& told, const core::Batch& batch, const core::Transaction& txn,
         Change change) {
  if (told.empty() || told.back().last != txn.last()) {
    Told& begun = told.emplace_back();
    begun.origin = batch.origin;
    begun.last = txn.last();
    begun.changes.time_ms = txn.hlc.millis();
  }
  told.back().changes.all.push_back(std::move(change));
}

std::optional<PolicyChange> policy_change_of(const core::Op& op) {
  const Path* const path = path_of(op);
  if (path == nullptr || !path->encoded().starts_with('\0')) return std::nullopt;
  const auto* const put = std::get_if<core::Put>(&op);
  if (put == nullptr && !std::holds_alternative<core::Remove>(op)) return std::nullopt;
  const auto row = rows::read_policy_row(*path, put ? std::string_view(put->value) : "");
  if (!row) return std::nullopt;
  PolicyChange told;
  told.prefix = rows::prefix_of_paths(Path{row->scope.space}.encoded(), row->scope.prefix);
  told.change.kind = Change::Kind::kPolicy;
  told.change.key = row->scope.prefix;
  if (put != nullptr) told.change.value = row->policy.text();
  told.change.database = core::database_of(row->scope.space).value_or(0);
  return told;
}

std::vector<Told> told_of(const core::Batch& batch, std::string_view prefix) {
  std::vector<Told> told;
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      const Path* const path = path_of(op);
      if (path == nullptr) continue;
      if (auto policy = policy_change_of(op)) {
        const bool meets = policy->prefix.starts_with(prefix) || prefix.starts_with(policy->prefix);
        if (meets) add(told, batch, txn, std::move(policy->change));
        continue;
      }
      const std::string_view at = path->encoded();
      if (at.starts_with(prefix) || (clears(op) && !at.empty() && prefix.starts_with(at))) {
        add(told, batch, txn, change_of(op));
      }
    }
  }
  return told;
}

std::size_t bytes_of(const Changes& changes) {
  std::size_t bytes = sizeof(Changes) + changes.region.size() + changes.token.size();
  for (const Change& each : changes.all) {
    bytes += sizeof(Change) + each.key.size() + each.value.size();
    for (const std::string& name : each.path) bytes += sizeof(std::string) + name.size();
  }
  return bytes;
}

std::string watched_prefix(std::uint8_t database, std::string_view keys) {
  return rows::prefix_of_paths(Key::all(database).encoded(), keys);
}

}  // namespace anabranch::leader
