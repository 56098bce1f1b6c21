// The vector that the leader of an origin had applied of others at an older position of its log.
// The head contains it for the newest position only, and batches contain the changes: the log is
// read backwards from its end until every entry that has changed since is known. Not thread-safe.
#pragma once

#include <set>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/state/log_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

class FormerDeps {
 public:
  // `deps` is the vector at `last`, the origin's newest op in the log; `position` is the wanted
  // place.
  FormerDeps(core::Origin origin, core::Seq last, core::VersionVector deps, core::Seq position)
      : origin_(origin), last_(last), position_(position), deps_(std::move(deps)) {}

  [[nodiscard]] core::Origin origin() const { return origin_; }
  // Reads at most so many records. Returns whether more have to be read.
  core::Result<bool> read(const LogReader& log, std::size_t records_max);
  // The result, once no more has to be read. An entry that the log has forgotten is left out: then
  // less counts as seen than was, so that a value may stay that was replaced, but none gets lost.
  [[nodiscard]] const core::VersionVector& deps() const { return deps_; }

 private:
  core::Origin origin_;
  core::Seq last_;  // Everything beyond it was read.
  core::Seq position_;
  core::VersionVector deps_;
  std::set<core::Origin> unknown_;  // Entries that have changed since.
};

}  // namespace anabranch::regions
