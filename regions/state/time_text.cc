#include "regions/state/time_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace anabranch::regions {

using core::Millis;

std::string duration_text(Millis duration) {
  constexpr std::array<std::pair<const char*, Millis>, 5> kUnits{{{"years", 31'557'600'000},
                                                                  {"days", 86'400'000},
                                                                  {"hours", 3'600'000},
                                                                  {"minutes", 60'000},
                                                                  {"seconds", 1'000}}};
  const Millis length = duration < 0 ? -duration : duration;
  const auto* unit =
      std::ranges::find_if(kUnits, [&](const auto& each) { return length >= 2 * each.second; });
  if (unit == kUnits.end()) unit = &kUnits.back();
  return std::to_string(length / unit->second) + ' ' + unit->first;
}

std::string moment_text(Millis moment) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(moment)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time - day).count();
  const auto two = [](auto number) {
    return std::string(number < 10 ? "0" : "") + std::to_string(number);
  };
  return std::to_string(static_cast<int>(date.year())) + '-' +
         two(static_cast<unsigned>(date.month())) + '-' + two(static_cast<unsigned>(date.day())) +
         ' ' + two(minutes / 60) + ':' + two(minutes % 60) + " UTC";
}

}  // namespace anabranch::regions
