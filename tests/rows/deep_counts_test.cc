// Counts above and below the last level on which places are counted (counts.h).

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rows/recount.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"
#include "tests/seed.h"

namespace anabranch::deep_counts_test {

using core::Path;
using crdt::Row;
using rows::kCountedDepth;
using test::Random;
using test::StageWorld;

namespace {

Row shown_row() {
  Row row;
  row.cell.add({.dot = {3, 1}, .hlc = {}, .value = "v", .base = {}});
  return row;
}

// A place in maps in maps; the number of components is even.
Path place_at(std::size_t components) {
  Path place{"\1", "k"};
  for (std::size_t size = 2; size < components; size += 2) place.append("h").append("f");
  return place;
}

// A row with so many components: a string, or an element of a set.
Path row_at(std::size_t components, const std::string& element = "x") {
  if (components % 2 == 1) return place_at(components - 1).child("s");
  return place_at(components - 2).child("e").child(element);
}

std::map<Path, std::uint64_t> stored_counts(const StageWorld& world) {
  std::map<Path, std::uint64_t> counts;
  const auto snapshot = world.storage().snapshot();
  const auto cursor = snapshot->scan(storage::Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) {
    counts[rows::counted_at(cursor->key(), cursor->value())] =
        rows::decode_count(cursor->value()).count;
  }
  return counts;
}

// As verification counts, from the rows of a world.
std::map<Path, std::uint64_t> recounted(const StageWorld& world) {
  std::map<Path, std::uint64_t> counts;
  rows::Recount recount(
      [&](const Path& collection, std::uint64_t count) { counts[collection] = count; });
  for (const auto& [path, row] : world.rows()) {
    if (crdt::shows(path, row)) recount.add(path);
  }
  recount.finish();
  return counts;
}

// The bytes of all paths that a row makes a table look at.
class PathBytes final : public rows::CountTable {
 public:
  [[nodiscard]] std::uint64_t count(const Path& collection) const override {
    bytes_ += collection.encoded().size();
    return 0;
  }
  void set_count(const Path& collection, std::uint64_t /*count*/) override {
    bytes_ += collection.encoded().size();
  }
  [[nodiscard]] bool row_present(const Path& row) const override {
    bytes_ += row.encoded().size();
    return false;
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  mutable std::size_t bytes_ = 0;
};

// A path near the last level, of any shape.
Path any_deep_shape(Random& random) {
  static const std::vector<std::string> kNames = {
      "", "a", "b", "h", std::string(1, '\0'), std::string(300, 'n')};
  static const std::vector<std::string> kTags = {"s", "f", "e", "E", "z", "h", "l", "i", "i", "x"};
  Path path = place_at(56 + 2 * random.below(5));
  for (std::size_t depth = random.below(4); depth > 0; --depth) {
    path.append(random.chance(0.8) ? "h" : "i").append(random.pick(kNames));
  }
  const std::string tag = random.pick(kTags);
  path.append(tag);
  if (tag != "s" && tag != "f") path.append(random.pick(kNames));
  if (random.chance(0.1)) path.append(random.pick(kNames));
  return path;
}

}  // namespace

TEST_SUITE("rows: deep counts") {
  TEST_CASE("a row is seen from each level above it, however deep it is") {
    for (const std::size_t components : {61, 62, 63, 64, 65, 66, 67, 68, 130, 1001}) {
      CAPTURE(components);
      StageWorld world;
      const Path row = row_at(components);
      const std::size_t last = (components - 1) / 2 * 2;
      for (const bool present : {true, false}) {
        world.set(row, present ? shown_row() : Row());
        for (std::size_t place = 2; place < last; place += 2) {
          CAPTURE(place);
          REQUIRE(world.stage().count(place_at(place).child("h")) == (present ? 1 : 0));
        }
        CHECK(world.stage().count(Path{"\1"}) == (present ? 1 : 0));
        if (components % 2 == 0) CHECK(world.stage().count(row.parent()) == (present ? 1 : 0));
        world.commit();
        CHECK(world.base().count(place_at(56).child("h")) == (present ? 1 : 0));
        CHECK(recounted(world) == stored_counts(world));
      }
      CHECK(stored_counts(world).empty());
    }
  }

  TEST_CASE("a deep row makes and reads no more than its path, and the counted levels") {
    for (const std::size_t components : {6000, 6001}) {
      PathBytes table;
      const Path row = row_at(components);
      rows::count_presence(row, true, table);
      CHECK(table.bytes() < 4 * row.encoded().size() + kCountedDepth * kCountedDepth * 100);
      StageWorld world;
      world.set(row, shown_row());
      world.commit();
      CHECK(stored_counts(world).size() <= kCountedDepth / 2 + 3);
    }
  }

  TEST_CASE("several deep rows count once in each map above the last level") {
    StageWorld world;
    const Path map = place_at(kCountedDepth - 2).child("h");
    const std::vector<Path> rows{row_at(65), row_at(66, "a"), row_at(66, "b"), row_at(80),
                                 row_at(81)};
    for (const Path& row : rows) {
      world.set(row, shown_row());
      CHECK(world.stage().count(map) == 1);
      CHECK(world.stage().count(Path{"\1"}) == 1);
    }
    world.set(map.child("other").child("s"), shown_row());
    CHECK(world.stage().count(map) == 2);
    CHECK(world.difference() == "");
    world.commit();
    CHECK(stored_counts(world)[place_at(kCountedDepth)] == rows.size());
    CHECK(stored_counts(world)[row_at(66).parent()] == 2);
    CHECK(recounted(world) == stored_counts(world));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(world.stage().count(map) == 2);
      world.set(rows[i], {});
    }
    CHECK(world.stage().count(map) == 1);
  }

  TEST_CASE("the fields of a deep map are counted when asked, each once") {
    StageWorld world;
    const Path map = place_at(kCountedDepth + 2).child("h");
    for (int field = 0; field < 5; ++field) {
      const Path place = map.child("f" + std::to_string(field));
      for (int i = 0; i < 40; ++i)
        world.set(place.child("e").child(std::to_string(i)), shown_row());
    }
    world.set(map.child("list").child("i").child("gone").child("s"),
              shown_row());  // No member row.
    CHECK(world.stage().count(map) == 5);
    world.commit();
    CHECK(world.base().count(map) == 5);
    CHECK(world.base().count(map.child("f3").child("e")) == 40);
    CHECK_FALSE(stored_counts(world).contains(map));
    for (int i = 0; i < 40; ++i) world.set(map.child("f3").child("e").child(std::to_string(i)), {});
    CHECK(world.stage().count(map) == 4);
    CHECK(world.difference() == "");
  }

  TEST_CASE("what is in a deep element counts nowhere above it") {
    for (const std::size_t place : {kCountedDepth - 4, kCountedDepth - 2, kCountedDepth}) {
      CAPTURE(place);
      StageWorld world;
      const Path element = place_at(place).child("i").child("p");
      const Path inside = element.child("h").child("f").child("h").child("g").child("s");
      world.set(inside, shown_row());
      CHECK(world.stage().count(Path{"\1"}) == 0);
      CHECK(world.difference() == "");
      world.set(element, shown_row());
      CHECK(world.stage().count(Path{"\1"}) == 1);
      CHECK(world.stage().count(element.parent()) == 1);
      CHECK(world.difference() == "");
      world.set(inside, {});
      CHECK(world.stage().count(Path{"\1"}) == 1);
      world.commit();
      CHECK(recounted(world) == stored_counts(world));
    }
  }

  TEST_CASE("a deep list is recounted once, whatever its elements have in them") {
    for (const std::size_t place : {kCountedDepth - 2, kCountedDepth, kCountedDepth + 4}) {
      CAPTURE(place);
      StageWorld world;
      const Path list = place_at(place).child("i");
      for (const char* const name : {"a", "b", "c"}) {
        world.set(list.child(name), shown_row());
        world.set(list.child(name).child("h").child("f").child("i").child("inner"), shown_row());
      }
      world.commit();
      CHECK(stored_counts(world)[list] == 3);
      CHECK(recounted(world) == stored_counts(world));
    }
  }

  TEST_CASE("deep counts are what a recount finds, and nothing is left when nothing is shown") {
    const int runs = test::long_run() ? 1'000 : 25;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      StageWorld world;
      std::vector<Path> paths;
      for (int i = 0; i < 12; ++i) paths.push_back(any_deep_shape(random));
      for (int step = 0; step < 40; ++step) {
        world.set(random.pick(paths), test::random_row(random));
        if (random.chance(0.1)) world.commit();
        if (step % 10 == 0) REQUIRE(world.difference() == "");
      }
      REQUIRE(world.difference() == "");
      world.commit();
      REQUIRE(recounted(world) == stored_counts(world));
      for (const Path& path : paths) world.set(path, {});
      REQUIRE(world.difference() == "");
      world.commit();
      CHECK(stored_counts(world).empty());
    }
  }
}

}  // namespace anabranch::deep_counts_test
