// The state that this replica has applied: the head of every origin, the version vector, the small
// numbers of origins and the region of each. In memory, and as rows of meta that are committed with
// the changes they describe. Not thread-safe, except for reading names().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "regions/state/head.h"
#include "rows/names.h"
#include "storage/storage.h"

namespace anabranch::regions {

class Applied {
 public:
  // Reads heads and origin numbers from meta.
  static core::Result<Applied> load(const storage::Snapshot& snapshot);

  [[nodiscard]] const core::VersionVector& vector() const { return vector_; }
  // The head of an origin; one with seq 0 when no op of it was applied.
  [[nodiscard]] const Head& head(core::Origin origin) const;
  [[nodiscard]] const std::map<core::Origin, Head>& heads() const { return heads_; }
  // The chain hashes at the entries of vector(), in their order.
  [[nodiscard]] std::vector<core::ChainHash> chains() const;
  // The greatest timestamp in any head.
  [[nodiscard]] core::Hlc hlc_max() const;
  // Stays where it is when this object is moved.
  [[nodiscard]] const rows::Names& names() const { return *names_; }
  [[nodiscard]] rows::PublishedMasks& published_masks() { return names_->masks(); }
  [[nodiscard]] rows::PublishedPolicies& published_policies() { return names_->policies(); }
  [[nodiscard]] rows::PublishedExpiry& published_expiry() { return names_->expiries(); }
  [[nodiscard]] rows::PublishedRequests& published_requests() { return names_->requests(); }
  // The newest vector, for readers.
  [[nodiscard]] rows::PublishedVector& published_vector() { return names_->vectors(); }

  // Advances to the end of a batch with these transactions, whose bytes hash to `chain`. `deps` is
  // the vector that its leader had applied. The batch must be the origin's next.
  void advance(const core::BatchFrame& batch, const core::Extent& extent,
               const core::VersionVector& deps, const core::ChainHash& chain);
  // Replaces a head, for merging the vector of another replica.
  void set_head(core::Origin origin, Head head);
  // Replaces all heads, for becoming a copy of another replica. Origins keep their small numbers.
  void replace(const std::map<core::Origin, Head>& heads);
  // Gives an origin its small number; to be called for every origin that rows may name.
  void name(core::Origin origin);
  // The same, with the origin's region; an empty region is ignored.
  void name(core::Origin origin, const std::string& region);

  // The rows of meta that have changed since the last call.
  [[nodiscard]] storage::Changes take_changes();

 private:
  // A head has changed; `named` when its region may have.
  void went_on(core::Origin origin, const Head& head, bool named);

  core::VersionVector vector_;
  std::map<core::Origin, Head> heads_;
  std::unique_ptr<rows::Names> names_ = std::make_unique<rows::Names>();
  std::vector<core::Origin> changed_;  // Heads to be written, or, where there is none, removed.
  std::size_t numbers_written_ = 0;    // Origin numbers below are in meta already.
};

}  // namespace anabranch::regions
