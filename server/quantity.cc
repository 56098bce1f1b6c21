#include "server/quantity.h"

#include <array>
#include <limits>
#include <span>

#include "core/text.h"

namespace anabranch::server {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// From the smallest on.
constexpr std::array kSizes{
    Unit{"B", 1},
    Unit{"KiB", std::int64_t{1} << 10U},
    Unit{"MiB", std::int64_t{1} << 20U},
    Unit{"GiB", std::int64_t{1} << 30U},
    Unit{"TiB", std::int64_t{1} << 40U},
};
constexpr std::array kTimes{
    Unit{"ms", 1},        Unit{"s", 1000},       Unit{"min", 60'000},
    Unit{"h", 3'600'000}, Unit{"d", 86'400'000}, Unit{"w", 604'800'000},
};

core::Result<std::int64_t> parse(std::string_view text, std::span<const Unit> units,
                                 const std::string& wanted) {
  const auto wrong = [&] {
    return core::invalid("must be " + wanted + ", not '" + std::string(text) + "'");
  };
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = core::parse_number<std::int64_t>(text.substr(0, digits));
  if (!number) return wrong();
  std::string_view unit = text.substr(digits);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (digits == text.size()) return *number;
  for (const Unit& each : units) {
    if (each.name != unit) continue;
    if (*number > std::numeric_limits<std::int64_t>::max() / each.factor) {
      return core::invalid("is too large: '" + std::string(text) + "'");
    }
    return *number * each.factor;
  }
  return wrong();
}

std::string text_of(std::int64_t number, std::span<const Unit> units) {
  const Unit* greatest = &units.front();
  for (const Unit& each : units) {
    if (number != 0 && number % each.factor == 0) greatest = &each;
  }
  return std::to_string(number / greatest->factor) + std::string(greatest->name);
}

}  // namespace

core::Result<std::int64_t> parse_size(std::string_view text) {
  return parse(text, kSizes, "a size, such as 1048576, 64MiB or 1GiB");
}

core::Result<std::int64_t> parse_time(std::string_view text) {
  return parse(text, kTimes, "a time, such as 500ms, 30s, 5min, 24h or 7d");
}

std::string size_text(std::int64_t bytes) { return text_of(bytes, kSizes); }

// Weeks are accepted and not printed: days are read more easily.
std::string time_text(std::int64_t ms) {
  return text_of(ms, std::span(kTimes).first(kTimes.size() - 1));
}

}  // namespace anabranch::server
