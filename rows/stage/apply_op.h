// Applies an op to the rows of a stage: `apply_op` of tests/model/model.py, for local ops, foreign
// ones and recovery alike.
#pragma once

#include <functional>

#include "core/batch.h"
#include "core/op.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// `context` is the vector applied by the op's leader just before the op, its own ops included.
void apply_op(Stage& stage, const core::Op& op, core::Dot dot, core::Hlc hlc,
              const core::VersionVector& context);
// The same; the row takes the value out of a put.
void apply_op(Stage& stage, core::Op&& op, core::Dot dot, core::Hlc hlc,
              const core::VersionVector& context);

// Whether an op with this context is to be applied.
using Wanted = std::function<bool(const core::Op&, core::Dot, const core::VersionVector& context)>;

// Applies all wanted ops of a batch. `deps` is the vector, over all origins, applied by its leader
// before the batch.
void apply_ops(Stage& stage, const core::Batch& batch, const core::VersionVector& deps,
               const Wanted& wanted);

}  // namespace anabranch::rows
