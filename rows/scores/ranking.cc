#include "rows/scores/ranking.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/pace.h"
#include "core/planted_bug.h"
#include "crdt/type_table.h"

namespace anabranch::rows {

using core::Path;
using storage::Direction;

Ranking::Ranking(const RowReader& rows, const Decider& decider, Path sorted_set)
    : rows_(rows),
      decider_(decider),
      sorted_set_(std::move(sorted_set)),
      order_(find_order(rows_, *rows_.masks(), sorted_set_)) {
  if (!order_ || !order_->whole || planted(core::Bug::kKeepStaleOrder)) return;
  // A stale order is one to be made anew, not one of no members.
  order_->whole = decider_.are_ordered_by(order_->rule, sorted_set_);
}

std::optional<Ranking::Range> Ranking::range_of(const ScoreSpan& span) {
  if (std::isnan(span.min) || std::isnan(span.max)) return std::nullopt;
  Range range{span.above_min ? place_behind(span.min) : place_before(span.min),
              span.below_max ? place_before(span.max) : place_behind(span.max)};
  if (range.to <= range.from) return std::nullopt;
  return range;
}

std::uint64_t Ranking::members_in(const Range& range) const {
  if (!order_) return 0;
  if (order_->whole) {
    const ScoreList list(rows_, order_->id);
    return list.members_before(range.to) - list.members_before(range.from);
  }
  std::uint64_t members = 0;
  for_each([&](const ScoredMember& /*member*/, const ScorePlace& place) {
    members += range.from <= place && place < range.to ? 1 : 0;
  });
  return members;
}

std::uint64_t Ranking::rank(const ScoredMember& member) const {
  return members_in(Range{{}, place_of(member.score, member.member)});
}

std::uint64_t Ranking::count(const ScoreSpan& span) const {
  const auto range = range_of(span);
  const std::uint64_t members = range ? members_in(*range) : 0;
  return members - std::min(members, span.skip);
}

void Ranking::scan(const ScoreSpan& span, const Scope::VisitScore& visit) const {
  const auto range = range_of(span);
  if (!range || !order_) return;
  order_->whole ? scan_order(*range, span, visit) : scan_rows(*range, span, visit);
}

void Ranking::scan_order(const Range& range, const ScoreSpan& span,
                         const Scope::VisitScore& visit) const {
  const ScoreList list(rows_, order_->id);
  ScorePlace from = span.backwards ? range.to : range.from;
  if (span.skip > 0) {
    std::uint64_t rank = list.members_before(from);
    if (span.backwards && rank < span.skip) return;
    rank = span.backwards ? rank - span.skip : rank + span.skip;
    auto place = list.place_at(rank);
    if (!place) return;
    from = *std::move(place);
  }
  const auto offer = [&](const ScoredMember& found) {
    core::Pace::pass();
    const ScorePlace place = place_of(found.score, found.member);
    if (span.backwards ? place < range.from : place >= range.to) return false;
    return visit({found.member, found.score});
  };
  list.visit(from, span.backwards ? Direction::kBackward : Direction::kForward, offer);
}

void Ranking::scan_rows(const Range& range, const ScoreSpan& span,
                        const Scope::VisitScore& visit) const {
  std::vector<std::pair<ScorePlace, ScoredMember>> members;
  for_each([&](ScoredMember member, ScorePlace place) {
    if (range.from <= place && place < range.to) {
      members.emplace_back(std::move(place), std::move(member));
    }
  });
  std::ranges::sort(
      members, {}, [](const auto& each) -> const auto& { return each.first; });
  if (span.backwards) std::ranges::reverse(members);
  for (std::uint64_t i = span.skip; i < members.size(); ++i) {
    const ScoredMember& member = members[i].second;
    if (!visit({member.member, member.score})) return;
  }
}

void Ranking::for_each(const std::function<void(ScoredMember, ScorePlace)>& function) const {
  rows_.scan(sorted_set_, [&](const Path& path, const crdt::Row& row) {
    const auto at = crdt::membership(path);
    if (!at || !crdt::shows(path, row)) return true;
    const double score = decider_.score(path, row);
    function({at->member, score}, place_of(score, at->member));
    return true;
  });
}

}  // namespace anabranch::rows
