// Scans of a store: spans of names in both directions, page by page, while others write.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::scan_test {

using test::store_options;
using test::TempDir;

namespace {

using Names = std::vector<std::string>;

Names names(const Scope& scope, const Key& prefix, const Span& span = {}) {
  Names all;
  scope.names(prefix, span, [&](const std::string& name) {
    all.push_back(name);
    return true;
  });
  return all;
}

// Maps with so many fields that the rest of each is jumped over, among plain keys.
void fill(Scope& scope) {
  for (const char* key : {"a", "b/1", "b/2", "c"}) {
    scope.atomically([&](Scope& txn) {
      for (int i = 0; i < 40; ++i) {
        Map{txn, key}.at<Register<std::string>>("field " + std::to_string(i)).put("v");
      }
    });
  }
  for (const char* key : {"", "a/1", "b", "b/1/x", "\xFF\xFF"}) {
    Register<std::string>{scope, key}.put("v");
  }
}

}  // namespace

TEST_SUITE("leader: scan") {
  TEST_CASE("a walk over names stops behind rows that show nothing, and goes on") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const auto word = [](int i) { return "k" + std::to_string(10'000 + i); };
    store.transact([&](Transaction& txn) {
      for (int i = 0; i < 3000; ++i) Register<std::string>{txn, word(i)}.put("v");
    });
    store.transact([&](Transaction& txn) {
      txn.clear(Key::all(0));
      Register<std::string>{txn, word(1500)}.put("v");
      Register<std::string>{txn, "z"}.put("v");
      for (const bool backwards : {false, true}) {
        Names shown;
        int stops = 0;
        Span rest{.from = {}, .to = {}, .backwards = backwards};
        const auto visit = [&](const std::string& name) {
          shown.push_back(name);
          return true;
        };
        while (const auto passed = txn.names(Key::all(0), rest, visit, 100)) {
          ++stops;
          rest =
              backwards ? Span{.from = {}, .to = *passed, .backwards = true} : Span::after(*passed);
        }
        const Names all{word(1500), "z"};
        CHECK(shown == (backwards ? Names(all.rbegin(), all.rend()) : all));
        CHECK(stops > 20);
        CHECK(stops < 31);
      }
    });
  }

  TEST_CASE("of a large key that was removed a walk reads a few rows") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    store.transact([&](Transaction& txn) {
      for (const char* key : {"a", "b", "c"}) {
        for (int i = 0; i < 3000; ++i) Set<std::string>{txn, key}.insert(std::to_string(i));
      }
    });
    store.transact([&](Transaction& txn) {
      for (const char* key : {"a", "b", "c"}) txn.clear(Key(key));
      Set<std::string>{txn, "b"}.insert("x");
      Names shown;
      const auto visit = [&](const std::string& name) {
        shown.push_back(name);
        return true;
      };
      CHECK_FALSE(txn.names(Key::all(0), {}, visit, 100));
      CHECK(shown == Names{"b"});
      CHECK(names(txn, Key::all(0)) == Names{"b"});
      CHECK(names(txn, Key::all(0), Span{}.reversed()) == Names{"b"});
    });
  }

  TEST_CASE("each key is named once, in order or backwards, however much is below it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    fill(store);
    const Names all{"", "a", "a/1", "b", "b/1", "b/1/x", "b/2", "c", "\xFF\xFF"};
    CHECK(names(store, Key::all(0)) == all);
    CHECK(names(store, Key::all(0), Span{}.reversed()) == Names(all.rbegin(), all.rend()));
    CHECK(names(store, Key::all(0), Span::starting("b/")) == Names{"b/1", "b/1/x", "b/2"});
    CHECK(names(store, Key::all(0), Span::starting("\xFF")) == Names{"\xFF\xFF"});
    CHECK(names(store, Key::all(0), Span::after("b/2")) == Names{"c", "\xFF\xFF"});
    CHECK(names(store, Key::all(0), {.from = "b/1", .to = "b/2", .backwards = true}) ==
          Names{"b/1/x", "b/1"});
    CHECK(names(store, Key::all(0), {.from = "c", .to = "a"}).empty());
    CHECK(names(store, Key::all(0), {.from = {}, .to = ""}).empty());
    CHECK(names(store, Key::all(1)).empty());
    store.transact([&](Transaction& txn) {
      fill(txn);
      txn.clear("b/1");
      Register<std::string>{txn, "b/0"}.put("mine");
      CHECK(names(txn, Key::all(0), Span::starting("b/")) == Names{"b/0", "b/1/x", "b/2"});
      CHECK(names(txn, Key::all(0), Span::starting("b/").reversed()) ==
            Names{"b/2", "b/1/x", "b/0"});
    });
  }

  TEST_CASE("pages of a set follow each other in both directions") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Set<std::string> set{store, "set"};
    Names all;
    for (int i = 100; i < 200; ++i) all.push_back(std::to_string(i));
    store.transact([&](Transaction& txn) {
      for (const std::string& each : all) Set<std::string>{txn, "set"}.insert(each);
    });
    Names forwards;
    for (Span rest; forwards.size() < all.size(); rest = Span::after(forwards.back())) {
      const Names page = set.elements(rest, 7);
      REQUIRE_FALSE(page.empty());
      forwards.insert(forwards.end(), page.begin(), page.end());
      set.erase("none");  // Writes between pages do not matter to the other elements.
    }
    CHECK(forwards == all);
    Names back;
    for (Span rest{.from = {}, .to = {}, .backwards = true}; back.size() < all.size();) {
      const Names page = set.elements(rest, 7);
      REQUIRE_FALSE(page.empty());
      back.insert(back.end(), page.begin(), page.end());
      rest.to = back.back();
    }
    CHECK(back == Names(all.rbegin(), all.rend()));
    CHECK(set.elements({}, 0).empty());
    CHECK(set.elements(Span::starting("15").reversed(), 2) == Names{"159", "158"});
  }

  TEST_CASE("removed elements of a remove-wins set are in no span, and a map has its pages") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Session session = store.session();
    RemoveWinsSet<std::string> set{session, "set"};
    for (const char* each : {"a", "b", "c"}) set.insert(each);
    set.erase("b");
    CHECK(set.elements(Span{}.reversed()) == Names{"c", "a"});
    CHECK(set.elements(Span::starting("b")).empty());
    Map map{session, "map"};
    map.at<Counter>("visits").add(1);
    map.at<Set<std::string>>("tags").insert("x");
    map.at<Set<std::string>>("tags").insert("y");
    CHECK(map.fields() == Names{"tags", "visits"});
    CHECK(map.fields(Span::after("tags")) == Names{"visits"});
    CHECK(map.fields(Span{}.reversed(), 1) == Names{"visits"});
  }

  TEST_CASE("a scan sees one state, whatever is written meanwhile") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    for (const char* key : {"a", "b", "c"}) Register<std::string>{store, key}.put("old");
    Names seen;
    store.scan(Key::all(0), Span{}.reversed(), [&](const Entry& entry) {
      if (seen.empty()) {
        std::thread([&] {
          for (const char* key : {"0", "a", "b", "d"}) Register<std::string>{store, key}.put("new");
        }).join();
      }
      seen.push_back(entry.path.front() + " " + entry.value);
      return true;
    });
    CHECK(seen == Names{"c old", "b old", "a old"});
    CHECK(store.count(Key::all(0)) == 5);
  }
}

}  // namespace anabranch::scan_test
