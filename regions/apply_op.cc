#include "regions/apply_op.h"

#include <vector>

#include "crdt/apply.h"

namespace anabranch::regions {

namespace {

using core::Path;
using core::VersionVector;
using crdt::Row;

std::vector<Path> paths_of_cells(const Stage& stage, const Path& prefix) {
  std::vector<Path> paths;
  stage.scan(prefix, [&](const Path& path, const Row& row) {
    if (!row.cell.siblings.empty()) paths.push_back(path);
    return true;
  });
  return paths;
}

struct Applier {
  Stage& stage;
  core::Dot dot;
  core::Hlc hlc;
  const VersionVector& context;

  void operator()(const core::Put& op) const {
    const VersionVector& seen = op.context ? *op.context : context;
    stage.edit(op.path, [&](Row& row) { crdt::apply_put(row.cell, op, dot, hlc, seen); });
  }
  void operator()(const core::Remove& op) const {
    const VersionVector& seen = op.context ? *op.context : context;
    stage.edit(op.path, [&](Row& row) { crdt::apply_remove(row.cell, seen); });
  }
  void operator()(const core::Add& op) const {
    stage.edit(op.path, [&](Row& row) { crdt::apply_add(row.tally, op, dot); });
  }
  void operator()(const core::Reset& op) const {
    stage.edit(op.path, [&](Row& row) { crdt::apply_reset(row.tally, op.observed, dot); });
  }
  void operator()(const core::Clear& op) const {
    for (const Path& path : paths_of_cells(stage, op.prefix)) {
      stage.edit(path, [&](Row& row) { crdt::apply_remove(row.cell, context); });
    }
    for (const core::Clear::Tally& tally : op.tallies) {
      stage.edit(tally.path, [&](Row& row) { crdt::apply_reset(row.tally, tally.observed, dot); });
    }
  }
  // Written by a newer version: nothing to do here, but it counts in its origin's seq.
  void operator()(const core::UnknownOp& /*op*/) const {}
};

}  // namespace

void apply_op(Stage& stage, const core::Op& op, core::Dot dot, core::Hlc hlc,
              const VersionVector& context) {
  std::visit(Applier{stage, dot, hlc, context}, op);
}

}  // namespace anabranch::regions
