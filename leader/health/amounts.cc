#include "leader/health/amounts.h"

#include <array>
#include <cstddef>

namespace anabranch::leader {

std::string byte_size(std::uint64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  std::uint64_t tenths = bytes * 10 / 1024;
  for (; tenths >= 10240 && unit + 1 < kUnits.size(); ++unit) tenths /= 1024;
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + ' ' + kUnits.at(unit);
}

std::string time_span(std::int64_t time_ms) {
  struct Unit {
    const char* name;
    std::int64_t seconds;
  };
  constexpr std::array kUnits{Unit{"d", 86400}, Unit{"h", 3600}, Unit{"min", 60}, Unit{"s", 1}};
  std::int64_t seconds = time_ms / 1000;
  std::string text;
  int parts = 0;
  for (const Unit& unit : kUnits) {
    if (seconds < unit.seconds || parts == 2) continue;
    text += (text.empty() ? "" : " ") + std::to_string(seconds / unit.seconds) + ' ' + unit.name;
    seconds %= unit.seconds;
    ++parts;
  }
  return text.empty() ? "0 s" : text;
}

}  // namespace anabranch::leader
