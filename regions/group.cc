#include "regions/group.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "rows/bases.h"
#include "rows/stage/apply_op.h"
#include "rows/stage/clear.h"

namespace anabranch::regions {

namespace {

using core::Path;

constexpr std::size_t kOpBytes = 32;  // Of an op besides its path and value, about.

}  // namespace

Group::Group(const rows::RowReader& base, const rows::ClearRules& rules, core::VersionVector deps,
             const rows::Scores& scores)
    : stage_(base, rows::Stage::Undo::kKept, rules, scores),
      resolvers_(scores.resolvers()),
      self_(rules.self),
      context_(std::move(deps)) {}

Group::Mark Group::begin(core::HybridClock& clock) {
  const bool outermost = !in_transaction();
  if (outermost) {
    transactions_.begin(next().seq, clock.now());
    bytes_before_ = bytes_;
    values_before_ = transactions_.values();
  }
  return {stage_.savepoint(), transactions_.mark(), bytes_, outermost};
}

void Group::end(const Mark& mark) {
  if (!mark.outermost) return;
  transactions_.end();
  read_.clear();
  stage_.keep();
}

void Group::rollback(const Mark& mark) {
  stage_.rollback(mark.stage);
  transactions_.rollback(mark.ops);
  context_.set(self_, transactions_.newest());
  bytes_ = mark.bytes;
  if (!mark.outermost) return;
  transactions_.end();
  read_.clear();
}

void Group::put(const Path& path, std::string_view value,
                std::optional<core::VersionVector> context) {
  ANABRANCH_ASSERT(!context || context_.includes(*context));
  if (!context && !read_.empty()) context = read_.context(path, stage_.peek(path).cell);
  auto base = base_of_put(path, context ? *context : context_);
  const std::size_t bytes = path.encoded().size() + value.size() + (base ? base->size() : 0);
  write(core::Put{path, std::string(value), std::move(base), std::move(context)}, bytes);
}

std::optional<std::string> Group::base_of_put(const Path& path,
                                              const core::VersionVector& context) {
  if (!rows::keeps_bases(stage_, path)) return std::nullopt;
  return rows::base_of_put(stage_, path, stage_.peek(path).cell, context, resolvers_);
}

void Group::remove(const Path& path, std::optional<core::VersionVector> context) {
  ANABRANCH_ASSERT(!context || context_.includes(*context));
  if (!context && !read_.empty()) context = read_.context(path, stage_.peek(path).cell);
  write(core::Remove{path, std::move(context)}, path.encoded().size());
}

void Group::add(const Path& path, core::Number amount) {
  if (auto waiting = stage_.waiting(path); !waiting.empty() && !planted(core::Bug::kForgetToList)) {
    reset(path, std::move(waiting));
  }
  const core::Dot dot{self_, context_.at(self_) + 1};
  write(crdt::prepare_add(stage_.peek(path).tally, path, amount, dot), path.encoded().size());
}

void Group::reset(const Path& path) {
  auto waiting = stage_.waiting(path);  // Where a tally waits, nothing else is live.
  reset(path, waiting.empty() ? crdt::observed(stage_.peek(path).tally) : std::move(waiting));
}

void Group::reset(const Path& path, std::vector<core::ObservedSlot> observed) {
  const std::size_t bytes = path.encoded().size() + observed.size() * kOpBytes;
  write(core::Reset{path, std::move(observed)}, bytes);
}

void Group::remove_read(const Path& prefix) {
  for (const Path& path : read_.below(prefix)) {
    auto context = read_.context(path, stage_.peek(path).cell);
    if (context) write(core::Remove{path, std::move(context)}, path.encoded().size());
  }
}

bool Group::anything_below(const Path& prefix) const {
  return rows::anything_below(stage_, prefix, context_);
}

void Group::clear(const Path& prefix) {
  if (!read_.empty()) remove_read(prefix);
  if (rows::clears_by_mask(stage_, prefix, context_)) {
    write(core::Clear{prefix, {}}, prefix.encoded().size());
    return;
  }
  std::vector<core::Clear::Tally> tallies;
  std::size_t bytes = prefix.encoded().size();
  const auto list = [&](const Path& path, const crdt::Row& row) {
    std::vector<core::ObservedSlot> observed = crdt::observed(row.tally);
    if (observed.empty()) return;
    bytes += path.encoded().size() + observed.size() * kOpBytes;
    tallies.push_back({path, std::move(observed)});
  };
  rows::visit_rows_to_clear(stage_, prefix, context_, list);
  // The first op takes the cells as well; the others only have further tallies to list.
  auto from = tallies.begin();
  do {
    const auto left = static_cast<std::size_t>(tallies.end() - from);
    const auto to = from + static_cast<std::ptrdiff_t>(std::min(left, kClearTalliesMax));
    core::Clear part{prefix, {std::make_move_iterator(from), std::make_move_iterator(to)}};
    write(std::move(part), std::exchange(bytes, 0));
    from = to;
  } while (from != tallies.end());
}

void Group::write(core::Op&& op, std::size_t bytes) {
  const core::Dot dot = next();
  transactions_.add(op);
  rows::apply_op(stage_, std::move(op), dot, transactions_.time(), context_);
  context_.set(self_, dot.seq);
  bytes_ += bytes + kOpBytes;
}

}  // namespace anabranch::regions
