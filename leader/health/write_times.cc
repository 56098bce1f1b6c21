#include "leader/health/write_times.h"

#include <algorithm>
#include <utility>

namespace anabranch::leader {

void WriteTimes::note(core::Dot last, core::Millis now) {
  if (std::exchange(origin_, last.origin) != last.origin) spans_.clear();
  if (last.seq == 0 || (!spans_.empty() && spans_.back().last >= last.seq)) return;
  if (!spans_.empty() && now - spans_.back().begun_ms < kFinestMs) {
    spans_.back().last = last.seq;
    return;
  }
  spans_.push_back({last.seq, now});
  if (spans_.size() > kSpansMax) thin(now);
}

// Joins spans as long as they take no more than a sixteenth of their age: some 300 are left, of a
// year as well.
void WriteTimes::thin(core::Millis now) {
  constexpr core::Millis kParts = 16;
  std::vector<Span> kept;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    const core::Millis end = i + 1 < spans_.size() ? spans_[i + 1].begun_ms : now;
    if (!kept.empty() && end - kept.back().begun_ms < (now - end) / kParts) {
      kept.back().last = spans_[i].last;
    } else {
      kept.push_back(spans_[i]);
    }
  }
  spans_ = std::move(kept);
}

core::Millis WriteTimes::age_behind(core::Seq confirmed, core::Millis now) const {
  const auto lacking = std::ranges::partition_point(
      spans_, [&](const Span& span) { return span.last <= confirmed; });
  return lacking == spans_.end() ? 0 : std::max<core::Millis>(now - lacking->begun_ms, 0);
}

}  // namespace anabranch::leader
