#include "storage/wal/logged_changes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/seed.h"

namespace anabranch::storage::test::logged_changes_test {
namespace {

// Whether the bytes are those of a commit.
bool is_sound(std::string_view bytes) {
  LoggedChanges walk(bytes);
  while (walk.next()) {
  }
  return !walk.failed();
}

std::vector<std::string> seen(const Changes& changes) {
  std::vector<std::string> all;
  for (const ChangeView& change : changes) {
    const std::string table = std::to_string(static_cast<int>(change.table));
    all.push_back(table + " " + std::string(change.key) +
                  (change.value ? "=" + std::string(*change.value) : " removed"));
  }
  return all;
}

TEST_CASE("changes are given back in order") {
  const std::string long_key(kKeySizeMax, 'k');
  Changes changes;
  CHECK(changes.empty());
  CHECK_FALSE(changes.has(Table::kRows));
  changes.put(Table::kRows, "a", "1");
  changes.remove(Table::kMeta, "b");
  changes.put(Table::kConflicts, long_key, "");
  const auto place = changes.put(Table::kCounts, "c", 3);
  std::copy_n("xyz", 3, place.begin());
  const std::vector<std::string> expected{"0 a=1", "2 b removed", "9 " + long_key + "=", "1 c=xyz"};
  CHECK(seen(changes) == expected);
  CHECK(changes.size() == 4);
  CHECK(changes.has(Table::kRows));
  CHECK_FALSE(changes.has(Table::kNextRows));
  CHECK(is_sound(changes.bytes()));

  SUBCASE("as are those that were added to others") {
    Changes more{{Table::kScores, "s", std::nullopt}};
    more.add(changes);
    CHECK(more.size() == 5);
    CHECK(more.has(Table::kMeta));
    CHECK(seen(more).front() == "7 s removed");
    CHECK(seen(more).back() == "1 c=xyz");
  }
  SUBCASE("but for those that were erased") {
    changes.erase_if([](const ChangeView& change) { return change.table != Table::kMeta; });
    CHECK(seen(changes) == std::vector<std::string>{"2 b removed"});
    CHECK(changes.size() == 1);
    CHECK_FALSE(changes.has(Table::kRows));
  }
  SUBCASE("until they are cleared") {
    changes.clear();
    CHECK(changes.empty());
    CHECK(changes.size() == 0);
    CHECK_FALSE(changes.has(Table::kRows));
    CHECK(seen(changes).empty());
  }
}

TEST_CASE("sorted changes are in the order of tables and keys") {
  const Changes changes{
      {Table::kMeta, "a", "1"}, {Table::kRows, "c", "2"}, {Table::kRows, "b", {}}};
  std::vector<ChangeView> sorted;
  sort_changes(changes, sorted);
  REQUIRE(sorted.size() == 3);
  CHECK(sorted[0].key == "b");
  CHECK_FALSE(sorted[0].value);
  CHECK(sorted[1].key == "c");
  CHECK(sorted[2].key == "a");
  CHECK(sorted[2].value == "1");
}

TEST_CASE("generations between changes are given back, and nothing that cannot be one") {
  std::string bytes(Changes{{Table::kRows, "a", "1"}}.bytes());
  append_switch(bytes, {.current = 2, .next = 0});
  bytes += Changes{{Table::kNextRows, "b", std::nullopt}}.bytes();
  append_switch(bytes, {.current = 0});
  append_trim(bytes, 300);
  LoggedChanges walk(bytes);
  CHECK_FALSE(walk.next()->generations);
  CHECK((walk.next()->generations == Generations{.current = 2, .next = 0}));
  CHECK(walk.next()->change.table == Table::kNextRows);
  CHECK((walk.next()->generations == Generations{.current = 0}));
  CHECK(walk.next()->trimmed == 300);
  CHECK_FALSE(walk.next());
  CHECK_FALSE(walk.failed());
  for (const char* no :
       {"\xFF", "\xFF\x01", "\xFF\x01\x01", "\xFF\x03\xFF", "\xFF\x01\x03", "\xFE", "\xFE\x80"}) {
    CHECK_FALSE(is_sound(no));
  }
}

TEST_CASE("changes that are cut off are refused") {
  const Changes changes{{Table::kRows, "a key", std::string(200, 'v')}};
  const std::string bytes(changes.bytes());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    CHECK_FALSE(is_sound(bytes.substr(0, size)));
  }
}

TEST_CASE("an unknown table, an empty key and a long one are refused") {
  CHECK_FALSE(is_sound(std::string{static_cast<char>(kTableCount * 2), 1, 'k', 0}));
  CHECK_FALSE(is_sound(std::string{0, 0, 0}));
  CHECK_FALSE(is_sound(std::string("\x01\x80\x04", 3) + std::string(512, 'k')));
  CHECK(is_sound(std::string("\x01\xFF\x03", 3) + std::string(511, 'k')));
}

TEST_CASE("hostile changes are read or refused") {
  std::mt19937_64 random(anabranch::test::seed());
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 30, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 6);
    LoggedChanges walk(bytes);
    std::size_t size = 0;
    while (const auto logged = walk.next()) {
      const ChangeView& change = logged->change;
      size += change.key.size() + change.value.value_or(std::string_view()).size();
    }
    CHECK_LE(size, bytes.size());
    CHECK_EQ(is_sound(bytes), !walk.failed());
  }
}

}  // namespace
}  // namespace anabranch::storage::test::logged_changes_test
