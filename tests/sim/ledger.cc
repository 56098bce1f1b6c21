#include "tests/sim/ledger.h"

#include <anabranch/error.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/batch.h"
#include "rows/conflicts/conflict_table.h"
#include "rows/row_text.h"
#include "rows/snapshot_reader.h"
#include "tests/policies_oracle.h"
#include "tests/regions/record_history.h"
#include "tests/shown_values.h"

namespace anabranch::test {

using core::VersionVector;

namespace {

std::string name(core::Origin origin, core::Seq seq) {
  return core::to_string(origin) + "." + std::to_string(seq);
}

std::string name(core::Dot dot) { return name(dot.origin, dot.seq); }

Oracle::View view_of(const Node& node) {
  Oracle::View view;
  Visible visible = node.visible();
  view.tallies = std::move(visible.tallies);
  for (auto& [path, values] : visible.cells) {
    for (auto& each : values) {
      view.cells[path].push_back({each.hlc, each.dot, std::move(each.value), std::move(each.base)});
    }
  }
  return view;
}

// Returns the first row that shows a reader another value than its policy demands.
std::string wrong_value(const Node& node, const Oracle::View& demanded) {
  const PoliciesOracle policies(demanded.cells);
  const auto rows = rows::SnapshotReader::newest(node.disk(), node.names());
  const ShownValues shown = shown_values(rows);
  for (const auto& [path, values] : demanded.cells) {
    if (!has_shown_value(path)) continue;
    const std::string must = policies.shown(path, values).value_or(std::string(kNotShown));
    const auto found = shown.find(path);
    const std::string is = found == shown.end() ? "nothing" : found->second;
    if (is == must) continue;
    return "shows " + is + " at " + rows::path_text(path) + ", where the policies demand " + must;
  }
  return {};
}

}  // namespace

Ledger::Trail Ledger::begin(Node& node) { return {node.disk().last_position(), node.vector()}; }

std::string Ledger::wrote(Node& node, const VersionVector& deps, core::Millis wall_max) {
  const auto record = node.disk().read_log(node.disk().last_position());
  if (!record || record->origin != node.origin()) return "a write is not in its leader's log";
  std::string wrong = write(*record, deps, wall_max);
  return wrong.empty() ? wrong_base(core::decode_batch(record->bytes).value(), deps) : wrong;
}

std::string Ledger::made(Node& node, core::Origin origin, Trail trail, core::Millis wall_max) {
  while (const auto record = node.disk().read_log(trail.position + 1)) {
    if (record->origin == origin && find(record->origin, record->last) == nullptr) {
      if (std::string wrong = write(*record, trail.vector, wall_max); !wrong.empty()) return wrong;
    }
    trail.position = record->position;
    trail.vector.set(record->origin, record->last);
  }
  return {};
}

std::string Ledger::write(const storage::StoredRecord& record, const VersionVector& deps,
                          core::Millis wall_max) {
  const core::Batch batch = core::decode_batch(record.bytes).value();
  core::Hlc& newest = newest_[record.origin];
  for (const core::Transaction& txn : batch.transactions) {
    if (txn.hlc <= newest) return "a timestamp went back: " + name(record.origin, txn.first);
    newest = txn.hlc;
  }
  if (newest.millis() > wall_max + core::HybridClock::kDriftMaxMs + 1) {
    return "a timestamp far beyond its leader's own clock: " + name(record.origin, record.last);
  }
  std::vector<Written>& log = written_[record.origin];
  const core::Seq before = deps.at(record.origin);
  if (!log.empty() && log.back().last > before) {
    return "a dot is used again: " + name(record.origin, record.first);
  }
  VersionVector others = deps;
  others.set(record.origin, 0);
  record_history(oracle_, record.bytes, deps);
  requests_.wrote(batch);
  note_policies(batch);
  losers_.wrote(record.bytes, deps);
  promised_.raise(record.origin, record.last);
  log.push_back(
      {record.first, record.last, std::move(others), record.bytes, !batch.signature.empty()});
  return {};
}

void Ledger::note_policies(const core::Batch& batch) {
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      const auto* const put = std::get_if<core::Put>(&op);
      if (put == nullptr || has_shown_value(put->path)) continue;
      Oracle::View view;
      view.cells[put->path].push_back({txn.hlc, {}, put->value});
      keeps_bases_ |= PoliciesOracle(view.cells).any_keeps_bases();
    }
  }
}

std::string Ledger::wrong_base(const core::Batch& batch, VersionVector deps) const {
  static const core::Path kMesh{std::string(1, '\0')};
  if (!deps.includes(settled_)) return {};  // A new replica: the oracle has forgotten its state.
  std::optional<PoliciesOracle> policies;
  for (const core::Transaction& txn : batch.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      deps.set(batch.origin, txn.first + k - 1);
      const auto* const put = std::get_if<core::Put>(&txn.ops[k]);
      if (put == nullptr || !has_shown_value(put->path)) {
        policies.reset();  // The policies may be others after it.
        continue;
      }
      std::optional<std::string> must;
      if (keeps_bases_) {
        auto values = oracle_.visible(deps, put->path).cells[put->path];
        const VersionVector& replaces = put->context ? *put->context : deps;
        std::erase_if(values, [&](const auto& each) { return !replaces.covers(each.dot); });
        if (!values.empty()) {
          if (!policies) policies.emplace(oracle_.visible(deps, kMesh).cells);
          must = policies->base(put->path, values);
        }
      }
      if (put->base == must) continue;
      return "writes " + name(batch.origin, txn.first + k) + " over " + put->base.value_or("none") +
             ", where the history demands " + must.value_or("none");
    }
  }
  return {};
}

std::string Ledger::rewrote(const storage::StoredRecord& record, bool own) {
  const std::vector<Written>& log = written_[record.origin];
  VersionVector deps = log.empty() ? VersionVector() : log.back().deps;
  deps.join(core::decode_batch(record.bytes).value().deps_changed);
  deps.set(record.origin, record.first - 1);
  std::string wrong =
      write(record, deps, newest_[record.origin].millis() + (core::Millis{1} << 46U));
  if (wrong.empty() && own) written_[record.origin].back().proves = true;
  return wrong;
}

void Ledger::made_outside(const std::string& bytes) {
  const core::BatchHeader header = core::decode_batch_header(bytes).value();
  if (find(header.origin, header.last) != nullptr) return;  // Sent again.
  record_history(oracle_, bytes, {});
  note_policies(core::decode_batch(bytes).value());
  losers_.wrote(bytes, {});
  written_[header.origin].push_back({header.first, header.last, {}, bytes});
}

const Ledger::Written* Ledger::find(core::Origin origin, core::Seq last) const {
  const auto log = written_.find(origin);
  if (log == written_.end()) return nullptr;
  const auto found = std::ranges::lower_bound(log->second, last, {}, &Written::last);
  return found == log->second.end() || found->last != last ? nullptr : &*found;
}

bool Ledger::leaves_unproven(core::Origin origin, core::Seq seq) const {
  const auto log = written_.find(origin);
  if (log == written_.end()) return false;
  const auto next = std::ranges::lower_bound(log->second, seq + 1, {}, &Written::last);
  return next != log->second.end() && !next->proves;
}

std::string Ledger::follow(Node& node, Trail& trail) const {
  while (const auto record = node.disk().read_log(trail.position + 1)) {
    trail.position = record->position;
    const std::string what = name(record->origin, record->first);
    const Written* written = find(record->origin, record->last);
    if (written == nullptr || written->first != record->first) return "nobody wrote " + what;
    if (written->bytes != record->bytes) return "not the bytes that were written: " + what;
    if (trail.vector.at(record->origin) + 1 != record->first) return "not next in line: " + what;
    if (!trail.vector.includes(written->deps)) return "applied before its dependencies: " + what;
    trail.vector.set(record->origin, record->last);
    if (const auto beyond = beyond_end(trail.vector); !beyond.empty()) return beyond;
  }
  return {};
}

void Ledger::go_on(Node& node, Trail& trail) {
  while (const auto record = node.disk().read_log(trail.position + 1)) {
    trail.position = record->position;
    trail.vector.raise(record->origin, record->last);
  }
}

std::string Ledger::ended(core::Origin origin, core::Seq seq) {
  if (!has_ended(origin)) ends_.set(origin, seq);
  if (ends_.at(origin) == seq) return {};
  return "an origin is settled at two positions: " + name(origin, seq) + " and " +
         name(origin, ends_.at(origin));
}

std::string Ledger::beyond_end(const VersionVector& vector) const {
  for (const auto& [origin, seq] : ends_) {
    if (vector.at(origin) > seq) return "goes on beyond where it was settled: " + name(origin, seq);
  }
  return {};
}

VersionVector Ledger::forget_ends_before(const VersionVector& vector) {
  VersionVector before;
  for (const auto& [origin, seq] : ends_) {
    if (vector.at(origin) > seq) before.set(origin, seq);
  }
  for (const auto& [origin, seq] : before) ends_.set(origin, 0);
  return before;
}

void Ledger::lost(const VersionVector& kept) {
  for (const auto& [origin, seq] : VersionVector(promised_)) {
    promised_.set(origin, std::min(seq, kept.at(origin)));
  }
  for (const auto& [origin, seq] : VersionVector(ends_)) {
    if (kept.at(origin) < seq) ends_.set(origin, 0);  // Every copy fell back to a backup.
  }
}

void Ledger::settle(const VersionVector& floor) {
  oracle_.settle(floor);
  losers_.settle(floor);
  settled_.join(floor);
}

std::string Ledger::wrong_request(const Node& node, const std::set<core::Path>& left_out) const {
  if (!node.vector().includes(settled_)) return {};
  return requests_.wrong(node, oracle_, left_out);
}

std::string Ledger::wrong(const Node& node, bool was_damaged) const {
  for (const auto& [origin, seq] : node.vector()) {
    if (find(origin, seq) == nullptr) return "stands within a batch: " + name(origin, seq);
  }
  if (std::string wrong = node.wrong_count(); !wrong.empty()) return wrong;
  if (std::string wrong = node.wrong_digest(); !wrong.empty()) return wrong;
  if (std::string wrong = node.wrong_expiries(); !wrong.empty()) return wrong;
  if (std::string wrong = node.wrong_order(); !wrong.empty()) return wrong;
  if (!node.vector().includes(settled_)) return {};
  const Oracle::View shown = view_of(node);
  const Oracle::View demanded = oracle_.visible(node.vector());
  if (shown != demanded) return "shows\n" + difference(shown, demanded);
  if (std::string wrong = wrong_value(node, demanded); !wrong.empty()) return wrong;
  return wrong_losers(node, was_damaged);
}

std::string Ledger::wrong_beside_damage(const Node& node) const {
  if (!node.vector().includes(settled_)) return {};
  const auto rows = rows::SnapshotReader::newest(node.disk(), node.names());
  for (const auto& [path, values] : oracle_.visible(node.vector()).cells) {
    std::set<core::Dot> demanded;
    for (const auto& each : values) demanded.insert(each.dot);
    std::set<core::Dot> shown;
    try {
      for (const crdt::Sibling& each : rows.row(path).cell.siblings) shown.insert(each.dot);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      continue;
    }
    if (shown == demanded) continue;
    const auto named = [](const std::set<core::Dot>& dots) {
      std::string text;
      for (const core::Dot dot : dots) text += " " + name(dot);
      return text.empty() ? " nothing" : text;
    };
    return "shows" + named(shown) + " in place of" + named(demanded) + " at " +
           rows::path_text(path) + ", beside damaged rows";
  }
  return {};
}

std::string Ledger::wrong_losers(const Node& node, bool was_damaged) const {
  const regions::ConflictFigures& figures = node.conflicts().figures();
  if (figures.dropped_full > 0 || figures.dropped_old > 0) return {};
  const auto applied = [&](core::Dot act) {
    const auto position = node.disk().find(act.origin, act.seq);
    const auto record = position ? node.disk().read_log(*position) : std::nullopt;
    return record && record->first <= act.seq;
  };
  LosersOracle::Demands left = losers_.demands(node.vector(), applied);
  if (was_damaged) left.replaced.clear();
  if (left.empty()) return {};
  rows::scan_conflicts(*node.disk().snapshot(), 0, [&](auto, const rows::ConflictEntry& entry) {
    std::vector<core::Dot> dots;
    for (const crdt::Sibling& each : entry.note.values) dots.push_back(each.dot);
    left.found(entry.note.path, dots);
    if (entry.note.kind == rows::ConflictKind::kReplaced) left.found(entry.note.by, dots);
    return !left.empty();  // Nearly always the newest entries are enough.
  });
  if (!left.met.empty()) {
    const auto& [path, dots] = *left.met.begin();
    return "the conflict log lacks " + name(*dots.begin()) + " at " + rows::path_text(path);
  }
  if (left.replaced.empty()) return {};
  const auto& [act, dots] = *left.replaced.begin();
  return "the conflict log lacks " + name(*dots.begin()) + ", replaced by " + name(act);
}

}  // namespace anabranch::test
