// Alarms: what may come time and again is told once.

#include <doctest/doctest.h>

#include <string>

#include "regions/wire/alarms.h"

namespace anabranch::alarms_test {

using regions::Alarms;

TEST_SUITE("regions: alarms") {
  TEST_CASE("an alarm is raised each time, or the first time only") {
    regions::Effects effects;
    Alarms alarms(effects);
    alarms.raise("a");
    alarms.raise("a");
    CHECK(effects.size() == 2);
    alarms.raise_once("b");
    alarms.raise_once("b");
    alarms.raise_once("c");
    CHECK(effects.size() == 4);
    alarms.notice("d");
    CHECK(std::holds_alternative<regions::Notice>(effects.back()));
  }

  TEST_CASE("nobody can make it tell more than so many") {
    regions::Effects effects;
    Alarms alarms(effects);
    for (std::size_t i = 0; i < 2 * Alarms::kMax; ++i) alarms.raise_once(std::to_string(i));
    CHECK(effects.size() == Alarms::kMax);
    alarms.raise("what is raised each time is told all the same");
    CHECK(effects.size() == Alarms::kMax + 1);
  }
}

}  // namespace anabranch::alarms_test
