// What an op does to the rows of a stage: `apply_op` of tests/model/model.py, for local ops,
// foreign ones and recovery alike.
#pragma once

#include <functional>

#include "core/batch.h"
#include "core/op.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// `context` is what the op's leader had applied just before the op, its own ops included.
void apply_op(Stage& stage, const core::Op& op, core::Dot dot, core::Hlc hlc,
              const core::VersionVector& context);

// Whether an op is to be applied, with its context.
using Wanted = std::function<bool(const core::Op&, core::Dot, const core::VersionVector& context)>;

// Applies all ops of a batch that are wanted. `deps` is what its leader had applied before it, of
// all origins.
void apply_ops(Stage& stage, const core::Batch& batch, const core::VersionVector& deps,
               const Wanted& wanted);

}  // namespace anabranch::rows
