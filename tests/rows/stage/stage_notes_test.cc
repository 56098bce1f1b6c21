// What applied ops leave in a stage for the conflict log.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "rows/stage/apply_op.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"

namespace anabranch::stage_notes_test {

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

  // A peer may send very many values that its own later ones do not replace.
  TEST_CASE("a put costs the same however many values its cell has") {
    constexpr core::Seq kValues = 1'000;
    StageWorld world;
    rows::Stage stage(world.base(), rows::Stage::Undo::kNone);
    const std::string first(100, 'a');
    put(stage, {kHere, 1}, first, {});
    const char* const bytes = stage.peek(kRow).cell.siblings.front().value.data();
    for (core::Seq seq = 2; seq <= kValues; ++seq)
      put(stage, {kHere, seq}, std::to_string(seq), {});
    const crdt::Cell& cell = stage.peek(kRow).cell;
    CHECK(cell.siblings.size() == kValues);
    CHECK(cell.siblings.front().value.data() == bytes);  // It was never copied.
    const rows::ConflictNotes notes = stage.take_notes();
    std::set<std::string> noted;
    for (const rows::ConflictNote& note : notes) {
      CHECK(note.values.size() <= rows::kValuesMax);
      for (const crdt::Sibling& each : note.values) noted.insert(each.value);
    }
    CHECK(noted.size() == kValues);
  }

  TEST_CASE("the notes of a commit have a bound, and notes beyond it are counted") {
    constexpr std::size_t kLarge = std::size_t{4} << 20U;
    constexpr core::Seq kPuts = 100;
    StageWorld world;
    rows::Stage stage(world.base(), rows::Stage::Undo::kNone);
    put(stage, {kThere, 1}, std::string(kLarge, 'a'), {});
    for (core::Seq seq = 1; seq <= kPuts; ++seq)
      put(stage, {kHere, seq}, std::to_string(seq), {{kHere, seq - 1}});
    const rows::ConflictNotes notes = stage.take_notes();
    CHECK(notes.size() == rows::ConflictNotes::kBytesMax / kLarge);
    CHECK(notes.size() + notes.dropped() == kPuts);
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

  TEST_CASE("a row of a type that the key does not show is noted when its first one comes") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    const Path element{"\1", "k", "e", "x"};
    rows::apply_op(world.stage(), core::Put{element, "1", {}, {}}, {kThere, 1}, {}, {});
    const rows::ConflictNotes notes = world.stage().take_notes();
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].kind == ConflictKind::kHidden);
    CHECK(notes[0].path == element);
    CHECK(notes[0].values.size() == 1);
  }

  TEST_CASE("rows that a type hides are noted when it comes, as far as they were shown") {
    StageWorld world;
    for (core::Seq seq = 1; seq <= 3; ++seq) {
      const Path element{"\1", "k", "e", std::to_string(seq)};
      rows::apply_op(world.stage(), core::Put{element, "1", {}, {}}, {kThere, seq}, {}, {});
    }
    CHECK(world.stage().take_notes().empty());
    put(world.stage(), {kHere, 1}, "a", {});
    const rows::ConflictNotes notes = world.stage().take_notes();
    REQUIRE(notes.size() == 3);
    CHECK(notes[0].kind == ConflictKind::kHidden);
    CHECK(notes[0].path == Path{"\1", "k", "e", "1"});
    CHECK(notes[0].by == core::Dot{kHere, 1});
  }

  TEST_CASE("a sum hides a set, too, and a field of a map has types of its own") {
    StageWorld world;
    const Path field{"\1", "k", "h", "f", "s"};
    const Path element{"\1", "k", "h", "f", "e", "x"};
    rows::apply_op(world.stage(), core::Put{element, "1", {}, {}}, {kThere, 1}, {}, {});
    rows::apply_op(world.stage(), core::Add{field, 1, 5, 5}, {kHere, 1}, {}, {});
    const rows::ConflictNotes notes = world.stage().take_notes();
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].path == element);
  }

  TEST_CASE("without concurrent values nothing is noted") {
    StageWorld world;
    put(world.stage(), {kHere, 1}, "a", {});
    put(world.stage(), {kThere, 1}, "b", {{kHere, 1}});
    CHECK(world.stage().take_notes().empty());
  }
}

}  // namespace anabranch::stage_notes_test
