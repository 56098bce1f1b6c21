// The vector that every region is known to have seen: the rule by which a fact is forgotten that
// decides about writes of regions that have not seen it. tests/model/model.py has it in short.
//
// A vector shown by a region proves the ops that it has applied, not those that it has written. It
// therefore counts as seen only once this replica has applied all of it, too: then the ops that the
// region wrote before are here, and all its later ops have seen the vector. Only positions on its
// disk count, since a region that loses power falls back to these. The same holds for this replica
// itself: where its disk lacks a fact that it has applied, it may forget the fact, lose it with its
// power, and then write without having seen it. Every region counts that is in
// the list or has written anything, also retired ones: they may come back. Lost ones, and
// incarnations that have ended, count until they are settled.
//
// Regions that begin without having seen it cannot be known: a region that joins, one that falls
// back to a backup, a follower that is promoted while it lags behind. For these it is as if they
// had written before it.
#pragma once

#include "core/version_vector.h"

namespace anabranch::regions {

class Replica;

// Every op that this replica has not applied was or will be written by a region that has seen all
// that this covers. It only grows, but for regions that come to be known.
[[nodiscard]] core::VersionVector seen_by_all(const Replica& replica);

}  // namespace anabranch::regions
