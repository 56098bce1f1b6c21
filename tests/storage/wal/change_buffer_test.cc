#include "storage/wal/change_buffer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/seed.h"

namespace anabranch::storage::test {
namespace {

core::Result<void> check_changes(std::string_view bytes) {
  return read_changes(bytes, [](const ChangeView&) {});
}

struct SeenChange {
  Table table;
  std::string key;
  std::optional<std::string> value;
  bool operator==(const SeenChange&) const = default;
};

std::vector<SeenChange> seen(const ChangeBuffer& buffer) {
  std::vector<SeenChange> all;
  buffer.for_each([&](Table table, std::string_view key, std::optional<std::string_view> value) {
    all.push_back({table, std::string(key), std::nullopt});
    if (value) all.back().value = std::string(*value);
  });
  return all;
}

TEST_CASE("a buffer gives back its changes in order") {
  ChangeBuffer buffer;
  CHECK(buffer.empty());
  buffer.put(Table::kRows, "a", "1");
  buffer.remove(Table::kMeta, "b");
  buffer.put(Table::kConflicts, std::string(kKeySizeMax, 'k'), "");
  const auto place = buffer.put(Table::kCounts, "c", 3);
  std::copy_n("xyz", 3, place.begin());
  const std::vector<SeenChange> expected{{Table::kRows, "a", "1"},
                                         {Table::kMeta, "b", std::nullopt},
                                         {Table::kConflicts, std::string(kKeySizeMax, 'k'), ""},
                                         {Table::kCounts, "c", "xyz"}};
  CHECK((seen(buffer) == expected));
  CHECK(check_changes(buffer.bytes()).ok());
  buffer.clear();
  CHECK(buffer.empty());
  CHECK(seen(buffer).empty());
}

TEST_CASE(
    "a buffer gives back the generations between its changes, and nothing that cannot be one") {
  ChangeBuffer buffer;
  buffer.put(Table::kRows, "a", "1");
  buffer.switch_to({.current = 2, .next = 0});
  buffer.remove(Table::kNextRows, "b");
  buffer.switch_to({.current = 0});
  ChangeWalk walk(buffer.bytes());
  CHECK_FALSE(walk.next()->generations);
  CHECK((walk.next()->generations == Generations{.current = 2, .next = 0}));
  CHECK(walk.next()->table == Table::kNextRows);
  CHECK((walk.next()->generations == Generations{.current = 0}));
  CHECK_FALSE(walk.next());
  CHECK_FALSE(walk.failed());
  for (const char* bytes : {"\xFF", "\xFF\x01", "\xFF\x01\x01", "\xFF\x03\xFF", "\xFF\x01\x03"}) {
    CHECK_FALSE(check_changes(bytes).ok());
  }
}

TEST_CASE("changes that are cut off are refused") {
  ChangeBuffer buffer;
  buffer.put(Table::kRows, "a key", std::string(200, 'v'));
  const std::string bytes(buffer.bytes());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    CHECK_FALSE(check_changes(bytes.substr(0, size)).ok());
  }
}

TEST_CASE("an unknown table, an empty key and a long one are refused") {
  CHECK_FALSE(check_changes(std::string{static_cast<char>(kTableCount * 2), 1, 'k', 0}).ok());
  CHECK_FALSE(check_changes(std::string{0, 0, 0}).ok());
  CHECK_FALSE(check_changes(std::string("\x01\x80\x04", 3) + std::string(512, 'k')).ok());
  CHECK(check_changes(std::string("\x01\xFF\x03", 3) + std::string(511, 'k')).ok());
}

TEST_CASE("hostile changes are read or refused") {
  std::mt19937_64 random(anabranch::test::seed());
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 30, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 6);
    ChangeWalk walk(bytes);
    std::size_t size = 0;
    while (const auto change = walk.next()) {
      size += change->key.size() + change->value.value_or(std::string_view()).size();
    }
    CHECK_LE(size, bytes.size());
    CHECK_EQ(check_changes(bytes).ok(), !walk.failed());
  }
}

}  // namespace
}  // namespace anabranch::storage::test
