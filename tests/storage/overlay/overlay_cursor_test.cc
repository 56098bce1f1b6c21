// A cursor walks over the keys of one table as a scan of a std::map does.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/overlay/overlay_cursor.h"
#include "storage/overlay/overlay_key.h"
#include "tests/seed.h"
#include "tests/storage/in_range.h"
#include "tests/storage/overlay/keys.h"

namespace anabranch::storage::test::overlay_cursor_test {
namespace {

using CursorModel = std::map<std::string, std::optional<std::string>>;
using CursorEntries = std::vector<std::pair<std::string, std::optional<std::string>>>;

CursorEntries walk(OverlayRoot root, Table table, const KeyRange& range, std::size_t most) {
  CursorEntries entries;
  for (OverlayCursor at(root, table, range); at.valid() && most > 0; at.next(), --most) {
    entries.emplace_back(at.key(), at.value());
    if (at.removed()) entries.back().second.reset();
  }
  return entries;
}

CursorEntries expected(const CursorModel& model, const KeyRange& range, std::size_t most) {
  CursorEntries entries = in_range(model, range);
  entries.resize(std::min(entries.size(), most));
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
        tree.put(OverlayKey(table, key), value);
        models[table][key] = value;
      }
      const OverlayRoot root = tree.publish(1);
      for (int i = 0; i < 300; ++i) {
        const Table table = tables[random() % tables.size()];
        const std::string begin = random() % 10 == 0 ? std::string() : keys.next();
        const KeyRange range = random() % 2 == 0
                                   ? KeyRange{.from = begin}
                                   : KeyRange{.to = begin, .direction = Direction::kBackward};
        const std::size_t most = random() % 20 == 0 ? 10'000 : random() % 150;
        REQUIRE(walk(root, table, range, most) == expected(models[table], range, most));
      }
      CHECK(walk(root, Table::kMeta, {}, 1).empty());
      CHECK(walk(root, Table::kMeta, {.direction = Direction::kBackward}, 1).empty());
    }
  }

  TEST_CASE("an empty tree has nothing to walk over") {
    CHECK(walk(OverlayRoot(), Table::kRows, {}, 1).empty());
    CHECK(walk(OverlayRoot(), Table::kRows, {.to = "a", .direction = Direction::kBackward}, 1)
              .empty());
  }
}

}  // namespace
}  // namespace anabranch::storage::test::overlay_cursor_test
