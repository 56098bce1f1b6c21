// The data that readers need besides rows: the origins behind small numbers, the regions behind
// origins, whether masks are pending, the policies, the keys that may expire, the sums that may
// have a correction, and the version vector of the rows.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "core/origin_table.h"
#include "rows/masks/published_masks.h"
#include "rows/policy/published_policies.h"
#include "rows/published_expiry.h"
#include "rows/published_vector.h"
#include "rows/requests/published_requests.h"

namespace anabranch::rows {

// Grows only. The writer adds an entry before it commits rows that need it; any thread reads
// meanwhile, so a reader that takes its snapshot first finds every entry the snapshot needs.
class Names {
 public:
  [[nodiscard]] core::OriginTable& origins() { return origins_; }
  [[nodiscard]] const core::OriginTable& origins() const { return origins_; }

  [[nodiscard]] PublishedMasks& masks() { return masks_; }
  [[nodiscard]] const PublishedMasks& masks() const { return masks_; }

  [[nodiscard]] PublishedPolicies& policies() { return policies_; }
  [[nodiscard]] const PublishedPolicies& policies() const { return policies_; }

  [[nodiscard]] PublishedVector& vectors() { return vectors_; }
  [[nodiscard]] const PublishedVector& vectors() const { return vectors_; }

  [[nodiscard]] PublishedExpiry& expiries() { return expiries_; }
  [[nodiscard]] const PublishedExpiry& expiries() const { return expiries_; }

  [[nodiscard]] PublishedRequests& requests() { return requests_; }
  [[nodiscard]] const PublishedRequests& requests() const { return requests_; }

  // Returns the region of an origin; empty if it is not known.
  [[nodiscard]] std::string region(core::Origin origin) const;
  void set_region(core::Origin origin, const std::string& region);

 private:
  core::OriginTable origins_;
  PublishedMasks masks_;
  PublishedPolicies policies_;
  PublishedVector vectors_;
  PublishedExpiry expiries_;
  PublishedRequests requests_;
  mutable std::mutex mutex_;  // Guards the regions, which are read in conflicts only.
  std::map<core::Origin, std::string> regions_;
};

}  // namespace anabranch::rows
