// How far regions are behind, and the alarm: once when it begins, once when it is over.

#include "leader/health/lag.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/logged.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::lag_test {

using test::LinkedNodes;
using test::logged;

namespace {

void put(LinkedNodes& world, std::size_t at) {
  world.write(at, [](regions::Group& group) { group.put({"\1", "key", "s"}, "value"); });
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != text.npos;
}

const regions::Peer& peer_of(LinkedNodes& world) {
  return world.at(0).replica().exchange().peers().at(2);
}

// Two regions that have met and have everything.
struct Pair {
  Pair() {
    world.mesh(2);
    put(world, 0);
    REQUIRE(world.run_until_equal(10'000));
    world.run(3'000);
  }

  std::string look() {
    return logged([&] { lag.look(world.at(0).replica(), world.now()); });
  }
  core::Millis behind() {
    return lag.behind_ms(peer_of(world), world.at(0).replica(), world.now());
  }

  LinkedNodes world;
  leader::Lag lag{"r0", 10'000};
};

}  // namespace

TEST_SUITE("leader: lag") {
  TEST_CASE("a region that confirms what is written is not behind") {
    Pair pair;
    CHECK(pair.look().empty());
    CHECK(pair.behind() == 0);
    for (int i = 0; i < 30; ++i) {
      put(pair.world, 0);
      pair.world.run(1'000);
      CHECK(pair.look().empty());
    }
    CHECK(pair.behind() == 0);
  }

  TEST_CASE("a region that is cut off is behind by the oldest write that it lacks") {
    Pair pair;
    pair.look();
    pair.world.disconnect(0, 1);
    pair.world.run(60'000);
    pair.look();
    CHECK(pair.behind() == 0);  // It lacks nothing.
    put(pair.world, 0);
    CHECK(pair.look().empty());
    pair.world.run(9'000);
    put(pair.world, 0);
    CHECK(pair.look().empty());
    CHECK(pair.behind() == 9'000);
    pair.world.run(2'000);
    const std::string begun = pair.look();
    CAPTURE(begun);
    CHECK(has(begun,
              "warning r0: region r1 is behind: it has not confirmed writes made here 11 s ago; "
              "it is not connected: start its leader, or mend the link to it"));
    REQUIRE(pair.lag.alarms().contains("r1"));
    pair.world.run(5'000);
    CHECK(pair.look().empty());  // Once.
    CHECK(has(pair.lag.alarms().at("r1").text, "16 s ago"));
    pair.world.connect(0, 1);
    REQUIRE(pair.world.run_until_equal(10'000));
    pair.world.run(3'000);
    const std::string over = pair.look();
    CAPTURE(over);
    CHECK(has(over, "info r0: region r1 is no longer behind"));
    CHECK(pair.lag.alarms().empty());
    CHECK(pair.look().empty());
  }

  TEST_CASE("the alarm is over when the region has come back to half of its limit, and no sooner") {
    Pair pair;
    const auto fall_behind = [&](core::Millis behind) {
      pair.world.disconnect(0, 1);
      put(pair.world, 0);
      pair.lag.note(pair.world.at(0).replica(), pair.world.now());
      pair.world.run(behind);
      CHECK(pair.behind() == behind);
    };
    const auto catch_up = [&] {
      pair.world.connect(0, 1);
      REQUIRE(pair.world.run_until_equal(10'000));
      pair.world.run(3'000);
      REQUIRE(pair.behind() == 0);
    };
    pair.look();
    fall_behind(11'000);
    CHECK(has(pair.look(), "region r1 is behind"));
    catch_up();  // Nobody looks.
    fall_behind(5'100);
    CHECK(pair.look().empty());
    REQUIRE(pair.lag.alarms().contains("r1"));
    CHECK(has(pair.lag.alarms().at("r1").text, "5 s ago"));
    catch_up();
    fall_behind(5'000);
    CHECK(has(pair.look(), "info r0: region r1 is no longer behind"));
    CHECK(pair.lag.alarms().empty());
    // Where there is no alarm half of the limit begins none.
    pair.world.run(5'000);
    CHECK(pair.look().empty());
    pair.world.run(100);
    CHECK(has(pair.look(), "region r1 is behind"));
  }

  TEST_CASE("writes of other regions do not count, and 0 means no alarms") {
    Pair pair;
    pair.lag = leader::Lag("r0", 0);
    pair.look();
    pair.world.disconnect(0, 1);
    put(pair.world, 1);
    pair.world.run(20'000);
    CHECK(pair.behind() == 0);
    put(pair.world, 0);
    CHECK(pair.look().empty());
    pair.world.run(20'000);
    CHECK(pair.look().empty());
    CHECK(pair.behind() == 20'000);
    CHECK(pair.lag.alarms().empty());
  }

  TEST_CASE("a retired region is not waited for any more") {
    Pair pair;
    pair.look();
    pair.world.disconnect(0, 1);
    put(pair.world, 0);
    pair.look();
    pair.world.run(20'000);
    CHECK(has(pair.look(), "region r1 is behind"));
    REQUIRE(pair.world.at(0).replica().retire("r1", regions::Retirement::kRetired).ok());
    REQUIRE(pair.world.at(0).replica().commit().ok());
    CHECK(has(pair.look(), "region r1 is no longer waited for"));
    CHECK(pair.lag.alarms().empty());
    CHECK(pair.look().empty());
  }
}

}  // namespace anabranch::lag_test
