// New names for the ops of a branch: the ops of one side of a fork beyond the common history. That
// side should have begun a new origin when its directory was copied; the branch is written again as
// if it had. Op `after` + k of the old origin becomes op k of its rewritten origin,
// with the same value, the same timestamp and the same context: a vector covers the same ops of the
// rewritten origin as it did of the branch.
//
// The name of a rewritten origin follows from the branch alone, and so do all bytes that are
// written under it: any other leader that has the branch and gives way writes the same. Not
// thread-safe.
#pragma once

#include <map>
#include <string_view>

#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct RewrittenOrigin {
  core::Seq after = 0;      // The ops beyond it have new names...
  core::Origin origin = 0;  // ...under this origin...
  core::Seq minus = 0;      // ...and seqs smaller by this.
  bool operator==(const RewrittenOrigin&) const = default;
};

// Returns the origin under which `region` writes a branch again: that of `origin` whose first batch
// has the hash `first`.
[[nodiscard]] core::Origin rewritten_origin(core::Origin origin, const core::ChainHash& first,
                                            std::string_view region);

class OriginRewrites {
 public:
  void add(core::Origin origin, RewrittenOrigin rewritten) { rewritten_[origin] = rewritten; }
  // Null for an origin that keeps its name.
  [[nodiscard]] const RewrittenOrigin* find(core::Origin origin) const;
  [[nodiscard]] const std::map<core::Origin, RewrittenOrigin>& all() const { return rewritten_; }

  // Returns whether a vector covers any op that has a new name.
  [[nodiscard]] bool concerns(const core::VersionVector& vector) const;
  // The vector that covers the same, under the new names.
  [[nodiscard]] core::VersionVector of(const core::VersionVector& vector) const;

 private:
  std::map<core::Origin, RewrittenOrigin> rewritten_;
};

// The entries of a vector, each at most what `bound` has.
[[nodiscard]] core::VersionVector bounded(const core::VersionVector& vector,
                                          const core::VersionVector& bound);

}  // namespace anabranch::regions
