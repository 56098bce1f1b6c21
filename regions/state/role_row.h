// The role of a member of a region, as its directory has it.
#pragma once

#include <cstdint>

namespace anabranch::regions {

// The row of meta from which a start goes on. Of a directory that has none: as the setting
// `follower` says, with reign 0.
struct RoleRow {
  bool leads = false;
  std::uint64_t reign = 0;  // Its own while it leads, else the greatest that it knew.
  bool blind = false;
  bool operator==(const RoleRow&) const = default;
};

}  // namespace anabranch::regions
