// How old the leader's own writes are that its follower is sure to have. A leader's card tells how
// far it had written when the card was made: once that is applied here, nothing is missing that was
// written before the card. A card that tells of another origin than its leader's own proves
// nothing: the row of its reign is not there yet, and what it saw before that may be missing. Nor
// does the card of a blind leader, that writes no such row. Ages alone take part, no wall clock.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>

#include "core/hlc.h"
#include "core/version_vector.h"
#include "regions/wire/member_card.h"

namespace anabranch::leader {

class LeaderLag {
 public:
  // Cards that are not covered yet. Further ones are not kept: the lag is then shown too great.
  static constexpr std::size_t kWaitingMax = 64;

  // Hears a card of the leader, made at a time of this follower's clock.
  void hear(const regions::MemberCard& card, core::Millis made_ms) {
    const regions::MemberCard::End& end = card.end;
    if (end.origin != card.origin || card.has(regions::MemberCard::kBlind)) return;
    if (end.origin != origin_) {
      *this = {};
      origin_ = end.origin;
    }
    const bool is_later = waiting_.empty() || made_ms > waiting_.back().made_ms;
    if (is_later && waiting_.size() < kWaitingMax) waiting_.push_back({end.applied, made_ms});
  }
  // So much is applied.
  void look(const core::VersionVector& applied) {
    while (!waiting_.empty() && waiting_.front().seq <= applied.at(origin_)) {
      covered_ms_ =
          std::max(covered_ms_.value_or(waiting_.front().made_ms), waiting_.front().made_ms);
      waiting_.pop_front();
    }
  }
  // nullopt as long as no card is covered.
  [[nodiscard]] std::optional<core::Millis> lag_ms(core::Millis now) const {
    return covered_ms_ ? std::optional(std::max<core::Millis>(now - *covered_ms_, 0))
                       : std::nullopt;
  }

 private:
  struct Waiting {
    core::Seq seq = 0;
    core::Millis made_ms = 0;
  };
  core::Origin origin_ = 0;
  std::deque<Waiting> waiting_;
  std::optional<core::Millis> covered_ms_;
};

}  // namespace anabranch::leader
