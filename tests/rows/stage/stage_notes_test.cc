// What applied ops leave in a stage for the conflict log.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rows/stage/apply_op.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"

using namespace anabranch;
using core::Path;
using rows::ConflictKind;
using test::kOrigins;
using test::StageWorld;

namespace {

const Path kRow{"\1", "k", "s"};
constexpr core::Origin kHere = kOrigins[0];
constexpr core::Origin kThere = kOrigins[1];

void put(rows::Stage& stage, core::Dot dot, const std::string& value,
         const core::VersionVector& context) {
  rows::apply_op(stage, core::Put{kRow, value, {}, {}}, dot, {}, context);
}

}  // namespace

TEST_SUITE("rows: notes in a stage") {
  TEST_CASE(
      "values that meet in the middle of a slice are noted, though they are gone at its end") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    put(world.stage(), {kThere, 1}, "b", {});
    put(world.stage(), {kHere, 2}, "c", {{kHere, 1}, {kThere, 1}});
    const rows::ConflictNotes notes = world.stage().take_notes();
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].kind == ConflictKind::kMet);
    CHECK(notes[0].by == core::Dot{kThere, 1});
    CHECK(notes[1].kind == ConflictKind::kReplaced);
    CHECK(notes[1].by == core::Dot{kHere, 2});
    CHECK(world.stage().take_notes().empty());
  }

  TEST_CASE("a context in the op says that its author had read the values") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    put(world.stage(), {kThere, 1}, "b", {});
    (void)world.stage().take_notes();
    const core::VersionVector seen{{kHere, 1}, {kThere, 1}};
    rows::apply_op(world.stage(), core::Remove{kRow, seen}, {kHere, 2}, {}, seen);
    CHECK(world.stage().take_notes().empty());
  }

  TEST_CASE("a clear replaces the values of each cell below it, and misses those it had not seen") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    put(world.stage(), {kThere, 1}, "b", {});
    put(world.stage(), {kOrigins[2], 1}, "c", {});
    (void)world.stage().take_notes();
    const core::VersionVector seen{{kHere, 1}, {kThere, 1}};
    rows::apply_op(world.stage(), core::Clear{Path{"\1"}, {}}, {kHere, 2}, core::Hlc::of(5, 0),
                   seen);
    const rows::ConflictNotes notes = world.stage().take_notes();
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].kind == ConflictKind::kReplaced);
    CHECK(notes[0].values.size() == 2);
    CHECK(notes[0].by_time == core::Hlc::of(5, 0));
  }

  TEST_CASE("what is rolled back was never noted, and what is kept stays") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    put(world.stage(), {kThere, 1}, "b", {});
    world.stage().keep();
    const auto savepoint = world.stage().savepoint();
    put(world.stage(), {kHere, 2}, "c", {{kHere, 1}, {kThere, 1}});
    CHECK(world.stage().notes().size() == 2);
    world.stage().rollback(savepoint);
    CHECK(world.stage().notes().size() == 1);
  }

  TEST_CASE("without concurrent values nothing is noted") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    put(world.stage(), {kThere, 1}, "b", {{kHere, 1}});
    CHECK(world.stage().take_notes().empty());
  }
}
