// Stores and sessions that are moved: what points at them goes with them.

#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::moved_test {

using test::code_of;
using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

static_assert(std::is_nothrow_move_constructible_v<Store>);
static_assert(std::is_nothrow_move_assignable_v<Store>);
static_assert(std::is_nothrow_move_constructible_v<Session>);
static_assert(std::is_nothrow_move_assignable_v<Session>);
static_assert(!std::is_copy_constructible_v<Store>);
static_assert(!std::is_copy_constructible_v<Session>);
static_assert(!std::is_move_constructible_v<Transaction>);

}  // namespace

TEST_SUITE("leader: moved stores and sessions") {
  TEST_CASE("stores live in a map, and handles that were made before find them there") {
    TempDir folder;
    std::map<std::string, Store> stores;
    std::vector<Word> titles;
    for (const std::string region : {"eu", "us", "ap"}) {
      Store store = Store::open(store_options(folder, region));
      titles.emplace_back(store, "title");
      titles.back().put("before " + region);
      stores.emplace(region, std::move(store));
    }
    for (Word& title : titles) title.put(title.get().value() + ", after");
    for (auto& [region, store] : stores) {
      CHECK(Word{store, "title"}.get() == "before " + region + ", after");
      CHECK(store.status().region == region);
    }
  }

  TEST_CASE("stores lie in a vector that grows") {
    TempDir folder;
    std::vector<Store> stores;
    std::vector<Counter> counters;
    for (int i = 0; i < 5; ++i) {
      stores.push_back(Store::open(store_options(folder, "r" + std::to_string(i))));
      counters.emplace_back(stores.back(), "n");
    }
    for (int i = 0; i < 5; ++i) counters[static_cast<std::size_t>(i)].add(i);
    for (int i = 0; i < 5; ++i) CHECK(Counter{stores[static_cast<std::size_t>(i)], "n"}.get() == i);
  }

  TEST_CASE("a store that was moved from refuses every call, and so do handles made with it") {
    TempDir folder;
    Store from = Store::open(store_options(folder, "eu"));
    const Store to = std::move(from);
    std::string why;
    const auto refuses = [&](const auto& function) {
      CHECK(code_of(function, &why) == ErrorCode::kInvalid);
      CHECK((why.find("moved from") != why.npos || why.find("is gone") != why.npos));
    };
    refuses([&] { (void)from.status(); });  // NOLINT: bugprone-use-after-move, here and below
    refuses([&] { from.transact([](Transaction&) {}); });
    refuses([&] { from.read([](ReadTransaction&) {}); });
    refuses([&] { (void)from.session(); });
    refuses([&] { (void)from.get("key"); });
    refuses([&] { from.put("key", "value"); });
    refuses([&] { (void)Word{from, "key"}.get(); });
    refuses([&] { Word{from, "key"}.put("value"); });
    refuses([&] { (void)from.watch("", [](const Changes&) {}); });
    refuses([&] { const TextDocument document(from, "text"); });
    CHECK(to.status().region == "eu");
  }

  TEST_CASE("assigning closes the store that was there, and handles to it are refused") {
    TempDir folder;
    Store one = Store::open(store_options(folder, "one"));
    Store two = Store::open(store_options(folder, "two"));
    Word of_one{one, "key"};
    Word of_two{two, "key"};
    of_one.put("one");
    of_two.put("two");
    one = std::move(two);
    CHECK(code_of([&] { (void)of_one.get(); }) == ErrorCode::kInvalid);
    CHECK(of_two.get() == "two");
    CHECK(one.status().region == "two");
    // Its directory is free, and nothing is lost.
    two = Store::open(store_options(folder, "one"));
    CHECK(Word{two, "key"}.get() == "one");
    std::swap(one, two);
    CHECK(of_two.get() == "two");
    CHECK(two.status().region == "two");
  }

  TEST_CASE("sessions, watches and open documents go on when their store is moved") {
    TempDir folder;
    Store from = Store::open(store_options(folder, "eu"));
    Session session = from.session();
    TextDocument document(from, "text");
    document.insert(0, "a");
    std::mutex mutex;
    std::vector<std::string> seen;
    const Watch watch = from.watch("word", [&](const Changes& changes) {
      const std::lock_guard lock(mutex);
      for (const Change& change : changes.all) seen.push_back(change.value);
    });
    Store to = std::move(from);
    Word{session, "word"}.put("by the session");
    document.insert(1, "b");
    Text{to, "text"}.insert(2, "c");
    CHECK(eventually([&] { return document.str() == "abc"; }));
    Word{to, "word"}.put("by the store");
    CHECK(eventually([&] {
      const std::lock_guard lock(mutex);
      return seen == std::vector<std::string>{"by the session", "by the store"};
    }));
    CHECK(session.token() != to.session().token());
  }

  TEST_CASE("a store that is moved within its own transaction goes on with it") {
    TempDir folder;
    Store from = Store::open(store_options(folder, "eu"));
    Word word{from, "k"};
    std::optional<Store> to;
    from.transact([&](Transaction& txn) {
      Word{txn, "k"}.put("first");
      to.emplace(std::move(from));
      Word{txn, "other"}.put("second");
      CHECK(code_of([&] { word.put("inside"); }) == ErrorCode::kInvalid);  // As always.
    });
    CHECK(word.get() == "first");
    CHECK(Word{*to, "other"}.get() == "second");
    to->read([&](ReadTransaction& txn) {
      from = std::move(*to);
      CHECK(Word{txn, "k"}.get() == "first");
    });
    Session session = from.session();
    session.transact([&](Transaction& txn) {
      *to = std::move(from);
      Word{txn, "k"}.put("third");
    });
    CHECK(Word{session, "k"}.get() == "third");
    CHECK(to->status().writable);
  }

  TEST_CASE("a session that is moved keeps what it has seen, and its handles") {
    TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::map<std::string, Session> sessions;
    std::optional<Word> handle;
    {
      Session session = store.session();
      handle.emplace(session, "cart");
      handle->put("book");
      const std::string token = session.token();
      sessions.emplace("ada", std::move(session));
      CHECK(sessions.at("ada").token() == token);
      CHECK(code_of([&] { (void)session.token(); }) ==  // NOLINT: bugprone-use-after-move
            ErrorCode::kInvalid);
      CHECK(code_of([&] { (void)Word{session, "cart"}.get(); }) == ErrorCode::kInvalid);
    }
    CHECK(handle->get() == "book");
    sessions.erase("ada");
    CHECK(code_of([&] { (void)handle->get(); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a session whose store was moved away and destroyed is refused") {
    TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Session session = store.session();
    { const Store gone = std::move(store); }
    CHECK(code_of([&] { (void)session.token(); }) == ErrorCode::kInvalid);
  }
}

}  // namespace anabranch::moved_test
