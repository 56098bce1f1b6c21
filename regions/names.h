// What readers need besides rows: the origins behind small numbers, and the regions behind origins.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "core/origin_table.h"

namespace anabranch::regions {

// Grows only. The writer adds, always before the commit of the rows that need it; any thread reads
// meanwhile, so whoever takes a snapshot of rows first finds all that is in it.
class Names {
 public:
  [[nodiscard]] core::OriginTable& origins() { return origins_; }
  [[nodiscard]] const core::OriginTable& origins() const { return origins_; }

  // The region that an origin was written in; empty when that is not known.
  [[nodiscard]] std::string region(core::Origin origin) const;
  void set_region(core::Origin origin, const std::string& region);

 private:
  core::OriginTable origins_;
  mutable std::mutex mutex_;  // Of the regions, which only conflicts ask for.
  std::map<core::Origin, std::string> regions_;
};

}  // namespace anabranch::regions
