// The turns of a leader: how long its thread may sleep after each.

#include <doctest/doctest.h>

#include <chrono>

#include "leader/leader.h"
#include "tests/leader/store_world.h"

namespace anabranch::turn_test {

using std::chrono::milliseconds;

TEST_SUITE("leader: turns") {
  TEST_CASE("a leader with nothing to do sleeps, and looks around twice a second") {
    const test::TempDir folder;
    const auto leader = leader::Leader::open(test::store_options(folder, "eu")).value_or_raise();
    milliseconds rest{0};
    for (int i = 0; i < 1'000 && rest.count() == 0; ++i) rest = leader->turn();
    CHECK(rest > milliseconds(0));
    CHECK(rest <= milliseconds(500));
  }
}

}  // namespace anabranch::turn_test
