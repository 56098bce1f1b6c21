#include "regions/snapshot/log_on_top.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Origin;
using storage::Position;

namespace {

core::Failure lacking(const CommittedState& state, Origin origin) {
  return core::invalid("it lacks ops of region " + state.applied().head(origin).region +
                       " (origin " + core::to_string(origin) + ") that the log here has no more");
}

}  // namespace

LogOnTop::LogOnTop(const CommittedState& state, const std::map<Origin, Head>& base)
    : state_(state) {
  for (const auto& [origin, head] : base) now_.set_head(origin, head);
}

core::Result<Position> LogOnTop::begin(const CommittedState& state,
                                       const core::VersionVector& vector) {
  Position first = state.log().last_position() + 1;
  for (const auto& [origin, head] : state.applied().heads()) {
    const core::Seq next = vector.at(origin) + 1;
    if (head.seq < next) continue;
    const auto place = state.log().find(origin, next);
    const auto record = place ? state.log().read_log(*place) : std::nullopt;
    const bool begins = record && record->origin == origin && record->first <= next;
    if (!begins || state.log().has_gap(origin, next)) return lacking(state, origin);
    first = std::min(first, *place);
  }
  return first;
}

core::Result<bool> LogOnTop::put(RowMerge& merge, std::size_t records_max, std::size_t bytes_max) {
  if (next_ == 0) {
    const auto begun = begin(state_, now_.vector());
    if (!begun.ok()) return begun.failure();
    next_ = begun.value();
  }
  std::size_t bytes = 0;
  for (std::size_t records = 0; records < records_max && bytes < bytes_max; ++records) {
    const auto record = state_.log().read_log(next_);
    if (!record) {
      for (const auto& [origin, head] : state_.applied().heads()) {
        if (head.seq > now_.vector().at(origin)) return lacking(state_, origin);
      }
      return false;
    }
    const auto done = put(*record, merge);
    if (!done.ok()) return done.failure();
    bytes += done.value();
    next_ = record->position + 1;
  }
  return true;
}

core::Result<std::size_t> LogOnTop::put(const storage::StoredRecord& record, RowMerge& merge) {
  const Head& head = now_.head(record.origin);
  if (record.last <= head.seq) return std::size_t{0};
  const auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure();
  if (record.first != head.seq + 1 || batch.value().previous != head.chain) {
    return lacking(state_, record.origin);
  }
  core::VersionVector deps = head.deps;
  deps.join(batch.value().deps_changed);
  if (!core::planted(core::Bug::kForgetOwnLog)) merge.put_on_top(batch.value(), deps);
  now_.advance(batch.value(), batch.value().extent(), deps, core::chain_hash(record.bytes));
  return record.bytes.size();
}

}  // namespace anabranch::regions
