// The lines about other leaders: who has connected, what lacked where, and when both caught up.

#include "leader/link_log.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/logged.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::link_log_test {

using test::LinkedNodes;
using test::logged;

namespace {

void put(LinkedNodes& world, std::size_t at) {
  world.write(at, [](regions::Group& group) { group.put({"\1", "key", "s"}, "value"); });
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_SUITE("leader: lines about links") {
  TEST_CASE("a link that breaks again and again is told as that, with the count of ten minutes") {
    LinkedNodes world;
    world.mesh(2);
    REQUIRE(world.run_until_equal(10'000));
    const regions::Exchange& exchange = world.at(0).replica().exchange();
    leader::LinkLog log("r0");
    core::Millis now = 100'000;
    const auto reconnect = [&] {
      log.look(exchange, world.at(0).vector(), now, exchange.peers().at(2).links.front());
      world.disconnect(0, 1);
      now += leader::LinkLog::kPauseMs;
      const std::string gone = logged([&] { log.look(exchange, world.at(0).vector(), now); });
      world.connect(0, 1);
      now += leader::LinkLog::kPauseMs;
      return gone + logged([&] { log.look(exchange, world.at(0).vector(), now); });
    };
    for (int i = 0; i < 2; ++i) CHECK_FALSE(has(reconnect(), "has broken"));
    CHECK(log.breaks(2, now).empty());
    const std::string third = reconnect();
    CAPTURE(third);
    CHECK(has(third, "its link has broken 3 times in the last ten minutes"));
    CHECK(log.breaks(2, now) == "its link has broken 3 times in the last ten minutes");
    CHECK(log.breaks(2, now + leader::LinkBreaks::kSpanMs).empty());
  }

  TEST_CASE("two leaders have caught up when each has what the other had when they met") {
    LinkedNodes world;
    world.mesh(2);
    put(world, 0);
    const core::VersionVector before = world.at(0).vector();
    for (int i = 0; i < 3; ++i) put(world, 1);
    REQUIRE(world.run_until_equal(10'000));
    world.run(3'000);
    const regions::Exchange& exchange = world.at(0).replica().exchange();
    REQUIRE(exchange.peers().at(2).applied == world.at(0).vector());
    leader::LinkLog log("r0");
    // They meet before the writes of the other one have come.
    const std::string met = logged([&] { log.look(exchange, before, 10'000); });
    CAPTURE(met);
    CHECK(has(met,
              "r0: region r1 (origin 0000000000000002) is connected (it dialled this leader); "
              "3 of its writes lack here and 0 of those here lack there"));
    CHECK_FALSE(has(met, "caught up"));
    CHECK(log.catching_up(2));
    const std::string later = logged([&] { log.look(exchange, world.at(0).vector(), 11'500); });
    CAPTURE(later);
    CHECK(has(later,
              "r1 (origin 0000000000000002) and this leader have caught up: "
              "3 writes in 1.5 s"));
    CHECK_FALSE(log.catching_up(2));
    CHECK(logged([&] { log.look(exchange, world.at(0).vector(), 20'000); }).empty());
  }
}

}  // namespace anabranch::link_log_test
