// The rows of a stage are found, stay where they are, and come in the order of their paths.

#include "rows/stage/staged_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::staged_rows_test {

using core::Path;
using rows::StagedRow;
using rows::StagedRows;

namespace {

Path path_of(std::size_t number) {
  const std::string name = std::to_string(number * 7'919 % 10'007);
  return {"\1", number % 3 == 0 ? name + std::string(100, 'x') : name, "s"};
}

}  // namespace

TEST_SUITE("rows: staged rows") {
  TEST_CASE("of few and of many each is found at its path, and others are not") {
    for (const std::size_t count : {0, 1, 8, 9, 33, 3'000}) {
      CAPTURE(count);
      StagedRows rows(1);
      std::vector<StagedRow*> places;
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(rows.find(path_of(i)) == nullptr);
        crdt::Row row;
        row.cell.add({.dot = {1, i + 1}, .hlc = {}, .value = std::to_string(i), .base = {}});
        places.push_back(&rows.add(path_of(i), std::move(row)));
      }
      CHECK(rows.size() == count);
      CHECK(rows.empty() == (count == 0));
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(rows.find(path_of(i)) == places[i]);
        CHECK(places[i]->row.cell.siblings.front().value == std::to_string(i));
        CHECK(places[i]->stored);
      }
      CHECK(rows.find(path_of(count)) == nullptr);
      std::size_t visited = 0;
      rows.for_each([&](const StagedRow& row) { CHECK(&row == places[visited++]); });
      CHECK(visited == count);
      const StagedRows moved = std::move(rows);
      if (count > 0) CHECK(moved.find(path_of(0)) == places[0]);
    }
  }

  TEST_CASE("changed rows come in the order of their paths, and new ones between bounds") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    StagedRows rows(1);
    std::map<Path, bool> changed;  // {path: whether it is new}
    for (std::size_t i = 0; i < 500; ++i) {
      StagedRow& row = rows.add(path_of(i), {});
      CHECK_FALSE(row.stored);
      row.changed = random.chance(0.7);
      if (!row.changed) continue;
      const bool is_new = changed[row.path] = random.chance(0.5);
      if (is_new) rows.note_new(row);
    }
    std::vector<Path> found;
    for (const StagedRow* const row : rows.changed()) found.push_back(row->path);
    CHECK(std::ranges::equal(found, changed, {}, {}, [](const auto& each) { return each.first; }));
    for (int i = 0; i < 50; ++i) {
      const Path bound = path_of(random.below(600));
      const auto expected = std::ranges::find_if(
          changed, [&](const auto& each) { return each.second && each.first >= bound; });
      const auto at = rows.new_rows().lower_bound(bound.encoded());
      REQUIRE((at == rows.new_rows().end()) == (expected == changed.end()));
      if (expected != changed.end()) CHECK((*at)->path == expected->first);
    }
  }
}

}  // namespace anabranch::staged_rows_test
