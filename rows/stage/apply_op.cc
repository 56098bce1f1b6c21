#include "rows/stage/apply_op.h"

#include <utility>

#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "rows/conflicts/hidden_rows.h"
#include "rows/stage/clear.h"
#include "rows/stage/edit_cell.h"

namespace anabranch::rows {

namespace {

using core::Bug;
using core::planted;
using core::VersionVector;
using crdt::Row;

struct Applier {
  Stage& stage;
  core::Dot dot;
  core::Hlc hlc;
  const VersionVector& context;

  void operator()(const core::Put& op) const { put(op, {dot, hlc, op.value, op.base}); }
  void operator()(core::Put&& op) const {
    put(op, {dot, hlc, std::move(op.value), std::move(op.base)});
  }
  void operator()(const core::Remove& op) const {
    const VersionVector& seen = op.context ? *op.context : context;
    change_cell(op.path, op.context.has_value(),
                [&](auto&... cells) { return crdt::apply_remove(cells..., seen); });
  }
  void operator()(const core::Add& op) const {
    stage.edit(op.path, [&](Row& row) { crdt::apply_add(row.tally, op, dot); });
    if (const auto shared = stage.take_shared_place()) note_hidden(*shared, op.path);
  }
  void operator()(const core::Reset& op) const {
    stage.edit(op.path, [&](Row& row) { crdt::apply_reset(row.tally, op.observed, dot); });
  }
  void operator()(const core::Clear& op) const { apply_clear(stage, op, dot, hlc, context); }
  // Written by a newer version: no effect here, but the op counts in its origin's seq.
  void operator()(const core::UnknownOp& /*op*/) const {}

  void put(const core::Put& op, crdt::Sibling&& sibling) const {
    const VersionVector& seen = op.context ? *op.context : context;
    change_cell(op.path, op.context.has_value(), [&](auto&... cells) {
      return crdt::apply_put(cells..., std::move(sibling), seen);
    });
  }
  // Only an author that has read the values of a cell names them in a context.
  template <typename Function>
  void change_cell(const core::Path& path, bool has_context, const Function& function) const {
    const CellChange change{path, dot, hlc, has_context};
    edit_cell(stage, change, function);
    if (const auto shared = stage.take_shared_place()) note_hidden(*shared, path);
  }
  // The change began to show a type where there is another one.
  void note_hidden(const Stage::SharedPlace& shared, const core::Path& path) const {
    const CellChange change{path, dot, hlc, false};
    note_hidden_rows(stage, shared.place, shared.type, change, stage.notes());
  }
};

}  // namespace

void apply_op(Stage& stage, const core::Op& op, core::Dot dot, core::Hlc hlc,
              const VersionVector& context) {
  std::visit(Applier{stage, dot, hlc, context}, op);
}

void apply_op(Stage& stage, core::Op&& op, core::Dot dot, core::Hlc hlc,
              const VersionVector& context) {
  std::visit(Applier{stage, dot, hlc, context}, std::move(op));
}

void apply_ops(Stage& stage, const core::Batch& batch, const VersionVector& deps,
               const Wanted& wanted) {
  VersionVector context = deps;
  for (const core::Transaction& txn : batch.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      const core::Dot dot{batch.origin, txn.first + k};
      context.set(batch.origin, planted(Bug::kContextOfFuture) ? txn.last() : dot.seq - 1);
      if (wanted(txn.ops[k], dot, context)) apply_op(stage, txn.ops[k], dot, txn.hlc, context);
    }
  }
}

}  // namespace anabranch::rows
