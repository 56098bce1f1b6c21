// The order of writing the changes of a commit.
#pragma once

#include <span>
#include <vector>

#include "storage/storage.h"

namespace anabranch::storage {

// Fills `sorted` with the changes by table and key: neighbouring keys share pages. Asserts the
// requirements of a commit: keys of 1 to kKeySizeMax bytes, none of them twice.
void sort_changes(std::span<const Change> changes, std::vector<const Change*>& sorted);

}  // namespace anabranch::storage
