// Applies a clear to a stage. With few stored rows, each is changed; with many, a mask hides them
// at once (masks.h), and a sweep rewrites them later (sweep.h).
#pragma once

#include "core/op.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// Whether this leader's clear of a prefix uses a mask. Its op then lists no tallies: they are
// cleared here at once, and in other regions as the sweep lists them.
[[nodiscard]] bool clears_by_mask(const Stage& stage, const core::Path& prefix);

// Whether a clear of a prefix may have an effect; never false if it has.
[[nodiscard]] bool anything_below(const Stage& stage, const core::Path& prefix);

// Applies the part of a clear that lists tallies.
void clear_tallies(Stage& stage, const core::Clear& op, core::Dot dot);

// Applies a clear, this leader's own or a foreign one. `context` as for apply_op.
void apply_clear(Stage& stage, const core::Clear& op, core::Dot dot, core::Hlc hlc,
                 const core::VersionVector& context);

}  // namespace anabranch::rows
