// The embedded store alone: handles, transactions, types, limits, options and reopening, over a
// real data directory.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::store_test {

using test::code_of;
using test::shown;
using test::store_options;
using test::TempDir;

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_SUITE("leader: store") {
  TEST_CASE("a register holds one value of a type") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<std::string> name{store, "name"};
    CHECK_FALSE(name.get());
    CHECK(name.siblings().empty());
    CHECK_FALSE(name.erase());
    name.put("Anna");
    name.put("Berta");
    CHECK(name.get() == "Berta");
    REQUIRE(name.siblings().size() == 1);
    CHECK(name.siblings()[0].region == "eu");
    CHECK(name.siblings()[0].time_ms > 1'600'000'000'000);
    CHECK(name.erase());
    CHECK_FALSE(name.get());
    Register<int> number{store, "number"};
    number.put(-5);
    CHECK(number.get() == -5);
    Register<bool> flag{store, "flag"};
    flag.put(true);
    CHECK(flag.get() == true);
    CHECK(flag.get() == true);
    name.put("no number");
    CHECK(code_of([&] { (void)Register<int>(store, "name").get(); }) == ErrorCode::kWrongType);
    CHECK(store.count(Key::all(0)) == 3);
  }

  TEST_CASE("a counter counts on top of a register and stays within 64 bits") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter visits{store, "visits"};
    CHECK(visits.get() == 0);
    visits.add(5);
    visits.add(-7);
    CHECK(visits.get() == -2);
    Register<std::int64_t>{store, "visits"}.put(40);
    visits.add(2);
    CHECK(visits.get() == 42);
    CHECK(store.counter(Key("visits").of(Type::kString)) == 2);
    visits.reset();
    CHECK(visits.get() == 0);
    CHECK(store.type("visits") == Type::kNone);
    visits.add(INT64_MAX);
    CHECK(code_of([&] { visits.add(1); }) == ErrorCode::kInvalid);
    CHECK(visits.get() == INT64_MAX);
    Register<std::string>{store, "word"}.put("abc");
    CHECK(code_of([&] { Counter(store, "word").add(1); }) == ErrorCode::kWrongType);
  }

  TEST_CASE("a set holds elements in the order of their bytes") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Set<std::string> tags{store, "tags"};
    CHECK(tags.size() == 0);
    CHECK_FALSE(tags.contains("b"));
    CHECK(tags.insert("b"));
    CHECK(tags.insert("a"));
    CHECK(tags.insert(""));
    CHECK(tags.insert(std::string("\0z", 2)));
    CHECK_FALSE(tags.insert("a"));
    CHECK(tags.contains(""));
    CHECK(tags.size() == 4);
    CHECK(tags.elements() == Strings{"", std::string("\0z", 2), "a", "b"});
    CHECK(tags.erase("b"));
    CHECK_FALSE(tags.erase("b"));
    CHECK(tags.size() == 3);
    tags.clear();
    CHECK(tags.size() == 0);
    CHECK(store.type("tags") == Type::kNone);
    Set<int> numbers{store, "numbers"};
    numbers.insert(7);
    CHECK(numbers.elements() == std::vector<int>{7});
  }

  TEST_CASE("a map holds fields of any type, and maps") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Map user{store, "user"};
    CHECK(user.size() == 0);
    CHECK_FALSE(user.erase("name"));
    user.at<Register<std::string>>("name").put("Anna");
    user.at<Counter>("visits").add(3);
    user.at<Set<std::string>>("tags").insert("x");
    user.at<Set<std::string>>("tags").insert("y");
    user.at<Map>("address").at<Register<std::string>>("city").put("Bonn");
    CHECK(user.size() == 4);
    CHECK(user.fields() == Strings{"address", "name", "tags", "visits"});
    CHECK(user.contains("tags"));
    CHECK(user.at<Counter>("visits").get() == 3);
    CHECK(user.at<Set<std::string>>("tags").size() == 2);
    CHECK(user.at<Map>("address").at<Register<std::string>>("city").get() == "Bonn");
    CHECK(user.erase("tags"));
    CHECK_FALSE(user.contains("tags"));
    CHECK(user.size() == 3);
    CHECK(code_of([&] { user.at<Set<std::string>>("name").insert("x"); }) == ErrorCode::kWrongType);
    user.clear();
    CHECK(user.size() == 0);
    CHECK(store.count(Key::all(0)) == 0);
  }

  TEST_CASE("a key of another type is refused by name") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Set<std::string>{store, "k"}.insert("x");
    std::string message;
    CHECK(code_of([&] { Register<>(store, "k").put("v"); }, &message) == ErrorCode::kWrongType);
    CHECK(message == "the key k holds a set, not a string");
    CHECK(code_of([&] { (void)Register<>(store, "k").get(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { Counter(store, "k").add(1); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)Map(store, "k").size(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)Map(store, "k").at<Counter>("f"); }) == ErrorCode::kWrongType);
    Register<>{store, "r"}.put("v");
    CHECK(code_of([&] { (void)Set<>(store, "r").contains("x"); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { Set<>(store, "r").clear(); }) == ErrorCode::kWrongType);
    CHECK(shown(store).size() == 2);
  }

  TEST_CASE("a transaction sees its own writes, and others see it when it is over") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    store.transact([&](Transaction& txn) {
      Register<>{txn, "a"}.put("1");
      Counter{txn, "n"}.add(2);
      CHECK(Register<>{txn, "a"}.get() == "1");
      CHECK(txn.count(Key::all(0)) == 2);
      CHECK_FALSE(Register<>{store, "a"}.get());
    });
    CHECK(Register<>{store, "a"}.get() == "1");
    CHECK(Counter{store, "n"}.get() == 2);
  }

  TEST_CASE("an exception undoes a transaction, and a nested one alone") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    struct Stop {};
    CHECK_THROWS_AS(store.transact([](Transaction& txn) {
      Register<>{txn, "a"}.put("1");
      throw Stop{};
    }),
                    Stop);
    CHECK(shown(store).empty());
    store.transact([](Transaction& txn) {
      Register<>{txn, "a"}.put("outer");
      const auto inner = [&] {
        txn.atomically([](Scope& scope) {
          Register<>{scope, "a"}.put("inner");
          Register<>{scope, "b"}.put("inner");
          throw Stop{};
        });
      };
      CHECK_THROWS_AS(inner(), Stop);
      CHECK(Register<>{txn, "a"}.get() == "outer");
      Register<>{txn, "c"}.put("outer");
    });
    CHECK(shown(store) ==
          std::map<Strings, std::string>{{{"a", "s"}, "outer"}, {{"c", "s"}, "outer"}});
    CHECK(store.status().applied.at(0).seq == 3);  // The first is its place in the list of regions.
  }

  TEST_CASE("the store cannot be written from within its own transaction") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    store.transact([&](Transaction& txn) {
      Register<>{txn, "a"}.put("1");
      CHECK(code_of([&] { Register<>(store, "b").put("2"); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { store.transact([](Transaction&) {}); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { (void)store.status(); }) == ErrorCode::kInvalid);
    });
    CHECK(shown(store).size() == 1);
  }

  TEST_CASE("two stores can be written in one transaction of each") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    Store us = Store::open(store_options(folder, "us"));
    eu.transact([&](Transaction& txn) {
      Register<>{us, "b"}.put("2");
      Register<>{txn, "a"}.put("1");
    });
    CHECK(Register<>{eu, "a"}.get() == "1");
    CHECK(Register<>{us, "b"}.get() == "2");
  }

  TEST_CASE("keys may be empty, long and of any bytes, up to 64 KiB") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const Strings keys = {"",         std::string(1, '\0'),  std::string("a\0b", 3),
                          "\xFF\xFF", std::string(480, 'k'), std::string(65'536, 'k')};
    for (const std::string& key : keys) Register<>{store, key}.put("value of " + key);
    for (const std::string& key : keys) CHECK(Register<>{store, key}.get() == "value of " + key);
    CHECK(store.count(Key::all(0)) == keys.size());
    CHECK(shown(store).size() == keys.size());
    std::string message;
    CHECK(code_of([&] { (void)Key(std::string(65'537, 'k')); }, &message) == ErrorCode::kTooLarge);
    CHECK(message == "a key of 65537 bytes is over the limit of 65536 bytes");
    CHECK(code_of([&] { Set<>(store, "s").insert(std::string(65'537, 'e')); }) ==
          ErrorCode::kTooLarge);
  }

  TEST_CASE("databases are apart from each other") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<>{store, Key(0, "k")}.put("0");
    Register<>{store, Key(15, "k")}.put("15");
    CHECK(Register<>{store, "k"}.get() == "0");
    CHECK(store.count(Key::all(15)) == 1);
    store.clear(Key::all(0));
    CHECK(store.count(Key::all(0)) == 0);
    CHECK(Register<>{store, Key(15, "k")}.get() == "15");
    CHECK(code_of([] { (void)Key(16, "k"); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("limits are refused by name and leave the data alone") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.value_bytes_max = 100;
    options.transaction_bytes_max = 1000;
    Store store = Store::open(options);
    std::string message;
    Register<>{store, "v"}.put(std::string(100, 'v'));
    CHECK(code_of([&] { Register<>(store, "v").put(std::string(101, 'w')); }, &message) ==
          ErrorCode::kTooLarge);
    CHECK(message == "a value of 101 bytes is over the limit of 100 bytes (value_bytes_max)");
    CHECK(Register<>{store, "v"}.get() == std::string(100, 'v'));
    const auto too_much = [](Transaction& txn) {
      for (int i = 0; i < 20; ++i) {
        Register<>{txn, std::to_string(i)}.put(std::string(100, 'v'));
      }
    };
    CHECK(code_of([&] { store.transact(too_much); }, &message) == ErrorCode::kTooLarge);
    CHECK(message.find("transaction_bytes_max") != std::string::npos);
    CHECK(shown(store).size() == 1);
  }

  TEST_CASE("a transaction of more writes than others can read is refused") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::string message;
    const auto too_many = [](Transaction& txn) {
      Set<> set{txn, "s"};
      for (int i = 0; i < 600'000; ++i) set.insert(std::to_string(i));
    };
    CHECK(code_of([&] { store.transact(too_many); }, &message) == ErrorCode::kTooLarge);
    CHECK(message.find("encoded values") != std::string::npos);
    CHECK(shown(store).empty());
  }

  TEST_CASE("a closed store is found again as it was") {
    const TempDir folder;
    std::string origin;
    {
      Store store = Store::open(store_options(folder, "eu"));
      origin = store.status().origin;
      Counter{store, "n"}.add(1);
      Set<>{store, "s"}.insert(std::string(500, 'e'));
    }
    for (int i = 2; i < 5; ++i) {
      Store store = Store::open(store_options(folder, "eu"));
      CHECK(store.status().origin == origin);
      CHECK(Set<>{store, "s"}.elements() == Strings{std::string(500, 'e')});
      CHECK(store.count(Key::all(0)) == 2);
      Counter{store, "n"}.add(1);
      CHECK(Counter{store, "n"}.get() == i);
    }
  }

  TEST_CASE("writes that do not wait for the disk are there after sync()") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.durability = Durability::kNone;
    Store store = Store::open(options);
    CHECK(store.status().durability == "none");
    // Commits of the leader's own, which have no batch, sync what is before them.
    CHECK(test::eventually([&] {
      Counter(store, "n").add(1);
      return store.status().storage_unsynced_bytes > 0;
    }));
    CHECK(code_of([&] { store.transact([&](Transaction&) { store.sync(); }); }) ==
          ErrorCode::kInvalid);
    store.sync();
    CHECK(store.status().storage_unsynced_bytes == 0);
    store.sync();
  }

  TEST_CASE("options that make no sense are refused in one line that names them") {
    const TempDir folder;
    const Options good = store_options(folder, "eu");
    const auto refused = [&](const std::function<void(Options&)>& spoil, const std::string& names) {
      CAPTURE(names);
      Options options = good;
      spoil(options);
      std::string message;
      const ErrorCode code = code_of([&] { (void)Store::open(options); }, &message);
      CAPTURE(message);
      CHECK(message.find(names) != std::string::npos);
      CHECK(message.find('\n') == std::string::npos);
      return code;
    };
    const auto kInvalid = ErrorCode::kInvalid;
    CHECK(refused([](Options& o) { o.path = ""; }, "path") == kInvalid);
    CHECK(refused([](Options& o) { o.region = ""; }, "region") == kInvalid);
    CHECK(refused([](Options& o) { o.region = "a b"; }, "region \"a b\"") == kInvalid);
    CHECK(refused([](Options& o) { o.region = std::string(65, 'r'); }, "region") == kInvalid);
    CHECK(refused([](Options& o) { o.mesh = ""; }, "mesh") == kInvalid);
    CHECK(refused([](Options& o) { o.listen = "tcp://0.0.0.0:7400"; }, "tcp://0.0.0.0:7400") ==
          kInvalid);
    CHECK(refused([](Options& o) { o.listen = "tcp://127.0.0.1:port"; }, "tcp://127.0.0.1:port") ==
          kInvalid);
    CHECK(refused([](Options& o) { o.listen = "nonsense"; }, "nonsense") == kInvalid);
    CHECK(refused([](Options& o) { o.peers = {"nonsense"}; }, "nonsense") == kInvalid);
    for (const std::int64_t ms : {std::int64_t{-1}, std::int64_t{1} << 53U}) {
      CHECK(refused([=](Options& o) { o.clock_drift_ms_max = ms; }, "clock_drift_ms_max") ==
            kInvalid);
    }
    CHECK(refused([](Options& o) { o.transaction_bytes_max = (std::size_t{128} << 20U) + 1; },
                  "transaction_bytes_max is 134217729") == kInvalid);
    CHECK(refused([](Options& o) { o.path += "/no/parent"; }, "no/parent") == kInvalid);
    Store store = Store::open(good);
    CHECK(Register<>{store, "k"}.get() == std::nullopt);
  }

  TEST_CASE("a directory of somebody else is refused and stays as it was") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    {
      Store store = Store::open(options);
      Register<>{store, "k"}.put("v");
      CHECK(code_of([&] { (void)Store::open(options); }) == ErrorCode::kBusy);
    }
    options.region = "us";
    std::string message;
    CHECK(code_of([&] { (void)Store::open(options); }, &message) == ErrorCode::kInvalid);
    CHECK(message.find("region eu") != std::string::npos);
    options.region = "eu";
    options.mesh = "other";
    CHECK(code_of([&] { (void)Store::open(options); }) == ErrorCode::kInvalid);
    options.mesh = "anabranch";
    Store store = Store::open(options);
    CHECK(Register<>{store, "k"}.get() == "v");

    Options file = options;
    file.path = (folder.path() / "file").string();
    std::ofstream(file.path) << "something";
    CHECK(code_of([&] { (void)Store::open(file); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a port that is taken is refused") {
    const TempDir folder;
    Options eu = store_options(folder, "eu");
    eu.listen = "tcp://127.0.0.1:0";
    Store store = Store::open(eu);
    Options us = store_options(folder, "us");
    us.listen = store.status().endpoint;
    std::string message;
    CHECK(code_of([&] { (void)Store::open(us); }, &message) == ErrorCode::kBusy);
    CHECK(message.find(us.listen) != std::string::npos);
  }

  TEST_CASE(
      "a full map closes the store for writes, reads go on, and nothing acknowledged is lost") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.map_bytes = std::size_t{64} << 20U;
    options.reserve_bytes = 0;  // So that a commit fails.
    options.flush_bytes_max = std::uint64_t{1} << 20U;
    int acknowledged = 0;
    {
      Store store = Store::open(options);
      const auto fill = [&] {
        for (;; ++acknowledged) {
          Register<>{store, std::to_string(acknowledged)}.put(std::string(200'000, 'v'));
          REQUIRE(acknowledged < 1000);
        }
      };
      std::string message;
      const ErrorCode code = code_of(fill, &message);
      CAPTURE(message);
      // The engine's flush fails by itself, and a commit of the leader's own may be told first.
      if (code != ErrorCode::kClosed) CHECK(code == ErrorCode::kIo);
      CHECK(message.find('\n') == std::string::npos);
      CHECK(code_of([&] { Counter(store, "n").add(1); }) == ErrorCode::kClosed);
      CHECK_FALSE(store.status().writable);
      CHECK(store.count(Key::all(0)) == static_cast<std::uint64_t>(acknowledged));
      CHECK(Register<>{store, "0"}.get() == std::string(200'000, 'v'));
    }
    REQUIRE(acknowledged > 10);
    options.map_bytes *= 4;
    Store store = Store::open(options);
    CHECK(store.count(Key::all(0)) == static_cast<std::uint64_t>(acknowledged));
    CHECK(shown(store).size() == static_cast<std::size_t>(acknowledged));
    Counter{store, "n"}.add(1);
    CHECK(store.status().writable);
  }
}

}  // namespace anabranch::store_test
