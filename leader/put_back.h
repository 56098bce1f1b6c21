// A value of the conflict log, written again.
#pragma once

#include <string>

#include <anabranch/scope.h>

#include "core/path.h"
#include "leader/scopes/group_writer.h"

namespace anabranch::leader {

// A value to be put back, and its row.
struct LostValue {
  core::Path path;
  std::string value;
};

// Stages the write; `scope` is one over the writer's group. Throws as Store::put_back.
void put_back(Scope& scope, GroupWriter& writer, const LostValue& lost);

}  // namespace anabranch::leader
