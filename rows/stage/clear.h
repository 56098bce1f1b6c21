// Applies a clear to a stage. With few rows to look at, each is changed; with many, a mask hides
// them at once (masks.h), and a sweep rewrites them later (sweep.h). Where a clear was before, few
// rows are looked at (cleared_places.h).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "core/op.h"
#include "rows/stage/cleared_places.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// The rows that a clear has to look at.
struct ClearLook {
  // Clears that look at so few rows are not worth to be remembered, nor to look for earlier ones.
  // Of the number of rows up to which a clear changes each.
  static std::size_t few(std::size_t rows_direct);

  std::size_t rows = 0;  // Their number, as far as it was to be told.
  bool again = false;    // A clear was here before, so these are the rows that were touched since.
  // The position since which touched rows count in it; nothing where no clear was.
  std::optional<TouchedRows::Position> since = {};
};

// Returns the number of rows that a clear has to look at, `at_most` or more if it is no less; the
// places are those of the stage, perhaps with others that will have been cleared before it.
[[nodiscard]] ClearLook look_at(const Stage& stage, const ClearedPlaces& places,
                                const ClearedPlaces::Clear& clear, std::size_t at_most);

// Returns whether this leader's clear of a prefix uses a mask. Its op then lists no tallies: they
// are cleared here at once, and in other regions as the sweep lists them. `context` is the vector
// applied here.
[[nodiscard]] bool clears_by_mask(const Stage& stage, const core::Path& prefix,
                                  const core::VersionVector& context);

// Visits the rows that this leader's clear of a prefix has to look at when it uses no mask. The
// stage must not change meanwhile.
using VisitRow = std::function<void(const core::Path&, const crdt::Row&)>;
void visit_rows_to_clear(const Stage& stage, const core::Path& prefix,
                         const core::VersionVector& context, const VisitRow& visit);

// Returns whether a clear of a prefix may have an effect; never false if it has.
[[nodiscard]] bool anything_below(const Stage& stage, const core::Path& prefix,
                                  const core::VersionVector& context);

// Applies the part of a clear that lists tallies.
void clear_tallies(Stage& stage, const core::Clear& op, core::Dot dot);

// Applies a clear, this leader's own or a foreign one. `context` as for apply_op.
void apply_clear(Stage& stage, const core::Clear& op, core::Dot dot, core::Hlc hlc,
                 const core::VersionVector& context);

}  // namespace anabranch::rows
