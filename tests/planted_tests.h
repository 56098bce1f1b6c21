// Tests run with a bug planted, for programs that check that their tests find bugs.
#pragma once

#include <functional>
#include <string>

namespace anabranch::test {

// Runs the tests of this program in a process of its own, after `plant` there, up to the first
// failure, and prints the name of the test case that fails: those alone whose names match `names`
// as doctest does, unless that is empty. Returns whether the tests ended, and one of them failed.
bool tests_fail(const std::function<void()>& plant, const std::string& names = {});

}  // namespace anabranch::test
