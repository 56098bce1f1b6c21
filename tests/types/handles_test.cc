// The handles of flags, remove-wins sets and real counters on a store: their results and refusals.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "crdt/type_table.h"
#include "leader/scopes/view.h"
#include "tests/leader/store_world.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"

namespace anabranch::handles_test {

using test::code_of;
using test::Node;
using test::store_options;
using test::TempDir;

namespace {

// Makes the key of a type, as another leader would, whatever else is there.
void make(Node& node, const crdt::TypeEntry& type) {
  node.write(1000, [&](regions::Group& group) {
    core::Path path = leader::path_of(Key("k").of(type.type));
    const bool has_names =
        type.layout == crdt::Layout::kElements || type.layout == crdt::Layout::kItems;
    if (has_names) path.append("x");
    if (type.layout == crdt::Layout::kFields) path.append("f").append("s");
    group.put(path, crdt::kTrue);
  });
}

void deliver(Node& from, Node& to) {
  for (const auto& record : test::log_records(from.storage())) {
    if (record.origin != to.origin()) to.deliver(from, record.bytes);
  }
}

Type shown_type(Node& node) {
  const rows::Resolvers resolvers({});
  return leader::View(*node.replica().reader(), node.replica().names(), resolvers).type("k");
}

}  // namespace

TEST_SUITE("types: handles") {
  TEST_CASE("an addition returns what the row shows then, and refuses what is no integer") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const Key row = Key("k").of(Type::kString);
    store.transact([&](Transaction& txn) {
      CHECK(txn.add(row, 5) == 5);
      CHECK(txn.add(row, -7) == -2);
      txn.put(row, "10");  // Beside the sum.
      CHECK(txn.add(row, 1) == 9);
      txn.set(row, "text");
      CHECK(code_of([&] { txn.add(row, 1); }) == ErrorCode::kInvalid);
      txn.set(row, std::to_string(std::numeric_limits<std::int64_t>::max()));
      CHECK(code_of([&] { txn.add(row, 1); }) == ErrorCode::kInvalid);
      CHECK(txn.add(row, 0) == std::numeric_limits<std::int64_t>::max());
    });
    CHECK(store.add(Key("other").of(Type::kString), 3) == 3);
    RealCounter real{store, "real"};
    real.add(1.5);
    CHECK(code_of([&] { store.add(Key("real").of(Type::kString), 1); }) == ErrorCode::kInvalid);
    real.add(0.5);
    CHECK(store.add(Key("real").of(Type::kString), 1) == 3);
    CHECK(real.get() == 3.0);
  }

  TEST_CASE("a value is shown without a copy, and where there is none nothing is called") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const auto shown = [](const Scope& scope, const Key& row) {
      std::optional<std::string> value;
      const bool found = scope.show(row, [&](std::string_view bytes) { value = bytes; });
      CHECK(found == value.has_value());
      CHECK(value == scope.get(row));
      return value;
    };
    const Key row = Key("k").of(Type::kString);
    CHECK_FALSE(shown(store, row).has_value());
    store.put(row, "value");
    CHECK(shown(store, row) == "value");
    store.put(row, "0");
    CHECK(shown(store, row) == "0");
    store.add(row, 4);
    CHECK(shown(store, row) == "4");
    store.transact([&](Transaction& txn) {
      txn.set(row, "staged");
      CHECK(shown(txn, row) == "staged");
      txn.clear("k");
      CHECK_FALSE(shown(txn, row).has_value());
    });
    CHECK_FALSE(shown(store, row).has_value());
  }

  TEST_CASE("a flag is off until it is enabled, and is there when it was disabled") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    EnableWinsFlag flag{store, "flag"};
    CHECK_FALSE(flag.get());
    CHECK_FALSE(flag.erase());
    flag.enable();
    CHECK(flag.get());
    flag.disable();
    CHECK_FALSE(flag.get());
    CHECK(store.type("flag") == Type::kEnableWinsFlag);
    CHECK(store.count(Key::all(0)) == 1);
    CHECK(flag.erase());
    CHECK(store.type("flag") == Type::kNone);
    DisableWinsFlag{store, "other"}.enable();
    CHECK(DisableWinsFlag{store, "other"}.get());
    CHECK(store.type("other") == Type::kDisableWinsFlag);
  }

  TEST_CASE("a remove-wins set shows and counts what was not removed") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    RemoveWinsSet<int> numbers{store, "numbers"};
    CHECK(numbers.insert(7));
    CHECK_FALSE(numbers.insert(7));
    CHECK(numbers.insert(8));
    CHECK(numbers.erase(7));
    CHECK_FALSE(numbers.erase(7));
    CHECK_FALSE(numbers.erase(9));
    CHECK(numbers.elements() == std::vector<int>{8});
    CHECK(numbers.size() == 1);
    CHECK_FALSE(numbers.contains(7));
    CHECK(test::shown(store).size() == 1);
    CHECK(numbers.erase(8));
    CHECK(store.type("numbers") == Type::kNone);
    CHECK(store.count(Key::all(0)) == 0);
    CHECK(numbers.insert(7));
    CHECK(numbers.elements() == std::vector<int>{7});
    numbers.clear();
    CHECK(numbers.size() == 0);
  }

  TEST_CASE("a real counter adds doubles, to integers too") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    RealCounter sum{store, "sum"};
    CHECK(sum.get() == 0);
    sum.add(2.5);
    sum.add(-1);
    CHECK(sum.get() == 1.5);
    CHECK(code_of([&] { Counter(store, "sum").add(1); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)Counter(store, "sum").get(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)store.counter(Key("sum").of(Type::kString)); }) ==
          ErrorCode::kInvalid);
    CHECK(store.counter_double(Key("sum").of(Type::kString)) == 1.5);
    sum.add(0.5);
    Counter{store, "sum"}.add(40);
    CHECK(Counter{store, "sum"}.get() == 42);
    CHECK(sum.get() == 42);
    Register<int>{store, "sum"}.put(10);
    sum.add(0.25);
    CHECK(sum.get() == 10.25);
    sum.reset();
    CHECK(store.type("sum") == Type::kNone);
  }

  TEST_CASE("put leaves the sum of a row, set takes it back, and a key may be of any length") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    for (const std::size_t length : {1, 45, 46, 47, 200}) {
      const Key row = Key(std::string(length, 'k')).of(Type::kString);
      store.add(row, 5);
      store.put(row, "1");
      CHECK(store.get(row) == "6");
      store.set(row, "2");
      CHECK(store.get(row) == "2");
      store.atomically([&](Scope& txn) {
        txn.add(row, 7);
        txn.set(row, "3");
        CHECK(txn.get(row) == "3");
        CHECK(txn.counter(row) == 0);
      });
      CHECK(store.get(row) == "3");
    }
  }

  TEST_CASE("a real counter refuses what is no number, and what would leave the range") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    constexpr double kMost = std::numeric_limits<double>::max();
    RealCounter sum{store, "sum"};
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity()}) {
      std::string message;
      CHECK(code_of([&] { sum.add(bad); }, &message) == ErrorCode::kInvalid);
      CHECK(message == "sum: only finite numbers can be added");
    }
    CHECK(store.type("sum") == Type::kNone);
    sum.add(kMost);
    CHECK(code_of([&] { sum.add(kMost); }) == ErrorCode::kInvalid);
    CHECK(sum.get() == kMost);
    Register<>{store, "word"}.put("2.5");  // No integer, so that it would hide the sum.
    CHECK(code_of([&] { RealCounter(store, "word").add(1); }) == ErrorCode::kWrongType);
  }

  TEST_CASE("a text is another type to a counter, and a wrong argument where the row is named") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<>{store, "word"}.put("abc");
    const Key row = Key("word").of(Type::kString);
    std::string message;
    CHECK(code_of([&] { Counter(store, "word").add(1); }, &message) == ErrorCode::kWrongType);
    CHECK(message == "word holds no integer");
    CHECK(code_of([&] { RealCounter(store, "word").add(1); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)CounterReader(store, "word").get(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)RealCounterReader(store, "word").get(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { store.add(row, 1); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "word holds no integer");
    CHECK(code_of([&] { store.add_double(row, 1); }) == ErrorCode::kInvalid);
    // A request may not read, and still learns the type.
    CHECK(code_of([&] {
            store.once("request", [](Scope& txn) { Counter{txn, "word"}.add(1); });
          }) == ErrorCode::kWrongType);
    CHECK(Register<>{store, "word"}.get() == "abc");

    // A sum that has left 64 bits is no other type.
    store.add(Key("sum").of(Type::kString), INT64_MAX);
    store.put(Key("sum").of(Type::kString), "5");
    CHECK(code_of([&] { (void)CounterReader(store, "sum").get(); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { Counter(store, "sum").add(1); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "sum: the sum of all regions does not fit in 64 bits");
  }

  TEST_CASE("a key of another type is refused by name") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    EnableWinsFlag{store, "flag"}.enable();
    RemoveWinsSet<>{store, "set"}.insert("x");
    std::string message;
    CHECK(code_of([&] { DisableWinsFlag(store, "flag").enable(); }, &message) ==
          ErrorCode::kWrongType);
    CHECK(message == "the key flag holds an enable-wins-flag, not a disable-wins-flag");
    CHECK(code_of([&] { (void)DisableWinsFlag(store, "set").get(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { Set<>(store, "set").insert("y"); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)RemoveWinsSet<>(store, "flag").size(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { RealCounter(store, "set").add(1); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)RealCounter(store, "flag").get(); }) == ErrorCode::kWrongType);
  }

  TEST_CASE("of two types made at once the first of the table is shown, in both regions") {
    for (const crdt::TypeEntry& first : crdt::kTypes) {
      for (const crdt::TypeEntry* second = &first + 1; second != crdt::kTypes.end(); ++second) {
        Node here("here", 7);
        Node there("there", 9);
        make(here, *second);
        make(there, first);
        deliver(here, there);
        deliver(there, here);
        for (Node* node : {&here, &there}) {
          CHECK(shown_type(*node) == first.type);
          CHECK(node->wrong_count() == "");
        }
      }
    }
  }

  TEST_CASE("the type of a key is found whatever the length of its name and who has staged it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    // Around the length from that on rows are stored by hash.
    for (const std::size_t length : {1, 430, 440, 441, 442, 443, 444, 445, 446, 450, 480, 500}) {
      CAPTURE(length);
      const std::string key(length, 'k');
      const std::string neighbour = key + "n";
      Set<>{store, neighbour}.insert("x");
      CHECK(store.type(key) == Type::kNone);
      Map{store, key}.at<Set<>>("field").insert("x");
      CHECK(store.type(key) == Type::kMap);
      CHECK(store.type(Key(key).field("field")) == Type::kSet);
      CHECK(store.type(Key(key).field("fiel")) == Type::kNone);
      store.transact([&](Transaction& txn) {
        Map{txn, key}.clear();
        CHECK(txn.type(key) == Type::kNone);
        SortedSet<>{txn, key}.put("x", 1);
        CHECK(txn.type(key) == Type::kSortedSet);
      });
      CHECK(store.type(key) == Type::kSortedSet);
      CHECK(store.type(neighbour) == Type::kSet);
    }
  }

  TEST_CASE("a sorted set ranks, counts and pages its members") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    SortedSet<> game{store, "game"};
    CHECK_FALSE(game.rank("ada"));
    CHECK(game.range().empty());
    CHECK(store.type("game") == Type::kNone);
    CHECK(game.put("ada", 3));
    CHECK(game.put("bob", 1.5));
    CHECK(game.put("cyd", 3));
    CHECK_FALSE(game.put("bob", -1));
    CHECK(game.add("bob", 0.25) == -0.75);
    CHECK(game.add("dan", 7) == 7);
    CHECK(store.type("game") == Type::kSortedSet);
    CHECK(to_string(store.type("game")) == "zset");
    CHECK(store.get(Key("game").element("bob", Type::kSortedSet)) == "-0.75");
    using All = std::vector<Scored<>>;
    CHECK(game.range() == All{{"bob", -0.75}, {"ada", 3}, {"cyd", 3}, {"dan", 7}});
    CHECK(game.range({.backwards = true, .skip = 1}, 2) == All{{"cyd", 3}, {"ada", 3}});
    CHECK(game.range({.min = -0.75, .max = 7, .above_min = true, .below_max = true}) ==
          All{{"ada", 3}, {"cyd", 3}});
    CHECK(game.range_by_rank(1, 3) == All{{"ada", 3}, {"cyd", 3}});
    CHECK(game.range_by_rank(0, 1, RankFrom::kHighest) == All{{"dan", 7}});
    CHECK(game.range_by_rank(3, 1).empty());
    CHECK(game.range_by_rank(9, 12).empty());
    CHECK(game.range_by_name(Span::after("ada"), 2) == All{{"bob", -0.75}, {"cyd", 3}});
    CHECK(game.count({.min = 3, .max = 3}) == 2);
    CHECK(game.count({.min = 3, .max = 3, .above_min = true}) == 0);
    CHECK(game.count({.min = 5, .max = 3}) == 0);
    CHECK(game.count({.min = std::nan("")}) == 0);
    CHECK(game.rank("cyd") == 2);
    CHECK(game.rank_from_end("cyd") == 1);
    CHECK(game.score("dan") == 7);
    CHECK(game.size() == 4);
    CHECK(game.erase("ada"));
    CHECK_FALSE(game.erase("ada"));
    CHECK_FALSE(game.contains("ada"));
    CHECK(game.rank("cyd") == 1);
    game.clear();
    CHECK(game.size() == 0);
    CHECK(store.type("game") == Type::kNone);
  }

  TEST_CASE("a transaction ranks what it has written itself, and an undone one leaves no trace") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    SortedSet<int> set{store, Key("map").field("scores")};
    for (int i = 0; i < 100; ++i) set.put(i, i);
    struct Undo {};
    CHECK_THROWS_AS(store.transact([&](Transaction& txn) {
      SortedSet<int> mine{txn, Key("map").field("scores")};
      mine.put(0, 1000);
      mine.erase(50);
      CHECK(mine.rank_from_end(0) == 0);
      CHECK(mine.rank(51) == 49);
      CHECK(mine.range_by_rank(0, 1).front().member == 1);
      CHECK(set.rank(51) == 51);
      throw Undo{};
    }),
                    Undo);
    CHECK(set.rank(51) == 51);
    Session session = store.session();
    CHECK(SortedSet<int>{session, Key("map").field("scores")}.rank_from_end(99) == 0);
  }

  TEST_CASE("a score must be a finite number, and a sum stay one") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    SortedSet<> set{store, "set"};
    for (const double bad : {std::nan(""), kInfinity, -kInfinity}) {
      CHECK_THROWS_WITH_AS(set.put("a", bad), "set: a score must be a finite number", Error);
      CHECK_THROWS_WITH_AS(set.add("a", bad), "set/a: only finite numbers can be added", Error);
    }
    set.put("a", 1.5e308);
    CHECK_THROWS_WITH_AS(set.add("a", 1.5e308), "set/a: the sum would leave the range of a double",
                         Error);
    CHECK(set.score("a") == 1.5e308);
    Register<>{store, "text"}.put("v");
    SortedSet<> wrong{store, "text"};
    const char* const kWrongType = "the key text holds a string, not a zset";
    CHECK_THROWS_WITH_AS(wrong.put("a", 1), kWrongType, Error);
    CHECK_THROWS_WITH_AS(wrong.add("a", 1), kWrongType, Error);
    CHECK_THROWS_WITH_AS((void)wrong.rank("a"), kWrongType, Error);
    CHECK_THROWS_WITH_AS((void)wrong.score("a"), kWrongType, Error);
    CHECK_THROWS_WITH_AS((void)wrong.range(), kWrongType, Error);
    CHECK_THROWS_WITH_AS((void)wrong.count({}), kWrongType, Error);
    CHECK_THROWS_WITH_AS(wrong.clear(), kWrongType, Error);
  }
}

}  // namespace anabranch::handles_test
