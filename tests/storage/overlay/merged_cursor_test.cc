// Two overlays over a base are walked as one table.

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/overlay/merged_cursor.h"
#include "storage/overlay/overlay_key.h"
#include "tests/seed.h"
#include "tests/storage/overlay/keys.h"

namespace anabranch::storage::test {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries scan(const std::vector<OverlayRoot>& layers, const std::string& from, Direction direction,
             std::size_t most) {
  std::vector<OverlayCursor> overlays;
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    overlays.emplace_back(layers[i], Table::kRows, from, direction);
  }
  auto base = std::make_unique<OverlayCursor>(layers.back(), Table::kRows, from, direction);
  Entries entries;
  for (MergedCursor at(std::move(overlays), std::move(base), direction); at.valid() && most > 0;
       at.next(), --most) {
    entries.emplace_back(at.key(), at.value());
  }
  return entries;
}

Entries expected(const std::map<std::string, std::string>& model, const std::string& from,
                 Direction direction, std::size_t most) {
  Entries entries;
  if (direction == Direction::kForward) {
    for (auto at = model.lower_bound(from); at != model.end() && most > 0; ++at, --most) {
      entries.emplace_back(*at);
    }
    return entries;
  }
  for (auto at = from.empty() ? model.end() : model.lower_bound(from);
       at != model.begin() && most > 0; --most) {
    entries.emplace_back(*--at);
  }
  return entries;
}

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
          trees[layer].put(OverlayKey(Table::kRows, key).whole(),
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
        const auto direction = random() % 2 == 0 ? Direction::kForward : Direction::kBackward;
        const bool whole = random() % 10 == 0;
        const std::string from = whole ? std::string() : known[random() % known.size()];
        const std::size_t most = whole ? 10'000 : random() % 100;
        REQUIRE(scan(layers, from, direction, most) == expected(model, from, direction, most));
      }
    }
  }

  TEST_CASE("empty layers hide nothing") {
    OverlayTree base;
    base.put(OverlayKey(Table::kRows, "a").whole(), "1");
    const std::vector<OverlayRoot> layers{OverlayRoot(), OverlayRoot(), base.newest()};
    CHECK(scan(layers, "", Direction::kForward, 9) == Entries{{"a", "1"}});
    CHECK(scan({OverlayRoot(), base.newest(), OverlayRoot()}, "", Direction::kBackward, 9) ==
          Entries{{"a", "1"}});
  }
}

}  // namespace
}  // namespace anabranch::storage::test
