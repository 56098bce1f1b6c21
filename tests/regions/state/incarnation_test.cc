// When a leader goes on under its origin and when it begins a new one.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "regions/rejoin/incarnations.h"
#include "regions/state/incarnation.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/regions/linked_nodes.h"
#include "tests/seed.h"
#include "tests/write.h"

namespace anabranch::incarnation_test {

using core::Path;
using regions::Group;
using regions::Identity;
using storage::MemoryStorage;
using storage::Place;
using test::LinkedNodes;
using test::Node;

namespace {

const Place kPlace{
    .machine = "m", .boot = "b", .device = 1, .directory = 2, .file = 3, .made_ns = 4};

void put(Node& node, const std::string& key) {
  node.write(1000, [&](Group& group) { group.put(Path{"\1", key, "s"}, key); });
}

// A place like kPlace but for one member.
template <typename Value>
Place other(Value Place::*member, Value value) {
  Place place = kPlace;
  place.*member = std::move(value);
  return place;
}

constexpr core::Millis kEqualMs = 40'000;

void put_and_count(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  nodes.write(index, [&](Group& group) {
    group.put(Path{"\1", key, "s"}, key);
    group.add(Path{"\1", "sum", "s"}, 1);
  });
}

core::Number sum_at(LinkedNodes& nodes, std::size_t index) {
  return nodes.at(index).replica().reader()->row(Path{"\1", "sum", "s"}).tally.sum();
}

void require_equal(LinkedNodes& nodes, int sum) {
  REQUIRE(nodes.run_until_equal(kEqualMs));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    REQUIRE(nodes.at(i).digest() == nodes.at(0).digest());
    REQUIRE(sum_at(nodes, i) == core::Number(sum));
    REQUIRE(nodes.alarms(i).empty());
  }
}

std::unique_ptr<MemoryStorage> moved(std::unique_ptr<MemoryStorage> storage) {
  Place place = storage->place();
  ++place.file;
  storage->set_place(place);
  return storage;
}

// A peer shows that it has writes of the present origin that the leader lacks.
core::Result<bool> deny(Node& eu, core::Millis now) {
  const core::VersionVector shown{{eu.origin(), 1'000'000}};
  eu.replica().step(5, regions::Greeting{regions::Greeting::kProtocol, {1, 1}, "us", 2, 2, shown},
                    now);
  return eu.replica().apply(now);
}

}  // namespace

TEST_SUITE("regions: incarnations") {
  TEST_CASE("the same place gives no reason for a new origin, closed or killed") {
    Identity identity;
    identity.place = kPlace;
    for (const bool closed : {false, true}) {
      identity.closed = closed;
      CHECK_FALSE(why_new_origin(identity, kPlace).has_value());
    }
  }

  TEST_CASE("another machine, directory, data file or device is a reason, however it was closed") {
    Identity identity;
    identity.place = kPlace;
    for (const bool closed : {false, true}) {
      identity.closed = closed;
      CHECK(why_new_origin(identity, other(&Place::machine, std::string("n"))).has_value());
      CHECK(why_new_origin(identity, other(&Place::directory, std::uint64_t{9})).has_value());
      CHECK(why_new_origin(identity, other(&Place::file, std::uint64_t{9})).has_value());
      CHECK(why_new_origin(identity, other(&Place::made_ns, std::uint64_t{9})).has_value());
      CHECK(why_new_origin(identity, other(&Place::device, std::uint64_t{9})).has_value());
      CHECK(why_new_origin(identity, other(&Place::failed, true)).has_value());
    }
  }

  TEST_CASE("a machine that was started anew is a reason only for what was not closed") {
    Identity identity;
    identity.place = kPlace;
    Place now = other(&Place::boot, std::string("c"));
    CHECK(why_new_origin(identity, now).has_value());
    identity.closed = true;
    CHECK_FALSE(why_new_origin(identity, now).has_value());
    now.device = 9;  // Devices may be numbered anew.
    CHECK_FALSE(why_new_origin(identity, now).has_value());
  }

  TEST_CASE("a process that was killed is a reason if its commits did not wait for the disk") {
    Identity identity;
    identity.place = kPlace;
    identity.syncs_later = true;
    CHECK(why_new_origin(identity, kPlace).has_value());
    identity.closed = true;
    CHECK_FALSE(why_new_origin(identity, kPlace).has_value());
  }

  TEST_CASE("a directory at rest lacks nothing of its own, however it ended") {
    Identity identity;
    identity.place = kPlace;
    identity.syncs_later = true;
    identity.at_rest = true;
    CHECK_FALSE(why_new_origin(identity, kPlace).has_value());
    CHECK_FALSE(why_new_origin(identity, other(&Place::boot, std::string("c"))).has_value());
    CHECK(why_new_origin(identity, other(&Place::file, std::uint64_t{9})).has_value());
    CHECK(why_new_origin(identity, other(&Place::failed, true)).has_value());
  }

  TEST_CASE("what is not known of a place gives no reason") {
    Identity identity;
    CHECK_FALSE(why_new_origin(identity, kPlace).has_value());
    identity.place = kPlace;
    Place now = kPlace;
    now.machine = now.boot = "";
    CHECK_FALSE(why_new_origin(identity, now).has_value());
  }

  TEST_CASE("an identity survives its encoding") {
    const Identity identity{.mesh = {1, 2},
                            .region = "eu",
                            .origin = 3,
                            .previous = 4,
                            .formers = {7, 6, 0},
                            .opening = 5,
                            .place = kPlace,
                            .closed = true,
                            .why = "because",
                            .node = {8, 9},
                            .at_rest = true,
                            .role = regions::RoleRow{.leads = true, .reign = 9, .blind = true}};
    const auto back = regions::decode_identity(regions::encode_identity(identity));
    REQUIRE(back.ok());
    CHECK(back.value().place == kPlace);
    CHECK(back.value().closed);
    CHECK(back.value().why == "because");
    CHECK(back.value().formers == identity.formers);
    CHECK(back.value().node == identity.node);
    CHECK(back.value().at_rest);
    CHECK(back.value().role == identity.role);
  }

  TEST_CASE("an identity of a version without nodes is read") {
    Identity identity{.mesh = {}, .region = "eu", .origin = 3, .node = {8, 9}};
    std::string bytes = encode_identity(identity);
    // An array of 15; the node, a bool, a nil and a number are its last elements.
    REQUIRE(bytes.front() == '\x9f');
    bytes.front() = '\x9b';
    bytes.resize(bytes.size() - 6);
    const auto back = regions::decode_identity(bytes);
    REQUIRE(back.ok());
    CHECK(back.value().origin == 3);
    CHECK(back.value().node == core::Hash128{});
  }

  TEST_CASE("a directory keeps its node through openings and losses of power, and no copy has it") {
    const auto node_of = [](Node& each) { return each.replica().identity().node; };
    Node eu("eu", 1);
    CHECK(node_of(eu) != core::Hash128{});
    CHECK(node_of(eu) != node_of(*std::make_unique<Node>("us", 9)));
    put(eu, "a");
    Node killed("eu", 2, eu.storage().clone());
    CHECK(node_of(killed) == node_of(eu));
    Node restarted("eu", 3, eu.storage().crash());
    CHECK(restarted.origin() == 3);
    CHECK(node_of(restarted) == node_of(eu));
    Node copy("eu", 4, moved(eu.storage().clone()));
    CHECK(node_of(copy) != node_of(eu));
    Node again("eu", 5, copy.storage().clone());
    CHECK(node_of(again) == node_of(copy));
  }

  TEST_CASE("an identity knows its last incarnations") {
    Identity identity;
    identity.origin = 1;
    begin_incarnation(identity, 2, true, "");
    CHECK(identity.previous == 1);
    CHECK(identity.formers == std::vector<core::Origin>{0});
    begin_incarnation(identity, 3, false, "");  // The second one wrote nothing.
    CHECK(identity.previous == 1);
    CHECK(identity.formers == std::vector<core::Origin>{0});
    begin_incarnation(identity, 4, true, "");
    CHECK(identity.previous == 3);
    CHECK(identity.formers == std::vector<core::Origin>{1, 0});
    for (core::Origin next = 5; next < 50; ++next) begin_incarnation(identity, next, true, "");
    CHECK(identity.previous == 48);
    CHECK(identity.formers.size() == Identity::kFormersMax);
    CHECK(identity.formers.front() == 47);
    CHECK(identity.formers.back() == 32);
  }

  TEST_CASE("a killed process goes on under its origin, a machine without power does not") {
    Node eu("eu", 1);
    put(eu, "a");
    Node killed("eu", 2, eu.storage().clone());
    CHECK(killed.origin() == 1);
    Node restarted("eu", 2, eu.storage().crash());
    CHECK(restarted.origin() == 2);
    CHECK(restarted.replica().identity().previous == 1);
    REQUIRE(eu.replica().close().ok());
    Node closed("eu", 2, eu.storage().crash());
    CHECK(closed.origin() == 1);
    Node lost_again("eu", 3, closed.storage().crash());
    CHECK(lost_again.origin() == 3);
  }

  TEST_CASE("a closed leader takes no more writes") {
    Node eu("eu", 1);
    REQUIRE(eu.replica().close().ok());
    CHECK_THROWS_AS(put(eu, "a"), Error);
    CHECK_FALSE(eu.replica().close().ok());
  }

  TEST_CASE("a directory that was copied or restored goes on under a new origin") {
    Node eu("eu", 1);
    put(eu, "a");
    Node copy("eu", 2, moved(eu.storage().clone()));
    CHECK(copy.origin() == 2);
    CHECK(copy.replica().identity().previous == 1);
    CHECK_FALSE(copy.replica().identity().why.empty());
    put(copy, "b");
    put(eu, "c");
    Node us("us", 3);
    for (Node* each : {&eu, &copy}) {
      for (storage::Position at = 1; at <= each->storage().last_position(); ++at) {
        us.deliver(*each, each->storage().read_log(at)->bytes);
      }
    }
    CHECK(us.vector() == core::VersionVector{{1, 2}, {2, 1}});
    Node again("eu", 4, copy.storage().clone());
    CHECK(again.origin() == 2);
  }

  TEST_CASE(
      "after a failed commit the next opening begins a new origin, and the one after goes on") {
    Node eu("eu", 1);
    put(eu, "a");
    eu.storage().set_faults({.fail_commit = 1});
    test::write(eu.replica(), [](Group& group) { group.put(Path{"\1", "b", "s"}, "b"); });
    REQUIRE_FALSE(eu.replica().commit().ok());
    Node next("eu", 2, eu.storage().clone());
    CHECK(next.origin() == 2);
    Node after("eu", 3, next.storage().clone());
    CHECK(after.origin() == 2);
  }

  TEST_CASE("an incarnation that wrote nothing leaves no trace") {
    Node eu("eu", 1);
    put(eu, "a");
    Node idle("eu", 2, moved(eu.storage().clone()));
    Node busy("eu", 3, moved(moved(idle.storage().clone())));
    CHECK(busy.origin() == 3);
    CHECK(busy.replica().identity().previous == 1);
  }

  TEST_CASE("an origin in use is never chosen again") {
    Node eu("eu", 1);
    put(eu, "a");
    Node restored("eu", 1, moved(eu.storage().clone()));
    CHECK(restored.origin() != 1);
    CHECK(restored.origin() != 0);
  }

  TEST_CASE("a backup that was put back unnoticed ends its origin when a peer has more of it") {
    LinkedNodes nodes;
    nodes.mesh(3);
    put_and_count(nodes, 0, "a");
    auto backup = nodes.at(0).storage().clone();
    for (int i = 0; i < 5; ++i) put_and_count(nodes, 0, "b" + std::to_string(i));
    require_equal(nodes, 6);
    nodes.replace(0, std::make_unique<Node>("r0", 10, std::move(backup)));
    nodes.run(100);
    CHECK(nodes.at(0).origin() == 10);
    CHECK(nodes.at(0).replica().identity().why.find("lacks") != std::string::npos);
    require_equal(nodes, 6);
    put_and_count(nodes, 0, "c");
    put_and_count(nodes, 1, "d");
    require_equal(nodes, 8);
    CHECK(nodes.at(2).replica().names().region(10) == "r0");
  }

  TEST_CASE("of two leaders that meet under one origin none keeps it, and they exchange") {
    LinkedNodes nodes;
    nodes.mesh(1);
    put_and_count(nodes, 0, "a");
    nodes.add(std::make_unique<Node>("r0", 10, nodes.at(0).storage().clone()));
    CHECK(nodes.at(1).origin() == 1);
    nodes.connect(0, 1);
    nodes.run(100);
    CHECK(nodes.at(0).origin() != 1);
    CHECK(nodes.at(1).origin() == 10);
    CHECK(nodes.at(0).origin() != 10);
    put_and_count(nodes, 0, "b");
    put_and_count(nodes, 1, "c");
    require_equal(nodes, 3);
  }

  TEST_CASE("a copy whose original goes on is noticed through others, too") {
    LinkedNodes nodes;
    nodes.mesh(2);
    put_and_count(nodes, 0, "a");
    nodes.add(std::make_unique<Node>("r0", 10, nodes.at(0).storage().clone()));
    put_and_count(nodes, 0, "b");
    nodes.run(100);
    nodes.connect(1, 2);
    nodes.run(100);
    CHECK(nodes.at(0).origin() == 1);
    CHECK(nodes.at(2).origin() == 10);
    put_and_count(nodes, 2, "c");
    require_equal(nodes, 3);
  }

  TEST_CASE("a leader whose every origin peers deny takes no writes, and says how to go on") {
    Node eu("eu", 1);
    eu.replica().link_up(5, {}, 0);
    for (std::size_t i = 0; i < regions::Incarnations::kDeniedMax; ++i) {
      const core::Origin denied = eu.origin();
      REQUIRE(deny(eu, 0).ok());
      CHECK(eu.origin() != denied);
      put(eu, "a");
    }
    eu.replica().effects().clear();
    const auto last = deny(eu, regions::Incarnations::kDeniedMs - 1);
    REQUIRE_FALSE(last.ok());
    CHECK(last.failure().code == ErrorCode::kBusy);
    CHECK(eu.replica().broken().has_value());
    CHECK_THROWS_AS((void)eu.replica().begin(), Error);
    std::string alarm;
    for (const regions::Effect& effect : eu.replica().effects()) {
      if (const auto* each = std::get_if<regions::Alarm>(&effect)) alarm = each->text;
    }
    CHECK(alarm.find("Stop the leader that runs on a copy of this data directory") !=
          std::string::npos);
  }

  TEST_CASE(
      "origins that peers deny now and then are no reason, nor are those that nobody denies") {
    Node eu("eu", 1);
    eu.replica().link_up(5, {}, 0);
    constexpr core::Millis kRest =
        regions::Incarnations::kDeniedMs / core::Millis{regions::Incarnations::kDeniedMax};
    core::Millis now = 0;
    for (int i = 0; i < 50; ++i, now += kRest) REQUIRE(deny(eu, now).ok());
    auto& incarnations = eu.replica().background().incarnations();
    for (int i = 0; i < 20; ++i) REQUIRE(incarnations.renew("it was promoted", now).ok());
    REQUIRE(deny(eu, now).ok());
    put(eu, "a");
  }

  TEST_CASE("what was sent before it was durable comes back after the power was gone") {
    const int runs = test::long_run() ? 1'000 : 30;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      LinkedNodes nodes(LinkedNodes::Durability::kInterval);
      constexpr core::Origin kFirstFresh = 100;
      core::Origin fresh = kFirstFresh;
      for (std::size_t i = 0; i < 3; ++i) {
        auto storage =
            std::make_unique<MemoryStorage>(storage::MemoryFaults{.durable_at_once = false});
        nodes.add(std::make_unique<Node>("r" + std::to_string(i), i + 1, std::move(storage)));
        for (std::size_t other = 0; other < i; ++other) nodes.connect(i, other);
      }
      for (int i = 1; i <= 20; ++i) {
        const std::size_t index = random.below(3);
        put_and_count(nodes, index, "k" + std::to_string(i % 3));
        if (random.chance(0.3)) nodes.at(index).storage().sync();
        nodes.run(100);
        if (!random.chance(0.3)) continue;
        const core::Origin before = nodes.at(index).origin();
        auto left = nodes.at(index).storage().crash();
        nodes.replace(
            index, std::make_unique<Node>("r" + std::to_string(index), ++fresh, std::move(left)));
        REQUIRE(nodes.at(index).origin() != before);
      }
      require_equal(nodes, 20);
    }
  }
}

}  // namespace anabranch::incarnation_test
