#include "regions/members/candidate.h"

#include <algorithm>

namespace anabranch::regions {

using core::Millis;

namespace {

constexpr std::size_t kFewMembers = 8;
constexpr Millis kBeatWithout = 1'000;  // Where no member has `promote_after`.
constexpr Millis kLinkMin = 3'000;      // Heartbeats come each second.
constexpr Millis kLagMax = 30'000;

}  // namespace

CandidacyTimes CandidacyTimes::of(Millis promote_after_ms, std::size_t members) {
  const Millis beat_ms = promote_after_ms == 0    ? kBeatWithout
                         : members <= kFewMembers ? promote_after_ms / 8
                                                  : promote_after_ms / 4;
  return {.promote_after_ms = promote_after_ms,
          .beat_ms = beat_ms,
          .between_ms = 2 * beat_ms,
          .link_ms = std::max(promote_after_ms, kLinkMin),
          .lag_ms = kLagMax};
}

const SeenLink* Situation::working_link(const core::Hash128& node) const {
  const auto link = std::ranges::find(links, node, &SeenLink::node);
  const bool works = link != links.end() && now_ms - link->built_ms <= times.link_ms;
  return works ? &*link : nullptr;
}

}  // namespace anabranch::regions
