#include "leader/health/read_age.h"

#include "core/log.h"
#include "leader/health/amounts.h"

namespace anabranch::leader {

using core::Millis;

void ReadAge::note(std::uint64_t newest, Millis now) {
  if (!samples_.empty()) {
    const Sample& last = samples_.back();
    if (last.newest == newest || now - last.seen_ms < apart_ms_) return;
  } else {
    apart_ms_ = 0;
  }
  samples_.push_back({newest, now});
  if (samples_.size() < kSamplesMax) return;
  // Of a reader that stays for long, fewer samples will do.
  std::deque<Sample> fewer;
  for (std::size_t i = 0; i < samples_.size(); i += 2) fewer.push_back(samples_[i]);
  samples_ = std::move(fewer);
  apart_ms_ = 2 * (now - samples_.front().seen_ms) / static_cast<Millis>(kSamplesMax);
}

void ReadAge::look(const storage::ReadStates& states, Millis now) {
  note(states.newest, now);
  while (!samples_.empty() && samples_.front().newest <= states.oldest) samples_.pop_front();
  age_ms_ = samples_.empty() ? 0 : now - samples_.front().seen_ms;
  const bool is_old = alarm_ms_ > 0 && age_ms_ > alarm_ms_;
  if (is_old == alarms_) return;
  alarms_ = is_old;
  if (is_old) {
    core::log_warning(region_, text(age_ms_));
  } else {
    core::log_info(region_, "the old state of the data is no longer read");
  }
}

std::string ReadAge::text(Millis age_ms) {
  return "a reader has used one state of the data for " + time_span(age_ms) +
         ": what was replaced since stays on the disk";
}

}  // namespace anabranch::leader
