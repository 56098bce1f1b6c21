// The deps of a leader at an older position, read backwards from its log.

#include <doctest/doctest.h>

#include "regions/state/former_deps.h"
#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::former_deps_test {

using core::VersionVector;
using regions::FormerDeps;
using test::kAp;
using test::kEu;
using test::kUs;
using test::Parts;
using test::Receiver;

namespace {

// Writes of eu, each after another one of us; of ap it has seen one, before the first.
struct FormerDepsWorld : Receiver {
  Parts us{"us", kUs};
  Parts ap{"ap", kAp};

  FormerDepsWorld() : Receiver("eu", kEu) {
    greet(1, "us", kUs);
    take(ap.put("ap", "v"));
    for (int i = 0; i < 4; ++i) {
      take(us.put("us", "v"));
      put("eu", "v");
    }
  }
  [[nodiscard]] FormerDeps at(core::Seq position) const {
    return {kEu, 4, state.applied().head(kEu).deps, position};
  }
};

}  // namespace

TEST_SUITE("regions: former deps") {
  TEST_CASE("at each position they are what the leader had applied then") {
    FormerDepsWorld eu;
    for (core::Seq position = 1; position <= 4; ++position) {
      FormerDeps deps = eu.at(position);
      CHECK_FALSE(deps.read(eu.state.log(), 100).value());
      CHECK(deps.deps() == VersionVector{{kEu, position}, {kUs, position}, {kAp, 1}});
    }
  }

  TEST_CASE("the log is read in slices") {
    FormerDepsWorld eu;
    FormerDeps deps = eu.at(1);
    int slices = 1;
    while (deps.read(eu.state.log(), 1).value()) ++slices;
    CHECK(slices > 2);
    CHECK(deps.deps() == VersionVector{{kEu, 1}, {kUs, 1}, {kAp, 1}});
  }

  TEST_CASE("an entry that the log has forgotten is left out") {
    FormerDepsWorld eu;
    const auto second = eu.storage.find(kEu, 2);
    REQUIRE(second);
    REQUIRE(eu.storage.trim(*second + 1).ok());
    FormerDeps deps = eu.at(2);
    CHECK_FALSE(deps.read(eu.state.log(), 100).value());
    CHECK(deps.deps().at(kUs) == 0);
    CHECK(deps.deps().at(kAp) == 1);
  }
}

}  // namespace anabranch::former_deps_test
