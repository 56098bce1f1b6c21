// Counts against a recount of all rows, after random changes of rows of every shape.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"
#include "tests/seed.h"

namespace anabranch::counts_test {

using core::Path;
using crdt::Row;
using test::Random;
using test::StageWorld;

namespace {

Row shown_row() {
  Row row;
  row.cell.add({.dot = {3, 1}, .hlc = {}, .value = "v", .base = {}});
  return row;
}

// A path that begins like a key, and may go on in any way, right or wrong.
Path any_shape(Random& random) {
  static const std::vector<std::string> kNames = {
      "", "a", "b", "s", "e", "E", "h", std::string(1, '\0'), std::string(470, 'n')};
  static const std::vector<std::string> kTags = {"s", "f", "F", "e", "E", "z", "h", "h",
                                                 "l", "t", "i", "i", "x", "",  "hh"};
  Path path{std::string(1, static_cast<char>(random.between(0, 2))), random.pick(kNames)};
  for (std::size_t depth = random.below(4); depth > 0; --depth) {
    path.append(random.chance(0.5) ? "h" : "i").append(random.pick(kNames));
  }
  const std::string tag = random.pick(kTags);
  path.append(tag);
  const bool single = tag == "s" || tag == "f" || tag == "F";
  if (!single || random.chance(0.1)) path.append(random.pick(kNames));
  if (random.chance(0.1)) path.append(random.pick(kNames));
  return path;
}

std::uint64_t stored_counts(storage::Storage& storage) {
  std::uint64_t counts = 0;
  const auto snapshot = storage.snapshot();
  const auto cursor = snapshot->scan(storage::Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) ++counts;
  return counts;
}

}  // namespace

TEST_SUITE("rows: counts") {
  TEST_CASE("counts are what a recount finds, and nothing is left when nothing is shown") {
    const int runs = test::long_run() ? 2'000 : 60;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      StageWorld world;
      std::vector<Path> paths;
      for (int i = 0; i < 25; ++i) paths.push_back(any_shape(random));
      for (int step = 0; step < 60; ++step) {
        world.set(random.pick(paths), test::random_row(random));
        if (random.chance(0.1)) world.commit();
        if (step % 10 == 0) REQUIRE(world.difference() == "");
      }
      REQUIRE(world.difference() == "");
      for (const Path& path : paths) world.set(path, {});
      REQUIRE(world.difference() == "");
      world.commit();
      CHECK(stored_counts(world.storage()) == 0);
    }
  }

  TEST_CASE("a key that shows several types counts once") {
    StageWorld world;
    const Path space{"\1"};
    for (const Path& row : {Path{"\1", "k", "s"}, Path{"\1", "k", "e", "x"},
                            Path{"\1", "k", "e", "y"}, Path{"\1", "k", "h", "f", "s"}}) {
      world.set(row, shown_row());
      CHECK(world.stage().count(space) == 1);
    }
    CHECK(world.stage().count(Path{"\1", "k", "e"}) == 2);
    CHECK(world.stage().count(Path{"\1", "k", "h"}) == 1);
    world.set(Path{"\1", "k", "s"}, {});
    world.set(Path{"\1", "k", "e", "x"}, {});
    world.set(Path{"\1", "k", "h", "f", "s"}, {});
    CHECK(world.stage().count(space) == 1);
    world.set(Path{"\1", "k", "e", "y"}, {});
    CHECK(world.stage().count(space) == 0);
  }

  TEST_CASE("of a remove-wins set only what is shown counts") {
    StageWorld world;
    const auto sibling = [](core::Seq seq, std::string value) {
      return crdt::Sibling{.dot = {3, seq}, .hlc = {}, .value = std::move(value), .base = {}};
    };
    Row row;
    row.cell.add(sibling(1, "1"));
    const Path element{"\1", "k", "E", "x"};
    world.set(element, row);
    CHECK(world.stage().count(Path{"\1", "k", "E"}) == 1);
    CHECK(world.stage().count(Path{"\1"}) == 1);
    row.cell.add(sibling(2, "0"));  // Removed concurrently: the row stays, and shows nothing.
    world.set(element, row);
    CHECK(world.stage().count(Path{"\1", "k", "E"}) == 0);
    CHECK(world.stage().count(Path{"\1"}) == 0);
    world.set(Path{"\1", "k", "F"}, row);  // A flag that is off is there all the same.
    CHECK(world.stage().count(Path{"\1"}) == 1);
  }

  TEST_CASE("maps in maps count in each other") {
    StageWorld world;
    const Path inner{"\1", "k", "h", "f", "h", "g", "e", "x"};
    world.set(inner, shown_row());
    CHECK(world.stage().count(Path{"\1"}) == 1);
    CHECK(world.stage().count(Path{"\1", "k", "h"}) == 1);
    CHECK(world.stage().count(Path{"\1", "k", "h", "f", "h"}) == 1);
    CHECK(world.stage().count(Path{"\1", "k", "h", "f", "h", "g", "e"}) == 1);
    world.set(inner, {});
    CHECK(world.stage().count(Path{"\1"}) == 0);
    CHECK(world.stage().count(Path{"\1", "k", "h"}) == 0);
  }

  TEST_CASE("an element of a list of containers counts by its member row, and by nothing in it") {
    StageWorld world;
    const Path list{"\1", "k", "h", "f", "i"};
    const Path element = list.child("p");
    const Path inside = element.child("h").child("votes").child("s");
    world.set(inside, shown_row());
    CHECK(world.stage().count(element.child("h")) == 1);
    CHECK(world.stage().count(list) == 0);
    CHECK(world.stage().count(Path{"\1"}) == 0);
    CHECK(world.difference() == "");
    world.set(element, shown_row());
    world.set(list.child("m").child("\xFFp"), shown_row());
    CHECK(world.stage().count(list) == 1);
    CHECK(world.stage().count(Path{"\1", "k", "h"}) == 1);
    CHECK(world.stage().count(Path{"\1"}) == 1);
    CHECK(world.difference() == "");
    world.set(element, {});
    CHECK(world.stage().count(element.child("h")) == 1);
    CHECK(world.stage().count(list) == 0);
    CHECK(world.stage().count(Path{"\1"}) == 0);
    world.set(inside, {});
    CHECK(world.stage().count(element.child("h")) == 0);
    CHECK(world.difference() == "");
  }

  TEST_CASE("rows of the mesh's own space and of foreign shapes are not counted") {
    StageWorld world;
    const std::string own(1, '\0');
    for (const Path& row :
         {Path{own, "k", "s"}, Path{"\1", "k"}, Path{"\1", "k", "x"}, Path{"\1", "k", "s", "more"},
          Path{"\1", "k", "e"}, Path{"\1", "k", "h", "f"}, Path{"\1", "k", "h", "f", "x"},
          Path{"\1", "k", "e", "x", "y"}, Path{"\1"}}) {
      world.set(row, shown_row());
    }
    world.commit();
    CHECK(stored_counts(world.storage()) == 0);
  }
}

}  // namespace anabranch::counts_test
