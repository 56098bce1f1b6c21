// The work on rows in the background, in slices.

#include <doctest/doctest.h>

#include <string>

#include "regions/upkeep.h"
#include "tests/regions/parts.h"

using namespace anabranch;
using regions::Group;
using regions::Upkeep;
using test::Parts;

namespace {

struct World : Parts {
  Upkeep upkeep{state, writer, {}};

  World() : Parts("eu", 1, false, {.own_rows_direct = 2, .foreign_rows_direct = 2}) {
    state.join(upkeep);
    state.watch(upkeep);
  }
  void finish() {
    while (upkeep.sweeping() || upkeep.ordering()) {
      REQUIRE(upkeep.sweep(writer.close_group()).ok());
    }
  }
};

}  // namespace

TEST_SUITE("regions: upkeep") {
  TEST_CASE("a large clear hides its rows at once, and is swept in slices") {
    World eu;
    for (int i = 0; i < 9; ++i) eu.put("k" + std::to_string(i), "v");
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    CHECK(eu.upkeep.sweeping());
    CHECK(eu.get("k3").empty());
    CHECK(eu.storage.snapshot()->size(storage::Table::kRows) == 9);
    eu.finish();
    CHECK(eu.storage.snapshot()->size(storage::Table::kRows) == 0);
    CHECK(eu.state.masks()->empty());
  }

  TEST_CASE("what a clear hides of counters is listed in the log while it is swept") {
    World eu;
    for (int i = 0; i < 9; ++i) {
      eu.write([&](Group& group) { group.add(Parts::row_of("n" + std::to_string(i)), 1); });
    }
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    const storage::Position before = eu.storage.last_position();
    eu.finish();
    CHECK(eu.storage.last_position() > before);
    CHECK(eu.state.applied().vector().at(1) > 10);
  }

  TEST_CASE("dead slots are dropped once nobody can need them") {
    World eu;
    eu.write([](Group& group) { group.add(Parts::row_of("n"), 5); });
    eu.write([](Group& group) { group.reset(Parts::row_of("n")); });
    const auto slots = [&] { return eu.state.reader()->row(Parts::row_of("n")).tally.slots; };
    REQUIRE(eu.upkeep.collect(eu.writer.close_group()).ok());
    CHECK(slots().empty());
  }

  TEST_CASE("a replica that is broken sweeps nothing") {
    World eu;
    for (int i = 0; i < 9; ++i) eu.put("k" + std::to_string(i), "v");
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    eu.state.fail({ErrorCode::kIo, "no"});
    CHECK_FALSE(eu.upkeep.sweep(eu.writer.close_group()).value());
    CHECK(eu.storage.snapshot()->size(storage::Table::kRows) == 9);
    CHECK_FALSE(eu.upkeep.collect(eu.writer.close_group()).ok());
  }
}
