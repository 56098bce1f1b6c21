// Readers: handles that read alone, made with a scope that is const.

#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::readers_test {

using test::code_of;
using test::store_options;
using test::TempDir;
using Words = std::vector<std::string>;

namespace {

// ---- A reader is made with any scope that stays, and writes nothing.

template <typename Reader>
constexpr bool kReads =
    std::is_constructible_v<Reader, const Scope&, Key>&& std::is_constructible_v<
        Reader, const Store&, Key>&& std::is_constructible_v<Reader, Scope&, Key>;
template <typename Made>
constexpr bool kTakesTemporaries =
    std::is_constructible_v<Made, Store, Key> || std::is_constructible_v<Made, const Store, Key> ||
    std::is_constructible_v<Made, Session, Key> ||
    std::is_constructible_v<Made, const Session, Key>;
// A handle writes: it needs a scope that is not const, and may be used as its reader.
template <typename Handle, typename Reader>
constexpr bool kPair =
    kReads<Reader> && !kTakesTemporaries<Reader> && !kTakesTemporaries<Handle> &&
    std::is_constructible_v<Handle, Scope&, Key> &&
    !std::is_constructible_v<Handle, const Scope&, Key> &&
    !std::is_constructible_v<Handle, const Store&, Key> &&
    !std::is_constructible_v<Handle, Reader> && std::is_convertible_v<Handle, Reader>;

static_assert(kPair<Register<int>, RegisterReader<int>>);
static_assert(kPair<Counter, CounterReader> && kPair<RealCounter, RealCounterReader>);
static_assert(kPair<EnableWinsFlag, EnableWinsFlagReader>);
static_assert(kPair<DisableWinsFlag, DisableWinsFlagReader>);
static_assert(kPair<Set<int>, SetReader<int>>);
static_assert(kPair<RemoveWinsSet<>, RemoveWinsSetReader<>>);
static_assert(kPair<SortedSet<>, SortedSetReader<>> && kPair<List<>, ListReader<>>);
static_assert(kPair<Map, MapReader> && kPair<ItemList, ItemListReader>);
static_assert(kPair<Text, TextReader> && kPair<Expiry, ExpiryReader>);
static_assert(!std::is_constructible_v<ScopeRef, const Store&>);

template <typename Handle>
concept Adds = requires(Handle handle) {
  handle.add(1);
};
template <typename Handle>
concept Puts = requires(Handle handle) {
  handle.put("x");
};
template <typename Handle>
concept Ranks = requires(Handle handle) {
  handle.put("x", 1.0);
};
template <typename Handle>
concept Inserts = requires(Handle handle) {
  handle.insert("x");
};
template <typename Handle>
concept Pushes = requires(Handle handle) {
  handle.push_back("x");
};
template <typename Handle>
concept Enables = requires(Handle handle) {
  handle.enable();
};
template <typename Handle>
concept Clears = requires(Handle handle) {
  handle.clear();
};
template <typename Handle>
concept Edits = requires(Handle handle) {
  handle.replace("x");
};
template <typename Handle>
concept Persists = requires(Handle handle) {
  handle.persist();
};
template <typename Parent, typename Handle>
concept Leads = requires(Parent parent) {
  parent.template at<Handle>("x");
};

static_assert(Adds<Counter> && !Adds<CounterReader>);
static_assert(Adds<RealCounter> && !Adds<RealCounterReader>);
static_assert(Puts<Register<>> && !Puts<RegisterReader<>>);
static_assert(Enables<EnableWinsFlag> && !Enables<EnableWinsFlagReader>);
static_assert(Inserts<Set<>> && !Inserts<SetReader<>>);
static_assert(Inserts<RemoveWinsSet<>> && !Inserts<RemoveWinsSetReader<>>);
static_assert(Ranks<SortedSet<>> && !Ranks<SortedSetReader<>>);
static_assert(Pushes<List<>> && !Pushes<ListReader<>>);
static_assert(Edits<Text> && !Edits<TextReader>);
static_assert(Persists<Expiry> && !Persists<ExpiryReader>);
static_assert(Clears<Set<>> && !Clears<SetReader<>> && !Clears<SortedSetReader<>>);
static_assert(Clears<Map> && !Clears<MapReader> && Clears<List<>> && !Clears<ListReader<>>);
static_assert(Clears<ItemList> && !Clears<ItemListReader> && !Clears<TextReader>);
static_assert(Leads<Map, Counter> && Leads<Map, CounterReader> && Leads<ItemList, Counter>);
static_assert(!Leads<MapReader, Counter> && Leads<MapReader, CounterReader>);
static_assert(!Leads<ItemListReader, Counter> && Leads<ItemListReader, CounterReader>);

// All that is at the keys of fill(), in words.
Words look(const Scope& scope) {
  Words found;
  found.push_back(RegisterReader<>{scope, "word"}.get().value_or("-"));
  found.push_back(std::to_string(CounterReader{scope, "count"}.get()));
  found.push_back(std::to_string(static_cast<int>(RealCounterReader{scope, "real"}.get())));
  found.emplace_back(EnableWinsFlagReader{scope, "flag"}.get() ? "on" : "off");
  for (const std::string& each : SetReader<>{scope, "set"}.elements()) found.push_back(each);
  found.emplace_back(RemoveWinsSetReader<>{scope, "strict"}.contains("x") ? "x" : "-");
  for (const Scored<>& each : SortedSetReader<>{scope, "sorted"}.range()) {
    found.push_back(each.member);
  }
  for (const std::string& each : ListReader<>{scope, "list"}.elements()) found.push_back(each);
  const MapReader map{scope, "map"};
  found.push_back(std::to_string(map.at<CounterReader>("n").get()));
  const ItemListReader items{scope, "items"};
  for (const std::string& id : items.ids()) {
    found.push_back(items.at(id).at<RegisterReader<>>("text").get().value_or("-"));
  }
  found.push_back(TextReader{scope, "text"}.str());
  found.emplace_back(ExpiryReader{scope, "word"}.deadline() ? "expires" : "stays");
  return found;
}

void fill(Scope& scope) {
  Register<>{scope, "word"}.put("w");
  Counter{scope, "count"}.add(3);
  RealCounter{scope, "real"}.add(4);
  EnableWinsFlag{scope, "flag"}.enable();
  Set<>{scope, "set"}.insert("e");
  RemoveWinsSet<>{scope, "strict"}.insert("x");
  SortedSet<>{scope, "sorted"}.put("m", 1);
  List<>{scope, "list"}.push_back("l");
  Map{scope, "map"}.at<Counter>("n").add(5);
  ItemList items{scope, "items"};
  items.at(items.push_back()).at<Register<>>("text").put("item");
  Text{scope, "text"}.insert(0, "t");
}

}  // namespace

TEST_SUITE("leader: readers") {
  TEST_CASE("readers show a const store, one state and a transaction as handles do") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const Store& readable = store;
    const Words nothing{"-", "0", "0", "off", "-", "0", "", "stays"};
    const Words all{"w", "3", "4", "on", "e", "x", "m", "l", "5", "item", "t", "stays"};
    CHECK(look(readable) == nothing);
    store.transact([&](Transaction& txn) {
      fill(txn);
      CHECK(look(txn) == all);
      CHECK(look(readable) == nothing);
    });
    CHECK(look(readable) == all);
    CHECK(look(store.session()) == all);
    readable.at_once([&](const Scope& state) {
      Counter{store, "count"}.add(1);
      CHECK(CounterReader{state, "count"}.get() == 3);
      CHECK(CounterReader{readable, "count"}.get() == 4);
    });
  }

  TEST_CASE("a handle is taken for a reader, and shows its own writes through it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter counter{store, "count"};
    const CounterReader reader = counter;
    counter.add(2);
    CHECK(reader.get() == 2);
    Map map{store, "map"};
    map.at<Register<int>>("n").put(7);
    CHECK(map.at<RegisterReader<int>>("n").get() == 7);
  }

  TEST_CASE("a reader whose scope is over is refused, as a handle is") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const CounterReader late = store.read([](const ReadTransaction& txn) {
      return CounterReader{txn, "count"};
    });
    CHECK(code_of([&] { (void)late.get(); }) == ErrorCode::kInvalid);
    Set<>{store, "set"}.insert("x");
    const Store& readable = store;
    CHECK(code_of([&] { (void)CounterReader(readable, "set").get(); }) == ErrorCode::kWrongType);
  }
}

}  // namespace anabranch::readers_test
