// The siblings that policies without a function show.

#include <doctest/doctest.h>

#include "rows/policy/policy_choice.h"

namespace anabranch::policy_choice_test {

using rows::chosen_sibling;
using rows::PolicyKind;

TEST_SUITE("rows: choices of policies") {
  TEST_CASE("each kind shows its sibling, and the kinds that need more show none") {
    crdt::Cell cell;
    cell.add({.dot = {1, 1}, .hlc = core::Hlc::of(1000, 0), .value = "10", .base = {}});
    cell.add({.dot = {2, 1}, .hlc = core::Hlc::of(3000, 0), .value = "9", .base = {}});
    cell.add({.dot = {3, 1}, .hlc = core::Hlc::of(2000, 0), .value = "2", .base = {}});
    CHECK(chosen_sibling(PolicyKind::kLww, cell)->value == "9");
    CHECK(chosen_sibling(PolicyKind::kSiblings, cell)->value == "9");
    CHECK(chosen_sibling(PolicyKind::kNone, cell)->value == "9");
    CHECK(chosen_sibling(PolicyKind::kMax, cell)->value == "10");
    CHECK(chosen_sibling(PolicyKind::kMin, cell)->value == "2");
    CHECK(chosen_sibling(PolicyKind::kNative, cell) == nullptr);
    CHECK(chosen_sibling(PolicyKind::kUnknown, cell) == nullptr);
  }
}

}  // namespace anabranch::policy_choice_test
