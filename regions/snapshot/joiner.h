// A leader that takes a snapshot as if its directory were empty, in place of its rows instead of
// merged with them, and puts batches on top of it before the swap.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "core/result.h"
#include "core/wall_clock.h"
#include "regions/snapshot/row_merge.h"
#include "regions/snapshot/snapshot_spool.h"

namespace anabranch::regions {

class Joiner {
 public:
  Joiner() = default;
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;
  virtual ~Joiner() = default;

  // The peer to ask; nullopt while there is none, or when all of them are in `avoided`.
  [[nodiscard]] virtual std::optional<core::Origin> source(
      const std::set<core::Origin>& avoided) const = 0;
  // The vector that the snapshot of a source must have to be useful.
  [[nodiscard]] virtual core::VersionVector least(core::Origin source) const = 0;
  // Takes a complete snapshot of a source. Returns false when the source has the history that the
  // joiner would give up, and fails when the snapshot is useless: then another source is asked.
  virtual core::Result<bool> accept(core::Origin source, const SnapshotHeader& header) = 0;
  // Puts a slice on top of it, with changes for the same commit. Returns whether there is more now.
  // Fails with kTimeout when this snapshot proves useless, with another code when the joiner cannot
  // go on at all.
  virtual core::Result<bool> put_on_top(RowMerge& merge, storage::Changes& changes) = 0;
  // All is on top: heads and chains become those of the new rows. The swap commits them.
  virtual void take_over() = 0;
  // Returns whether the joiner goes on although another leader that gives way asks for a snapshot;
  // false when the two would wait for each other, and this one is to be the source.
  [[nodiscard]] virtual bool precedes(core::Origin asker) const = 0;
  // The joiner cannot go on; nothing was changed.
  virtual void fail(const core::Failure& why) = 0;
};

}  // namespace anabranch::regions
