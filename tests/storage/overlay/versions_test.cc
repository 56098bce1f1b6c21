// Readers hold versions while the writer publishes others: each is one state, and stays as it is.

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/overlay/overlay_cursor.h"
#include "storage/overlay/overlay_key.h"
#include "storage/overlay/overlay_tree.h"
#include "storage/overlay/versions.h"
#include "tests/seed.h"

namespace anabranch::storage::test::versions_test {
namespace {

// Counts the versions that are there.
struct Counted {
  int number;
  std::shared_ptr<int> alive;
};

TEST_SUITE("storage: versions") {
  TEST_CASE("a version is kept while a reader holds it or an older one") {
    const auto alive = std::make_shared<int>(0);
    Versions<Counted> versions({1, alive});
    auto first = std::make_optional(versions.hold());
    CHECK((*first)->number == 1);
    CHECK(versions.oldest() == 1);
    versions.publish({2, alive});
    versions.publish({3, alive});
    CHECK(versions.number() == 3);
    CHECK((*first)->number == 1);
    CHECK(versions.hold()->number == 3);
    CHECK(versions.oldest() == 1);
    CHECK(alive.use_count() == 1 + 3);
    first.reset();
    CHECK(versions.oldest() == 3);
    versions.publish({4, alive});
    CHECK(alive.use_count() == 1 + 1);
  }

  TEST_CASE("a reader that stays keeps its version, and none that came and went since") {
    constexpr int kVersions = 10'000;
    const auto alive = std::make_shared<int>(0);
    Versions<Counted> versions({1, alive});
    const auto first = versions.hold();
    std::optional<Versions<Counted>::Held> middle;
    for (int number = 2; number <= kVersions; ++number) {
      versions.publish({number, alive});
      if (number == kVersions / 2) middle = versions.hold();
    }
    CHECK(first->number == 1);
    CHECK((*middle)->number == kVersions / 2);
    CHECK(versions.hold()->number == kVersions);
    CHECK(alive.use_count() < 200);
    CHECK(versions.oldest() == 1);
    CHECK(versions.oldest(2) == 1);  // Its reader might hold it.
    CHECK(versions.oldest(3) == kVersions / 2);
    CHECK(versions.oldest(kVersions / 2 + 2) == kVersions);
  }

  TEST_CASE("a held version may be moved, and is let go once") {
    Versions<int> versions(1);
    auto held = versions.hold();
    auto other = std::move(held);
    versions.publish(2);
    held = versions.hold();
    std::swap(held, other);
    CHECK(*held == 1);
    CHECK(*other == 2);
    CHECK(versions.oldest() == 1);
    other = std::move(held);
    CHECK(*other == 1);
  }

  TEST_CASE("more readers than there are places hold their versions as well") {
    Versions<int> versions(0);
    std::vector<Versions<int>::Held> held;
    for (int number = 1; number <= 300; ++number) {
      held.push_back(versions.hold());
      versions.publish(number);
    }
    for (int number = 0; number < 300; ++number) {
      CHECK(*held[static_cast<std::size_t>(number)] == number);
    }
    CHECK(versions.oldest() == 1);
    held.erase(held.begin(), held.begin() + 250);  // The first ones have places.
    CHECK(versions.oldest() == 251);
    held.clear();
    CHECK(versions.oldest() == 301);
  }

  TEST_CASE("readers on other threads see whole states, while their memory is used again") {
    constexpr int kKeys = 500;
    constexpr int kReaders = 3;
    const int groups = anabranch::test::long_run() ? 50'000 : 3'000;
    OverlayTree tree;
    Versions<OverlayRoot> versions(OverlayRoot{});
    const auto key = [](int number) { return "key:" + std::to_string(1000 + number); };
    std::atomic<bool> stop = false;
    std::atomic<int> wrong = 0;
    std::atomic<int> states = 0;
    const auto read = [&] {
      while (!stop) {
        const auto held = versions.hold();
        std::optional<std::string> value;
        int count = 0;
        for (OverlayCursor at(*held, Table::kRows, {}); at.valid(); at.next()) {
          ++count;
          if (!value) value = std::string(at.value());
          if (at.value() != *value) ++wrong;
        }
        if (count != 0 && count != kKeys) ++wrong;
        if (count != 0 && held->find({Table::kRows, key(7)})->value() != *value) ++wrong;
        ++states;
      }
    };
    std::vector<std::thread> readers;
    readers.reserve(kReaders);
    for (int i = 0; i < kReaders; ++i) readers.emplace_back(read);
    for (int group = 0; group < groups; ++group) {
      // All keys get the same value: of another length in each group.
      const std::string value(static_cast<std::size_t>(group % 97), static_cast<char>(group));
      for (int i = 0; i < kKeys; ++i) tree.put({Table::kRows, key(i)}, value);
      const OverlayRoot root = tree.publish(versions.number() + 1);
      versions.publish(root);
      tree.reclaim(versions.oldest());
    }
    while (states < kReaders) std::this_thread::yield();
    stop = true;
    for (std::thread& each : readers) each.join();
    CHECK(wrong == 0);
    CHECK(tree.allocated() < std::uint64_t{100} << 20U);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::versions_test
