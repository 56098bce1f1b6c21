// Pages of a conflict log.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "leader/losers.h"
#include "storage/memory_storage.h"

namespace anabranch::loser_pages_test {

using leader::LoserPage;
using rows::ConflictEntry;

namespace {

using Words = std::vector<std::string>;

// A log of entries, one for each list of values: the n-th value of all was written by origin 1 as
// number n. The last value of an entry is the one shown.
struct Log {
  storage::MemoryStorage storage;
  rows::Names names;
  std::uint64_t entries = 0;

  Log() { REQUIRE(storage.open().ok()); }

  void add(const std::string& key, const std::vector<std::uint64_t>& values) {
    ConflictEntry entry{.policy = "lww"};
    entry.note.path = core::Path{"\1", key, "s"};
    for (const std::uint64_t each : values) {
      entry.note.values.push_back({.dot = {1, each},
                                   .hlc = core::Hlc::of(1, 0),
                                   .value = "v" + std::to_string(each),
                                   .base = {}});
    }
    entry.shown = {1, values.back()};
    const std::vector<storage::Change> changes{
        {storage::Table::kConflicts, storage::big_endian(++entries), rows::encode_conflict(entry)}};
    REQUIRE(storage.commit({}, changes).ok());
  }
  [[nodiscard]] LoserPage page(const LoserFilter& filter,
                               std::size_t entries_max = SIZE_MAX) const {
    return leader::list_losers(*storage.snapshot(), names, filter, entries_max).value();
  }
  // All pages, as "id value".
  [[nodiscard]] std::vector<Words> pages(LoserFilter filter,
                                         std::size_t entries_max = SIZE_MAX) const {
    std::vector<Words> all;
    do {
      const LoserPage next = page(filter, entries_max);
      Words words;
      for (const Loser& each : next.losers) words.push_back(each.id + " " + each.value);
      all.push_back(std::move(words));
      filter.before = next.before;
    } while (!filter.before.empty());
    return all;
  }
};

}  // namespace

TEST_SUITE("leader: pages of losers") {
  TEST_CASE("pages continue one another, newest first, also in the middle of an entry") {
    Log log;
    log.add("a", {1, 2, 3, 9});
    log.add("b", {4, 9});
    CHECK(log.pages({.limit = 2}) ==
          std::vector<Words>{{"2.0 v4", "1.0 v1"}, {"1.1 v2", "1.2 v3"}});
    CHECK(log.pages({.limit = 3}) ==
          std::vector<Words>{{"2.0 v4", "1.0 v1", "1.1 v2"}, {"1.2 v3"}});
    CHECK(log.pages({}) == std::vector<Words>{{"2.0 v4", "1.0 v1", "1.1 v2", "1.2 v3"}});
    CHECK(log.page({}).before == "");
  }

  TEST_CASE("a value of several entries comes once in a page") {
    Log log;
    log.add("a", {1, 9});
    log.add("a", {1, 2, 9});
    CHECK(log.pages({}) == std::vector<Words>{{"2.0 v1", "2.1 v2"}});
  }

  TEST_CASE("a page ends after a bounded look, however rare its keys are, and can be continued") {
    Log log;
    for (int i = 0; i < 5; ++i) log.add("often", {1, 9});
    log.add("rare", {2, 9});
    for (int i = 0; i < 5; ++i) log.add("often", {3, 9});
    const LoserPage first = log.page({.prefix = "rare"}, 3);
    CHECK(first.losers.empty());
    CHECK(first.before == "9.1");
    CHECK(log.pages({.prefix = "rare"}, 3) == std::vector<Words>{{}, {}, {"6.0 v2"}, {}, {}});
    CHECK(log.pages({.prefix = "rare"}) == std::vector<Words>{{"6.0 v2"}});
  }

  TEST_CASE("an empty log has one empty page, and an id that is none is refused") {
    const Log log;
    CHECK(log.pages({}) == std::vector<Words>{{}});
    CHECK_FALSE(leader::list_losers(*log.storage.snapshot(), log.names, {.before = "x"}, 10).ok());
  }
}

}  // namespace anabranch::loser_pages_test
