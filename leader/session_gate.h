// Whether a session may go on at a region: everything that it has seen must have been applied here.
//
//   Entrant entrant(seen, Gone::kRefuse);
//   while (!entrant.look(leader.lacking(entrant.seen())) && in_time()) sleep();
//   seen = entrant.outcome().value_or_raise();
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/session.h>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/state/applied.h"

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

// A session that asks to be let in, as often as somebody looks for it.
class Entrant {
 public:
  Entrant(core::VersionVector seen, Gone gone) : seen_(std::move(seen)), gone_(gone) {}

  [[nodiscard]] const core::VersionVector& seen() const { return seen_; }
  // Takes note of what lacks now. Returns whether it is decided: waiting would change nothing.
  bool look(std::vector<Lack> lacks);
  // What the session has seen when it is let in, without what is gone if it gives that up. Fails
  // with kInvalid when it has seen what is gone, kTimeout when nothing is decided.
  [[nodiscard]] core::Result<core::VersionVector> outcome() const;

 private:
  core::VersionVector seen_;
  Gone gone_;
  std::vector<Lack> lacks_;
  bool decided_ = false;
};

}  // namespace anabranch::leader
