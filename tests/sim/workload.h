// The acts of applications in a simulation.
#pragma once

#include "tests/sim/plan.h"

namespace anabranch::test {

// One to four random acts on few rows, so that they meet: strings, fields of a map, elements of a
// set, members of a sorted set, lists and texts, sums, clears of a key or of everything, deadlines
// of keys, policies. `seen` is the vector applied in the region.
void random_transaction(regions::Group& group, Random& random, const Plan& plan,
                        const core::VersionVector& seen);

}  // namespace anabranch::test
