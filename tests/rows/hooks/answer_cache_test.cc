// The answers of hooks that are kept: bounded, and for equal siblings under equal tables only.

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rows/hooks/answer_cache.h"

namespace anabranch::answer_cache_test {

using core::Path;
using rows::AnswerCache;

namespace {

AnswerCache::Tables new_tables() {
  return {.policies = std::make_shared<const rows::PolicyTable>(),
          .regions = std::make_shared<const rows::OriginRegions>()};
}

Path path_of(const std::string& key) { return {"\1", key, "s"}; }

crdt::Cell cell_of(const std::vector<std::string>& values) {
  crdt::Cell cell;
  for (std::size_t i = 0; i < values.size(); ++i) {
    cell.add({.dot = {i + 1, 1},
              .hlc = core::Hlc::of(static_cast<core::Millis>(1000 + i), 0),
              .value = values[i],
              .base = {}});
  }
  return cell;
}

}  // namespace

TEST_SUITE("rows: answer cache") {
  TEST_CASE("an answer is found for its row, siblings and tables only") {
    AnswerCache cache(7);
    const AnswerCache::Tables tables = new_tables();
    const crdt::Cell cell = cell_of({"1", "2"});
    CHECK_FALSE(cache.find(path_of("k"), cell, tables).has_value());
    cache.keep(path_of("k"), cell, tables, "answer");
    CHECK(cache.find(path_of("k"), cell, tables) == "answer");
    CHECK_FALSE(cache.find(path_of("l"), cell, tables).has_value());
    CHECK_FALSE(cache.find(path_of("k"), cell_of({"1", "3"}), tables).has_value());
    CHECK_FALSE(cache.find(path_of("k"), cell_of({"1", "2", "3"}), tables).has_value());
    CHECK_FALSE(cache.find(path_of("k"), cell, new_tables()).has_value());
    CHECK_FALSE(
        cache.find(path_of("k"), cell, {tables.policies, new_tables().regions}).has_value());
    crdt::Cell based = cell;
    based.siblings[0].base = "0";
    CHECK_FALSE(cache.find(path_of("k"), based, tables).has_value());
    CHECK(cache.find(path_of("k"), cell, tables) == "answer");
    CHECK(cache.figures().found == 2);
    CHECK(cache.figures().bytes > AnswerCache::kEntryBytes);
  }

  TEST_CASE("the last answer of a row is kept, and counted once") {
    AnswerCache cache(7);
    const AnswerCache::Tables tables = new_tables();
    cache.keep(path_of("k"), cell_of({"1", "2"}), tables, "first");
    const std::size_t bytes = cache.figures().bytes;
    cache.keep(path_of("k"), cell_of({"1", "3"}), tables, "other");
    CHECK(cache.figures().bytes == bytes);
    CHECK(cache.find(path_of("k"), cell_of({"1", "3"}), tables) == "other");
    CHECK_FALSE(cache.find(path_of("k"), cell_of({"1", "2"}), tables).has_value());
  }

  TEST_CASE("answers of the last eight pairs of tables are kept, and no others") {
    AnswerCache cache(7);
    std::vector<AnswerCache::Tables> all;
    for (std::size_t i = 0; i <= AnswerCache::kTablesMax; ++i) {
      all.push_back(new_tables());
      cache.keep(path_of(std::to_string(i)), cell_of({"1", "2"}), all.back(), "answer");
    }
    const auto found = [&](std::size_t i) {
      return cache.find(path_of(std::to_string(i)), cell_of({"1", "2"}), all[i]).has_value();
    };
    CHECK_FALSE(found(0));
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(found(i));
    CHECK(all.front().policies.use_count() == 1);
    CHECK(all.back().policies.use_count() == 2);
  }

  TEST_CASE("the cache never has more bytes than it may, and keeps what was used lately") {
    constexpr std::size_t kBytes = 100'000;
    AnswerCache cache(7, kBytes);
    const AnswerCache::Tables tables = new_tables();
    const crdt::Cell cell = cell_of({std::string(100, 'x'), "2"});
    cache.keep(path_of("used"), cell, tables, "used");
    for (int i = 0; i < 2000; ++i) {
      cache.keep(path_of(std::to_string(i)), cell, tables, std::string(100, 'x'));
      CHECK(cache.figures().bytes <= kBytes);
      CHECK(cache.find(path_of("used"), cell, tables).has_value());
    }
    CHECK(cache.figures().bytes > kBytes / 2);
    CHECK(cache.find(path_of("1999"), cell, tables).has_value());
    CHECK_FALSE(cache.find(path_of("0"), cell, tables).has_value());
  }

  TEST_CASE("an answer that would take more than a quarter of the room is not kept") {
    AnswerCache cache(7, 10'000);
    const AnswerCache::Tables tables = new_tables();
    const crdt::Cell cell = cell_of({"1", "2"});
    cache.keep(path_of("k"), cell, tables, std::string(2'500, 'x'));
    CHECK_FALSE(cache.find(path_of("k"), cell, tables).has_value());
    CHECK(cache.figures().bytes == 0);
    cache.keep(path_of("k"), cell, tables, std::string(1'500, 'x'));
    CHECK(cache.find(path_of("k"), cell, tables).has_value());
  }

  TEST_CASE("threads that share the cache find the answers to their conflicts") {
    AnswerCache cache(7, 20'000);
    const AnswerCache::Tables tables = new_tables();
    std::atomic<int> wrong = 0;
    const auto work = [&](int first) {
      for (int i = 0; i < 5000; ++i) {
        const std::string name = std::to_string((first + i) % 200);
        const crdt::Cell cell = cell_of({name, "2"});
        const auto kept = cache.find(path_of(name), cell, tables);
        if (kept && *kept != name) ++wrong;
        cache.keep(path_of(name), cell, tables, name);
      }
    };
    std::thread other(work, 100);
    work(0);
    other.join();
    CHECK(wrong == 0);
    CHECK(cache.figures().bytes <= 20'000);
  }
}

}  // namespace anabranch::answer_cache_test
