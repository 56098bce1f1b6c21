// Requests that several regions execute: they count once, and are forgotten when all have seen
// them.

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rows/policy/policy_rows.h"
#include "tests/leader/sweeps/request_world.h"

namespace anabranch::request_regions_test {

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

  TEST_CASE("a request that puts below a policy with bases counts once, and keeps the bases") {
    RequestWorld world(3);
    world.nodes.write(0, [](regions::Group& group) {
      group.put(rows::policy_path({.space = "\1", .prefix = "order"}),
                rows::encode_policy({.kind = rows::PolicyKind::kLww, .keep_base = true}));
    });
    world.use(0, [](Scope& scope) { Word{scope, "order"}.put("open"); });
    world.run(3'000);
    const auto pay = [](Scope& scope) {
      Word{scope, "order"}.put("paid");
      Counter{scope, "balance"}.add(5);
    };
    world.cut_off(2);
    world.part(0, 1);
    CHECK(world.once(0, "id", pay));
    CHECK(world.once(1, "id", pay));
    world.use(2, [](Scope& scope) { Word{scope, "order"}.put("held"); });
    CHECK(world.once(2, "id", pay));  // Over another value.
    world.meet(0, 1);
    world.bring_back(2);
    world.run(3'000);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.value(at, "order") == "paid");
      CHECK(world.sum(at, "balance") == 5);
      world.use(at, [](Scope& scope) {
        std::multiset<std::string> bases;
        for (const Sibling& each : Word{scope, "order"}.siblings()) {
          CHECK(each.value == "paid");
          bases.insert(each.base.value_or("none"));
        }
        CHECK(bases == std::multiset<std::string>{"held", "open", "open"});
      });
    }
    REQUIRE(world.run_until_forgotten(10 * RequestWorld::kOnceMs));
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.value(at, "order") == "paid");
      CHECK(world.sum(at, "balance") == 5);
    }
  }

  TEST_CASE("a late execution below a policy with bases does not bring back what was replaced") {
    RequestWorld world(3);
    world.nodes.write(0, [](regions::Group& group) {
      group.put(rows::policy_path({.space = "\1", .prefix = "order"}),
                rows::encode_policy({.kind = rows::PolicyKind::kLww, .keep_base = true}));
    });
    world.use(0, [](Scope& scope) { Word{scope, "order"}.put("open"); });
    world.run(3'000);
    const auto pay = [](Scope& scope) { Word{scope, "order"}.put("paid"); };
    world.cut_off(2);
    CHECK(world.once(0, "id", pay));
    world.run(1'000);
    world.use(1, [](Scope& scope) { Word{scope, "order"}.put("shipped"); });
    world.run(1'000);
    CHECK(world.once(2, "id", pay));  // Later, by every clock.
    world.bring_back(2);
    world.run(3'000);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.value(at, "order") == "shipped");
      world.use(at, [](Scope& scope) {
        const std::vector<Sibling> siblings = Word{scope, "order"}.siblings();
        REQUIRE(siblings.size() == 1);
        CHECK(siblings.front().base == "paid");
      });
    }
  }

  TEST_CASE("leaders that correct a sum at the same time come to rest") {
    constexpr std::size_t kRegions = 5;
    RequestWorld world(kRegions);
    world.run(3'000);
    world.cut_off(0);
    CHECK(world.once(0, "id", add_five));
    CHECK(world.once(1, "id", add_five));
    world.bring_back(0);
    // No sweep has a turn until the request is due for all of them.
    world.nodes.run(RequestWorld::kOnceMs + 20 * RequestWorld::kGraceMs);
    for (int round = 0; round < 40; ++round) world.run_rarely(2'000);
    for (std::size_t at = 0; at < kRegions; ++at) {
      CHECK(world.rows(at) == 0);
      CHECK(world.sum(at, "balance") == 5);
    }
    CHECK(world.corrections() >= 1);
    CHECK(world.corrections() <= kRegions + 1);
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

  TEST_CASE("a request that comes with a snapshot counts once, whatever a sweep sees meanwhile") {
    regions::ReplicaLimits limits;
    limits.snapshots.slice_rows_max = 10;
    RequestWorld world(3, limits);
    world.run(3'000);
    world.cut_off(2);
    world.part(0, 1);
    CHECK(world.once(0, "id", add_five));
    CHECK(world.once(1, "id", add_five));
    world.meet(0, 1);
    for (int i = 0; i < 200; ++i) {
      world.use(0, [&](Scope& scope) { Word{scope, "key" + std::to_string(i)}.put("v"); });
    }
    world.nodes.run(2'000);
    for (std::size_t at = 0; at < 2; ++at) {
      storage::MemoryStorage& log = world.nodes.at(at).storage();
      REQUIRE(log.trim(log.last_position() + 1).ok());
    }
    world.bring_back(2);
    const regions::Snapshots& snapshots = world.nodes.at(2).replica().background().snapshots();
    for (int i = 0; i < 1'000 && !snapshots.merging(); ++i) world.nodes.run(1);
    REQUIRE(snapshots.merging());
    while (snapshots.merging()) world.run_rarely(1);
    CHECK(world.sum(2, "balance") == 5);
    world.run(2'000);
    CHECK(world.sum(2, "balance") == 5);
    // Forgetting drops what readers were told.
    REQUIRE(world.run_until_forgotten(10 * RequestWorld::kOnceMs));
    world.run(2'000);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.sum(at, "balance") == 5);
      CHECK(world.nodes.at(at).names().requests().size() == 0);
    }
  }

  TEST_CASE("a reader that keeps its state counts a request once, also after it is forgotten") {
    RequestWorld world(2);
    world.run(3'000);
    world.part(0, 1);
    CHECK(world.once(0, "id", add_five));
    CHECK(world.once(1, "id", add_five));
    world.meet(0, 1);
    world.run(1'000);
    const regions::Replica& replica = world.nodes.at(0).replica();
    const auto sum_at = [&](const rows::RowReader& rows) {
      const leader::View view(rows, replica.names(), world.resolvers);
      return view.counter(Key("balance").of(Type::kString));
    };
    std::optional<rows::SnapshotReader> older(
        rows::SnapshotReader::newest(world.nodes.at(0).storage(), replica.names()));
    CHECK(sum_at(*older) == 5);
    REQUIRE(world.run_until_forgotten(10 * RequestWorld::kOnceMs));
    world.run(5'000);
    CHECK(sum_at(*older) == 5);
    CHECK(replica.names().requests().any());
    older.reset();
    world.run(5'000);
    CHECK_FALSE(replica.names().requests().any());
    CHECK(sum_at(*replica.reader()) == 5);
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
        world.run(core::Millis{100} * any(3));
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

}  // namespace anabranch::request_regions_test
