// The join of two rows that two replicas hold at the same path, with what each replica has applied.
// `merge` of tests/model/model.py. Associative, commutative and idempotent on reached states.
#pragma once

#include "core/version_vector.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// If one side lacks a dot that its vector covers, that side has removed it; if its vector does not
// cover the dot, the dot is new to it. A slot counts as its newest dot.
Cell join(const Cell& mine, const core::VersionVector& mine_applied, const Cell& theirs,
          const core::VersionVector& theirs_applied);
Tally join(const Tally& mine, const core::VersionVector& mine_applied, const Tally& theirs,
           const core::VersionVector& theirs_applied);
Row join(const Row& mine, const core::VersionVector& mine_applied, const Row& theirs,
         const core::VersionVector& theirs_applied);

}  // namespace anabranch::crdt
