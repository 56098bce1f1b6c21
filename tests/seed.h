// The seed of a test run. It comes from `--seed N`, else from the environment variable
// ANABRANCH_TEST_SEED, else from the machine's entropy; a run that asked for it prints it at its
// end, so that a failure can be repeated.

#pragma once

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace anabranch::test {

// The seed of this run: the same value at every call.
std::uint64_t seed();

// Fixes the seed, before the first call of seed(). Returns false, and changes nothing, unless
// `text` is a decimal number that fits.
bool set_seed(std::string_view text);

// Prints the seed if the run has asked for it.
void print_seed(std::ostream& out);

// True in long runs (ANABRANCH_TEST_LONG=1), where random tests try many more cases.
bool long_run();

}  // namespace anabranch::test
