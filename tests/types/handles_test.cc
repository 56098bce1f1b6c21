// The handles of flags, remove-wins sets and real counters on a store: what they return, and what
// they refuse.

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "crdt/type_table.h"
#include "regions/view.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/regions/store_world.h"

using namespace anabranch;
using test::code_of;
using test::Node;
using test::store_options;
using test::TempDir;

namespace {

// Makes the key of a type, as another leader would, whatever else is there.
void make(Node& node, const crdt::TypeEntry& type) {
  node.write(1000, [&](regions::Group& group) {
    core::Path path = regions::path_of(Key("k").of(type.type));
    if (type.layout == crdt::Layout::kElements) path.append("x");
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
  const regions::Resolvers resolvers({});
  return regions::View(*node.replica().reader(), node.replica().names(), resolvers).type("k");
}

}  // namespace

TEST_SUITE("types: handles") {
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
    CHECK(code_of([&] { Counter(store, "sum").add(1); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)store.tally(Key("sum").of(Type::kString)); }) == ErrorCode::kInvalid);
    CHECK(store.tally_real(Key("sum").of(Type::kString)) == 1.5);
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
    CHECK(code_of([&] { RealCounter(store, "word").add(1); }) == ErrorCode::kInvalid);
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
}
