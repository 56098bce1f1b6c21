// Requests that several regions execute: they count once, and are forgotten when all have seen
// them.

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

#include "tests/leader/sweeps/request_world.h"

using namespace anabranch;
using test::RequestWorld;

namespace {

using Word = Register<std::string>;

void add_five(Scope& scope) { Counter{scope, "balance"}.add(5); }

}  // namespace

TEST_SUITE("leader: requests in several regions") {
  TEST_CASE("two regions that cannot reach each other execute a request, and it counts once") {
    RequestWorld world(3);
    world.run(3'000);
    world.cut_off(0);
    world.part(1, 2);
    CHECK(world.once(0, "id", add_five));
    CHECK(world.once(1, "id", add_five));
    world.bring_back(0);
    world.nodes.run(2'000);  // Without a sweep.
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.sum(at, "balance") == 5);
      CHECK_FALSE(world.once(at, "id", add_five));
    }
    world.use(2, [](Scope& scope) { Counter{scope, "balance"}.add(1); });
    world.restart(2);
    world.meet(1, 2);
    world.run(2'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.sum(at, "balance") == 6);
  }

  TEST_CASE("a request is forgotten when its time is over and all have seen it, and counts on") {
    RequestWorld world(3);
    world.run(3'000);
    world.part(0, 1);
    world.part(0, 2);
    CHECK(world.once(0, "id", add_five));
    CHECK(world.once(1, "id", add_five));
    world.run(2 * RequestWorld::kOnceMs);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.rows(at) == 2);  // Region 0 is away.
    world.bring_back(0);
    world.run(2'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.sum(at, "balance") == 5);
    world.run(2 * RequestWorld::kOnceMs);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.rows(at) == 0);
      CHECK(world.sum(at, "balance") == 5);
      CHECK_FALSE(world.nodes.at(at).names().requests().any());
    }
    CHECK(world.forgotten() == 1);
    CHECK(world.once(2, "id", add_five));  // It is a new one.
    CHECK(world.sum(2, "balance") == 10);
  }

  TEST_CASE("a request that was executed once is forgotten without a correction") {
    RequestWorld world(2);
    world.run(3'000);
    CHECK(world.once(0, "id", add_five));
    world.run(RequestWorld::kOnceMs / 2);
    CHECK(world.rows(1) == 2);
    world.run(2 * RequestWorld::kOnceMs);
    CHECK(world.rows(0) == 0);
    CHECK(world.rows(1) == 0);
    CHECK(world.sweeps[0]->counts().corrections + world.sweeps[1]->counts().corrections == 0);
    CHECK(world.sum(1, "balance") == 5);
  }

  TEST_CASE("a late execution does not bring back what was overwritten, spent or erased") {
    RequestWorld world(3);
    world.run(3'000);
    const auto pay = [](Scope& scope) {
      Word{scope, "order"}.put("paid");
      Set<std::string>{scope, "open"}.insert("order");
      Counter{scope, "balance"}.add(5);
    };
    world.cut_off(2);
    CHECK(world.once(0, "id", pay));
    world.run(1'000);
    world.use(1, [](Scope& scope) {
      Word{scope, "order"}.put("shipped");
      CHECK(Set<std::string>{scope, "open"}.erase("order"));
      Counter{scope, "balance"}.reset();
    });
    world.run(1'000);
    CHECK(world.once(2, "id", pay));  // Later, by every clock.
    CHECK(world.sum(2, "balance") == 5);
    world.bring_back(2);
    world.run(3'000);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.value(at, "order") == "shipped");
      CHECK(world.sum(at, "balance") == 0);
      world.use(at, [](Scope& scope) {
        CHECK_FALSE(Set<std::string>{scope, "open"}.contains("order"));
      });
    }
  }

  TEST_CASE("fields of maps count once as well, and a scan shows it") {
    RequestWorld world(2);
    world.run(3'000);
    world.part(0, 1);
    const auto add = [](Scope& scope) { Counter{scope, Key("map").field("visits")}.add(3); };
    CHECK(world.once(0, "id", add));
    CHECK(world.once(1, "id", add));
    world.meet(0, 1);
    world.run(1'000);
    for (std::size_t at = 0; at < 2; ++at) {
      world.use(at, [](Scope& scope) {
        CHECK(scope.counter(Key("map").field("visits").of(Type::kString)) == 3);
        scope.scan(Key("map"), [](const Entry& entry) {
          CHECK(entry.value == "3");
          return true;
        });
      });
    }
  }

  TEST_CASE("20 sendings to three regions in random partitions count once, before and after") {
    const auto seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto any = [&](int count) {
      return std::uniform_int_distribution<int>(0, count - 1)(random);
    };
    for (int round = 0; round < 5; ++round) {
      RequestWorld world(3);
      world.run(3'000);
      std::int64_t plain = 0;
      std::set<std::string> ids;
      for (int sent = 0; sent < 20; ++sent) {
        const auto at = static_cast<std::size_t>(any(3));
        const std::string id = "id" + std::to_string(any(4));
        world.once(at, id, [&](Scope& scope) {
          Counter{scope, "balance"}.add(5);
          Counter{scope, id}.add(-2);
          Word{scope, "last-" + id}.put(id);
          Set<std::string>{scope, "all"}.insert(id);
        });
        ids.insert(id);
        if (any(3) == 0) {
          world.use(at, [](Scope& scope) { Counter{scope, "balance"}.add(100); });
          plain += 100;
        }
        const auto one = static_cast<std::size_t>(any(3));
        const std::size_t other = (one + 1) % 3;
        any(2) == 0 ? world.part(one, other) : world.meet(one, other);
        if (any(4) == 0) world.restart(at);
        world.run(any(3) * 100);
      }
      for (std::size_t at = 0; at < 3; ++at) world.meet(at, (at + 1) % 3);
      const std::int64_t wanted = plain + 5 * static_cast<std::int64_t>(ids.size());
      const auto check = [&] {
        for (std::size_t at = 0; at < 3; ++at) {
          CHECK(world.sum(at, "balance") == wanted);
          for (const std::string& id : ids) {
            CHECK(world.sum(at, id) == -2);
            CHECK(world.value(at, "last-" + id) == id);
          }
          world.use(at, [&](Scope& scope) {
            CHECK(Set<std::string>{scope, "all"}.size() == ids.size());
          });
        }
      };
      world.run(3'000);
      check();
      CHECK(world.run_until_forgotten(3 * RequestWorld::kOnceMs));
      check();
    }
  }
}
