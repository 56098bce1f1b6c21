// Large foreign clears: their survivors are counted first, and other batches go on.

#include <doctest/doctest.h>

#include <string>

#include "regions/delivery/deferred_clears.h"
#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::deferred_clears_test {

using regions::Group;
using test::kAp;
using test::kUs;
using test::Parts;
using test::Receiver;

namespace {

// Counts two rows at a time.
struct DeferredClearsWorld : Receiver {
  DeferredClearsWorld()
      : Receiver("eu", 1, {.own_rows_direct = 2, .foreign_rows_direct = 2},
                 {.rows_counted_at_once = 2, .looks = 2}) {
    greet(1, "us", kUs);
  }
  // Applies what can be applied; returns how often it had to look.
  int finish() {
    int looks = 0;
    for (; inbox.has_more(); ++looks) {
      REQUIRE(looks < 100);
      if (inbox.count_deferred_clears().value())
        REQUIRE(inbox.apply(writer.close_group(), 1000).ok());
    }
    return looks;
  }
};

}  // namespace

TEST_SUITE("regions: clears aside") {
  TEST_CASE("a large clear waits until it is counted, and batches of others do not") {
    Parts us("us", kUs);
    Parts ap("ap", kAp);
    DeferredClearsWorld eu;
    for (int i = 0; i < 9; ++i) eu.take(us.put("k" + std::to_string(i), "v"));
    eu.put("mine", "v");  // The clear has not seen it.
    eu.receive(us.write([](Group& group) { group.clear(core::Path{"\1"}); }));
    eu.receive(ap.put("theirs", "v"));
    eu.apply();
    CHECK(eu.get("theirs") == "v");
    CHECK(eu.get("k0") == "v");
    CHECK(eu.inbox.holds(kUs));
    CHECK(eu.finish() > 2);
    CHECK(eu.get("k0").empty());
    CHECK(eu.get("k8").empty());
    CHECK(eu.get("mine") == "v");
    CHECK(eu.get("theirs") == "v");
    CHECK_FALSE(eu.inbox.holds(kUs));
    CHECK(eu.state.applied().vector().at(kUs) == 10);
  }

  TEST_CASE("a clear of few rows does not wait") {
    Parts us("us", kUs);
    DeferredClearsWorld eu;
    eu.take(us.put("k", "v"));
    eu.take(us.write([](Group& group) { group.clear(core::Path{"\1"}); }));
    CHECK(eu.get("k").empty());
  }
}

}  // namespace anabranch::deferred_clears_test
