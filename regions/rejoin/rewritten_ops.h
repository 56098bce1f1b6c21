// Rewrites the ops of a branch under their new names (origin_rewrites.h).
//
// Values, timestamps and contexts stay as they are. Tallies need care where a frame that was opened
// before the fork goes on in the branch: its totals contain the additions of both histories. So the
// rewritten opens a frame of its own, and sums up in it the additions of the branch; the sum at the
// fork stays with the old origin. A reset that saw the frame saw both. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/result.h"
#include "regions/state/origin_rewrites.h"

namespace anabranch::regions {

class RewrittenOps {
 public:
  // The number of frames kept in memory; others are read again.
  static constexpr std::size_t kFramesMax = 100'000;

  // A frame that goes on in a branch.
  struct Frame {
    core::Seq birth = 0;  // Of the rewritten origin.
    core::Number before;  // Its total at the fork.
  };
  // Finds a frame in the rows and the log of the branch; nullopt when the rewritten origin has
  // none.
  using FindFrame = std::function<std::optional<Frame>(core::Origin, const core::Path&)>;

  // `names` must outlive this.
  RewrittenOps(const OriginRewrites& names, FindFrame find_frame)
      : names_(names), find_frame_(std::move(find_frame)) {}

  // Returns the transactions of a batch of `origin`, which has a rewritten origin. They refer to
  // nothing beyond `deps`, the dependencies of the rewritten batch. Fails on ops that this version
  // cannot read.
  core::Result<std::vector<core::Transaction>> of(const core::Batch& batch,
                                                  const core::VersionVector& deps);

  // The vector of all that the ops of a batch name as seen, under the new names.
  [[nodiscard]] core::VersionVector seen_by(const core::Batch& batch);

 private:
  struct Rename;
  using Slots = std::vector<core::ObservedSlot>;

  [[nodiscard]] Slots of(const core::Path& path, const Slots& observed,
                         const core::VersionVector& context);
  [[nodiscard]] const Frame* frame(core::Origin origin, const core::Path& path);
  void remember(core::Origin origin, const core::Path& path, const Frame& frame);

  const OriginRewrites& names_;
  FindFrame find_frame_;
  std::map<std::pair<core::Origin, core::Path>, Frame> frames_;
};

}  // namespace anabranch::regions
