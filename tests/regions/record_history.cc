#include "tests/regions/record_history.h"

#include "core/batch.h"

namespace anabranch::test {

namespace {

void record(Oracle& oracle, const core::Op& op, core::Dot dot, core::Hlc hlc,
            const core::VersionVector& context, Recorded recorded) {
  if (const auto* put = std::get_if<core::Put>(&op)) {
    oracle.put(dot, put->context.value_or(context), put->path, hlc, put->value, put->base);
  } else if (const auto* remove = std::get_if<core::Remove>(&op)) {
    oracle.remove(dot, remove->context.value_or(context), remove->path);
  } else if (const auto* add = std::get_if<core::Add>(&op)) {
    oracle.add(dot, add->path, add->amount);
  } else if (const auto* reset = std::get_if<core::Reset>(&op)) {
    oracle.reset(dot, context, reset->path);
  } else if (recorded == Recorded::kIntents) {
    oracle.clear(dot, context, std::get<core::Clear>(op).prefix);
  } else {
    const auto& clear = std::get<core::Clear>(op);
    oracle.clear_cells(dot, context, clear.prefix);
    for (const auto& tally : clear.tallies) oracle.reset(dot, context, tally.path);
  }
}

}  // namespace

void record_history(Oracle& oracle, const std::string& batch, core::VersionVector deps,
                    Recorded recorded) {
  const core::Batch decoded = core::decode_batch(batch).value();
  for (const core::Transaction& txn : decoded.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      const core::Dot dot{decoded.origin, txn.first + k};
      deps.set(decoded.origin, dot.seq - 1);
      record(oracle, txn.ops[k], dot, txn.hlc, deps, recorded);
    }
  }
}

}  // namespace anabranch::test
