// Decisions by modules of plugins.

#include "rows/module_choice.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rows/decider.h"
#include "rows/policy/module_rows.h"
#include "tests/plugins/guests.h"
#include "tests/rows/empty_state.h"

namespace anabranch::module_choice_test {

using core::Path;
using plugins::Verdict;
using rows::Decider;
using rows::PolicyKind;
using rows::PolicyRow;
using rows::PolicyTable;
using rows::Resolvers;
using test::EmptyState;

namespace {

const Path kDoc{"\1", "doc/1", "s"};

PolicyRow policy(const std::string& module) {
  PolicyRow row{.scope = {.space = "\1", .prefix = "doc/"}, .policy = {.kind = PolicyKind::kWasm1}};
  row.policy.name = rows::module_name(module);
  return row;
}

EmptyState state_with(const std::string& module) {
  return EmptyState({policy(module)},
                    {{rows::module_name(module), std::make_shared<const std::string>(module)}});
}

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

std::string value(const EmptyState& state, const Resolvers& resolvers,
                  const std::vector<std::string>& values = {"first", "last"}) {
  return Decider(state, resolvers).value(kDoc, cell(values)).value_or("nothing");
}

// Shows the first value: it stands behind the numbers and names of the input, of which the key has
// 5 bytes and the prefix 4, and the path and the region none.
std::string first_of() {
  return test::resolver(
      "(local $value i32) (local.set $value (i32.add (local.get $at)"
      " (i32.const 49)))"
      "(i64.or (i64.shl (i64.extend_i32_u (local.get $value)) (i64.const 32))"
      " (i64.load32_u (i32.sub (local.get $value) (i32.const 4))))");
}

}  // namespace

TEST_SUITE("rows: choice by modules") {
  TEST_CASE("a module shows its answer") {
    const Resolvers resolvers({});
    const EmptyState state = state_with(first_of());
    CHECK(value(state, resolvers) == "first");
    CHECK(value(state, resolvers, {"only"}) == "only");
    CHECK(value(state, resolvers, {"a", "b", "c"}) == "a");
    CHECK(resolvers.modules().count(Verdict::kValue) == 2);
    CHECK(resolvers.alarms().count(rows::HookTrouble::kThrew) == 0);
  }

  TEST_CASE("a module is asked once as long as its answer is kept") {
    const Resolvers resolvers({});
    const EmptyState state = state_with(first_of());
    for (int i = 0; i < 5; ++i) CHECK(value(state, resolvers) == "first");
    CHECK(resolvers.modules().count(Verdict::kValue) == 1);
    CHECK(value(state, resolvers, {"other", "last"}) == "other");
    CHECK(resolvers.modules().count(Verdict::kValue) == 2);
  }

  TEST_CASE("a module that declines shows the last written, without an alarm") {
    const Resolvers resolvers({});
    CHECK(value(state_with(test::resolver("(i64.const -1)")), resolvers) == "last");
    CHECK(resolvers.modules().count(Verdict::kDeclined) == 1);
    CHECK(resolvers.alarms().count(rows::HookTrouble::kThrew) == 0);
  }

  TEST_CASE("a module without an answer shows the last written, with an alarm that names it") {
    const Resolvers resolvers({});
    const EmptyState state = state_with(test::resolver("(loop $l (br $l)) (i64.const -1)"));
    CHECK(value(state, resolvers) == "last");
    CHECK(value(state, resolvers) == "last");
    CHECK(resolvers.modules().count(Verdict::kOutOfFuel) == 1);
    CHECK(resolvers.alarms().count(rows::HookTrouble::kThrew) == 1);
    REQUIRE(resolvers.alarms().listed().size() == 1);
    const std::string line = resolvers.alarms().listed().front();
    CAPTURE(line);
    CHECK(line.find("had no answer: out of fuel; the last written is shown, at database 0") !=
          std::string::npos);
  }

  TEST_CASE("a module that is not there, or is refused, shows the last written") {
    const Resolvers resolvers({});
    CHECK(value(EmptyState({policy(first_of())}), resolvers) == "last");
    CHECK(value(state_with("no module"), resolvers) == "last");
    CHECK(resolvers.alarms().count(rows::HookTrouble::kThrew) == 2);
  }

  TEST_CASE("an absent module is an alarm once for a conflict, until it comes") {
    const std::string module = first_of();
    const Resolvers resolvers({});
    const EmptyState without({policy(module)});
    for (int i = 0; i < 5; ++i) CHECK(value(without, resolvers) == "last");
    CHECK(resolvers.alarms().count(rows::HookTrouble::kThrew) == 1);
    const EmptyState with = state_with(module);
    CHECK(value(with, resolvers) == "first");
    CHECK(value(without, resolvers) == "last");
  }

  TEST_CASE("modules answer many threads alike") {
    const Resolvers resolvers({});
    const EmptyState state = state_with(first_of());
    std::vector<int> wrong(4);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const std::string first = std::to_string(i);
          const std::string shown =
              Decider(state, resolvers).value(kDoc, cell({first, "last"})).value_or("nothing");
          wrong[t] += shown == first ? 0 : 1;
        }
      });
    }
    for (std::thread& each : threads) each.join();
    CHECK(wrong == std::vector<int>(4));
  }

  TEST_CASE("a module that comes or goes changes the rule of its keys") {
    const std::string module = first_of();
    const PolicyTable without({policy(module)});
    const PolicyTable with({policy(module)}, {{rows::module_name(module),
                                               std::make_shared<const std::string>(module)}});
    CHECK(without.changed(with).size() == 1);
    CHECK(with.changed(without).size() == 1);
    CHECK(with.changed(with).empty());
    CHECK(with.rules_below(kDoc) != without.rules_below(kDoc));
  }
}

}  // namespace anabranch::module_choice_test
