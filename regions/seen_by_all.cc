#include "regions/seen_by_all.h"

#include <set>

#include "core/planted_bug.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Bug;
using core::Origin;
using core::planted;
using core::VersionVector;

namespace {

// Every incarnation of any leader that is known from anywhere, the own one left out.
std::set<Origin> incarnations(const Replica& replica) {
  std::set<Origin> origins;
  for (const auto& [name, region] : replica.members().list().all()) {
    for (const auto& [origin, known] : region.origins) {
      const bool never_wrote = replica.applied().vector().at(origin) == 0;
      if (!never_wrote || !planted(Bug::kForgetMembers)) origins.insert(origin);
    }
  }
  for (const auto& [origin, head] : replica.applied().heads()) origins.insert(origin);
  for (const auto& [origin, report] : replica.keeper().reports().all()) origins.insert(origin);
  for (const Peer* peer : leaders(replica.exchange().peers())) origins.insert(peer->origin);
  origins.erase(replica.identity().origin);
  return origins;
}

// Returns whether an incarnation writes no more, also if its region comes back.
bool is_over(const Replica& replica, Origin origin) {
  const RegionList& list = replica.members().list();
  return list.succeeded(origin) || list.lost(list.region_of(origin), origin);
}

// Returns the vector that an incarnation had seen before it wrote the ops not applied here, also if
// it loses its power first: so the deps of its writes count only where it writes no more. With
// `interval` it sends these before they, and what they depend on, are on its disk.
VersionVector seen_by(const Replica& replica, Origin origin) {
  const VersionVector& deps = replica.applied().head(origin).deps;
  if (is_over(replica, origin)) return deps;
  VersionVector seen = planted(Bug::kForgetUndurable) ? deps : VersionVector();
  const auto join = [&](const VersionVector& shown) {
    if (replica.applied().vector().includes(shown)) seen.join(shown);
  };
  if (const RegionReport* report = replica.keeper().reports().find(origin)) {
    join(replica.members().settled().durable(replica.members().list(), *report));
  }
  const auto peer = replica.exchange().peers().find(origin);
  if (peer != replica.exchange().peers().end()) join(peer->second.durable);
  return seen;
}

}  // namespace

VersionVector seen_by_all(const Replica& replica) {
  VersionVector seen = planted(Bug::kForgetUndurable) ? replica.applied().vector()
                                                      : replica.state().durable_state().vector();
  for (const Origin origin : incarnations(replica)) {
    if (replica.members().settled().contains(origin) && is_over(replica, origin)) continue;
    seen = core::lower(seen, seen_by(replica, origin));
  }
  return seen;
}

}  // namespace anabranch::regions
