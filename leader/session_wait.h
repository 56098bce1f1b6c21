// Whether a session may continue at a region: every op it has seen must have been applied here.
//
//   SessionWait wait(seen, LostWrites::kFail);
//   while (!wait.look(leader.missing_writes(wait.seen())) && in_time()) sleep();
//   seen = wait.outcome().value_or_raise();
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

// Ops of one origin that a session has seen and that are not applied here.
struct MissingWrites {
  core::Origin origin = 0;
  std::string region;  // Empty if the region is not known.
  std::uint64_t ops = 0;
  bool gone = false;  // No leader has the ops any more: the origin has settled without them.
};

[[nodiscard]] std::vector<MissingWrites> missing_writes(const core::VersionVector& seen,
                                                        const regions::Applied& applied,
                                                        const regions::RegionList& regions,
                                                        const regions::SettledOrigins& settled);

// "3 ops of region us, 1 op of region ap".
[[nodiscard]] std::string to_string(const std::vector<MissingWrites>& lacks);

// A session that waits for entry: call look() repeatedly.
class SessionWait {
 public:
  SessionWait(core::VersionVector seen, LostWrites gone) : seen_(std::move(seen)), gone_(gone) {}

  [[nodiscard]] const core::VersionVector& seen() const { return seen_; }
  // Notes the ops that are lacking now. Returns whether the outcome is decided: waiting cannot
  // change it.
  bool look(std::vector<MissingWrites> lacks);
  // Returns the vector seen by the admitted session, less lost ops if it gives those up. Fails with
  // kInvalid if the session has seen lost ops, kTimeout if the outcome is undecided.
  [[nodiscard]] core::Result<core::VersionVector> outcome() const;

 private:
  core::VersionVector seen_;
  LostWrites gone_;
  std::vector<MissingWrites> lacks_;
  bool decided_ = false;
};

}  // namespace anabranch::leader
