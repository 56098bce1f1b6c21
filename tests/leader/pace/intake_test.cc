// How far a leader is behind its peers, and from where on writes are slowed for that.

#include "leader/pace/intake.h"

#include <doctest/doctest.h>

#include <string>

#include "regions/wire/message.h"
#include "tests/logged.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::intake_test {

using leader::Intake;
using test::LinkedNodes;

namespace {

// Two regions that have met; from then on the first one gets no batches of the second.
struct Pair {
  Pair() {
    world.mesh(2);
    put();
    REQUIRE(world.run_until_equal(10'000));
    world.run(3'000);
    CHECK(look().empty());
    CHECK(intake.behind_ms() == 0);
    world.lose(regions::kind_of(regions::BatchMessage{}), 1'000'000);
  }

  void put() {
    world.write(1, [](regions::Group& group) { group.put({"\1", "key", "s"}, "value"); });
  }
  // Returns the lines that a look logs.
  std::string look(bool waiting = true) {
    return test::logged([&] { intake.look(world.at(0).replica(), waiting, world.now()); });
  }
  // Lets time pass, with looks.
  void run(core::Millis ms) {
    for (core::Millis passed = 0; passed < ms; passed += 100) {
      world.run(100);
      (void)look(false);
    }
  }
  void catch_up() {
    world.lose(regions::kind_of(regions::BatchMessage{}), 0);
    REQUIRE(world.run_until_equal(120'000));
  }

  LinkedNodes world;
  Intake intake{"r0", 2'000};
};

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != text.npos;
}

}  // namespace

TEST_SUITE("leader: intake") {
  TEST_CASE("a leader is behind from the time when it hears of a write that it lacks") {
    Pair pair;
    pair.put();
    pair.run(1'500);
    const core::Millis behind = pair.intake.behind_ms();
    CHECK(behind > 0);
    CHECK(behind <= 1'500);
    pair.put();
    pair.run(1'000);
    CHECK(pair.intake.behind_ms() == behind + 1'000);
    pair.catch_up();
    pair.run(100);
    CHECK(pair.intake.behind_ms() == 0);
  }

  TEST_CASE("beyond the limit writes are slowed in proportion, and that is told once") {
    Pair pair;
    pair.put();
    pair.run(1'900);
    CHECK(pair.intake.pressure() == 0);
    CHECK(pair.look().empty());
    CHECK_FALSE(pair.intake.slows());
    pair.run(3'000);
    const double some = pair.intake.pressure();
    CHECK(some > 0);
    CHECK(some < 1);
    pair.world.run(100);
    const std::string begun = pair.look();
    CAPTURE(begun);
    CHECK(has(begun, "warning r0: writes here are slowed: this leader is 4 s behind others"));
    CHECK(pair.intake.slows());
    pair.world.run(10'000);
    CHECK(pair.look().empty());
    CHECK(pair.intake.pressure() == 1);
    pair.catch_up();
    pair.world.run(100);
    CHECK(has(pair.look(), "info r0: writes are not slowed any more"));
    CHECK_FALSE(pair.intake.slows());
    CHECK(pair.intake.pressure() == 0);
  }

  TEST_CASE("writes are not slowed while nothing waits to be applied, or with the limit 0") {
    Pair pair;
    pair.put();
    pair.run(5'000);
    CHECK(pair.look(false).empty());
    CHECK_FALSE(pair.intake.slows());
    pair.intake = Intake("r0", 0);
    pair.run(9'000);
    CHECK(pair.look().empty());
    CHECK(pair.intake.behind_ms() > 5'000);
    CHECK(pair.intake.pressure() == 0);
    CHECK_FALSE(pair.intake.slows());
  }

  TEST_CASE("a peer that is away or paused does not count") {
    Pair pair;
    pair.put();
    pair.run(5'000);
    CHECK(pair.intake.behind_ms() > 2'000);
    REQUIRE(pair.world.at(0).replica().pause("r1"));
    pair.run(100);
    CHECK(pair.intake.behind_ms() == 0);
    REQUIRE(pair.world.at(0).replica().resume("r1"));
    pair.run(3'000);
    CHECK(pair.intake.behind_ms() > 0);
    pair.world.disconnect(0, 1);
    pair.run(100);
    CHECK(pair.intake.behind_ms() == 0);
  }
}

}  // namespace anabranch::intake_test
