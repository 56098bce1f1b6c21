#include "rows/names.h"

namespace anabranch::rows {

std::string Names::region(core::Origin origin) const {
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(origin);
  return found == regions_.end() ? std::string() : found->second;
}

void Names::set_region(core::Origin origin, const std::string& region) {
  const std::lock_guard lock(mutex_);
  regions_[origin] = region;
}

}  // namespace anabranch::rows
