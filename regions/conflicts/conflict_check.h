// A check of the stored conflict log: each entry must decode, and the figures must be those of the
// table. Writes nothing.
#pragma once

#include <functional>
#include <string>

#include "storage/storage.h"

namespace anabranch::regions {

// Calls `wrong` with a sentence for each error.
void check_conflicts(const storage::Snapshot& snapshot,
                     const std::function<void(std::string)>& wrong);

}  // namespace anabranch::regions
