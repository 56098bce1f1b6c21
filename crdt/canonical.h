// Canonical content: the part of a row that is equal, byte for byte, in two replicas with equal
// version vectors, and its hash. Dead slots are left out: each replica drops them at its own time.
#pragma once

#include <string>

#include "core/hash.h"
#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// Returns the siblings (dot, hlc, value, base) in the order of dots, and of each live slot (origin,
// birth, seq, total, base). Full origins, fixed-width big-endian numbers, lengths before bytes.
std::string canonical(const core::Path& path, const Row& row);

// Returns the row's share of a digest; zero for a row without siblings and live slots.
core::Hash128 row_digest(const core::Path& path, const Row& row);

}  // namespace anabranch::crdt
