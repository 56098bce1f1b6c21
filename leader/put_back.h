// A value of the conflict log: whether it is shown, and written again.
#pragma once

#include <optional>
#include <string>

#include <anabranch/scope.h>

#include "core/path.h"
#include "leader/scopes/group_writer.h"
#include "leader/scopes/view.h"

namespace anabranch::leader {

// A value to be put back, and its row.
struct LostValue {
  core::Path path;
  std::string value;
};

// Returns the value that is shown at a row of the conflict log, without its sum; nullopt if it
// shows none, a key or field on the way to it shows another type, or this leader cannot decide.
[[nodiscard]] std::optional<std::string> shown_value(const View& view, const core::Path& row);

// Stages the write; `scope` is one over the writer's group. Throws as Store::put_back.
void put_back(Scope& scope, GroupWriter& writer, const LostValue& lost);

}  // namespace anabranch::leader
