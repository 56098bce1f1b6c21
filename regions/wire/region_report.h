// A region's statement about itself, in a form that others pass on: its durable vector, which
// decides for whom the log is kept, and its closed origins, which decides the origins that are
// settled. So these facts are also known of regions that are reached through others.
//
// A report that arrives late, or twice, or from an old backup, does no harm: each incarnation of
// a leader numbers its reports, over all its openings, and the greatest number counts. With keys
// the region signs the report, so that no leader can change it on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct RegionReport {
  std::string region;
  core::Origin origin = 0;   // The incarnation of the leader that says this.
  std::uint64_t number = 0;  // Its number among those of this incarnation; never 0.
  // The hash of the list of regions by which the leader has closed the ended origins; nullopt when
  // it has closed none.
  std::optional<core::Hash128> list = {};
  std::vector<core::Origin> open = {};        // Ended origins it has not closed. Sorted.
  std::optional<core::Hash128> settled = {};  // The settled origins there; they are left out...
  core::VersionVector durable = {};           // ...of this, its durable vector.
  // The incarnation before, if this one is in no list because it follows: as a leader it used that
  // name, and may have more than others of ended origins. 0 for all others.
  core::Origin previous = 0;
  std::string signature = {};  // Of signed_bytes(); empty without keys.
  bool operator==(const RegionReport&) const = default;
};

// [region, origin, number, list: [high, low] or nil, open, settled: [high, low] or nil, durable,
// signature, previous]; older versions leave `previous` out, newer ones may append. Fails on names,
// numbers and orders that cannot be.
void write_report(core::Writer& out, const RegionReport& report);
RegionReport read_report(core::Reader& in);

// The bytes to be signed. They name the mesh too: a report is valid in one mesh only.
std::string signed_bytes(const core::Hash128& mesh, const RegionReport& report);

}  // namespace anabranch::regions
