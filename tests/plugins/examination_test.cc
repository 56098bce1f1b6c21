// The check of a module finds each way in which it fails, and the smallest conflict that shows it.
#include "plugins/check/examination.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "plugins/check/smaller.h"
#include "plugins/check/trial_source.h"
#include "tests/plugins/guests.h"

namespace anabranch::plugins::examination_test {
namespace {

constexpr std::string_view kDecline = "(i64.const -1)";

Examination examined(const std::string& module, std::vector<Trial> examples = {}) {
  const auto loaded = Module::load(module);
  REQUIRE_MESSAGE(loaded.ok(), loaded.failure().message);
  ExaminationOptions options;
  options.seed = 17;
  options.tries = 600;
  options.fuel = 30'000'000;
  options.examples = std::move(examples);
  return examine(loaded.value(), options);
}

// Code that does `then` if the last byte of the last value is `byte`.
std::string if_ends_in(char byte, std::string_view then) {
  return "(if (i32.eq (i32.load8_u (i32.sub (i32.add (local.get $at) (local.get $size))"
         " (i32.const 1))) (i32.const " +
         std::to_string(static_cast<int>(byte)) + ")) (then " + std::string(then) + "))" +
         std::string(kDecline);
}

std::size_t bytes_of(const Trial& trial) {
  std::size_t bytes = trial.key.size() + trial.prefix.size();
  for (const std::string& part : trial.parts) bytes += part.size();
  for (const TrialSibling& each : trial.siblings) {
    bytes += each.value.size() + each.region.size() + each.base.value_or("").size();
  }
  return bytes;
}

void check_failure(std::string_view then, Verdict verdict, std::string_view beside = "") {
  const Examination found = examined(test::resolver(if_ends_in('z', then), beside));
  CAPTURE(then);
  REQUIRE(found.failures.size() == 1);
  const Tried& failure = found.failures.front();
  CHECK(failure.outcome.verdict == verdict);
  CHECK(failure.trial.siblings.size() == 2);
  CHECK(failure.trial.siblings.back().value == "z");
  CHECK(bytes_of(failure.trial) == 1);
  CHECK(found.verdicts.at(static_cast<std::size_t>(verdict)) > 0);
}

TEST_CASE("a module that always answers has no failures") {
  const Examination found = examined(test::resolver(kDecline));
  CHECK(found.failures.empty());
  CHECK(!found.unequal);
  CHECK(found.tries >= 600);
  CHECK(found.verdicts.at(static_cast<std::size_t>(Verdict::kDeclined)) == found.tries);
  CHECK(found.dearest.has_value());
}

TEST_CASE("each failure is found and shown by the smallest conflict") {
  check_failure("unreachable", Verdict::kTrap);
  check_failure("(i32.store (i32.const 0xfffffff0) (i32.const 1))", Verdict::kTrap);
  check_failure("(return (i64.const 0xffffffff00000001))", Verdict::kBadAnswer);
  check_failure("(drop (memory.grow (i32.const 40))) (return (i64.const 0x200000))",
                Verdict::kAnswerTooLarge);
  check_failure("(call $deeper)", Verdict::kOutOfStack, "(func $deeper (call $deeper))");
}

TEST_CASE("a loop is found and shown by a small conflict") {
  const Examination found = examined(test::resolver(if_ends_in('z', "(loop $again (br $again))")));
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures.front().outcome.verdict == Verdict::kOutOfFuel);
  CHECK(bytes_of(found.failures.front().trial) < 20);
  REQUIRE(found.dearest.has_value());
  CHECK(found.dearest->outcome.fuel > found.dearest->fuel_limit);
}

TEST_CASE("a module that shows something else for equal values is found") {
  // The answer is the whole input.
  const Examination found =
      examined(test::resolver("(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))"
                              " (i64.extend_i32_u (local.get $size)))"));
  REQUIRE(found.unequal.has_value());
  CHECK(bytes_of(found.unequal->trial) == 0);
  CHECK(found.unequal->outcome.verdict == Verdict::kValue);
}

TEST_CASE("a module that keeps state is found, and answers the same in each new state") {
  // The first call declines, later ones show a byte; each counts in a global.
  const std::string counts =
      "(if (i32.eqz (global.get $calls)) (then (global.set $calls (i32.const 1))"
      " (return (i64.const -1)))) (i64.const 1)";
  const Examination found =
      examined(test::resolver(counts, "(global $calls (mut i32) (i32.const 0))"));
  REQUIRE(found.stateful.has_value());
  CHECK(found.stateful->tried.outcome.verdict == Verdict::kDeclined);
  CHECK(found.stateful->again.verdict == Verdict::kValue);
  CHECK(bytes_of(found.stateful->tried.trial) == 0);
  CHECK(found.stateful->before.trial == found.stateful->tried.trial);
  CHECK(found.verdicts.at(static_cast<std::size_t>(Verdict::kDeclined)) == found.tries);

  // In the memory: the size of the input before.
  const std::string remembers =
      "(local $last i32) (local.set $last (i32.load (i32.const 0)))"
      "(i32.store (i32.const 0) (local.get $size))"
      "(if (i32.lt_u (local.get $last) (i32.const 100)) (then (return (i64.const -1))))"
      "(i64.const 1)";
  CHECK(examined(test::resolver(remembers)).stateful.has_value());
  CHECK(!examined(test::resolver(kDecline)).stateful.has_value());
}

TEST_CASE("a failure that only changed examples lead to is found") {
  Trial example;
  example.siblings = {{"<<a>>", std::nullopt, "eu", 1}, {"<<b>>", std::nullopt, "us", 2}};
  // Traps where the last value ends in ">>" but not in the byte before 'b'.
  const std::string code =
      "(local $end i32) (local.set $end (i32.add (local.get $at) (local.get $size)))"
      "(if (i32.and (i32.eq (i32.load16_u (i32.sub (local.get $end) (i32.const 2)))"
      " (i32.const 0x3e3e)) (i32.ne (i32.load8_u (i32.sub (local.get $end) (i32.const 3)))"
      " (i32.const 98))) (then unreachable))" +
      std::string(kDecline);
  const Examination found = examined(test::resolver(code), {example});
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures.front().trial.siblings.back().value.ends_with(">>"));
  CHECK(examined(test::resolver(code)).failures.empty());
}

TEST_CASE("the same seed gives the same trials") {
  TrialSource one(5, {});
  TrialSource other(5, {});
  TrialSource different(6, {});
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const Trial trial = one.next();
    CHECK(trial == other.next());
    CHECK(trial.siblings.size() >= 2);
    differs = differs || trial != different.next();
  }
  CHECK(differs);
}

TEST_CASE("trials have values of all kinds") {
  std::vector<Trial> trials = fixed_trials();
  TrialSource source(test::resolver(kDecline).size(), {});
  for (int i = 0; i < 500; ++i) trials.push_back(source.next());
  const auto some = [&](const auto& holds) {
    return std::ranges::any_of(
        trials, [&](const Trial& trial) { return std::ranges::any_of(trial.siblings, holds); });
  };
  CHECK(some([](const TrialSibling& each) { return each.value.empty(); }));
  CHECK(some([](const TrialSibling& each) { return each.value.size() >= 1U << 20; }));
  CHECK(some([](const TrialSibling& each) { return each.value.find('\0') != std::string::npos; }));
  CHECK(some([](const TrialSibling& each) { return each.base.has_value(); }));
  CHECK(some([](const TrialSibling& each) { return each.region.empty(); }));
  CHECK(std::ranges::any_of(trials, [](const Trial& each) { return !each.parts.empty(); }));
  CHECK(std::ranges::any_of(trials, [](const Trial& each) { return each.siblings.size() > 20; }));
}

TEST_CASE("a smaller conflict is looked for within the tries") {
  Trial trial;
  trial.siblings.resize(5);
  for (TrialSibling& each : trial.siblings) each.value = std::string(1000, 'a') + "!";
  std::size_t calls = 0;
  const auto holds = [&](const Trial& of) {
    ++calls;
    return of.siblings.back().value.find('!') != std::string::npos;
  };
  const Trial small = made_smaller(trial, holds, 1000);
  CHECK(small.siblings.size() == 2);
  CHECK(bytes_of(small) == 1);
  calls = 0;
  const Trial hardly = made_smaller(trial, holds, 3);
  CHECK(calls == 3);
  CHECK(holds(hardly));
}

}  // namespace
}  // namespace anabranch::plugins::examination_test
