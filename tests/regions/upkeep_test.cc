// The work on rows in the background, in slices.

#include <doctest/doctest.h>

#include <string>

#include "regions/upkeep.h"
#include "tests/regions/receiver.h"

namespace anabranch::upkeep_test {

using regions::Group;
using regions::Upkeep;
using test::Parts;
using test::Receiver;

namespace {

struct UpkeepWorld : Receiver {
  Upkeep upkeep{state, writer, {}};

  UpkeepWorld() : Receiver("eu", 1, {.own_rows_direct = 2, .foreign_rows_direct = 2}) {
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
    UpkeepWorld eu;
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
    UpkeepWorld eu;
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
    UpkeepWorld eu;
    eu.write([](Group& group) { group.add(Parts::row_of("n"), 5); });
    eu.write([](Group& group) { group.reset(Parts::row_of("n")); });
    const auto slots = [&] { return eu.state.reader()->row(Parts::row_of("n")).tally.slots; };
    REQUIRE(eu.upkeep.collect(eu.writer.close_group()).ok());
    CHECK(slots().empty());
  }

  TEST_CASE("a replica that is broken sweeps nothing") {
    UpkeepWorld eu;
    for (int i = 0; i < 9; ++i) eu.put("k" + std::to_string(i), "v");
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    eu.state.fail({ErrorCode::kIo, "no"});
    CHECK_FALSE(eu.upkeep.sweep(eu.writer.close_group()).value());
    CHECK(eu.storage.snapshot()->size(storage::Table::kRows) == 9);
    CHECK_FALSE(eu.upkeep.collect(eu.writer.close_group()).ok());
  }

  TEST_CASE("an own addition to a counter whose clear waits stays, alone") {
    UpkeepWorld eu;
    for (int i = 0; i < 9; ++i) {
      eu.write([&](Group& group) { group.add(Parts::row_of("n" + std::to_string(i)), 7); });
    }
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    const auto batch =
        core::decode_batch(eu.write([](Group& group) { group.add(Parts::row_of("n3"), 1); }));
    REQUIRE(batch.ok());
    const auto& ops = batch.value().transactions.at(0).ops;
    REQUIRE(ops.size() == 2);
    CHECK(std::holds_alternative<core::Reset>(ops[0]));
    eu.finish();
    CHECK(eu.state.reader()->row(Parts::row_of("n3")).tally.sum() == core::Number(1));
    CHECK(eu.state.reader()->row(Parts::row_of("n4")).tally.sum() == core::Number(0));
  }

  TEST_CASE("dead slots of another region stay until it is known to have seen the reset") {
    constexpr regions::LinkId kLink = 1;
    const core::Path row = Parts::row_of("n");
    UpkeepWorld eu;
    eu.greet(kLink, "us", 2);
    Receiver us("us", 2);
    us.greet(kLink, "eu", 1);
    eu.take(us.write([&](Group& group) { group.add(row, 5); }));
    const std::string reset = eu.write([&](Group& group) { group.reset(row); });
    const auto slots = [&] { return eu.state.reader()->row(row).tally.slots; };
    REQUIRE(eu.upkeep.collect(eu.writer.close_group()).ok());
    CHECK(slots().size() == 1);
    us.take(reset);
    eu.take(us.put("other", "v"));
    REQUIRE(eu.upkeep.collect(eu.writer.close_group()).ok());
    CHECK(slots().empty());
  }

  TEST_CASE("a large clear that is not swept yet outlives a restart") {
    UpkeepWorld eu;
    for (int i = 0; i < 9; ++i) eu.put("k" + std::to_string(i), "v");
    eu.write([](Group& group) { group.clear(core::Path{"\1"}); });
    const auto stored = rows::load_masks(*eu.storage.snapshot());
    REQUIRE(stored.ok());
    CHECK_FALSE(stored.value()->empty());
    eu.finish();
    CHECK(rows::load_masks(*eu.storage.snapshot()).value()->empty());
  }
}

}  // namespace anabranch::upkeep_test
