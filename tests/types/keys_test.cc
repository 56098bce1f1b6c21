// Pages of keys, the values of many keys at once, and values that are put with a time to live.

#include <anabranch/keys.h>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::keys_test {

using namespace std::chrono_literals;
using test::code_of;
using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

using Names = std::vector<std::string>;
using Word = Register<std::string>;

template <typename Handle, typename Given>
concept TakesForAnHour = requires(Handle& handle, Given value) {
  handle.put(value, 1h);
};

// A store, closed before its folder goes.
struct World {
  TempDir folder;
  Store store = Store::open(store_options(folder, "eu"));
};

Names all_pages(const Scope& scope, KeyFilter filter, std::size_t* pages = nullptr) {
  Names all;
  for (;;) {
    const KeyPage page = list_keys(scope, filter);
    CHECK(page.keys.size() <= filter.at_most);
    all.insert(all.end(), page.keys.begin(), page.keys.end());
    if (pages != nullptr) ++*pages;
    if (!page.more) return all;
    filter.after = page.keys.back();
  }
}

}  // namespace

TEST_SUITE("types: many keys") {
  TEST_CASE("keys of all types are listed in the order of their bytes, page by page") {
    World world;
    Word{world.store, "b"}.put("1");
    Set<std::string>{world.store, "a"}.insert("x");
    Map{world.store, "c"}.at<Counter>("n").add(1);
    Word{world.store, std::string("a\0z", 3)}.put("2");
    Word{world.store, ""}.put("empty name");
    Word{world.store, "\xff\xff"}.put("last");
    const Names all{"", "a", std::string("a\0z", 3), "b", "c", "\xff\xff"};
    CHECK(list_keys(world.store).keys == all);
    CHECK_FALSE(list_keys(world.store).more);
    for (const std::size_t size : {1, 2, 3, 5, 6, 7}) {
      std::size_t pages = 0;
      CHECK(all_pages(world.store, {.at_most = size}, &pages) == all);
      CHECK(pages == (all.size() + size - 1) / size);
    }
  }

  TEST_CASE("a filter chooses by database and prefix, and a page of nothing has no more") {
    World world;
    for (const char* const key : {"doc/1", "doc/10", "doc/2", "docs", "do", "dod"}) {
      Word{world.store, key}.put("x");
    }
    Word{world.store, Key(3, "doc/other")}.put("x");
    CHECK(all_pages(world.store, {.prefix = "doc/", .at_most = 2}) ==
          Names{"doc/1", "doc/10", "doc/2"});
    CHECK(list_keys(world.store, {.database = 3}).keys == Names{"doc/other"});
    CHECK(list_keys(world.store, {.database = 4}).keys.empty());
    CHECK(list_keys(world.store, {.prefix = "\xff"}).keys.empty());
    CHECK(list_keys(world.store, {.prefix = "doc/", .after = "a"}).keys.size() == 3);
    CHECK(list_keys(world.store, {.prefix = "doc/", .after = "doc/2"}).keys.empty());
    const KeyPage none = list_keys(world.store, {.at_most = 0});
    CHECK((none.keys.empty() && !none.more));
    CHECK(code_of([&] { (void)list_keys(world.store, {.database = 16}); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a transaction lists its own keys, and removed ones are gone") {
    World world;
    Word{world.store, "old"}.put("x");
    world.store.transact([](Transaction& txn) {
      Word{txn, "new"}.put("x");
      Word{txn, "old"}.erase();
      CHECK(list_keys(txn).keys == Names{"new"});
    });
    CHECK(list_keys(world.store).keys == Names{"new"});
  }

  TEST_CASE("many registers are read at once, in the order of the keys") {
    World world;
    Register<int>{world.store, "one"}.put(1);
    Register<int>{world.store, "two"}.put(2);
    const std::vector<Key> keys{"two", "none", "one", "two"};
    using Found = std::vector<std::optional<int>>;
    CHECK(get_all<int>(world.store, keys) == Found{2, std::nullopt, 1, 2});
    CHECK(get_all<int>(world.store, {}).empty());
    Set<std::string>{world.store, "set"}.insert("x");
    Word{world.store, "text"}.put("x");
    const std::vector<Key> set{"one", "set"};
    const std::vector<Key> text{"text"};
    CHECK(code_of([&] { (void)get_all<int>(world.store, set); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)get_all<int>(world.store, text); }) == ErrorCode::kWrongType);
  }

  TEST_CASE("a value that is put with a time to live expires, and a put without one stays") {
    World world;
    Word word{world.store, "word"};
    word.put("short", 20ms);
    CHECK(Expiry{world.store, "word"}.left().value_or(0ms) <= 20ms);
    CHECK(eventually([&] { return !word.get(); }));
    CHECK(list_keys(world.store).keys.empty());
    word.put("long", 1h);
    CHECK(word.get() == "long");
    CHECK(Expiry{world.store, "word"}.left().value_or(0ms) > 59min);
    word.put("for ever");
    CHECK_FALSE(Expiry{world.store, "word"}.left().has_value());
    Register<int>{world.store, "number"}.put(7, 1h);
    CHECK(Register<int>{world.store, "number"}.get() == 7);
    Register<std::int64_t>{world.store, "number"}.put(8, 1h);
    CHECK(Register<int>{world.store, "number"}.get() == 8);
    static_assert(TakesForAnHour<Register<int>, std::int64_t>);
    static_assert(!TakesForAnHour<Register<int>, double>);
    static_assert(!TakesForAnHour<Register<bool>, const char*>);
  }

  TEST_CASE("what cannot live for a time is refused, and nothing is written") {
    World world;
    Word field = Map{world.store, "map"}.at<Word>("field");
    CHECK(code_of([&] { field.put("x", 1s); }) == ErrorCode::kInvalid);
    CHECK_FALSE(field.get().has_value());
    Word word{world.store, "word"};
    CHECK(code_of([&] { word.put("x", 0ms); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { word.put("x", -1ms); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { word.put("x", std::chrono::milliseconds::max()); }) == ErrorCode::kInvalid);
    CHECK_FALSE(word.get().has_value());
    Register<std::int8_t> small{world.store, "small"};
    CHECK(code_of([&] { small.put(300, 1s); }) == ErrorCode::kInvalid);
    CHECK_FALSE(small.get().has_value());
  }
}

}  // namespace anabranch::keys_test
