// What of the applied state is on the disk, where the storage syncs later than it commits.

#include <doctest/doctest.h>

#include "tests/regions/parts.h"

namespace anabranch::durable_state_test {

using core::VersionVector;
using test::Parts;

namespace {

struct World : Parts {
  explicit World(bool durable_at_once) : Parts("eu", 1) {
    storage.set_faults({.durable_at_once = durable_at_once});
  }
  void put() { Parts::put("k", "value"); }
  [[nodiscard]] VersionVector applied() const { return state.applied().vector(); }
  [[nodiscard]] VersionVector durable() const { return state.durable_state().vector(); }
};

}  // namespace

TEST_SUITE("regions: durable state") {
  TEST_CASE("where each commit is durable, all that is applied is") {
    World eu(true);
    eu.put();
    CHECK(eu.durable() == eu.applied());
    CHECK(eu.state.durable_clock() == eu.state.stored_clock());
  }

  TEST_CASE("a state that is noted counts once it is synced, although commits follow") {
    World eu(false);
    eu.put();
    const VersionVector first = eu.applied();
    const core::Hlc first_clock = eu.state.stored_clock();
    eu.put();
    CHECK(eu.durable() == VersionVector());
    eu.storage.sync();
    CHECK(eu.durable() == eu.applied());
    eu.put();
    CHECK(eu.durable() == first);
    CHECK(eu.state.durable_clock() == first_clock);
    const VersionVector third = eu.applied();
    eu.put();
    CHECK(eu.durable() == first);
    eu.storage.sync();
    eu.put();
    CHECK(eu.durable() == third);
    CHECK(first_clock < eu.state.durable_clock());
  }

  TEST_CASE("the disk can be waited for") {
    World eu(false);
    eu.put();
    REQUIRE(eu.storage.durable_position() < eu.storage.last_position());
    REQUIRE(eu.state.make_durable().ok());
    CHECK(eu.storage.durable_position() == eu.storage.last_position());
    CHECK(eu.durable() == eu.applied());
  }
}

}  // namespace anabranch::durable_state_test
