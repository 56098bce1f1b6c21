// Tests run with a bug planted, for programs that check that their tests find bugs.
#pragma once

#include <cstdint>
#include <functional>

namespace anabranch::test {

// Runs all tests of this program in a process of its own, after `plant` there, and prints the name
// of each test case that fails; with kFirst it ends at the first failure. Returns whether the tests
// ended, and one of them failed.
enum class Until : std::uint8_t { kFirst, kEnd };
bool tests_fail(const std::function<void()>& plant, Until until);

}  // namespace anabranch::test
