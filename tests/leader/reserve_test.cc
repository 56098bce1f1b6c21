// A nearly full disk: refused writes, work that goes on, and that the state ends by itself.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "regions/state/reserve.h"
#include "storage/memory_storage.h"
#include "tests/leader/store_world.h"
#include "tests/node.h"
#include "tests/plugins/guests.h"

namespace anabranch::reserve_test {

using regions::Reserve;
using storage::MemoryStorage;
using storage::Room;
using test::code_of;
using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

constexpr std::uint64_t kReserve = 1000;

// A reserve of kReserve bytes beside storage with the room that the test sets.
struct World {
  void set(Room room) {
    storage.set_faults({.room = room});
    reserve.look();
  }
  MemoryStorage storage;
  Reserve reserve{storage, kReserve};
};

// A store with an address space that is soon nearly used up.
Options small_options(const TempDir& folder, const std::string& region) {
  Options options = store_options(folder, region);
  options.map_bytes = std::size_t{64} << 20U;
  return options;
}

std::string shows_x() {
  return test::resolver("(i32.store8 (i32.const 0) (i32.const 120)) (i64.const 1)");
}

std::string key_of(int number) { return "key:" + std::to_string(number); }

// Puts values until one is refused; gives how many were taken.
int fill(Store& store, std::string* message) {
  const std::string value(200'000, 'x');
  for (int number = 0;; ++number) {
    try {
      Register<>{store, key_of(number)}.put(value);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kIo);
      *message = error.what();
      return number;
    }
    REQUIRE(number < 20'000);
  }
}

}  // namespace

TEST_SUITE("leader: reserve") {
  TEST_CASE("below the reserve nothing is added, and again only with a quarter more") {
    World world;
    world.set({.outside = 1000});
    CHECK_FALSE(world.reserve.full());
    CHECK(world.reserve.holds(250));
    CHECK_FALSE(world.reserve.holds(251));
    CHECK(world.reserve.news().empty());
    world.set({.outside = 999});
    CHECK(world.reserve.full());
    CHECK_FALSE(world.reserve.holds(0));
    CHECK(world.reserve.allows_removing());
    CHECK(world.reserve.news().find("nearly full") != std::string::npos);
    CHECK(world.reserve.news().empty());
    world.set({.outside = 1249});
    CHECK(world.reserve.full());
    world.set({.outside = 1250});
    CHECK_FALSE(world.reserve.full());
    CHECK(world.reserve.news().find("room") != std::string::npos);
  }

  TEST_CASE("room inside counts, but not alone") {
    World world;
    world.set({.outside = 250, .inside = 1000});
    CHECK_FALSE(world.reserve.full());
    world.set({.outside = 249, .inside = 100'000});
    CHECK(world.reserve.full());
    CHECK(world.reserve.allows_removing());
    CHECK(world.reserve.news().find("nearly full") != std::string::npos);
    world.set({.outside = 100, .inside = 24});
    CHECK_FALSE(world.reserve.allows_removing());
    // Not that removing works.
    CHECK(world.reserve.text().find("full to the brim") != std::string::npos);
    CHECK(world.reserve.text().find("but removed") == std::string::npos);
    CHECK(world.reserve.news() == world.reserve.text());
    CHECK(world.reserve.news().empty());
    world.set({.outside = 100, .inside = 25});
    CHECK(world.reserve.allows_removing());
    CHECK(world.reserve.news().find("but removed") != std::string::npos);
  }

  TEST_CASE("without a reserve nothing is refused") {
    const MemoryStorage storage({.room = {.outside = 0}});
    Reserve reserve(storage, 0);
    reserve.look();
    CHECK_FALSE(reserve.full());
    CHECK(reserve.holds(1'000'000));
    CHECK(reserve.allows_removing());
  }

  TEST_CASE(
      "a store that is nearly full refuses to add, reads and removes, and goes on by itself") {
    const TempDir folder;
    const Options options = small_options(folder, "eu");
    Store store = Store::open(options);
    std::string message;
    const int taken = fill(store, &message);
    CHECK(message.find("reserve_bytes") != std::string::npos);
    CHECK(store.status().full);
    CHECK(store.status().writable);
    CHECK(code_of([&] { Counter(store, "count").add(1); }) == ErrorCode::kIo);
    CHECK(Register<>(store, key_of(taken - 1)).get());
    CHECK_FALSE(Register<>(store, key_of(taken)).get());
    for (int number = 0; number < taken; ++number) {
      REQUIRE(Register<>(store, key_of(number)).erase());
    }
    // The engine gives back the room of what was removed within moments.
    REQUIRE(eventually([&] {
      try {
        Register<>{store, "again"}.put("there is room");
        return true;
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::kIo);
        return false;
      }
    }));
    CHECK_FALSE(store.status().full);
  }

  TEST_CASE("writes of other leaders wait for room and arrive then") {
    const TempDir folder;
    Options options = small_options(folder, "us");
    options.listen = "tcp://127.0.0.1:0";
    Store us = Store::open(options);
    std::string message;
    const int taken = fill(us, &message);
    Options other = store_options(folder, "eu");
    other.peers = {us.status().endpoint};
    Store eu = Store::open(other);
    REQUIRE(eventually([&] { return Register<>(eu, key_of(taken - 1)).get().has_value(); }));
    Register<>{eu, "late"}.put("hello");
    REQUIRE(eventually([&] {
      const StoreStatus status = us.status();
      return status.peers.size() == 1 && status.peers[0].behind_ops > 0;
    }));
    CHECK_FALSE(Register<>(us, "late").get());
    for (int number = 0; number < taken; ++number) Register<>(us, key_of(number)).erase();
    CHECK(eventually([&] { return Register<>(us, "late").get() == "hello"; }));
    CHECK(eventually([&] { return eu.count(Key::all(0)) == 1; }));
  }

  TEST_CASE("a module waits for room where it is applied, and its policy with it") {
    const TempDir folder;
    Options options = small_options(folder, "us");
    options.listen = "tcp://127.0.0.1:0";
    Store us = Store::open(options);
    Register<>{us, "doc/1"}.put("of us");
    std::string message;
    const int taken = fill(us, &message);
    CHECK(code_of([&] { us.add_plugin(shows_x()); }, &message) == ErrorCode::kIo);
    CHECK(message.find("reserve_bytes") != std::string::npos);
    CHECK(us.plugins().empty());
    Options other = store_options(folder, "eu");
    other.peers = {us.status().endpoint};
    Store eu = Store::open(other);
    Register<>{eu, "doc/1"}.put("of eu");  // Before it has heard of us, or after.
    REQUIRE(eventually([&] { return Register<>(eu, key_of(taken - 1)).get().has_value(); }));
    const std::string name = eu.add_plugin(shows_x());
    eu.set_policy("doc/", Policy::wasm1(name));
    REQUIRE(eventually([&] {
      const StoreStatus status = us.status();
      return status.peers.size() == 1 && status.peers[0].behind_ops > 0;
    }));
    CHECK(us.plugins().empty());
    CHECK(us.policies().empty());
    CHECK(Register<>(us, "doc/1").get() == "of us");
    for (int number = 0; number < taken; ++number) Register<>(us, key_of(number)).erase();
    CHECK(eventually([&] { return us.policies().size() == 1; }));
    REQUIRE(us.plugins().size() == 1);
    CHECK(us.plugins().front().name == name);
    CHECK(us.plugins().front().refused == "");
    CHECK(us.plugins().front().used_by.size() == 1);
    CHECK(
        eventually([&] { return Register<>(us, "doc/1").get() == Register<>(eu, "doc/1").get(); }));
  }
}

}  // namespace anabranch::reserve_test
