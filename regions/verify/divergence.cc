#include "regions/verify/divergence.h"

namespace anabranch::regions {

std::optional<std::string> Divergence::compare(const std::string& region,
                                               const std::optional<core::Hash128>& theirs,
                                               const std::optional<core::Hash128>& own) {
  if (!theirs || !own) return std::nullopt;
  if (*theirs == *own) {
    regions_.erase(region);
    return std::nullopt;
  }
  if (!regions_.insert(region).second) return std::nullopt;
  ++found_;
  return "region " + region +
         " has applied the same as this leader but holds other rows; to see which: anabranch "
         "verify " +
         region;
}

}  // namespace anabranch::regions
