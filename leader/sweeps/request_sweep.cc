#include "leader/sweeps/request_sweep.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/mark.h"
#include "core/path_range.h"
#include "regions/seen_by_all.h"
#include "rows/requests/request_rows.h"

namespace anabranch::leader {

using core::Millis;
using core::Path;
using Kind = crdt::RequestMark::Kind;

core::Result<void> RequestSweep::slice(Millis now) {
  values_.clear();
  corrections_.clear();
  forgotten_.clear();
  if (now < next_ms_ || replica_.broken() || replica_.background().replaces_rows()) return {};
  follows_ = replica_.exchange().follows();
  if (follows_ && !replica_.members().is_listed()) return {};
  if (!replica_.writer().reserve().allows_removing()) return {};
  bool more = false;
  try {
    const auto rows = replica_.reader();
    // Behind a large clear tallies wait that others have not seen cleared yet.
    if (rows->masks()->empty()) {
      if (!follows_) look_at_values(*rows);
      more = walk(*rows, now);
    }
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  next_ms_ = now + (more || has_acts() ? kSliceRestMs : kRestMs);
  if (auto done = carry_out(); !done.ok() || more) return done;
  return show_clock();
}

// ---- Values.

void RequestSweep::look_at_values(const rows::RowReader& rows) {
  const std::vector<Path> marks = replica_.requests().noted(looked_, limits_.looks);
  looked_ = marks.size() < limits_.looks ? Path() : marks.back();
  for (const Path& mark : marks) {
    const std::vector<crdt::MarkedOp> marked = crdt::marked_ops(rows.row(mark).cell);
    if (marked.empty()) {
      // Its request is forgotten, or comes with a snapshot that is not shown yet.
      if (!replica_.background().snapshots().merging()) replica_.requests().drop(mark);
      continue;
    }
    if (marked.front().mark.kind != Kind::kPut || values_.size() >= limits_.acts) continue;
    const Path& row = marked.front().mark.row;
    for (const core::Dot dot : crdt::values_left(marked, row, rows.row(row).cell)) {
      values_.push_back({row, dot});
    }
  }
}

// ---- Forgetting.

bool RequestSweep::walk(const rows::RowReader& rows, Millis now) {
  std::optional<core::VersionVector> seen;  // Most leaders have no requests.
  // All clocks, this leader's included; nothing has passed while it is in doubt.
  const Millis clock_ms =
      std::min(replica_.clearable_ms(now), replica_.names().expiries().wall_ms());
  core::PathRange range = core::PathRange::below(rows::requests_path());
  if (!after_.empty()) range.from = core::prefix_end(after_.encoded());
  std::size_t looks = 0;
  bool stopped = false;
  Request request;
  const auto end_request = [&] {
    if (request.path.empty()) return;
    judge(rows, request, clock_ms);
    ++counted_;
    after_ = request.path;
  };
  rows.scan(range, [&](const Path& path, const crdt::Row& row) {
    if (!rows::is_of_request(path)) return true;
    if (const Path of = rows::request_of(path); of != request.path) {
      end_request();
      request = Request();
      stopped = looks >= limits_.looks || forgotten_.size() + corrections_.size() >= limits_.acts;
      if (stopped) return false;
      request.path = of;
    }
    ++looks;
    if (!seen) seen = seen_by_all(replica_);
    take(request, path, row.cell, *seen);
    return true;
  });
  if (stopped) return true;
  end_request();
  replica_.requests().set_remembered(counted_ - std::min(counted_, forgotten_.size()));
  counted_ = 0;
  after_ = Path();
  return false;
}

void RequestSweep::take(Request& request, const Path& path, const crdt::Cell& cell,
                        const core::VersionVector& seen) const {
  const bool is_mark = rows::is_mark(path);
  for (const crdt::Sibling& sibling : cell.siblings) {
    request.seen_by_all = request.seen_by_all && seen.covers(sibling.dot);
    if (!is_mark) request.executed = std::max(request.executed, sibling.hlc);
    if (std::tie(sibling.hlc, sibling.dot) < std::tie(request.newest, request.author)) continue;
    request.newest = sibling.hlc;
    request.author = sibling.dot;
  }
  if (!is_mark) return;
  std::vector<crdt::MarkedOp> marked = crdt::marked_ops(cell);
  if (marked.empty()) return;
  if (marked.size() == 1 && marked.front().mark.kind != Kind::kCorrection) return;
  request.repeated.push_back({path, std::move(marked)});
}

Millis RequestSweep::time_of(const Request& request) const {
  return std::max(request.executed.millis() + limits_.once_ms, request.newest.millis());
}

Millis RequestSweep::turn_ms(core::Origin author) const {
  const regions::Identity& own = replica_.identity();
  if (author == own.origin) return 0;
  Millis place = 1;  // Behind the author: the leaders of its region, then all regions by name.
  if (replica_.names().region(author) != own.region) {
    const auto& all = replica_.members().list().all();
    place += 1 + std::distance(all.begin(), all.lower_bound(own.region));
  }
  return place * limits_.grace_ms;
}

core::Result<void> RequestSweep::show_clock() {
  const Millis latest = std::exchange(latest_ms_, 0);
  const auto regions = static_cast<Millis>(replica_.members().list().all().size());
  const Millis last_turn = latest + (regions + 1) * limits_.grace_ms;
  const Millis now_ms = replica_.names().expiries().wall_ms();
  const Millis stored = replica_.state().stored_clock().millis();
  const bool is_turn = now_ms >= stored + limits_.grace_ms && stored < last_turn;
  const bool is_wanted = stored < latest || is_turn;
  return latest > 0 && is_wanted ? replica_.store_clock() : core::Result<void>();
}

void RequestSweep::judge(const rows::RowReader& rows, const Request& request, Millis clock_ms) {
  const Millis over = time_of(request);
  if (over <= replica_.names().expiries().wall_ms()) latest_ms_ = std::max(latest_ms_, over);
  if (follows_ || !request.seen_by_all || over + turn_ms(request.author.origin) > clock_ms) return;
  bool is_tidy = true;
  for (const Mark& mark : request.repeated) {
    std::set<Path> changed;  // One, unless a region's errors have moved the numbers of its ops.
    for (const crdt::MarkedOp& op : mark.marked) changed.insert(op.mark.row);
    for (const Path& row : changed) {
      const crdt::Row stored = rows.row(row);
      if (!crdt::values_left(mark.marked, row, stored.cell).empty()) is_tidy = false;
      const core::Int128 amount = crdt::correction(mark.marked, row, stored.tally);
      if (amount == 0) continue;
      is_tidy = false;
      const auto fitting = core::Number::integer(amount).as_int64();
      // More than a sum of 64 bits can need; in steps, then.
      const std::int64_t step = fitting.value_or(amount < 0 ? INT64_MIN : INT64_MAX);
      corrections_.push_back({mark.path, {Kind::kCorrection, row, step}});
    }
  }
  if (is_tidy) forgotten_.push_back(request.path);
}

core::Result<void> RequestSweep::carry_out() {
  if (!has_acts()) return {};
  if (auto ready = replica_.make_ready(); !ready.ok()) return ready;
  try {
    regions::OpenTransaction txn = replica_.begin();
    for (const Value& value : values_) {
      txn->remove(value.row, core::VersionVector{{value.dot.origin, value.dot.seq}});
    }
    for (const Correction& each : corrections_) {
      txn->add(each.value.row, each.value.amount);
      txn->put(each.mark, crdt::encode_mark(each.value), core::VersionVector());
    }
    for (const Path& request : forgotten_) txn->clear(request);
    txn.keep();
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
  const auto committed = replica_.commit();
  if (!committed.ok()) return committed.failure();
  counts_.values += values_.size();
  counts_.corrections += corrections_.size();
  counts_.forgotten += forgotten_.size();
  if (!values_.empty()) core::mark<"a value of a request is gone in another execution">();
  if (!corrections_.empty()) core::mark<"the sum behind a request is corrected">();
  if (!forgotten_.empty()) core::mark<"a request is forgotten">();
  return {};
}

}  // namespace anabranch::leader
