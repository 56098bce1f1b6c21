#include "regions/members/fitness.h"

namespace anabranch::regions {

namespace {

std::string_view why_unfit(const Health& health) {
  if (!health.open) return "its storage is closed for writes";
  if (!health.room) return "its disk is full up to the reserve";
  if (health.commit_ms && *health.commit_ms >= Fitness::kCommitMaxMs) return "its disk is slow";
  if (health.drained) return "it is drained";
  if (health.joins) return "it takes its first snapshot";
  if (health.merges) return "it merges a snapshot";
  return {};
}

}  // namespace

void Fitness::look(const Health& health, core::Millis now_ms) {
  why_ = why_unfit(health);
  const bool says_fit = why_.empty();
  if (says_fit == fit_) contrary_since_ms_.reset();
  if (says_fit != fit_ && !contrary_since_ms_) contrary_since_ms_ = now_ms;
  const bool at_once = !looked_ || !health.open;
  looked_ = true;
  if (!contrary_since_ms_ || (!at_once && now_ms - *contrary_since_ms_ < kPatienceMs)) return;
  fit_ = says_fit;
  contrary_since_ms_.reset();
}

}  // namespace anabranch::regions
