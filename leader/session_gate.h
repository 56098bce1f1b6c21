// Whether a session may go on at a region: everything that it has seen must have been applied here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/version_vector.h"
#include "regions/applied.h"
#include "regions/region_list.h"
#include "regions/settled_origins.h"

namespace anabranch::leader {

// Ops of one origin that a session has seen and that are not here.
struct Lack {
  core::Origin origin = 0;
  std::string region;  // Empty when nobody has said it.
  std::uint64_t ops = 0;
  bool gone = false;  // Nobody has them any more: the origin has settled without them.
};

[[nodiscard]] std::vector<Lack> lacking(const core::VersionVector& seen,
                                        const regions::Applied& applied,
                                        const regions::RegionList& regions,
                                        const regions::SettledOrigins& settled);

// "3 ops of region us, 1 op of region ap".
[[nodiscard]] std::string to_string(const std::vector<Lack>& lacks);

}  // namespace anabranch::leader
