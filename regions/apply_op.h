// What an op does to the rows of a stage: `apply_op` of tests/model/model.py, for local ops,
// foreign ones and recovery alike.
#pragma once

#include "core/op.h"
#include "regions/stage.h"

namespace anabranch::regions {

// `context` is what the op's leader had applied just before the op, its own ops included.
void apply_op(Stage& stage, const core::Op& op, core::Dot dot, core::Hlc hlc,
              const core::VersionVector& context);

}  // namespace anabranch::regions
