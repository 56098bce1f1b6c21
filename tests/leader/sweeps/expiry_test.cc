// Keys that expire: reads that hide them, writes that find them, and the moment when a key may be
// cleared: not while a region that was not heard of can have let it live longer.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <anabranch/handles.h>

#include "tests/leader/sweeps/expiry_world.h"

namespace anabranch::expiry_test {

using core::Millis;
using World = test::ExpiryWorld;

namespace {

using Values = std::vector<std::string>;

constexpr Millis kGraceMs = World::kGraceMs;
constexpr Millis kWaitMs = World::kWaitMs;
constexpr Millis kDay = 86'400'000;
constexpr Millis kYear = 365 * kDay;

}  // namespace

TEST_SUITE("leader: expiry") {
  TEST_CASE("every read finds nothing from the deadline on, whatever the key holds") {
    World world(1);
    world.use(0, [](Scope& scope) {
      Register<std::string>(scope, "string").put("value");
      RealCounter(scope, "sum").add(2);
      Set<>(scope, "set").insert("x");
      Map map(scope, "map");
      map.at<Register<std::string>>("f").put("1");
      EnableWinsFlag(scope, "flag").enable();
      Register<std::string>(scope, "stays").put("here");
      for (const char* key : {"string", "sum", "set", "map", "flag"}) {
        CHECK(Expiry(scope, key).expire_after(std::chrono::milliseconds(500)));
        CHECK(Expiry(scope, key).left() == std::chrono::milliseconds(500));
      }
      CHECK(Register<std::string>(scope, "string").get() == "value");
      CHECK(Set<>(scope, "set").size() == 1);
    });
    world.nodes.run(500);
    world.use(0, [](Scope& scope) {
      CHECK_FALSE(Register<std::string>(scope, "string").get());
      CHECK(scope.siblings(Key("string").of(Type::kString)).empty());
      CHECK_FALSE(scope.contains(Key("string").of(Type::kString)));
      CHECK(scope.counter(Key("sum").of(Type::kString)) == 0);
      CHECK(scope.counter_double(Key("sum").of(Type::kString)) == 0);
      CHECK(Set<>(scope, "set").size() == 0);
      CHECK_FALSE(Set<>(scope, "set").contains("x"));
      CHECK(Set<>(scope, "set").elements().empty());
      CHECK(Map(scope, "map").fields().empty());
      CHECK_FALSE(EnableWinsFlag(scope, "flag").get());
      for (const char* key : {"string", "sum", "set", "map", "flag"}) {
        CHECK(scope.type(key) == Type::kNone);
        CHECK_FALSE(Expiry(scope, key).deadline());
        CHECK_FALSE(Expiry(scope, key).persist());
        CHECK_FALSE(Expiry(scope, key).expire_after(std::chrono::hours(1)));
      }
      std::vector<std::string> shown;
      scope.scan(Key::all(0), [&](const Entry& entry) {
        shown.push_back(entry.path.front());
        return true;
      });
      CHECK(shown == std::vector<std::string>{"stays"});
      const auto show = [&](const std::string& name) {
        shown.push_back(name);
        return true;
      };
      shown.clear();
      int stops = 0;
      std::optional<std::string> passed = scope.names(Key::all(0), {}, show, 0);
      for (; passed; ++stops) passed = scope.names(Key::all(0), Span::after(*passed), show, 0);
      CHECK(stops >= 4);
      CHECK(shown == std::vector<std::string>{"stays"});
      CHECK(scope.count(Key::all(0)) == 6);  // Until they are cleared.
    });
    world.run(1'000);
    CHECK(world.keys(0) == 1);
    CHECK(world.stored(0) == 0);
    CHECK(world.cleared(0) == 5);
  }

  TEST_CASE("what is written to a key that has expired begins anew, and has no deadline") {
    World world(1);
    world.use(0, [&](Scope& scope) {
      Counter(scope, "sum").add(5);
      Set<>(scope, "set").insert("old");
      Map(scope, "map").at<Register<std::string>>("old").put("1");
      for (const char* key : {"sum", "set", "map"}) scope.expire(key, 2'000);
    });
    world.nodes.run(1'500);
    world.use(0, [](Scope& scope) {
      CHECK_FALSE(Set<>(scope, "set").erase("old"));
      Set<>(scope, "set").clear();
      Counter(scope, "sum").add(1);
      CHECK(Set<>(scope, "set").insert("new"));
      Map(scope, "map").at<Set<>>("new").insert("x");
    });
    world.run(5'000);
    world.use(0, [](Scope& scope) {
      CHECK(Counter(scope, "sum").get() == 1);
      CHECK(Set<>(scope, "set").elements() == Values{"new"});
      CHECK(Map(scope, "map").fields() == Values{"new"});
      CHECK_FALSE(scope.deadline("sum"));
    });
    CHECK(world.stored(0) == 0);
  }

  TEST_CASE("a deadline that is over removes the key at once") {
    World world(1);
    world.use(0, [](Scope& scope) {
      for (const char* key : {"a", "b", "c"}) Register<std::string>(scope, key).put("1");
      CHECK(scope.expire("a", -5));
      CHECK(scope.expire("b", scope.now_ms()));
      CHECK(Expiry(scope, "c").expire_after(std::chrono::milliseconds(-1)));
      CHECK(scope.count(Key::all(0)) == 0);
    });
    CHECK(world.stored(0) == 0);
  }

  TEST_CASE("what is no key and no time is refused, and changes nothing") {
    World world(1);
    world.use(0, [](Scope& scope) {
      Map(scope, "map").at<Register<std::string>>("f").put("1");
      CHECK_THROWS_AS(scope.expire(Key("map").field("f"), 5'000), Error);
      CHECK_THROWS_AS(scope.expire(Key::all(0), 5'000), Error);
      CHECK_THROWS_AS(scope.expire("map", std::int64_t{1} << 48U), Error);
      CHECK_THROWS_AS(Expiry(scope, "map").expire_after(std::chrono::milliseconds::max()), Error);
      CHECK_FALSE(scope.expire("absent", 5'000));
      CHECK_FALSE(Expiry(scope, "map").persist());
      CHECK(scope.expire("map", (std::int64_t{1} << 48U) - 1));
      CHECK(scope.deadline("map") == (std::int64_t{1} << 48U) - 1);
      CHECK(Expiry(scope, "map").persist());
      CHECK_FALSE(scope.deadline("map"));
    });
  }

  TEST_CASE("a key is cleared everywhere, once, by the region that has set the deadline") {
    World world(3, World::Links::kAll);
    world.use(0, [](Scope& scope) { Register<std::string>(scope, "k").put("1"); });
    world.expire(1, "k", 5'000);
    world.run_until(4'900);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.type(at, "k") == Type::kString);
    world.run_until(9'000);
    CHECK(world.cleared(0) == 0);
    CHECK(world.cleared(1) == 1);
    CHECK(world.cleared(2) == 0);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.keys(at) == 0);
      CHECK(world.stored(at) == 0);
    }
  }

  TEST_CASE("regions behind others are waited for, and known to be there") {
    World world(4);
    for (std::size_t at = 1; at < 4; ++at) world.nodes.connect(at, at - 1);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.run(4'000);
    world.expire(3, "k", 15'000);
    world.run(4'000);
    world.nodes.disconnect(1, 0);
    world.run_until(30'000);
    for (std::size_t at = 0; at < 4; ++at) CHECK(world.keys(at) == 1);
    world.nodes.connect(1, 0);
    world.run(10'000);
    for (std::size_t at = 0; at < 4; ++at) CHECK(world.keys(at) == 0);
    CHECK(world.cleared(0) + world.cleared(1) + world.cleared(2) + world.cleared(3) > 0);
  }

  TEST_CASE("a refresh on the other side of a cut link survives") {
    World world(3, World::Links::kAll);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 5'000);
    world.nodes.disconnect(2, 0);
    world.nodes.disconnect(2, 1);
    world.expire(2, "k", 50'000);
    world.run_until(20'000);
    CHECK(world.type(0, "k") == Type::kNone);
    CHECK(world.type(2, "k") == Type::kSet);
    CHECK(world.keys(0) == 1);
    CHECK(world.sweeps[0]->waiting() == 1);
    world.nodes.connect(2, 0);
    world.nodes.connect(2, 1);
    world.run(3'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.type(at, "k") == Type::kSet);
    world.run_until(56'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.keys(at) == 0);
  }

  TEST_CASE("a region whose clock is behind is waited for") {
    World world(2, World::Links::kAll);
    world.set_clock_ahead(1, -500);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 5'000);
    world.nodes.disconnect(0, 1);
    world.run_until(5'200);
    CHECK(world.type(0, "k") == Type::kNone);
    CHECK(world.type(1, "k") == Type::kSet);
    world.expire(1, "k", 30'000);
    world.nodes.connect(0, 1);
    world.run(4'000);
    CHECK(world.type(0, "k") == Type::kSet);
    CHECK(world.cleared(0) == 0);
  }

  TEST_CASE("a region that is away is not waited for longer than the limit") {
    World world(2, World::Links::kAll);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 5'000);
    world.run_until(4'000);
    world.nodes.disconnect(0, 1);
    world.run_until(5'000 + kWaitMs - 200);
    CHECK(world.keys(0) == 1);
    world.run(2'000);
    CHECK(world.keys(0) == 0);
    CHECK(world.keys(1) == 1);  // That is the other's; it takes over later.
    world.run(kGraceMs);
    CHECK(world.keys(1) == 0);
  }

  TEST_CASE("the waiting time runs only while the region is away, and while this one runs") {
    World world(2, World::Links::kAll);
    world.run(3'000);
    world.set_clock_ahead(1, -kDay / 2);  // So that the key waits, although both are there.
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 10'000);
    world.run_until(10'000 + 3 * kWaitMs);
    CHECK(world.keys(0) == 1);
    SUBCASE("its clock was off when it was heard last: it is waited for, or declared lost") {
      world.nodes.disconnect(0, 1);
      world.run(3 * kWaitMs);
      world.restart(0);
      world.run(3 * kWaitMs);
      CHECK(world.keys(0) == 1);
      world.nodes.write(0, [&](regions::Group& /*group*/) {
        REQUIRE(world.nodes.at(0).replica().retire("r1", regions::Retirement::kLost).ok());
      });
      world.run(2'000);
      CHECK(world.keys(0) == 0);
    }
    SUBCASE("its clock is right again, and it goes") {
      world.set_clock_ahead(1, 0);
      world.use(0, [&](Scope& scope) {
        Set<>(scope, "late").insert("x");
        scope.expire("late", world.nodes.now() + 3'000);
      });
      world.run(2'000);
      world.nodes.disconnect(0, 1);
      world.run(kWaitMs * 3 / 4);
      world.restart(0);  // It has waited for most of the time, and goes on from there.
      world.run(kWaitMs / 4 - 4'000);
      CHECK(world.type(0, "late") == Type::kNone);
      CHECK(world.keys(0) == 1);
      world.run(25'000);  // The time that was not stored is waited for again.
      CHECK(world.keys(0) == 0);
    }
  }

  TEST_CASE("others clear when the region that has set the deadline is gone") {
    World world(3, World::Links::kAll);
    world.use(0, [](Scope& scope) { Register<std::string>(scope, "k").put("1"); });
    world.expire(0, "k", 15'000);
    world.run(2'000);
    for (const std::size_t other : {1, 2}) world.nodes.disconnect(0, other);
    world.nodes.write(1, [&](regions::Group& /*group*/) {
      REQUIRE(world.nodes.at(1).replica().retire("r0", regions::Retirement::kLost).ok());
    });
    world.run_until(15'000 + kGraceMs - 200);
    CHECK(world.keys(1) == 1);
    world.run(5'000);
    CHECK(world.keys(1) == 0);
    CHECK(world.keys(2) == 0);
  }

  TEST_CASE("an expiry that has lost its value is removed, and no other") {
    World world(1);
    world.use(0, [](Scope& scope) {
      Register<std::string> replaced(scope, "replaced");
      replaced.put("1");
      scope.expire("replaced", 2'000);
      replaced.put("2");
      Register<std::string> erased(scope, "erased");
      erased.put("1");
      scope.expire("erased", 2'000);
      erased.erase();
      Register<std::string>(scope, "kept").put("1");
      scope.expire("kept", 50'000);
      scope.expire("kept", std::nullopt);
    });
    CHECK(world.stored(0) == 3);
    world.run_until(4'000);
    CHECK(world.stored(0) == 1);
    CHECK(world.keys(0) == 2);
    CHECK(world.cleared(0) == 0);
  }

  TEST_CASE("a leader whose clock is ten years ahead clears nothing early") {
    World world(3, World::Links::kAll);
    world.run(3'000);
    world.use(0, [](Scope& scope) {
      for (const char* key : {"soon", "later"}) Set<>(scope, key).insert("x");
    });
    world.expire(0, "soon", 30'000);
    world.expire(1, "later", 10 * kYear);
    world.run(2'000);
    SUBCASE("as it is") { world.set_clock_ahead(2, 11 * kYear); }
    SUBCASE("after a restart, alone") {
      world.nodes.disconnect(2, 0);
      world.nodes.disconnect(2, 1);
      world.set_clock_ahead(2, 11 * kYear);
      world.restart(2);
    }
    world.run_until(29'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.keys(at) == 2);
    world.run_until(30'000 + kWaitMs - 1'000);
    CHECK(world.cleared(2) == 0);
    world.run_until(30'000 + 2 * kWaitMs);
    for (const std::size_t at : {0U, 1U}) CHECK(world.type(at, "later") == Type::kSet);
    CHECK(world.keys(0) == 1);  // The others do it.
    CHECK(world.keys(2) == 1);  // Alone it does, too, when it has waited for them.
  }

  TEST_CASE("of two regions none clears before both clocks have passed the deadline") {
    for (const Millis ahead : {10 * kYear, -kDay}) {
      CAPTURE(ahead);
      World world(2, World::Links::kAll);
      world.set_clock_ahead(1, ahead);
      world.run(8'000);
      world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
      world.expire(0, "k", 20'000);
      world.run_until(19'900);
      CHECK(world.type(0, "k") == Type::kSet);
      CHECK(world.type(1, "k") == Type::kSet);
      world.run_until(20'000 + 2 * kWaitMs);
      CHECK((world.keys(0) == 0) == (ahead > 0));
      CHECK((world.keys(1) == 0) == (ahead > 0));
      CHECK(world.cleared(1) == 0);
    }
  }

  TEST_CASE("keys are cleared as early with a listed member as without one, by leaders alone") {
    World world(2, World::Links::kAll);
    const std::size_t member = world.add_listed(0);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 40'000);
    SUBCASE("which is there") {
      world.run_until(39'900);
      CHECK(world.keys(1) == 1);
      world.run_until(40'000 + 4'000);
      CHECK(world.keys(0) == 0);
      CHECK(world.cleared(0) == 1);
    }
    SUBCASE("and later where it is away") {
      world.cut_off(member);
      world.run_until(40'000 + kGraceMs + 4'000);
      CHECK(world.keys(0) == 1);
      world.bring_back(member);
      world.run(6'000);
      CHECK(world.keys(0) == 0);
    }
    CHECK(world.cleared(member) == 0);
    CHECK(world.nodes.at(member).vector().at(member + 1) == 0);  // It has written nothing.
  }

  TEST_CASE("a clock that follows another one does not let a key be cleared early") {
    World world(2, World::Links::kAll);
    world.set_clock_ahead(1, 50'000);  // Within the drift: timestamps of the other follow it.
    world.run(3'000);
    world.use(1, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(1, "k", 70'000);
    world.run_until(69'000);
    CHECK(world.keys(0) == 1);
    world.run(5'000);
    CHECK(world.keys(0) == 0);
  }

  TEST_CASE("a clock that jumps keeps its leader from clearing for a while, and the others not") {
    for (const Millis by : {kDay, -kDay}) {
      CAPTURE(by);
      World world(3, World::Links::kAll);
      world.run(3'000);
      world.set_clock_ahead(2, by);
      world.run(5'000);
      const auto complaints = world.nodes.at(2).replica().time().complaints(world.nodes.now());
      REQUIRE(complaints.contains("jump 1"));
      CHECK(complaints.at("jump 1").find("has moved by 24 hours") != std::string::npos);
      CHECK(std::ranges::any_of(world.nodes.alarms(2), [](const std::string& alarm) {
        return alarm.find("against its steady clock") != std::string::npos;
      }));
      world.set_clock_ahead(2, 0);
      world.use(2, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
      world.expire(2, "k", 20'000);
      world.run_until(20'000 + kGraceMs - 200);
      CHECK(world.keys(0) == 1);
      world.run(4'000);
      CHECK(world.keys(0) == 0);
      CHECK(world.cleared(2) == 0);
      world.run(kWaitMs);
      CHECK_FALSE(
          world.nodes.at(2).replica().time().complaints(world.nodes.now()).contains("jump 2"));
      world.use(2, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
      world.expire(2, "k", world.nodes.now() + 1'000);
      world.run(kGraceMs);
      CHECK(world.cleared(2) == 1);
    }
  }

  TEST_CASE("a clock that was ahead is believed no further than the own one") {
    World world(2, World::Links::kAll);
    world.run(3'000);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 130'000);
    world.set_clock_ahead(1, 10 * kYear);
    world.run(3'000);
    world.nodes.disconnect(0, 1);
    world.set_clock_ahead(1, 0);
    world.run(3'000);
    world.expire(1, "k", 300'000);
    world.run_until(140'000);
    CHECK(world.keys(0) == 1);
    world.nodes.connect(0, 1);
    world.run(3'000);
    CHECK(world.type(0, "k") == Type::kSet);
  }

  TEST_CASE("reads and writes do not take a key for expired by a clock that others contradict") {
    for (const std::size_t size : {2U, 3U}) {
      CAPTURE(size);
      World world(size, World::Links::kAll);
      world.run(3'000);
      world.use(0, [](Scope& scope) { Counter(scope, "k").add(5); });
      world.expire(0, "k", 10 * kYear);
      world.set_clock_ahead(1, 11 * kYear);
      for (int i = 0; i < 4; ++i) {
        world.run(2'000);
        CHECK(world.type(1, "k") == Type::kString);
      }
      world.use(1, [](Scope& scope) { Counter(scope, "k").add(1); });
      world.nodes.disconnect(0, 1);
      world.run(kDay / 100);  // No region contradicts any more.
      CHECK(world.type(1, "k") == Type::kString);
      world.set_clock_ahead(1, 0);
      world.nodes.connect(0, 1);
      world.run(3'000);
      for (std::size_t at = 0; at < size; ++at) {
        world.use(at, [](Scope& scope) { CHECK(Counter(scope, "k").get() == 6); });
      }
    }
  }

  TEST_CASE("a key that was hidden by a clock that was ahead is shown when that is set right") {
    World world(1);
    world.use(0, [](Scope& scope) { Set<>(scope, "k").insert("x"); });
    world.expire(0, "k", 10 * kYear);
    world.set_clock_ahead(0, 11 * kYear);
    world.run(3'000);
    CHECK(world.type(0, "k") == Type::kNone);
    CHECK(world.keys(0) == 1);  // The clock has jumped.
    world.set_clock_ahead(0, 0);
    world.run(3'000);
    CHECK(world.type(0, "k") == Type::kSet);
    world.use(0, [&](Scope& scope) {
      CHECK(Expiry(scope, "k").expire_after(std::chrono::hours(1)));
      CHECK(scope.deadline("k") == world.nodes.now() + kDay / 24);
    });
  }

  TEST_CASE("a restart knows what expires, and a directory without the order has it made") {
    World world(1);
    world.use(0, [](Scope& scope) {
      Set<>(scope, "k").insert("x");
      Set<>(scope, std::string(600, 'k')).insert("x");
      scope.expire("k", 10'000);
      scope.expire(std::string(600, 'k'), 10'000);
    });
    SUBCASE("as it was") { world.restart(0); }
    SUBCASE("without the order") {
      std::vector<storage::Change> changes{
          {storage::Table::kMeta, std::string(storage::kExpiriesKey), std::nullopt}};
      {
        const auto snapshot = world.nodes.at(0).storage().snapshot();
        const auto cursor = snapshot->scan(storage::Table::kExpiries, {});
        for (; cursor->valid(); cursor->next()) {
          changes.push_back({storage::Table::kExpiries, std::string(cursor->key()), std::nullopt});
        }
      }
      REQUIRE(changes.size() == 3);
      REQUIRE(world.nodes.at(0).storage().commit({}, changes).ok());
      world.restart(0);
    }
    CHECK(world.stored(0) == 2);
    world.run_until(9'900);
    CHECK(world.type(0, "k") == Type::kSet);
    world.run(2'000);
    CHECK(world.keys(0) == 0);
    CHECK(world.cleared(0) == 2);
  }

  TEST_CASE("a merged snapshot brings expiries, and a large clear takes them") {
    World world(2);
    world.use(0, [](Scope& scope) {
      for (int i = 0; i < 1'500; ++i) {
        const std::string key = "k" + std::to_string(i);
        Register<std::string>(scope, key).put("1");
        scope.expire(key, 20'000);
      }
    });
    storage::MemoryStorage& log = world.nodes.at(0).storage();
    REQUIRE(log.trim(log.last_position() + 1).ok());
    world.nodes.connect(0, 1);
    REQUIRE(world.nodes.run_until_equal(8'000));
    CHECK(world.stored(1) == 1'500);
    CHECK(world.nodes.at(1).wrong_expiries() == "");
    SUBCASE("which are cleared in slices") {
      world.run_until(20'000);
      CHECK(world.type(1, "k77") == Type::kNone);
      world.run(10'000);
      CHECK(world.cleared(0) == 1'500);
      CHECK(world.keys(1) == 0);
    }
    SUBCASE("which a clear of everything removes") {
      world.use(1, [](Scope& scope) { scope.clear(Key::all(0)); });
      CHECK(world.nodes.at(1).replica().background().upkeep().sweeping());
      world.use(1, [](Scope& scope) {
        CHECK_FALSE(scope.deadline("k1"));
        Register<std::string>(scope, "k1").put("2");
        CHECK_FALSE(scope.deadline("k1"));
      });
      world.nodes.at(1).sweep();
      CHECK(world.stored(1) == 0);
    }
  }
}

}  // namespace anabranch::expiry_test
