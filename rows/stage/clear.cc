#include "rows/stage/clear.h"

#include <vector>

#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "rows/stage/edit_cell.h"

namespace anabranch::rows {

namespace {

using core::Path;
using crdt::Row;

std::vector<Path> paths_of_cells(const Stage& stage, const Path& prefix) {
  std::vector<Path> paths;
  stage.scan(prefix, [&](const Path& path, const Row& row) {
    if (!row.cell.siblings.empty()) paths.push_back(path);
    return true;
  });
  return paths;
}

bool is_large(const Stage& stage, const Path& prefix, std::size_t rows_direct) {
  return !stage.masks()->full() && stage.stored_below(prefix, rows_direct + 1) > rows_direct;
}

// For a bug to be planted.
template <typename... Others>
core::VersionVector context_of_all(const crdt::Cell& cell, const Others&... /*others*/) {
  core::VersionVector context;
  for (const crdt::Sibling& each : cell.siblings) context.raise(each.dot.origin, each.dot.seq);
  return context;
}

}  // namespace

bool clears_by_mask(const Stage& stage, const Path& prefix) {
  return is_large(stage, prefix, stage.rules().own_rows_direct);
}

bool anything_below(const Stage& stage, const Path& prefix) {
  if (clears_by_mask(stage, prefix)) return true;
  bool found = false;
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
  const bool own = dot.origin == stage.rules().self;
  if (own ? clears_by_mask(stage, op.prefix)
          : is_large(stage, op.prefix, stage.rules().foreign_rows_direct)) {
    stage.mask(op.prefix, context, own);
    return;
  }
  for (const Path& path : paths_of_cells(stage, op.prefix)) {
    edit_cell(stage, {path, dot, hlc, false}, [&](auto&... cells) {
      if (!planted(core::Bug::kClearIgnoresContext)) return crdt::apply_remove(cells..., context);
      return crdt::apply_remove(cells..., context_of_all(cells...));
    });
  }
}

}  // namespace anabranch::rows
