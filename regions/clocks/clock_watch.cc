#include "regions/clocks/clock_watch.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "regions/state/time_text.h"

namespace anabranch::regions {

using core::mark;
using core::Millis;

namespace {

constexpr Millis kMillisMax = Millis{1} << 48U;  // Others choose their readings.
constexpr Millis kRoundingMs = 2;                // Of the four readings of a round trip.

Millis bounded(Millis foreign) { return std::clamp(foreign, Millis{0}, kMillisMax); }

std::string apart(Millis ahead_ms) {
  return duration_text(ahead_ms) + (ahead_ms < 0 ? " behind" : " ahead");
}

}  // namespace

std::optional<Millis> ClockWatch::round_trip_ms(const std::optional<Echo>& echo, Millis now) {
  if (!echo) return std::nullopt;
  const Millis trip = now - bounded(echo->sent_ms) - bounded(echo->held_ms);
  return trip < -kRoundingMs ? std::nullopt : std::optional(std::max(trip, Millis{0}));
}

void ClockWatch::heard(const std::string& region, Millis shown, std::optional<Millis> round_trip_ms,
                       Millis wall, Millis now) {
  // The reading if the heartbeat took no time, and if it took all of the round trip.
  const Millis earliest = bounded(shown) - wall;
  const Millis latest = earliest + round_trip_ms.value_or(kMillisMax);
  const bool right_or_wrong =
      earliest <= drift_ms_max_ && latest >= -drift_ms_max_ && (wrong(earliest) || wrong(latest));
  if (right_or_wrong) {
    if (round_trip_ms) mark<"a heartbeat may have waited for too long to tell the time">();
    return;
  }
  Reading& reading = heard_[region];
  // Without a round trip the clock is at least as far ahead as this.
  set_ahead(reading, earliest + round_trip_ms.value_or(0) / 2, now);
  reading.heard_ms = now;
}

void ClockWatch::jumped(Millis by, Millis now) {
  for (auto& [region, reading] : heard_) set_ahead(reading, reading.ahead_ms - by, now);
}

void ClockWatch::set_ahead(Reading& reading, Millis ahead_ms, Millis now) const {
  reading.ahead_ms = ahead_ms;
  if (!wrong(reading.ahead_ms)) {
    reading.wrong_since_ms = -1;
  } else if (reading.wrong_since_ms < 0) {
    reading.wrong_since_ms = now;
  }
}

std::optional<Millis> ClockWatch::ahead_ms(const std::string& region, Millis now) const {
  const auto found = heard_.find(region);
  if (found == heard_.end() || now - found->second.heard_ms > kForgetMs) return std::nullopt;
  const Reading& reading = found->second;
  const bool too_new = reading.wrong_since_ms >= 0 && now - reading.wrong_since_ms < kBelieveMs;
  return too_new ? std::nullopt : std::optional(reading.ahead_ms);
}

std::vector<Millis> ClockWatch::readings(Millis now) const {
  std::vector<Millis> all;
  for (const auto& [region, reading] : heard_) {
    if (now - reading.heard_ms <= kForgetMs) all.push_back(reading.ahead_ms);
  }
  std::ranges::sort(all);
  return all;
}

std::optional<Millis> ClockWatch::own_ahead_ms(Millis now) const {
  const std::vector<Millis> all = readings(now);
  // The smallest span that holds more than half of them.
  const std::size_t most = all.size() / 2 + 1;
  if (all.size() < 2 || most < 2) return std::nullopt;
  std::size_t from = 0;
  for (std::size_t i = 1; i + most <= all.size(); ++i) {
    if (all[i + most - 1] - all[i] < all[from + most - 1] - all[from]) from = i;
  }
  const bool they_agree = all[from + most - 1] - all[from] <= drift_ms_max_;
  const Millis middle = all[from + most / 2];
  if (!they_agree || !wrong(all[from]) || !wrong(all[from + most - 1])) return std::nullopt;
  // One judged clock is enough: otherwise the first one would be blamed instead.
  const bool believed = std::ranges::any_of(heard_, [&](const auto& each) {
    const auto ahead = ahead_ms(each.first, now);
    return ahead && *ahead >= all[from] && *ahead <= all[from + most - 1];
  });
  return believed ? std::optional(-middle) : std::nullopt;
}

Millis ClockWatch::lead_ms(Millis now) const {
  if (const auto own = own_ahead_ms(now)) return std::max(*own, Millis{0});
  std::optional<Millis> nearest;  // Of the clocks that are behind.
  for (const auto& [region, reading] : heard_) {
    const auto ahead = ahead_ms(region, now);
    if (now - reading.heard_ms <= kForgetMs && !wrong(reading.ahead_ms)) return 0;
    if (ahead && *ahead < 0) nearest = std::max(nearest.value_or(*ahead), *ahead);
  }
  return -nearest.value_or(0);
}

bool ClockWatch::hears(Millis now) const {
  return std::ranges::any_of(
      heard_, [&](const auto& each) { return ahead_ms(each.first, now).has_value(); });
}

ClockWatch::Complaints ClockWatch::complaints(Millis now) const {
  Complaints texts;
  const auto own = own_ahead_ms(now);
  if (own) {
    texts[""] = "the clock of this machine is " + apart(*own) +
                " of most others: set it right, or its writes win or lose when they should not";
  }
  for (const auto& [region, reading] : heard_) {
    const auto ahead = ahead_ms(region, now);
    if (!ahead || !wrong(own ? *ahead + *own : *ahead)) continue;
    texts[region] = "the clock of region " + region + " is " + apart(*ahead) +
                    " of this one; it is not followed, its writes arrive";
  }
  return texts;
}

}  // namespace anabranch::regions
