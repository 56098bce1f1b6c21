#include "regions/clocks/timestamps_ahead.h"

#include <algorithm>

#include "core/hlc.h"
#include "regions/state/time_text.h"

namespace anabranch::regions {

using core::Millis;

std::map<std::string, std::string> timestamps_ahead(const Applied& applied,
                                                    const RegionList& regions, Millis wall,
                                                    Millis drift_ms_max) {
  std::map<std::string, Millis> newest;
  for (const auto& [origin, head] : applied.heads()) {
    if (head.region.empty() || regions.ended().contains(origin)) continue;
    Millis& of_region = newest[head.region];
    of_region = std::max(of_region, head.hlc.millis());
  }
  std::map<std::string, std::string> texts;
  for (const auto& [region, millis] : newest) {
    if (millis - wall <= 2 * drift_ms_max) continue;
    texts[region] = "the clock of region " + region + " was " + duration_text(millis - wall) +
                    " ahead when it wrote last: what it writes wins against concurrent writes "
                    "until " +
                    moment_text(millis) +
                    ", and until then keys with a life go wrong: those that it writes vanish in "
                    "other regions at once, and in region " +
                    region +
                    " none vanishes, whoever wrote it; to end that earlier, set its clock right "
                    "and start its leader once with --new-origin";
  }
  return texts;
}

}  // namespace anabranch::regions
