// Read transactions, and transactions that depend on earlier reads.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::transaction_test {

using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

Unchanged seen_in(const Store& store, const std::vector<Key>& keys) {
  Unchanged seen;
  store.read([&](ReadTransaction& txn) { seen = Unchanged{txn, keys}; });
  return seen;
}

// Whether a transaction that rests on the key is run after a change.
bool runs_after(Store& store, const Key& key, const std::function<void(Scope&)>& change) {
  const Unchanged seen = seen_in(store, {key});
  change(store);
  bool ran = false;
  const bool held = store.transact_if(seen, [&](Transaction&) { ran = true; });
  CHECK(held == ran);
  return ran;
}

}  // namespace

TEST_SUITE("leader: transactions") {
  TEST_CASE("a read transaction sees one state of all keys, whatever is written meanwhile") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Word{store, "a"}.put("1");
    Set<std::string>{store, "set"}.insert("x");
    store.read([&](ReadTransaction& txn) {
      Word{store, "a"}.put("2");
      std::thread([&] {
        Set<std::string>{store, "set"}.clear();
        Word{store, "b"}.put("new");
      }).join();
      CHECK(Word{txn, "a"}.get() == "1");
      CHECK(Set<std::string>{txn, "set"}.elements() == std::vector<std::string>{"x"});
      CHECK(Set<std::string>{txn, "set"}.size() == 1);
      CHECK_FALSE(Word{txn, "b"}.get());
      CHECK(txn.type("b") == Type::kNone);
      CHECK(txn.count(Key::all(0)) == 2);
    });
    CHECK(Word{store, "a"}.get() == "2");
    CHECK(store.count(Key::all(0)) == 2);
  }

  TEST_CASE("a read transaction refuses to write, and gives back what the function throws") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter{store, "n"}.add(1);
    store.read([&](ReadTransaction& txn) {
      CHECK(code_of([&] { Word{txn, "a"}.put("1"); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { Counter{txn, "n"}.add(1); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { RealCounter{txn, "r"}.add(1); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { Set<std::string>{txn, "s"}.insert("x"); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { txn.remove(Key("n").of(Type::kString)); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { txn.reset(Key("n").of(Type::kString)); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { txn.clear("n"); }) == ErrorCode::kInvalid);
    });
    CHECK(Counter{store, "n"}.get() == 1);
    CHECK(store.count(Key::all(0)) == 1);
    CHECK_THROWS_AS(store.read([](ReadTransaction&) { throw std::logic_error("mine"); }),
                    std::logic_error);
  }

  TEST_CASE("a transaction is run only when what it rests on is unchanged, of whatever type") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Word{store, "text"}.put("1");
    Counter{store, "n"}.add(1);
    Map map{store, "map"};
    map.at<Word>("field").put("v");
    CHECK(runs_after(store, "text", [](Scope&) {}));
    CHECK(runs_after(store, "text", [](Scope& scope) { Word{scope, "text/2"}.put("x"); }));
    CHECK_FALSE(runs_after(store, "text", [](Scope& scope) { Word{scope, "text"}.put("1"); }));
    CHECK_FALSE(runs_after(store, "text", [](Scope& scope) { scope.clear("text"); }));
    CHECK(runs_after(store, "text", [](Scope&) {}));
    CHECK_FALSE(runs_after(store, "text", [](Scope& scope) {
      Set<std::string>{scope, "text"}.insert("now a set");
    }));
    CHECK_FALSE(runs_after(store, "n", [](Scope& scope) { Counter{scope, "n"}.add(1); }));
    CHECK_FALSE(runs_after(store, "map", [](Scope& scope) {
      Map{scope, "map"}.at<Word>("other").put("w");
    }));
    CHECK(runs_after(store, Key("map").field("field"), [](Scope& scope) {
      Map{scope, "map"}.at<Word>("other").put("x");
    }));
    CHECK(store.transact_if({}, [](Transaction& txn) { Word{txn, "text/3"}.put("always"); }));
    CHECK(Word{store, "text/3"}.get() == "always");
  }

  TEST_CASE("of many that saw the same state, one goes on") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Session session = store.session();
    constexpr int kThreads = 4;
    constexpr int kEach = 50;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int done = 0; done < kEach;) {
          Unchanged seen;
          std::int64_t next = 0;
          store.read([&](ReadTransaction& txn) {
            seen = Unchanged{txn, {"n"}};
            next = Register<std::int64_t>{txn, "n"}.get().value_or(0) + 1;
          });
          done += store.transact_if(seen, [&](Transaction& txn) {
            Register<std::int64_t>{txn, "n"}.put(next);
          });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(Register<std::int64_t>{session, "n"}.get() == kThreads * kEach);
  }

  TEST_CASE("what another region wrote is a change, too, and a function that throws undoes all") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    Word{us, "key"}.put("1");
    REQUIRE(eventually([&] { return Word{eu, "key"}.get() == "1"; }));
    const Unchanged seen = seen_in(eu, {"key"});
    CHECK_THROWS_AS((void)eu.transact_if(seen,
                                         [](Transaction& txn) {
                                           Word{txn, "key"}.put("mine");
                                           throw std::logic_error("mine");
                                         }),
                    std::logic_error);
    CHECK(seen.holds(eu));
    Word{us, "key"}.put("2");
    REQUIRE(eventually([&] { return Word{eu, "key"}.get() == "2"; }));
    Session session = eu.session();
    CHECK_FALSE(session.transact_if(seen, [](Transaction& txn) { txn.clear("key"); }));
    session.read([](ReadTransaction& txn) { CHECK(Word{txn, "key"}.get() == "2"); });
    CHECK(Word{eu, "key"}.get() == "2");
  }

  TEST_CASE("a read that goes on for too long is told so, by its calls and by the status") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.read_ms_max = 500;
    Store store = Store::open(options);
    const auto warned = [&] {
      const auto warnings = store.status().warnings;
      return std::ranges::any_of(warnings, [](const auto& each) { return each.kind == "read"; });
    };
    Word{store, "key"}.put("1");
    store.read([&](ReadTransaction& txn) {
      CHECK(Word{txn, "key"}.get() == "1");
      std::thread([&] {
        CHECK(eventually([&] {
          Word{store, "key"}.put("2");
          return warned();
        }));
      }).join();
      std::string message;
      CHECK(eventually([&] {
        try {
          (void)Word{txn, "key"}.get();
          return false;
        } catch (const Error& error) {
          message = error.what();
          return error.code() == ErrorCode::kTimeout;
        }
      }));
      CHECK(message.find("over 500 ms (read_ms_max)") != std::string::npos);
    });
    store.read([](ReadTransaction& txn) { CHECK(Word{txn, "key"}.get() == "2"); });
    CHECK(eventually([&] { return !warned(); }));
    CHECK(eventually([&] { return store.status().read_ms == 0; }));
    options.read_ms_max = -1;
    options.path = (folder.path() / "other").string();
    CHECK(code_of([&] { (void)Store::open(options); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("transact and read return the results of their functions") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const auto sell = [](Transaction& txn) {
      Counter stock{txn, "stock"};
      stock.add(-5);
      return stock.get();
    };
    CHECK(store.transact(sell) == -5);
    Session session = store.session();
    CHECK(session.transact(sell) == -10);
    store.transact(sell);  // The result may be thrown away.
    const Store& readable = store;
    CHECK(readable.read([](ReadTransaction& txn) { return Counter{txn, "stock"}.get(); }) == -15);
    CHECK(session.read([](const Scope& txn) { return CounterReader{txn, "stock"}.get(); }) == -15);
    // Of a type without a default, and one that is only moved.
    const auto made = store.transact([](auto& txn) {
      Word{txn, "made"}.put("x");
      return std::make_unique<const std::string>(*Word{txn, "made"}.get());
    });
    CHECK(*made == "x");
    CHECK(store.transact([](Transaction&) { return Key("no default"); }) == Key("no default"));
  }

  TEST_CASE("transact_if returns the result, or nothing where it was not run") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Session session = store.session();
    const auto next = [](Transaction& txn) {
      Counter{txn, "n"}.add(1);
      return Counter{txn, "n"}.get();
    };
    const Unchanged seen = seen_in(store, {"n"});
    const std::optional<std::int64_t> first = store.transact_if(seen, next);
    CHECK(first == 1);
    CHECK(store.transact_if(seen, next) == std::nullopt);
    CHECK(session.transact_if(seen, next) == std::nullopt);
    CHECK(session.transact_if(seen_in(store, {"n"}), next) == 2);
    // A function without a result, also one kept as before there were results.
    const std::function<void(Transaction&)> kept = [&](Transaction& txn) { (void)next(txn); };
    const bool ran = store.transact_if(seen_in(store, {"n"}), kept);
    CHECK(ran);
    store.transact(kept);
    CHECK(Counter(store, "n").get() == 4);
  }

  TEST_CASE("no result comes out of a transaction that failed") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    bool came = false;
    CHECK_THROWS_AS(came = store.transact([](Transaction& txn) -> bool {
      Word{txn, "a"}.put("x");
      throw std::runtime_error("undone");
    }),
                    std::runtime_error);
    CHECK_FALSE(Word(store, "a").get());
    // One that its commit refuses.
    const auto lose_disk = [&](Transaction& txn) {
      Word{txn, "a"}.put("x");
      std::filesystem::remove_all(folder.path() / "eu");
      return true;
    };
    CHECK(code_of([&] { came = store.transact(lose_disk); }) == ErrorCode::kIo);
    CHECK_FALSE(came);
  }

  TEST_CASE("a handle that a transaction returns is refused when it is used") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter late = store.transact([](Transaction& txn) {
      Counter count{txn, "n"};
      count.add(1);
      return count;
    });
    CHECK(code_of([&] { (void)late.get(); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { late.add(1); }) == ErrorCode::kInvalid);
    CHECK(Counter(store, "n").get() == 1);
  }
}

}  // namespace anabranch::transaction_test
