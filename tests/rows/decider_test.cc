// Decisions between siblings: by the type, the policies of the state that is read, or the resolvers
// of the process.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/error.h>

#include "rows/decider.h"
#include "rows/row_text.h"
#include "tests/rows/empty_state.h"

namespace anabranch::decider_test {

using core::Path;
using rows::Decider;
using rows::PolicyKind;
using rows::PolicyRow;
using rows::Resolvers;
using test::EmptyState;

namespace {

const Path kDoc{"\1", "doc/1", "s"};

PolicyRow policy(const std::string& prefix, PolicyKind kind, std::string name = {}) {
  PolicyRow row{.scope = {.space = "\1", .prefix = prefix}, .policy = {.kind = kind}};
  row.policy.name = std::move(name);
  return row;
}

// A cell with these values, each written later than those before.
crdt::Cell cell(const std::vector<std::string>& values) {
  crdt::Cell cell;
  for (std::size_t i = 0; i < values.size(); ++i) {
    cell.add({.dot = {i + 1, 1},
              .hlc = core::Hlc::of(static_cast<core::Millis>(1000 + i), 0),
              .value = values[i],
              .base = {}});
  }
  return cell;
}

std::string value(const EmptyState& state, const std::vector<std::string>& values,
                  const Resolvers& resolvers = Resolvers({}), const Path& path = kDoc) {
  return Decider(state, resolvers).value(path, cell(values)).value_or("nothing");
}

Resolver first_of(std::string name) {
  return {std::move(name), [](const Conflict& conflict) {
            return std::optional(conflict.key + ":" + conflict.siblings.front().value);
          }};
}

}  // namespace

TEST_SUITE("rows: decider") {
  TEST_CASE("the policy of a key decides between its siblings") {
    CHECK(value(EmptyState(), {"2", "10", "9"}) == "9");
    CHECK(value(EmptyState({policy("doc/", PolicyKind::kMax)}), {"2", "10", "9"}) == "10");
    CHECK(value(EmptyState({policy("", PolicyKind::kMin)}), {"3", "2", "9"}) == "2");
    CHECK(value(EmptyState({policy("doc/", PolicyKind::kLww)}), {"2", "10", "9"}) == "9");
    CHECK(value(EmptyState({policy("doc/", PolicyKind::kSiblings)}), {"10", "9"}) == "9");
    CHECK(value(EmptyState({policy("other", PolicyKind::kMax)}), {"10", "9"}) == "9");
  }

  TEST_CASE("a key without siblings asks for no policy") {
    const EmptyState state({policy("", PolicyKind::kUnknown, "wasm9")});
    CHECK(value(state, {}) == "nothing");
    CHECK(value(state, {"1"}) == "1");
    const Resolvers resolvers({});
    const Decider decider(state, resolvers);
    CHECK(decider.can_decide(kDoc, cell({"1"})));
    CHECK(decider.score(Path{"\1", "k", "z", "m"}, {.cell = cell({"7"}), .tally = {}}) == 7);
    CHECK(state.asked() == 0);
    CHECK_THROWS_AS((void)value(state, {"1", "2"}), Error);
    CHECK(state.asked() == 1);
  }

  TEST_CASE("a type with a rule of its own asks for no policy") {
    const EmptyState state({policy("", PolicyKind::kUnknown, "wasm9")});
    const Path flag{"\1", "on", "f"};
    CHECK(value(state, {"1", "0"}, Resolvers({}), flag) == "1");
    CHECK(state.asked() == 0);
  }

  TEST_CASE("a row rules over the resolvers of the process, however long their prefix is") {
    const Resolvers resolvers({{"doc/1", Resolver::min()}});
    CHECK(value(EmptyState(), {"1", "2"}, resolvers) == "1");
    CHECK(value(EmptyState({policy("", PolicyKind::kMax)}), {"1", "2"}, resolvers) == "2");
    CHECK(value(EmptyState({policy("d", PolicyKind::kLww)}), {"1", "2"}, resolvers) == "2");
    CHECK(value(EmptyState({policy("x", PolicyKind::kMax)}), {"1", "2"}, resolvers) == "1");
  }

  TEST_CASE(
      "a native policy calls the function of its name, and without it the last written counts") {
    const EmptyState state({policy("doc/", PolicyKind::kNative, "first")});
    const Resolvers with({}, {first_of("first"), first_of("other")});
    CHECK(value(state, {"1", "2"}, with) == "doc/1:1");
    CHECK(with.absent() == 0);
    const Resolvers without({{"doc/", Resolver::min()}}, {first_of("other")});
    CHECK(value(state, {"1", "2"}, without) == "2");
    CHECK(without.absent() == 1);
  }

  TEST_CASE("a native function is told of the prefix of its policy, a resolver of its own") {
    const auto prefix_of = [](const Conflict& conflict) { return conflict.prefix; };
    const Resolvers resolvers({{"do", Resolver("mine", prefix_of)}}, {Resolver("f", prefix_of)});
    CHECK(value(EmptyState({policy("doc/", PolicyKind::kNative, "f")}), {"1", "2"}, resolvers) ==
          "doc/");
    CHECK(value(EmptyState({policy("d", PolicyKind::kNative, "f")}), {"1", "2"}, resolvers) == "d");
    CHECK(value(EmptyState(), {"1", "2"}, resolvers) == "do");
  }

  TEST_CASE("where a policy of a newer version decides, an error names it, and no value is shown") {
    const EmptyState state({policy("", PolicyKind::kMax),
                            policy("doc/", PolicyKind::kUnknown, "wasm9"),
                            policy("x", PolicyKind::kUnknown)});
    const Resolvers resolvers({{"", Resolver::min()}});
    const Decider decider(state, resolvers);
    CHECK_FALSE(decider.can_decide(kDoc, cell({"1", "2"})));
    CHECK(decider.can_decide(Path{"\1", "k", "s"}, cell({"1", "2"})));
    std::string message;
    try {
      (void)decider.value(kDoc, cell({"1", "2"}));
      FAIL("a value was shown");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kUnsupported);
      message = error.what();
    }
    CHECK(message ==
          "the policy of database 0 \"doc/\" has the kind \"wasm9\", unknown to this version: keys "
          "below it with concurrent values are not shown; upgrade this leader");
    CHECK(rows::unknown_policy_text(policy("x", PolicyKind::kUnknown)).find("cannot be read") !=
          std::string::npos);
  }

  TEST_CASE("of the policies of rows only max and min decide scores") {
    const Path member{"\1", "doc/1", "z", "m"};
    const Resolvers resolvers({}, {first_of("first")});
    const auto score = [&](const std::vector<PolicyRow>& policies, const Resolvers& of) {
      const EmptyState state(policies);
      const crdt::Row row{.cell = cell({"2", "10", "9"}), .tally = {}};
      const double found = Decider(state, of).score(member, row);
      CHECK(rows::ScoreRules(of).score(member, row, state) == found);
      return found;
    };
    CHECK(score({}, resolvers) == 9);
    CHECK(score({policy("doc/", PolicyKind::kMax)}, resolvers) == 10);
    CHECK(score({policy("doc/", PolicyKind::kMin)}, resolvers) == 2);
    CHECK(score({policy("doc/", PolicyKind::kNative, "first")}, resolvers) == 9);
    CHECK(score({policy("doc/", PolicyKind::kNative, "none")}, resolvers) == 9);
    CHECK(resolvers.absent() == 0);
    const Resolvers min({{"doc/", Resolver::min()}});
    CHECK(score({}, min) == 2);
    CHECK(score({policy("", PolicyKind::kLww)}, min) == 9);
    CHECK(score({policy("", PolicyKind::kMax)}, min) == 10);
  }

  TEST_CASE("under a policy of a newer version writers score by time, and readers refuse") {
    const EmptyState state({policy("", PolicyKind::kUnknown, "wasm9")});
    const Resolvers resolvers({});
    const Path sorted_set{"\1", "doc/1", "z"};
    const crdt::Row row{.cell = cell({"2", "1"}), .tally = {}};
    const Decider decider(state, resolvers);
    const rows::ScoreRules rules(resolvers);
    CHECK(rules.score(sorted_set.child("m"), row, state) == 1);
    CHECK_THROWS_AS((void)decider.score(sorted_set.child("m"), row), Error);
    CHECK_FALSE(decider.are_ordered_by(rules.rule(sorted_set, state), sorted_set));
  }

  TEST_CASE("sorted sets have equal rules where equal siblings have equal scores") {
    const Resolvers none({});
    const Resolvers min({{"doc/", Resolver::min()}});
    const auto rule = [&](const std::vector<PolicyRow>& policies, const Resolvers& resolvers) {
      const EmptyState state(policies);
      const Path sorted_set{"\1", "doc/1", "z"};
      const std::uint64_t number = rows::ScoreRules(resolvers).rule(sorted_set, state);
      CHECK(Decider(state, resolvers).are_ordered_by(number, sorted_set));
      return number;
    };
    const std::uint64_t max = rule({policy("", PolicyKind::kMax)}, none);
    CHECK(rule({}, none) == 0);
    CHECK(rule({policy("x", PolicyKind::kMax)}, none) == 0);
    CHECK(rule({policy("", PolicyKind::kLww)}, none) == 0);
    CHECK(rule({policy("", PolicyKind::kNative, "f")}, none) == 0);
    CHECK(max > 1);
    CHECK(rule({policy("doc/", PolicyKind::kMax)}, min) == max);
    CHECK(rule({policy("", PolicyKind::kMin)}, none) != max);
    CHECK(rule({}, min) == 0);
    CHECK(rule({policy("", PolicyKind::kLww)}, min) == 1);
  }
}

}  // namespace anabranch::decider_test
