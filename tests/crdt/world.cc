#include "tests/crdt/world.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "crdt/apply.h"
#include "crdt/canonical.h"
#include "crdt/join.h"

namespace anabranch::test {
namespace {

// Everything that the leader had applied before its op `dot`.
core::VersionVector context_of(const core::VersionVector& deps, core::Dot dot) {
  core::VersionVector context = deps;
  context.set(dot.origin, dot.seq - 1);
  return context;
}

void record(Oracle& oracle, const Intent& intent, core::Dot dot, core::Hlc hlc,
            const core::VersionVector& context) {
  switch (intent.kind) {
    case Intent::Kind::kPut:
      oracle.put(dot, intent.context.value_or(context), intent.path, hlc, intent.value);
      break;
    case Intent::Kind::kRemove:
      oracle.remove(dot, context, intent.path);
      break;
    case Intent::Kind::kAdd:
      oracle.add(dot, intent.path, intent.amount);
      break;
    case Intent::Kind::kReset:
      oracle.reset(dot, context, intent.path);
      break;
    case Intent::Kind::kClear:
      oracle.clear(dot, context, intent.path);
      break;
  }
}

}  // namespace

void TestReplica::commit(const std::vector<Intent>& intents, core::Millis wall, Oracle& oracle) {
  auto sent = std::make_shared<Sent>();
  sent->origin = origin_;
  sent->deps = applied_;
  sent->txn.first = applied_.at(origin_) + 1;
  sent->txn.hlc = std::max(core::Hlc::of(wall, 0), hlc_.plus(1));
  for (const Intent& intent : intents) {
    const core::Dot dot{origin_, sent->txn.first + sent->txn.ops.size()};
    const core::VersionVector context = context_of(sent->deps, dot);
    record(oracle, intent, dot, sent->txn.hlc, context);
    sent->txn.ops.push_back(prepare(intent, dot));
    apply(sent->txn.ops.back(), dot, sent->txn.hlc, context);
  }
  finish(sent);
}

core::Op TestReplica::prepare(const Intent& intent, core::Dot dot) const {
  switch (intent.kind) {
    case Intent::Kind::kPut:
      return core::Put{intent.path, intent.value, std::nullopt, intent.context};
    case Intent::Kind::kRemove:
      return core::Remove{intent.path, std::nullopt};
    case Intent::Kind::kAdd:
      return crdt::prepare_add(row(intent.path).tally, intent.path, intent.amount, dot);
    case Intent::Kind::kReset:
      return core::Reset{intent.path, crdt::observed(row(intent.path).tally)};
    case Intent::Kind::kClear:
      break;
  }
  core::Clear clear{intent.path, {}};
  for (const auto& [path, row] : rows_) {
    if (!intent.path.is_prefix_of(path) || !row.tally.live()) continue;
    clear.tallies.push_back({path, crdt::observed(row.tally)});
  }
  return clear;
}

void TestReplica::apply(const core::Op& op, core::Dot dot, core::Hlc hlc,
                        const core::VersionVector& context) {
  if (const auto* put = std::get_if<core::Put>(&op)) {
    crdt::Cell& cell = rows_[put->path].cell;
    crdt::apply_put(cell, {dot, hlc, put->value, put->base}, put->context.value_or(context));
  } else if (const auto* remove = std::get_if<core::Remove>(&op)) {
    crdt::Cell& cell = rows_[remove->path].cell;
    crdt::apply_remove(cell, remove->context.value_or(context));
  } else if (const auto* add = std::get_if<core::Add>(&op)) {
    crdt::apply_add(rows_[add->path].tally, *add, dot);
  } else if (const auto* reset = std::get_if<core::Reset>(&op)) {
    crdt::apply_reset(rows_[reset->path].tally, reset->observed, dot);
  } else if (const auto* clear = std::get_if<core::Clear>(&op)) {
    apply_clear(*clear, dot, context);
  }
  std::erase_if(rows_, [](const auto& entry) { return entry.second.empty(); });
  applied_.set(dot.origin, dot.seq);
}

void TestReplica::apply_clear(const core::Clear& clear, core::Dot dot,
                              const core::VersionVector& context) {
  for (auto& [path, row] : rows_) {
    if (clear.prefix.is_prefix_of(path)) crdt::apply_remove(row.cell, context);
  }
  for (const core::Clear::Tally& tally : clear.tallies) {
    crdt::apply_reset(rows_[tally.path].tally, tally.observed, dot);
  }
}

void TestReplica::finish(const std::shared_ptr<const Sent>& sent) {
  logs_[sent->origin].push_back(sent);
  seen_[sent->origin] = sent->deps;
  seen_[sent->origin].set(sent->origin, sent->txn.last());
  hlc_ = std::max(hlc_, sent->txn.hlc);
}

void TestReplica::receive(const std::shared_ptr<const Sent>& sent) {
  held_.push_back(sent);
  receive_held();
}

void TestReplica::receive_held() {
  const auto known = [&](const auto& sent) {
    return sent->txn.last() <= applied_.at(sent->origin);
  };
  const auto deliverable = [&](const auto& sent) {
    return applied_.at(sent->origin) == sent->txn.first - 1 && applied_.includes(sent->deps);
  };
  while (true) {
    std::erase_if(held_, known);
    const auto next = std::ranges::find_if(held_, deliverable);
    if (next == held_.end()) return;
    const std::shared_ptr<const Sent> sent = *next;
    core::Dot dot{sent->origin, sent->txn.first};
    for (const core::Op& op : sent->txn.ops) {
      apply(op, dot, sent->txn.hlc, context_of(sent->deps, dot));
      ++dot.seq;
    }
    finish(sent);
  }
}

void TestReplica::collect() {
  const auto seen = [&](core::Origin origin) { return seen_[origin]; };
  for (auto& [path, row] : rows_) crdt::collect(row.tally, origin_, seen);
  std::erase_if(rows_, [](const auto& entry) { return entry.second.empty(); });
}

void TestReplica::trim(std::size_t keep) {
  for (auto& [origin, log] : logs_) {
    if (log.size() > keep) log.erase(log.begin(), log.end() - static_cast<std::ptrdiff_t>(keep));
  }
}

void TestReplica::merge(const TestReplica& peer) {
  std::map<core::Path, crdt::Row> joined;
  const auto join_at = [&](const core::Path& path) {
    const crdt::Row row = crdt::join(this->row(path), applied_, peer.row(path), peer.applied_);
    if (!row.empty()) joined[path] = row;
  };
  for (const auto& [path, row] : rows_) join_at(path);
  for (const auto& [path, row] : peer.rows_) join_at(path);
  rows_ = std::move(joined);
  // No log here has the ops between the own position and the peer's: no replica can be served from
  // before it.
  for (const auto& entry : peer.applied_) {
    if (entry.seq > applied_.at(entry.origin)) logs_[entry.origin].clear();
  }
  applied_.join(peer.applied_);
  for (const auto& [origin, deps] : peer.seen_) seen_[origin].join(deps);
  hlc_ = std::max(hlc_, peer.hlc_);
  receive_held();
}

void TestReplica::restart_as(core::Origin origin) {
  origin_ = origin;
  held_.clear();
}

crdt::Row TestReplica::row(const core::Path& path) const {
  const auto found = rows_.find(path);
  return found == rows_.end() ? crdt::Row() : found->second;
}

std::string TestReplica::canonical() const {
  std::string all;
  for (const auto& [path, row] : rows_) {
    if (row.present()) all += crdt::canonical(path, row);
  }
  return all;
}

Oracle::View TestReplica::visible() const {
  Oracle::View view;
  for (const auto& [path, row] : rows_) {
    for (const crdt::Sibling& sibling : row.cell.siblings) {
      view.cells[path].push_back({sibling.hlc, sibling.dot, sibling.value});
    }
    if (row.tally.live()) view.tallies[path] = row.tally.sum();
  }
  for (auto& [path, values] : view.cells) std::ranges::sort(values);
  return view;
}

}  // namespace anabranch::test
