// The rule between values that met, as the conflict log records it.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rows/conflicts/conflict_choice.h"

namespace anabranch::conflict_choice_test {

using core::Dot;
using core::Path;
using rows::choice_between;
using rows::ConflictChoice;
using rows::PolicyKind;
using rows::PolicyRow;
using rows::PolicyTable;
using rows::Resolvers;

namespace {

constexpr core::Origin kEu = 1;
constexpr core::Origin kUs = 2;
const Path kBid{"\1", "bid", "s"};

// "9" of eu, and later "5" of us.
std::vector<crdt::Sibling> values(const std::string& first = "9", const std::string& last = "5") {
  return {{.dot = {kEu, 1}, .hlc = core::Hlc::of(1000, 0), .value = first, .base = {}},
          {.dot = {kUs, 1}, .hlc = core::Hlc::of(2000, 0), .value = last, .base = {}}};
}

PolicyTable table(PolicyKind kind, std::string name = {}) {
  PolicyRow row{.scope = {.space = "\1", .prefix = "b"}, .policy = {.kind = kind}};
  row.policy.name = std::move(name);
  return PolicyTable({row});
}

Resolver nearest() {
  return {"nearest", [](const Conflict&) { return std::optional<std::string>("here"); }};
}

}  // namespace

TEST_SUITE("rows: choices between values that met") {
  TEST_CASE("the policy in the rows decides, and its prefix is named") {
    const Resolvers none({});
    CHECK(choice_between(kBid, values(), table(PolicyKind::kMax), none) ==
          ConflictChoice{"max", "b", Dot{kEu, 1}});
    CHECK(choice_between(kBid, values(), table(PolicyKind::kSiblings), none) ==
          ConflictChoice{"siblings", "b", Dot{kUs, 1}});
    CHECK(choice_between(kBid, values(), {}, none) == ConflictChoice{"lww", "", Dot{kUs, 1}});
  }

  TEST_CASE("no function is called: it is named, and no value is said to be shown") {
    const Resolvers resolvers({{"", nearest()}}, {nearest()});
    CHECK(choice_between(kBid, values(), table(PolicyKind::kNative, "nearest"), resolvers) ==
          ConflictChoice{"native nearest", "b", {}});
    CHECK(choice_between(kBid, values(), {}, resolvers) ==
          ConflictChoice{"resolver nearest", "", {}});
  }

  TEST_CASE("a type with a rule of its own asks no policy") {
    const Resolvers none({});
    const Path on{"\1", "bid", "f"};
    const Path off{"\1", "bid", "F"};
    CHECK(choice_between(on, values("1", "0"), table(PolicyKind::kMax), none) ==
          ConflictChoice{"type", "", Dot{kEu, 1}});
    CHECK(choice_between(off, values("1", "0"), {}, none) ==
          ConflictChoice{"type", "", Dot{kUs, 1}});
  }

  TEST_CASE("flags with values that no version writes read as true, and the last one is shown") {
    for (const char* const tag : {"f", "F", "E"}) {
      const Path flag = *tag == 'E' ? Path{"\1", "flag", tag, "member"} : Path{"\1", "flag", tag};
      CAPTURE(tag);
      CHECK(choice_between(flag, values("x", "y"), {}, Resolvers({})) ==
            ConflictChoice{"type", "", Dot{kUs, 1}});
      CHECK(choice_between(flag, values("1", "y"), {}, Resolvers({})) ==
            ConflictChoice{"type", "", Dot{kEu, 1}});
    }
  }

  TEST_CASE("a score is never decided by a function that a row names") {
    const Path score{"\1", "bid", "z", "member"};
    const Resolvers none({});
    CHECK(choice_between(score, values(), table(PolicyKind::kNative, "nearest"), none).shown ==
          Dot{kUs, 1});
    CHECK(choice_between(score, values(), table(PolicyKind::kMax), none).shown == Dot{kEu, 1});
  }
}

}  // namespace anabranch::conflict_choice_test
