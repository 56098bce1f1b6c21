// Tests run with a bug planted, for programs that check that their tests find bugs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/planted_bug.h"

namespace anabranch::test {

// Runs the tests of this program in a process of its own, after `plant` there, up to the first
// failure, and prints the name of the test case that fails: those alone whose names match `names`
// as doctest does, unless that is empty. Returns whether the tests ended, and one of them failed.
bool tests_fail(const std::function<void()>& plant, const std::string& names = {});

struct PlantedBug {
  core::Bug bug;
  std::string_view text;
  const char* finder = "";  // The name of a test that finds it, for doctest: asked first.
};

// The main function of a program with a list of bugs that its tests find:
//
//   PROGRAM                           asks whether all tests pass with none planted, and one fails
//                                     with each bug; prints the test case that found it
//   PROGRAM --plant N [OPTION..]      runs the tests with the bug of that number in the list
int find_planted(std::span<const PlantedBug> bugs, int argc, char** argv);

}  // namespace anabranch::test
