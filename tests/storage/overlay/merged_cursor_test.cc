// Two overlays over a base are walked as one table.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/overlay/merged_cursor.h"
#include "storage/overlay/overlay_key.h"
#include "tests/seed.h"
#include "tests/storage/in_range.h"
#include "tests/storage/overlay/keys.h"

namespace anabranch::storage::test::merged_cursor_test {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries walk(const std::vector<OverlayRoot>& layers, const KeyRange& range, std::size_t most) {
  std::vector<OverlayCursor> overlays;
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    overlays.emplace_back(layers[i], Table::kRows, range);
  }
  auto base = std::make_unique<OverlayCursor>(layers.back(), Table::kRows, range);
  Entries entries;
  std::atomic<std::uint64_t> passed;
  for (MergedCursor at(std::move(overlays), std::move(base), range, passed); at.valid() && most > 0;
       at.next(), --most) {
    entries.emplace_back(at.key(), at.value());
  }
  return entries;
}

Entries expected(const std::map<std::string, std::string>& model, const KeyRange& range,
                 std::size_t most) {
  Entries entries = in_range(model, range);
  entries.resize(std::min(entries.size(), most));
  return entries;
}

// A cursor that counts the steps of another one.
class CountingCursor final : public Cursor {
 public:
  CountingCursor(std::unique_ptr<Cursor> cursor, int& steps)
      : cursor_(std::move(cursor)), steps_(steps) {}
  [[nodiscard]] bool valid() const override { return cursor_->valid(); }
  [[nodiscard]] std::string_view key() const override { return cursor_->key(); }
  [[nodiscard]] std::string_view value() const override { return cursor_->value(); }
  void next() override {
    ++steps_;
    cursor_->next();
  }

 private:
  const std::unique_ptr<Cursor> cursor_;
  int& steps_;
};

TEST_SUITE("storage: merged cursor") {
  TEST_CASE("newer layers hide what older ones have, and what they have removed") {
    for (const KeyOrder order : kKeyOrders) {
      CAPTURE(static_cast<int>(order));
      std::mt19937_64 random(anabranch::test::seed());
      Keys keys(order, random());
      std::array<OverlayTree, 3> trees;  // The newest first.
      std::map<std::string, std::string> model;
      std::vector<std::string> known;
      for (std::size_t layer = trees.size(); layer-- > 0;) {
        for (int i = 0; i < 700; ++i) {
          const bool again = !known.empty() && random() % 2 == 0;
          const std::string key = again ? known[random() % known.size()] : keys.next();
          known.push_back(key);
          const bool removes = layer < 2 && random() % 2 == 0;
          const std::string value = std::to_string(layer) + ":" + std::to_string(i);
          trees[layer].put(OverlayKey(Table::kRows, key),
                           removes ? std::nullopt : std::optional<std::string_view>(value));
          if (removes) {
            model.erase(key);
          } else {
            model[key] = value;
          }
        }
      }
      const std::vector<OverlayRoot> layers{trees[0].newest(), trees[1].newest(),
                                            trees[2].newest()};
      for (int i = 0; i < 300; ++i) {
        const auto bound = [&] {
          return random() % 5 == 0 ? std::string() : known[random() % known.size()];
        };
        const std::string from = bound();
        const std::string to = bound();
        const auto direction = random() % 2 == 0 ? Direction::kForward : Direction::kBackward;
        const KeyRange range{from, to, direction};
        const std::size_t most = random() % 5 == 0 ? 10'000 : random() % 100;
        REQUIRE(walk(layers, range, most) == expected(model, range, most));
      }
    }
  }

  TEST_CASE("empty layers hide nothing") {
    OverlayTree base;
    base.put(OverlayKey(Table::kRows, "a"), "1");
    const std::vector<OverlayRoot> layers{OverlayRoot(), OverlayRoot(), base.newest()};
    CHECK(walk(layers, {}, 9) == Entries{{"a", "1"}});
    CHECK(walk({OverlayRoot(), base.newest(), OverlayRoot()}, {.direction = Direction::kBackward},
               9) == Entries{{"a", "1"}});
  }

  TEST_CASE("a walk does not pass what is removed behind its range") {
    OverlayTree base;
    OverlayTree removed;
    const auto put = [](OverlayTree& tree, const std::string& key,
                        std::optional<std::string_view> value) {
      tree.put(OverlayKey(Table::kRows, key), value);
    };
    put(base, "m", "1");
    for (int i = 10'000; i < 11'000; ++i) {
      for (const std::string side : {"a", "z"}) {
        put(base, side + std::to_string(i), "old");
        put(removed, side + std::to_string(i), std::nullopt);
      }
    }
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const KeyRange range{"m", "n", direction};
      int steps = 0;
      auto below = std::make_unique<CountingCursor>(
          std::make_unique<OverlayCursor>(base.newest(), Table::kRows, range), steps);
      std::vector<OverlayCursor> overlays;
      overlays.emplace_back(removed.newest(), Table::kRows, range);
      std::atomic<std::uint64_t> passed;
      MergedCursor at(std::move(overlays), std::move(below), range, passed);
      REQUIRE(at.valid());
      CHECK(at.key() == "m");
      at.next();
      CHECK_FALSE(at.valid());
      CHECK(steps == 1);
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::test::merged_cursor_test
