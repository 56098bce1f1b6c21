#include "leader/pace/intake.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "leader/health/amounts.h"

namespace anabranch::leader {

double Intake::pressure() const {
  if (slow_ms_ == 0 || behind_ms_ <= slow_ms_) return 0;
  const auto beyond = static_cast<double>(behind_ms_ - slow_ms_);
  return std::min(1.0, beyond / static_cast<double>((kGreatest - 1) * slow_ms_));
}

double Intake::look(const regions::Replica& replica, bool waiting, core::Millis now) {
  if (now < next_look_ms_) return pressure();
  next_look_ms_ = now + kLookMs;
  note(replica, now);
  if (slow_ms_ == 0) return 0;
  const bool slowed =
      std::exchange(slows_, slows_ ? behind_ms_ > slow_ms_ / 2 : waiting && behind_ms_ > slow_ms_);
  if (slowed != slows_) say();
  return pressure();
}

void Intake::note(const regions::Replica& replica, core::Millis now) {
  const core::VersionVector& applied = replica.applied().vector();
  std::map<core::Origin, core::Seq> there;
  for (const auto& [origin, peer] : replica.exchange().peers()) {
    if (!replica.exchange().links().usable(peer)) continue;
    for (const auto& [each, seq] : peer.applied) {
      if (seq > applied.at(each)) there[each] = std::max(there[each], seq);
    }
  }
  std::erase_if(lacking_, [&](const auto& each) { return !there.contains(each.first); });
  behind_ms_ = 0;
  for (const auto& [origin, seq] : there) {
    WriteTimes& times = lacking_[origin];
    times.note({origin, seq}, now);
    behind_ms_ = std::max(behind_ms_, times.age_behind(applied.at(origin), now));
  }
}

void Intake::say() {
  if (!slows_) {
    core::log_info(region_, "writes are not slowed any more: this leader has caught up");
    return;
  }
  core::log_warning(region_, "writes here are slowed: this leader is " + time_span(behind_ms_) +
                                 " behind others, and applying theirs goes before");
}

}  // namespace anabranch::leader
