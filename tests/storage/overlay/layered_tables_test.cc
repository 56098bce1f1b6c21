// Tables in layers have what one table has, in each snapshot, before, during and after flushes.

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "storage/memory_storage.h"
#include "storage/overlay/layered_tables.h"
#include "tests/seed.h"
#include "tests/storage/overlay/keys.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::layered_tables_test {
namespace {

using LayerModel = std::map<std::string, std::string>;

Entries forward(const LayerModel& model) { return {model.begin(), model.end()}; }
Entries backward(const LayerModel& model) { return {model.rbegin(), model.rend()}; }

// A base in memory. Calls a function once, before it gives a snapshot.
struct MemoryBase final : TablesBelow {
  MemoryStorage storage;
  mutable std::function<void()> before_snapshot;

  MemoryBase() { ready(storage); }
  [[nodiscard]] std::unique_ptr<Snapshot> tables() const override {
    if (before_snapshot) std::exchange(before_snapshot, nullptr)();
    return storage.tables();
  }
  core::Result<void> apply(std::span<const ChangeView> changes,
                           const std::optional<ReachNote>& note) override {
    return storage.apply(changes, note);
  }
  [[nodiscard]] core::Result<std::string> reach() const override { return storage.reach(); }
  core::Result<void> note_segment(std::string_view name) override {
    return storage.note_segment(name);
  }
  [[nodiscard]] core::Result<std::string> noted_segment() const override {
    return storage.noted_segment();
  }
};

struct LayeredWorld {
  MemoryBase base;
  std::unique_ptr<LayeredTables> tables = std::make_unique<LayeredTables>(base);

  void set(const std::string& key, const std::string& value) {
    tables->put(Table::kRows, key, value);
    tables->publish();
  }
};

struct KeptLayers {
  std::unique_ptr<Snapshot> snapshot;
  LayerModel model;
};

TEST_SUITE("storage: layered tables") {
  TEST_CASE("each snapshot has the changes published before it, wherever they lie by now") {
    for (const KeyOrder order : {KeyOrder::kRandom, KeyOrder::kClustered, KeyOrder::kHostile}) {
      CAPTURE(static_cast<int>(order));
      std::mt19937_64 random(anabranch::test::seed());
      Keys keys(order, random());
      LayeredWorld world;
      LayerModel model;
      std::deque<KeptLayers> kept;
      const int steps = anabranch::test::long_run() ? 3'000 : 300;
      for (int step = 0; step < steps; ++step) {
        for (std::uint64_t changes = random() % 30; changes > 0; --changes) {
          const std::string key = keys.next();
          if (random() % 3 == 0) {
            world.tables->put(Table::kRows, key, std::nullopt);
            model.erase(key);
          } else {
            model[key] = std::to_string(step);
            world.tables->put(Table::kRows, key, model[key]);
          }
        }
        world.tables->publish();
        if (random() % 6 == 0) kept.push_back({world.tables->snapshot(), model});
        if (random() % 8 == 0) (void)world.tables->freeze();
        if (random() % 6 == 0 && world.tables->flushing()) {
          REQUIRE(world.tables
                      ->flush("", {.bytes = 1 + random() % 2'000, .changes = 1 + random() % 200})
                      .ok());
        }
        if (random() % 6 == 0) kept.push_back({world.tables->snapshot(), model});
        if (!kept.empty() && random() % 3 == 0) kept.pop_front();
        (void)world.tables->release(1);
        if (step % 20 != 0) continue;
        kept.push_back({world.tables->snapshot(), model});
        for (const KeptLayers& each : kept) {
          REQUIRE(scan(*each.snapshot) == forward(each.model));
          REQUIRE(scan(*each.snapshot, {.direction = Direction::kBackward}) ==
                  backward(each.model));
          REQUIRE(each.snapshot->size(Table::kRows) == each.model.size());
          for (int i = 0; i < 20; ++i) {
            const std::string key = keys.next();
            const auto found = each.model.find(key);
            REQUIRE(get(*each.snapshot, key).has_value() == (found != each.model.end()));
          }
        }
      }
    }
  }

  TEST_CASE("a flush leaves in the base what is frozen, with the reach, and nothing newer") {
    LayeredWorld world;
    commit(world.base.storage, {put("a", "old"), put("b", "old"), put("c", "old")});
    world.set("a", "new");
    world.tables->put(Table::kRows, "b", std::nullopt);
    world.tables->publish();
    CHECK(scan(*world.base.tables()) == Entries{{"a", "old"}, {"b", "old"}, {"c", "old"}});
    REQUIRE(world.tables->freeze());
    CHECK_FALSE(world.tables->freeze());
    world.set("d", "newer");
    REQUIRE(world.tables->flush("7").ok());
    CHECK(scan(*world.base.tables()) == Entries{{"a", "new"}, {"c", "old"}});
    CHECK(world.base.storage.reach().value() == "7");
    CHECK(scan(*world.tables->snapshot()) == Entries{{"a", "new"}, {"c", "old"}, {"d", "newer"}});
    CHECK(world.tables->freeze());
  }

  TEST_CASE("an old generation is emptied by the next flush, and free when that has ended") {
    LayeredWorld world;
    LayeredTables& tables = *world.tables;
    commit(world.base.storage, {put("a", "old")});
    tables.begin({.current = 0});
    CHECK(tables.free_generation() == 1);
    tables.switch_to({.current = 0, .next = 1});
    tables.put(Table::kNextRows, "b", "new");
    tables.publish();
    const auto before = tables.snapshot();
    tables.switch_to({.current = 1});
    tables.publish();
    CHECK(tables.has_old());
    CHECK(tables.free_generation() == 2);
    REQUIRE(tables.freeze());
    CHECK_FALSE(tables.has_old());
    tables.switch_to({.current = 1, .next = 2});
    tables.put(Table::kNextRows, "c", "newer");
    tables.publish();
    CHECK_FALSE(tables.free_generation());
    REQUIRE(tables.flush("").ok());
    CHECK(tables.free_generation() == 0);
    CHECK(world.base.tables()->size(Table::kRows) == 0);
    CHECK(scan(*before) == Entries{{"a", "old"}});
    CHECK(scan(*before, {}, Table::kNextRows) == Entries{{"b", "new"}});
    const auto after = tables.snapshot();
    CHECK(scan(*after) == Entries{{"b", "new"}});
    CHECK(scan(*after, {}, Table::kNextRows) == Entries{{"c", "newer"}});
  }

  TEST_CASE("a snapshot that a flush comes in between of begins again") {
    for (const bool ended : {false, true}) {
      CAPTURE(ended);
      LayeredWorld world;
      LayeredTables& tables = *world.tables;
      tables.put(Table::kRows, "a", "1");
      tables.publish();
      // Between the version and the snapshot of the base; it began with an earlier flush, or none.
      world.base.before_snapshot = [&] {
        tables.put(Table::kRows, "a", "2");
        tables.put(Table::kRows, "b", "2");
        tables.publish();
        REQUIRE(tables.freeze());
        REQUIRE(tables.flush("").ok());
        if (!ended) return;
        tables.put(Table::kRows, "a", "3");
        tables.put(Table::kRows, "b", "3");
        tables.publish();
        REQUIRE(tables.freeze());
        REQUIRE(tables.flush("", {.bytes = 1}).ok());
      };
      const std::string newest = ended ? "3" : "2";
      CHECK(scan(*tables.snapshot()) == Entries{{"a", newest}, {"b", newest}});
    }
  }

  TEST_CASE("a flush without changes shows no reader a wrong base") {
    LayeredWorld world;
    REQUIRE(world.tables->freeze());
    const auto during = world.tables->snapshot();
    REQUIRE(world.tables->flush("").ok());
    CHECK(scan(*during).empty());
    CHECK(scan(*world.tables->snapshot()).empty());
  }

  TEST_CASE("the first key is the least one of all layers, be it removed") {
    LayeredWorld world;
    const auto first = [&](std::string_view from, std::string_view to = "") {
      return std::string(world.tables->snapshot()->first_key(Table::kRows, from, to));
    };
    CHECK(first("").empty());
    commit(world.base.storage, {put("b", "below"), put("e", "below")});
    world.set("c", "frozen");
    REQUIRE(world.tables->freeze());
    world.set("d", "active");
    world.tables->put(Table::kRows, "a", std::nullopt);
    world.tables->publish();
    const auto before = world.tables->snapshot();
    for (int flushed = 0; flushed < 2; ++flushed) {
      CHECK(first("") == "a");
      CHECK(first("a") == "a");
      CHECK(first("aa") == "b");
      CHECK(first("bb") == "c");
      CHECK(first("cc") == "d");
      CHECK(first("dd") == "e");
      CHECK(first("bb", "c").empty());
      CHECK(first("dd", "e").empty());
      CHECK(first("f").empty());
      CHECK(world.tables->snapshot()->first_key(Table::kNextRows, "", "").empty());
      CHECK(world.tables->snapshot()->first_key(Table::kCounts, "", "").empty());
      if (flushed == 0) REQUIRE(world.tables->flush("").ok());
    }
    CHECK(before->first_key(Table::kRows, "bb", "") == "c");
    REQUIRE(world.tables->freeze());
    REQUIRE(world.tables->flush("").ok());
    CHECK(first("") == "b");
    CHECK(before->first_key(Table::kRows, "", "") == "a");
  }

  TEST_CASE("the first key of a table of the next generation is found under its stored name") {
    LayeredWorld world;
    LayeredTables& tables = *world.tables;
    tables.begin({.current = 0});
    tables.put(Table::kRows, "a", "current");
    tables.switch_to({.current = 0, .next = 1});
    tables.put(Table::kNextRows, "b", "next");
    tables.publish();
    CHECK(tables.snapshot()->first_key(Table::kRows, "", "") == "a");
    CHECK(tables.snapshot()->first_key(Table::kNextRows, "", "") == "b");
    tables.switch_to({.current = 1});
    tables.publish();
    CHECK(tables.snapshot()->first_key(Table::kRows, "", "") == "b");
    CHECK(tables.snapshot()->first_key(Table::kNextRows, "", "").empty());
  }

  TEST_CASE("a failed flush loses nothing, and is done again") {
    LayeredWorld world;
    world.set("a", "1");
    REQUIRE(world.tables->freeze());
    world.base.storage.set_faults({.fail_commit = 1});
    CHECK_FALSE(world.tables->flush("").ok());
    CHECK(get(*world.tables->snapshot(), "a") == "1");
    CHECK(world.tables->flushing());
  }

  TEST_CASE("the memory of a flushed overlay is freed when no reader has it, in slices") {
    LayeredWorld world;
    for (int i = 0; i < 20'000; ++i)
      world.tables->put(Table::kRows, "key" + std::to_string(i), "value");
    world.tables->publish();
    auto reader = world.tables->snapshot();
    REQUIRE(world.tables->freeze());
    REQUIRE(world.tables->flush("").ok());
    CHECK_FALSE(world.tables->release(1));
    CHECK(get(*reader, "key7") == "value");
    const std::uint64_t before = world.tables->allocated();
    reader.reset();
    CHECK(world.tables->release(1));
    CHECK(world.tables->allocated() < before);
    while (world.tables->release(1)) {
    }
    CHECK(world.tables->allocated() == 0);
  }

  TEST_CASE("a reader that stays keeps the overlays that it can see, and no memory of later ones") {
    constexpr int kKeys = 1'000;
    LayeredWorld world;
    const auto write = [&](int times) {
      for (int i = 0; i < times; ++i) {
        for (int key = 0; key < kKeys; ++key) {
          world.tables->put(Table::kRows, "key" + std::to_string(key), std::string(100, 'a'));
        }
        world.tables->publish();
      }
    };
    const auto flush = [&] {
      REQUIRE(world.tables->freeze());
      REQUIRE(world.tables->flush("").ok());
      while (world.tables->release(1)) {
      }
    };
    world.set("key7", "first");
    const auto reader = world.tables->snapshot();
    write(2);
    flush();
    const std::uint64_t kept = world.tables->allocated();
    CHECK(kept > 0);
    for (int i = 0; i < 50; ++i) {
      write(2);
      flush();
      CHECK(world.tables->allocated() == kept);
    }
    // Within one overlay, too: what its versions no longer have is used again.
    write(10);
    const std::uint64_t once = world.tables->allocated();
    write(200);
    CHECK(world.tables->allocated() < 2 * once);
    CHECK(get(*reader, "key7") == "first");
    CHECK(scan(*reader).size() == 1);
  }

  TEST_CASE("readers see whole states while another thread flushes") {
    constexpr int kKeys = 100;
    const int groups = anabranch::test::long_run() ? 30'000 : 3'000;
    LayeredWorld world;
    std::atomic<bool> stop = false;
    std::atomic<int> wrong = 0;
    const auto read = [&] {
      std::string newest;
      while (!stop) {
        const auto snapshot = world.tables->snapshot();
        const Entries entries = scan(*snapshot);
        if (entries.empty()) continue;
        // All keys have the same value, which is never older than one seen before.
        for (const auto& [key, value] : entries) {
          if (value != entries.front().second) ++wrong;
        }
        if (entries.size() != kKeys || entries.front().second < newest) ++wrong;
        newest = entries.front().second;
        if (get(*snapshot, "key50") != newest) ++wrong;
      }
    };
    const auto flush = [&] {
      while (!stop) {
        if (world.tables->flushing() && !world.tables->flush("", {.bytes = 300}).ok()) ++wrong;
        (void)world.tables->release(1);
      }
    };
    // Holds a state for a while, and finds it as it was.
    const auto stay = [&] {
      while (!stop) {
        const auto snapshot = world.tables->snapshot();
        const Entries entries = scan(*snapshot);
        for (int i = 0; i < 50 && !stop; ++i) std::this_thread::yield();
        if (scan(*snapshot) != entries) ++wrong;
      }
    };
    std::vector<std::thread> threads;
    threads.reserve(4);
    threads.emplace_back(flush);
    threads.emplace_back(stay);
    for (int i = 0; i < 2; ++i) threads.emplace_back(read);
    int flushes = 0;
    for (int group = 0; group < groups; ++group) {
      const std::string value = std::to_string(1'000'000 + group);
      for (int i = 0; i < kKeys; ++i) {
        world.tables->put(Table::kRows, "key" + std::to_string(i), value);
      }
      world.tables->publish();
      if (group % 7 == 0 && world.tables->freeze()) ++flushes;
    }
    stop = true;
    for (std::thread& each : threads) each.join();
    CHECK(wrong == 0);
    CHECK(flushes > 1);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::layered_tables_test
