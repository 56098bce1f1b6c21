// Tables in memory: the behaviour of a map, and copies that keep their content.

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "storage/memory_table.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::memory_table_test {

using storage::MemoryTable;

namespace {

using Map = std::map<std::string, std::string, std::less<>>;

void check_equal(const MemoryTable& table, const Map& map) {
  REQUIRE(table.size() == map.size());
  MemoryTable::Place place = table.lower_bound("");
  for (const auto& [key, value] : map) {
    REQUIRE(place != table.end());
    REQUIRE(table.at(place).key == key);
    REQUIRE(table.at(place).value == value);
    place = table.next(place);
  }
  REQUIRE(place == table.end());
  for (auto each = map.rbegin(); each != map.rend(); ++each) {
    place = table.previous(place);
    REQUIRE(table.at(place).key == each->first);
  }
  if (!map.empty()) REQUIRE(table.previous(place) == table.end());
}

TEST_SUITE("storage: memory tables") {
  TEST_CASE("a table holds what a map holds and its copies stay as they were") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    MemoryTable table;
    Map map;
    std::vector<std::pair<MemoryTable, Map>> copies;
    for (int step = 0; step < 3'000; ++step) {
      const std::string key = std::to_string(random.below(300));
      const bool removes = random.chance(step / 500 % 2 == 0 ? 0.2 : 0.8);
      const auto value = removes ? std::nullopt : std::optional(std::to_string(step));
      const auto found = map.find(key);
      const auto before = found == map.end() ? std::nullopt : std::optional(found->second);
      REQUIRE(table.set(key, value) == before);
      value ? void(map[key] = *value) : void(map.erase(key));
      const std::string other = std::to_string(random.below(300));
      const auto at_or_after = map.lower_bound(other);
      const MemoryTable::Place place = table.lower_bound(other);
      REQUIRE((place == table.end()) == (at_or_after == map.end()));
      if (place != table.end()) REQUIRE(table.at(place).key == at_or_after->first);
      REQUIRE((table.find(other) != nullptr) == map.contains(other));
      if (step % 100 == 0) copies.emplace_back(step % 200 == 0 ? table : table.detached(), map);
    }
    check_equal(table, map);
    for (const auto& [copy, then] : copies) check_equal(copy, then);
  }
}

}  // namespace

}  // namespace anabranch::memory_table_test
