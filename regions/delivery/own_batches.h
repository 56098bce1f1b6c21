// Batches of this leader's own that go along with another change of the rows, in its commit.
#pragma once

#include <vector>

#include "core/op.h"
#include "regions/delivery/hold_buffer.h"
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
};

}  // namespace anabranch::regions
