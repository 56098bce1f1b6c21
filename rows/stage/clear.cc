#include "rows/stage/clear.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "rows/stage/edit_cell.h"

namespace anabranch::rows {

namespace {

using core::Path;
using crdt::Row;

using Place = ClearedPlaces::Clear;

// Rows that are gone already are looked at as well.
constexpr auto kHidden = Stage::Hidden::kVisit;
// To look for touched rows, and at them, costs so many times a look at stored ones.
constexpr std::size_t kTouched = 8;

std::size_t rows_direct(const Stage& stage, bool own) {
  return own ? stage.rules().own_rows_direct : stage.rules().foreign_rows_direct;
}

const ClearedPlaces& places_of(const Stage& stage) {
  static const auto* const none = new ClearedPlaces();
  return stage.cleared() ? *stage.cleared() : *none;
}

// The position since that rows inside of places may have been touched.
TouchedRows::Position since(const std::vector<const ClearedPlace*>& inside) {
  return (*std::ranges::min_element(inside, {}, &ClearedPlace::since))->since;
}

// Whether a clear uses a mask. One that is here again touches few rows; but a mask of this leader's
// own needs no count, so that costs less.
bool uses_mask(const Stage& stage, const Place& clear) {
  const std::size_t direct = rows_direct(stage, clear.own);
  if (direct == SIZE_MAX || stage.masks()->full()) return false;
  const ClearLook look = look_at(stage, places_of(stage), clear, direct + 1);
  return look.rows > direct && (clear.own || !look.again);
}

// Visits the rows that a clear without a mask has to look at, empty ones too.
// Returns the place to remember, if that is worth it.
template <typename Visit>
std::optional<ClearedPlace> look_through(const Stage& stage, const Place& clear,
                                         const Visit& visit) {
  const std::size_t few = ClearLook::few(rows_direct(stage, clear.own));
  if (stage.stored_below(clear.prefix, few + 1) <= few) {
    stage.scan(core::PathRange::below(clear.prefix), kHidden,
               [&](const Path& path, const Row& row) {
                 visit(path, row);
                 return true;
               });
    return std::nullopt;
  }
  ClearedPlace place{clear.prefix, clear.context, {}, clear.own, 0};
  const auto look = [&](const Path& path, const Row& row) {
    Row left = row;
    left.cell.forget(clear.context);
    place.note_left(left);
    visit(path, row);
    return true;
  };
  const ClearedPlaces& places = places_of(stage);
  const TouchedRows& touched = places.touched();
  if (const ClearedPlace* const above = places.above(clear)) {
    place.context.join(above->context);
    place.note_left(above->left);
    place.tallies = above->tallies;
    const bool is_worth_it = touched.end() - above->since > few / kTouched;
    for (const Path& path : touched.below(clear.prefix, above->since)) look(path, stage.row(path));
    return is_worth_it ? std::optional(std::move(place)) : std::nullopt;
  }
  const auto inside = places.inside(clear);
  for (const ClearedPlace* each : inside) place.note_left(each->left);
  for (const core::PathRange& range : ranges_outside(clear.prefix, inside)) {
    stage.scan(range, kHidden, look);
  }
  if (!inside.empty()) {
    for (const Path& path : touched.below(clear.prefix, since(inside))) {
      look(path, stage.row(path));
    }
  }
  return place;
}

// For a bug to be planted.
template <typename... Others>
core::VersionVector context_of_all(const crdt::Cell& cell, const Others&... /*others*/) {
  core::VersionVector context;
  for (const crdt::Sibling& each : cell.siblings) context.raise(each.dot.origin, each.dot.seq);
  return context;
}

}  // namespace

std::size_t ClearLook::few(std::size_t rows_direct) {
  constexpr std::size_t kPart = 16;
  constexpr std::size_t kMax = 64;
  return std::min(rows_direct / kPart, kMax);
}

ClearLook look_at(const Stage& stage, const ClearedPlaces& places, const Place& clear,
                  std::size_t at_most) {
  const std::size_t few = ClearLook::few(rows_direct(stage, clear.own));
  const std::size_t stored = stage.stored_below(clear.prefix, few + 1);
  if (stored <= few) return {.rows = stored};
  if (const ClearedPlace* const above = places.above(clear)) {
    const std::size_t touched = places.touched().below(clear.prefix, above->since).size();
    return {.rows = touched, .again = true, .since = above->since};
  }
  const auto inside = places.inside(clear);
  ClearLook look;
  if (!inside.empty()) look.since = since(inside);
  for (const core::PathRange& range : ranges_outside(clear.prefix, inside)) {
    if (look.rows < at_most) look.rows += stage.stored_below(range, at_most - look.rows);
  }
  if (look.rows < at_most && look.since) {
    look.rows += places.touched().below(clear.prefix, *look.since).size();
  }
  return look;
}

bool clears_by_mask(const Stage& stage, const Path& prefix, const core::VersionVector& context) {
  return uses_mask(stage, {prefix, context, true});
}

void visit_rows_to_clear(const Stage& stage, const Path& prefix, const core::VersionVector& context,
                         const VisitRow& visit) {
  (void)look_through(stage, {prefix, context, true}, visit);
}

bool anything_below(const Stage& stage, const Path& prefix, const core::VersionVector& context) {
  const Place clear{prefix, context, true};
  const std::size_t direct = rows_direct(stage, true);
  const ClearLook look = look_at(stage, places_of(stage), clear, direct + 1);
  bool found = false;
  if (look.again) {
    visit_rows_to_clear(stage, prefix, context, [&](const Path& /*path*/, const Row& row) {
      found = found || !row.empty();
    });
    return found;
  }
  if (look.rows > direct && !stage.masks()->full()) return true;
  stage.scan(prefix, [&](const Path& /*path*/, const Row& /*row*/) {
    found = true;
    return false;
  });
  return found;
}

void clear_tallies(Stage& stage, const core::Clear& op, core::Dot dot) {
  for (const core::Clear::Tally& tally : op.tallies) {
    stage.edit(tally.path, [&](Row& row) { crdt::apply_reset(row.tally, tally.observed, dot); });
  }
}

void apply_clear(Stage& stage, const core::Clear& op, core::Dot dot, core::Hlc hlc,
                 const core::VersionVector& context) {
  clear_tallies(stage, op, dot);
  const Place clear{op.prefix, context, dot.origin == stage.rules().self};
  if (uses_mask(stage, clear)) {
    stage.note_looks(rows_direct(stage, clear.own));
    ClearedPlace place{op.prefix, context, {}, clear.own, stage.touched().begin()};
    place.left = stage.mask(op.prefix, context, clear.own);
    stage.remember(std::move(place));
    return;
  }
  std::vector<Path> cells;
  auto place = look_through(stage, clear, [&](const Path& path, const Row& row) {
    stage.note_looks(1);
    if (!row.cell.siblings.empty()) cells.push_back(path);
  });
  for (const Path& path : cells) {
    edit_cell(stage, {path, dot, hlc, false}, [&](auto&... states) {
      if (!planted(core::Bug::kClearIgnoresContext)) return crdt::apply_remove(states..., context);
      return crdt::apply_remove(states..., context_of_all(states...));
    });
  }
  if (!place) return;
  place->since = stage.touched().begin();
  stage.remember(*std::move(place));
}

}  // namespace anabranch::rows
