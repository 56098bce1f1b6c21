// The elements of a list, for other types over a scope.
#pragma once

#include <string>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch::types {

// Returns the elements in their order; `txn` must show one state. Empty when the key is no list.
[[nodiscard]] std::vector<std::string> list_elements(const Scope& txn, const Key& key);

}  // namespace anabranch::types
