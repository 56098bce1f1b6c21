// Values that functions of the process choose: what they get, decline and throw, and when they are
// asked at all.

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <anabranch/error.h>

#include "rows/function_choice.h"
#include "rows/hooks/hook_guard.h"
#include "rows/kept_answers.h"
#include "tests/rows/empty_state.h"

namespace anabranch::function_choice_test {

using rows::HookTrouble;
using rows::Resolvers;

namespace {

using Answer = std::optional<std::string>;

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

// A process that was given one function, for the native policies below "d".
struct Process {
  explicit Process(Resolver::Function function)
      : resolvers({}, {Resolver("f", std::move(function))},
                  {.now_us = [this] { return now_us; },
                   .warn = [this](const std::string& line) { log.push_back(line); }}) {}

  std::string value(const std::vector<std::string>& values, const std::string& key = "doc/1") {
    const core::Path path{"\1", key, "s"};
    const crdt::Cell of = cell(values);
    if (auto kept = rows::kept_value(path, of, state, resolvers)) return *kept;
    return rows::value_by({*resolvers.native("f"), "d"}, path, path.components(), of, state,
                          resolvers);
  }

  std::int64_t now_us = 0;
  std::vector<std::string> log;
  test::EmptyState state;
  Resolvers resolvers;
};

}  // namespace

TEST_SUITE("rows: function choice") {
  TEST_CASE("a function of the process decides, or declines and the last written counts") {
    Process first([](const Conflict& conflict) { return conflict.siblings.front().value; });
    CHECK(first.value({"a", "b", "c"}) == "a");
    CHECK(first.value({"a"}) == "a");
    Process shy([](const Conflict&) { return Answer(); });
    CHECK(shy.value({"a", "b", "c"}) == "c");
    CHECK(shy.resolvers.alarms().listed().empty());
  }

  TEST_CASE("a function is asked once for each conflict") {
    int asked = 0;
    Process process([&](const Conflict& conflict) {
      ++asked;
      return conflict.siblings.size() > 2 ? Answer() : conflict.key + conflict.siblings[0].value;
    });
    for (int i = 0; i < 3; ++i) {
      CHECK(process.value({"a", "b"}, "k") == "ka");
      CHECK(process.value({"a", "b", "c"}, "l") == "c");
      CHECK(process.value({"a", "b"}, "m") == "ma");
    }
    const rows::AnswerCache::Figures figures = process.resolvers.answers().figures();
    CHECK(figures.asked == 3);
    CHECK(figures.found == 6);
    CHECK(asked >= 3);
    CHECK(asked <= 6);  // Some questions are asked twice.
  }

  TEST_CASE("a function is asked again when the siblings change, and in a state of other tables") {
    int asked = 0;
    Process process([&](const Conflict& conflict) {
      ++asked;
      return conflict.siblings.front().value;
    });
    (void)process.value({"a", "b"});
    const int once = asked;
    CHECK(process.value({"c", "b"}) == "c");
    CHECK(asked > once);
    const core::Path path{"\1", "doc/1", "s"};
    const crdt::Cell two = cell({"c", "b"});
    CHECK(rows::kept_value(path, two, process.state, process.resolvers) == "c");
    CHECK_FALSE(rows::kept_value(path, two, test::EmptyState(), process.resolvers).has_value());
    CHECK_FALSE(rows::kept_value(path, two, process.state, Resolvers({})).has_value());
  }

  TEST_CASE("a function that throws is overruled, counted, and logged with name, key and text") {
    Process throws([](const Conflict&) -> Answer { throw std::runtime_error("no such word"); });
    CHECK(throws.value({"a", "b"}) == "b");
    CHECK(throws.value({"a", "b"}, "doc/2") == "b");
    CHECK(throws.value({"a", "b"}) == "b");  // It is asked each time: no answer was given.
    CHECK(throws.resolvers.alarms().count(HookTrouble::kThrew) == 3);
    REQUIRE(throws.log.size() == 1);
    CHECK(throws.log.front() ==
          "the function \"f\" threw at database 0 \"doc/1\" \"s\": \"no such word\"; the last "
          "written is shown");
    Process worse([](const Conflict&) -> Answer { throw 1; });
    CHECK(worse.value({"a", "b"}) == "b");
    CHECK(worse.log.at(0).find("an exception of an unknown type") != std::string::npos);
  }

  TEST_CASE("a function without memory fails the read, and shows nothing in its place") {
    bool has_memory = false;
    Process process([&](const Conflict&) -> Answer {
      if (!has_memory) throw std::bad_alloc();
      return "answer";
    });
    std::string why;
    try {
      (void)process.value({"a", "b"});
      FAIL("a value was shown");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kNoMemory);
      why = error.what();
    }
    CHECK(why == "the function \"f\" had no memory to decide at database 0 \"doc/1\" \"s\"");
    CHECK(process.resolvers.alarms().count(HookTrouble::kThrew) == 0);
    has_memory = true;
    CHECK(process.value({"a", "b"}) == "answer");
  }

  TEST_CASE("a slow function is an alarm with the key, and its answer counts") {
    Process* self = nullptr;
    Process slow([&](const Conflict&) {
      self->now_us += rows::HookAlarms::kSlowUs + 1;
      return Answer("answer");
    });
    self = &slow;
    CHECK(slow.value({"a", "b"}) == "answer");
    CHECK(slow.resolvers.alarms().count(HookTrouble::kSlow) == 1);
    CHECK(slow.log.at(0) == "the function \"f\" took 10 ms at database 0 \"doc/1\" \"s\"");
  }

  TEST_CASE("a function that answers otherwise when it is asked again is an alarm, and no more") {
    int asked = 0;
    Process process([&](const Conflict&) { return std::to_string(++asked); });
    int shown_first = 0;
    int keys = 0;
    for (; process.resolvers.alarms().count(HookTrouble::kUnstable) == 0 && keys < 2000; ++keys) {
      const std::string expected = std::to_string(asked + 1);
      shown_first += process.value({"a", "b"}, std::to_string(keys)) == expected ? 1 : 0;
    }
    CHECK(keys < 2000);
    CHECK(shown_first == keys);
    CHECK(process.log.at(0).find("gave two answers to one question at database 0") !=
          std::string::npos);
    Process pure([](const Conflict& conflict) { return conflict.key; });
    for (int i = 0; i < 500; ++i)
      CHECK(pure.value({"a", "b"}, std::to_string(i)) == std::to_string(i));
    CHECK(pure.log.empty());
  }

  TEST_CASE("a thread is marked while it is inside a function, also when that throws") {
    bool inside = false;
    Process process([&](const Conflict&) -> Answer {
      inside = rows::InsideHook::here();
      rows::check_outside_hooks();
      return "unreached";
    });
    CHECK(process.value({"a", "b"}) == "b");
    CHECK(inside);
    CHECK_FALSE(rows::InsideHook::here());
    CHECK_NOTHROW(rows::check_outside_hooks());
    CHECK(process.log.at(0).find("may not use a store") != std::string::npos);
  }

  TEST_CASE("max and min decide without being kept, and lww without being asked") {
    const Resolvers resolvers({{"a", Resolver::max()}, {"b", Resolver::siblings()}});
    const test::EmptyState state;
    const auto shown = [&](const std::string& key) {
      const core::Path path{"\1", key, "s"};
      return value_by(rows::choice_of(resolvers.find(key)), path, path.components(),
                      cell({"9", "10", "8"}), state, resolvers);
    };
    CHECK(shown("a") == "10");
    CHECK(shown("b") == "8");
    CHECK(shown("c") == "8");
    CHECK(resolvers.answers().figures().asked == 0);
  }
}

}  // namespace anabranch::function_choice_test
