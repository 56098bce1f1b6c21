// What a region says of itself, in a form that others pass on: what it has on its disk, which
// decides for whom the log is kept, and what it has closed, which settles origins. So it is known
// of regions as well that are reached through others.
//
// One that comes late, or twice, or from an old backup of somebody, does no harm: each incarnation
// of a leader numbers what it says, over all its openings, and the greatest number counts. With
// keys the region signs it, so that who passes it on cannot change it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct Standing {
  std::string region;
  core::Origin origin = 0;                    // The incarnation of its leader that says this.
  std::uint64_t number = 0;                   // How manieth thing it says; never 0.
  std::optional<core::Hash128> list = {};     // The list of regions by which it has closed what
                                              // has ended; nothing when it has closed nothing.
  std::vector<core::Origin> open = {};        // But not these of it. Sorted.
  std::optional<core::Hash128> settled = {};  // Which origins are settled there; none of these...
  core::VersionVector durable = {};           // ...is named here, what it has on its disk.
  // The incarnation before, of one that is in no list because it follows: it has led under that,
  // and may have more than others of what has ended. 0 for all others.
  core::Origin previous = 0;
  std::string signature = {};  // Of signed_bytes(); empty without keys.
  bool operator==(const Standing&) const = default;
};

// [region, origin, number, list: [high, low] or nil, open, settled: [high, low] or nil, durable,
// signature, previous]; older versions leave `previous` out, newer ones may append. Fails on names,
// numbers and orders that cannot be.
void write_standing(core::Writer& out, const Standing& standing);
Standing read_standing(core::Reader& in);

// What is signed. It names the mesh too: a standing of one mesh says nothing in another.
std::string signed_bytes(const core::Hash128& mesh, const Standing& standing);

}  // namespace anabranch::regions
