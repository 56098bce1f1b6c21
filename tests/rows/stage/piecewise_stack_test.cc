// A stack that grows in pieces.

#include "rows/stage/piecewise_stack.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace anabranch::piecewise_stack_test {

using rows::PiecewiseStack;

TEST_CASE("a stack in pieces gives back what was pushed, and moves no more than a piece") {
  constexpr std::size_t kPiece = PiecewiseStack<int>::kPiece;
  PiecewiseStack<std::unique_ptr<std::size_t>> stack;
  for (int round = 0; round < 2; ++round) {
    std::vector<const std::unique_ptr<std::size_t>*> places;
    for (std::size_t i = 0; i < 3 * kPiece + 5; ++i) {
      stack.push_back(std::make_unique<std::size_t>(i));
      CHECK(stack.size() == i + 1);
      places.push_back(&stack.back());
    }
    for (std::size_t i = stack.size(); i > 0; --i) {
      CHECK(stack.size() == i);
      CHECK(*stack.back() == i - 1);
      if (i > kPiece) CHECK(&stack.back() == places[i - 1]);
      stack.pop_back();
    }
    CHECK(stack.size() == 0);
    for (std::size_t i = 0; i < 2 * kPiece; ++i) stack.push_back(nullptr);
    stack.clear();
    CHECK(stack.size() == 0);
  }
}

}  // namespace anabranch::piecewise_stack_test
