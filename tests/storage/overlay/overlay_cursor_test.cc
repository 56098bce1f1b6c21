// A cursor walks over the keys of one table as a scan of a std::map does.

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/overlay/overlay_cursor.h"
#include "storage/overlay/overlay_key.h"
#include "tests/seed.h"
#include "tests/storage/overlay/keys.h"

namespace anabranch::storage::test {
namespace {

using CursorModel = std::map<std::string, std::optional<std::string>>;
struct CursorEntry {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const CursorEntry&) const = default;
};

std::vector<CursorEntry> scan(OverlayRoot root, Table table, const std::string& from,
                              Direction direction, std::size_t most) {
  std::vector<CursorEntry> entries;
  for (OverlayCursor at(root, table, from, direction); at.valid() && most > 0; at.next(), --most) {
    entries.push_back({std::string(at.key()), std::string(at.value())});
    if (at.removed()) entries.back().value.reset();
  }
  return entries;
}

std::vector<CursorEntry> expected(const CursorModel& model, const std::string& from,
                                  Direction direction, std::size_t most) {
  std::vector<CursorEntry> entries;
  if (direction == Direction::kForward) {
    for (auto at = model.lower_bound(from); at != model.end() && most > 0; ++at, --most) {
      entries.push_back({at->first, at->second});
    }
    return entries;
  }
  for (auto at = from.empty() ? model.end() : model.lower_bound(from);
       at != model.begin() && most > 0; --most) {
    --at;
    entries.push_back({at->first, at->second});
  }
  return entries;
}

TEST_SUITE("storage: overlay cursor") {
  TEST_CASE("it walks from any key in both directions, and stays in its table") {
    for (const KeyOrder order : kKeyOrders) {
      CAPTURE(static_cast<int>(order));
      std::mt19937_64 random(anabranch::test::seed());
      Keys keys(order, random());
      OverlayTree tree;
      std::map<Table, CursorModel> models;
      const std::array tables{Table::kRows, Table::kCounts, Table::kConflicts};
      for (int i = 0; i < 6'000; ++i) {
        const Table table = tables[random() % tables.size()];
        const std::string key = keys.next();
        std::optional<std::string> value;
        if (random() % 3 != 0) value = std::to_string(i);
        tree.put(OverlayKey(table, key).whole(), value);
        models[table][key] = value;
      }
      const OverlayRoot root = tree.publish(1);
      for (int i = 0; i < 300; ++i) {
        const Table table = tables[random() % tables.size()];
        const auto direction = random() % 2 == 0 ? Direction::kForward : Direction::kBackward;
        const std::string from = random() % 10 == 0 ? std::string() : keys.next();
        const std::size_t most = random() % 20 == 0 ? 10'000 : random() % 150;
        REQUIRE(scan(root, table, from, direction, most) ==
                expected(models[table], from, direction, most));
      }
      CHECK(scan(root, Table::kMeta, "", Direction::kForward, 1).empty());
      CHECK(scan(root, Table::kMeta, "", Direction::kBackward, 1).empty());
    }
  }

  TEST_CASE("an empty tree has nothing to walk over") {
    CHECK(scan(OverlayRoot(), Table::kRows, "", Direction::kForward, 1).empty());
    CHECK(scan(OverlayRoot(), Table::kRows, "a", Direction::kBackward, 1).empty());
  }
}

}  // namespace
}  // namespace anabranch::storage::test
