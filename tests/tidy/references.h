// References to tests: a link in a document whose text is the name of a test in backticks,
//
//     [`process/kill`](tests/process/kill_test.py)
//
// or, in a table, [`process/kill`] with a line further below that has ": " and the file behind it,
// so that a claim shows the test that holds it, and goes when the test goes.

#pragma once

#include "tests/tidy/rules.h"
#include "tests/tidy/source.h"

namespace anabranch::tidy {

// A reference whose file has no such test: a case of doctest, or an entry of ctest.
Violations tests_are_there(const Source& source, const Repository& repository);

}  // namespace anabranch::tidy
