// What a clear does to a stage. Where few rows are stored, each is changed; where many are, a mask
// changes what is read at once (masks.h), and the rows are swept later (sweep.h).
#pragma once

#include "core/op.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// Whether this leader's clear of a prefix is done by a mask. Its op then lists no tallies: they are
// cleared here, and elsewhere as the sweep lists them.
[[nodiscard]] bool clears_by_mask(const Stage& stage, const core::Path& prefix);

// Whether a clear of a prefix may have something to do; never false when it has.
[[nodiscard]] bool anything_below(const Stage& stage, const core::Path& prefix);

// Applies what a clear says of tallies.
void clear_tallies(Stage& stage, const core::Clear& op, core::Dot dot);

// Applies a clear, this leader's own or a foreign one. `context` as for apply_op.
void apply_clear(Stage& stage, const core::Clear& op, core::Dot dot,
                 const core::VersionVector& context);

}  // namespace anabranch::rows
