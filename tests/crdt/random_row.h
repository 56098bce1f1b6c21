// Random rows that keep the invariants of crdt/row.h, whether or not a history can reach them.
#pragma once

#include <array>

#include "core/origin_table.h"
#include "core/path.h"
#include "crdt/row.h"
#include "tests/crdt/random.h"

namespace anabranch::test {

// Origins that random rows name, in no particular order.
inline constexpr std::array<core::Origin, 5> kOrigins = {0x9000000000000001, 3, 0xFFFFFFFFFFFFFFFF,
                                                         0x1234, 0x7000000000000000};

// A table of kOrigins.
core::OriginTable random_row_origins();
// An integer of any size, or a double.
core::Number random_number(Random& random);
// A row, at times an empty one.
crdt::Row random_row(Random& random);
// A path, at times one that is stored by hash.
core::Path random_path(Random& random);

}  // namespace anabranch::test
