#include "rows/kept_answers.h"

namespace anabranch::rows {

AnswerCache::Tables tables_of(const RowReader& state) {
  return {.policies = state.policies(), .regions = state.regions()};
}

std::optional<std::string> kept_value(const core::Path& path, const crdt::Cell& cell,
                                      const RowReader& state, const Resolvers& all) {
  if (!all.answers().was_asked()) return std::nullopt;
  return all.answers().find(path, cell, tables_of(state));
}

}  // namespace anabranch::rows
