// Foreign batches on their way: they wait for what they depend on, and are applied in slices.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "regions/delivery/inbox.h"
#include "tests/regions/parts.h"

using namespace anabranch;
using regions::Inbox;
using test::Parts;

namespace {

constexpr regions::LinkId kLink = 1;
constexpr core::Origin kUs = 2;

struct World : Parts {
  Inbox inbox{{state, exchange, alarms, effects, writer, writer.reserve()}, {}};

  World() : Parts("eu", 1) {
    state.join(inbox);
    greet(kLink, "us", kUs);
  }
  void receive(const std::string& bytes) {
    auto batch = core::decode_batch(bytes);
    REQUIRE(batch.ok());
    inbox.on(kLink, {0, bytes}, std::move(batch).value(), 0);
  }
  void apply(std::size_t ops_max = 1000) {
    REQUIRE(inbox.look_ahead().value());
    REQUIRE(inbox.apply(writer.close_group(), ops_max).ok());
  }
};

}  // namespace

TEST_SUITE("regions: inbox") {
  TEST_CASE("a batch waits for the one before it, and both are one commit") {
    Parts us("us", kUs);
    const std::string one = us.put("a", "1");
    const std::string two = us.put("b", "2");
    World eu;
    eu.receive(two);
    CHECK_FALSE(eu.inbox.look_ahead().value());
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
    World eu;
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
    World eu;
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
    World eu;
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
    World eu;
    eu.receive(us.put("a", "1"));
    eu.storage.set_faults({.fail_commit = 1});
    REQUIRE(eu.inbox.look_ahead().value());
    CHECK_FALSE(eu.inbox.apply(eu.writer.close_group(), 1000).ok());
    CHECK(eu.get("a").empty());
    CHECK(eu.state.broken().has_value());
  }
}
