// The members of a sorted set in the order of their scores: read from the stored order
// (score_list.h), or, while that is stale or being rebuilt, sorted from the rows, in time
// proportional to the size of the set.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <anabranch/scope.h>

#include "rows/decider.h"
#include "rows/row_reader.h"
#include "rows/scores/score_index.h"

namespace anabranch::rows {

// Cheap to construct; the references must outlive it. Throws Error{kCorrupt}.
class Ranking {
 public:
  Ranking(const RowReader& rows, const Decider& decider, core::Path sorted_set);

  // Returns the number of members before this one.
  [[nodiscard]] std::uint64_t rank(const ScoredMember& member) const;
  [[nodiscard]] std::uint64_t count(const ScoreSpan& span) const;
  void scan(const ScoreSpan& span, const Scope::VisitScore& visit) const;

 private:
  // The places at both ends of a span. range_of() returns nullopt for an empty span.
  struct Range {
    ScorePlace from;
    ScorePlace to;
  };
  [[nodiscard]] static std::optional<Range> range_of(const ScoreSpan& span);
  // Visits the members between two places.
  void scan_order(const Range& range, const ScoreSpan& span, const Scope::VisitScore& visit) const;
  void scan_rows(const Range& range, const ScoreSpan& span, const Scope::VisitScore& visit) const;
  // Calls function(member, place) for all members in the order of their names.
  void for_each(const std::function<void(ScoredMember, ScorePlace)>& function) const;
  [[nodiscard]] std::uint64_t members_in(const Range& range) const;

  const RowReader& rows_;
  const Decider& decider_;
  core::Path sorted_set_;
  std::optional<ScoreOrder> order_;
};

}  // namespace anabranch::rows
