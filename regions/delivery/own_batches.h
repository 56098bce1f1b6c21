// Batches of this leader's own that go along with another change of the rows, in its commit.
#pragma once

#include <optional>
#include <vector>

#include "core/op.h"
#include "regions/delivery/hold_back_queue.h"
#include "regions/state/group_closed.h"
#include "rows/stage/stage.h"

namespace anabranch::regions {

class OwnBatches {
 public:
  OwnBatches() = default;
  OwnBatches(const OwnBatches&) = delete;
  OwnBatches& operator=(const OwnBatches&) = delete;
  virtual ~OwnBatches() = default;

  // Stages ops as the next own batch, to be committed with the stage.
  virtual HeldBatch stage_own(rows::Stage& stage, std::vector<core::Op> ops) = 0;
  // Lets go of the open group; returns nothing, and keeps the group, when it is dirty.
  virtual std::optional<GroupClosed> try_close_group() = 0;
};

}  // namespace anabranch::regions
