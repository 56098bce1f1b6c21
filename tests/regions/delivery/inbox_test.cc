// Foreign batches on their way: they wait for what they depend on, and are applied in slices.

#include <doctest/doctest.h>

#include <string>

#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::inbox_test {

using regions::Group;
using test::kLink;
using test::kUs;
using test::Parts;
using test::Receiver;

namespace {

struct InboxWorld : Receiver {
  explicit InboxWorld(const regions::CommittedState::ClearLimits& clears = {})
      : Receiver("eu", 1, clears) {
    greet(kLink, "us", kUs);
  }
};

}  // namespace

TEST_SUITE("regions: inbox") {
  TEST_CASE("a batch waits for the one before it, and both are one commit") {
    Parts us("us", kUs);
    const std::string one = us.put("a", "1");
    const std::string two = us.put("b", "2");
    InboxWorld eu;
    eu.receive(two);
    CHECK_FALSE(eu.inbox.count_deferred_clears().value());
    CHECK(eu.inbox.holds(kUs));
    eu.receive(one);
    CHECK(eu.inbox.has_more());
    eu.apply();
    CHECK(eu.get("a") == "1");
    CHECK(eu.get("b") == "2");
    CHECK(eu.storage.last_position() == 2);
    CHECK_FALSE(eu.inbox.holds(kUs));
    CHECK_FALSE(eu.inbox.has_more());
    CHECK(eu.state.names().vectors().announced()->at(kUs) == 2);
  }

  TEST_CASE("a slice ends with so many ops, and the next one goes on") {
    Parts us("us", kUs);
    InboxWorld eu;
    for (int i = 0; i < 3; ++i) eu.receive(us.put("k" + std::to_string(i), "v"));
    eu.apply(2);
    CHECK(eu.state.applied().vector().at(kUs) == 2);
    CHECK(eu.inbox.has_more());
    eu.apply(2);
    CHECK(eu.state.applied().vector().at(kUs) == 3);
  }

  TEST_CASE("a batch of another history is not applied") {
    Parts us("us", kUs);
    Parts copy("us", kUs);
    InboxWorld eu;
    eu.receive(us.put("a", "1"));
    eu.apply();
    (void)copy.put("a", "other");
    eu.receive(copy.put("b", "2"));
    eu.apply();
    CHECK(eu.state.applied().vector().at(kUs) == 1);
    CHECK(eu.get("b").empty());
    CHECK(eu.exchange.forks().all().contains(kUs));
  }

  TEST_CASE("what waits of an origin is forgotten, and comes again") {
    Parts us("us", kUs);
    const std::string one = us.put("a", "1");
    InboxWorld eu;
    eu.receive(one);
    eu.inbox.forget(kUs);
    CHECK_FALSE(eu.inbox.holds(kUs));
    eu.receive(one);
    eu.inbox.clear();
    CHECK_FALSE(eu.inbox.has_more());
    eu.receive(one);
    eu.apply();
    CHECK(eu.get("a") == "1");
  }

  TEST_CASE("after a failed commit nothing more is applied") {
    Parts us("us", kUs);
    InboxWorld eu;
    eu.receive(us.put("a", "1"));
    eu.storage.set_faults({.fail_commit = 1});
    REQUIRE(eu.inbox.count_deferred_clears().value());
    CHECK_FALSE(eu.inbox.apply(eu.writer.close_group(), 1000).ok());
    CHECK(eu.get("a").empty());
    CHECK(eu.state.broken().has_value());
  }

  TEST_CASE("what waits for another origin stops nothing") {
    Receiver us("us", kUs);
    us.greet(kLink, "ap", 3);
    Parts ap("ap", 3);
    us.take(ap.put("a", "1"));
    InboxWorld eu;
    eu.receive(us.put("b", "2"));
    CHECK_FALSE(eu.inbox.count_deferred_clears().value());
    CHECK(eu.inbox.holds(kUs));
    CHECK_FALSE(eu.inbox.has_enough());
  }

  TEST_CASE("an addition to a counter whose clear waits stays, and what was cleared is listed") {
    Parts us("us", kUs);
    InboxWorld eu({.own_rows_direct = 2, .foreign_rows_direct = 2});
    for (int i = 0; i < 9; ++i) {
      eu.write([&](Group& group) { group.add(Parts::row_of("n" + std::to_string(i)), 7); });
    }
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    REQUIRE(eu.state.masks()->any_tallies());
    const core::Seq before = eu.state.applied().vector().at(1);
    eu.receive(us.write([](Group& group) { group.add(Parts::row_of("n3"), 1); }));
    eu.apply();
    CHECK(eu.state.applied().vector().at(1) == before + 1);  // A batch of its own goes before it.
    CHECK(eu.state.applied().vector().at(kUs) == 1);
    CHECK(eu.state.reader()->row(Parts::row_of("n3")).tally.slots.size() > 0);
  }

  TEST_CASE("a clear takes what its leader had seen, and nothing else") {
    Parts us("us", kUs);
    InboxWorld eu;
    eu.receive(us.put("a", "1"));
    eu.apply();
    eu.put("b", "2");
    eu.receive(us.write([](Group& group) { group.clear(core::Path{"\1"}); }));
    eu.apply();
    CHECK(eu.get("a").empty());
    CHECK(eu.get("b") == "2");
  }
}

}  // namespace anabranch::inbox_test
