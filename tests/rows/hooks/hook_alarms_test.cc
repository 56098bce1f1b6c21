// Alarms about hooks: counted, listed, and logged at most once a minute.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rows/hooks/hook_alarms.h"

namespace anabranch::hook_alarms_test {

using rows::HookAlarms;
using rows::HookTrouble;

namespace {

using Lines = std::vector<std::string>;

}  // namespace

TEST_SUITE("rows: hook alarms") {
  TEST_CASE("a line about one hook and kind is logged once a minute, and all are counted") {
    std::int64_t now = 5;
    Lines log;
    HookAlarms alarms({.now_us = [&] { return now; },
                       .warn = [&](const std::string& line) { log.push_back(line); }});
    alarms.raise(HookTrouble::kThrew, "f", "f at 1");
    alarms.raise(HookTrouble::kThrew, "f", "f at 2");
    alarms.raise(HookTrouble::kSlow, "f", "f slow");
    alarms.raise(HookTrouble::kThrew, "g", "g at 1");
    CHECK(log == Lines{"f at 1", "f slow", "g at 1"});
    now += HookAlarms::kPauseUs - 1;
    alarms.raise(HookTrouble::kThrew, "f", "f at 3");
    CHECK(log.size() == 3);
    now += 1;
    alarms.raise(HookTrouble::kThrew, "f", "f at 4");
    CHECK(log.back() == "f at 4");
    CHECK(alarms.count(HookTrouble::kThrew) == 5);
    CHECK(alarms.count(HookTrouble::kSlow) == 1);
    CHECK(alarms.count(HookTrouble::kUnstable) == 0);
  }

  TEST_CASE("the last sentence about each hook and kind is listed, at most twenty") {
    HookAlarms alarms({});
    alarms.raise(HookTrouble::kThrew, "f", "first");
    alarms.raise(HookTrouble::kThrew, "f", "last");
    CHECK(alarms.listed() == Lines{"last"});
    for (int i = 0; i < 1000; ++i) alarms.raise(HookTrouble::kSlow, std::to_string(i), "slow");
    CHECK(alarms.listed().size() == HookAlarms::kListedMax);
    CHECK(alarms.count(HookTrouble::kSlow) == 1000);
  }

  TEST_CASE("without a clock each hook and kind is logged once") {
    Lines log;
    HookAlarms alarms(
        {.now_us = {}, .warn = [&](const std::string& line) { log.push_back(line); }});
    alarms.raise(HookTrouble::kThrew, "f", "one");
    alarms.raise(HookTrouble::kThrew, "f", "two");
    CHECK(log == Lines{"one"});
    CHECK(alarms.now_us() == 0);
  }
}

}  // namespace anabranch::hook_alarms_test
