// Canonical content: what two replicas with equal version vectors hold byte for byte alike, and its
// hash. Dead slots are left out: whether they have been dropped yet is a local matter.
#pragma once

#include <string>

#include "core/hash.h"
#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// The siblings (dot, hlc, value, base) in the order of dots, and of each live slot (origin, birth,
// seq, total, base). Full origins, fixed-width big-endian numbers, lengths before bytes.
std::string canonical(const core::Path& path, const Row& row);

// The row's share of a digest; zero for a row in which nothing is present.
core::Hash128 row_digest(const core::Path& path, const Row& row);

}  // namespace anabranch::crdt
