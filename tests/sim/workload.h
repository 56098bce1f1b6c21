// The acts of applications in a simulation.
#pragma once

#include <string>

#include "tests/sim/plan.h"

namespace anabranch::test {

// One to four random acts on few rows, so that they meet: strings, fields of a map, elements of a
// set, members of a sorted set, lists and texts, sums, clears of a key or of everything, deadlines
// of keys, policies, modules, rows so deep that nothing counts each level above them. `seen` is the
// vector applied in the region.
void random_transaction(regions::Group& group, Random& random, const Plan& plan,
                        const core::VersionVector& seen);

// Executes a request, unless its id is known: an addition to a row of its own, a put, an element of
// a set; or takes back what it has added.
void random_request(regions::Group& group, Random& random, const std::string& id);

}  // namespace anabranch::test
