// How writes find their way: shapes of networks, links that break and heal, silent peers, pauses
// and restarts, all in calm weather.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "core/batch.h"
#include "tests/seed.h"
#include "tests/sim/network.h"

namespace anabranch::exchange_test {

using core::Path;
using regions::Group;
using test::Network;

namespace {

// In a ring that is cut each region may find another source only after the one before it has.
constexpr core::Millis kRerouteMs = 20'000;

Path row_of(const std::string& key) { return {"\1", key, "s"}; }

void put(Network& network, Network::Index at, const std::string& key) {
  const std::string value = std::to_string(network.random().below(1000));
  network.write(at, [&](Group& group) {
    group.put(row_of(key), value);
    group.add(row_of("sum"), 1);
  });
}

// Each region writes, some time apart.
void everybody_writes(Network& network, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (Network::Index at = 0; at < network.size(); ++at) {
      put(network, at, "k" + std::to_string(round % 3));
      network.run(network.random().between(0, 300));
    }
  }
}

// Arrivals of batches that were not the first, over all regions.
int repeated_arrivals(const Network& network) {
  int repeated = 0;
  for (Network::Index at = 0; at < network.size(); ++at) {
    for (const auto& [batch, times] : network.arrivals(at)) repeated += times - 1;
  }
  return repeated;
}

// Once all regions know each other, each batch crosses to each region exactly once.
void require_calm_exchange(Network& network) {
  everybody_writes(network, 2);
  REQUIRE(network.run_until_equal(3'000));
  network.run(3'000);
  network.forget_arrivals();
  constexpr int kRounds = 10;
  everybody_writes(network, kRounds);
  REQUIRE(network.run_until_equal(3'000));
  network.run(5'000);
  CHECK(network.wrong() == "");
  CHECK(repeated_arrivals(network) == 0);
  for (Network::Index at = 0; at < network.size(); ++at) {
    CHECK(network.arrivals(at).size() == kRounds * (network.size() - 1));
  }
  CHECK(network.alarms().empty());
}

}  // namespace

TEST_SUITE("sim: exchange") {
  TEST_CASE("in a full mesh of three each batch crosses to each region once") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(3);
    require_calm_exchange(network);
  }

  TEST_CASE("in a line of three the middle passes on, each batch once") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.line(3);
    require_calm_exchange(network);
  }

  TEST_CASE("in a ring of five each batch crosses to each region once") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.ring(5);
    require_calm_exchange(network);
  }

  TEST_CASE("in a star of five the middle passes on, each batch once") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.star(5);
    require_calm_exchange(network);
  }

  TEST_CASE("a write is elsewhere after one delay, without waiting for a heartbeat") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(3);
    everybody_writes(network, 1);
    REQUIRE(network.run_until_equal(3'000));
    network.run(5'000);
    put(network, 0, "fast");
    CHECK(network.run_until_equal(1));
  }

  TEST_CASE("in a line that starts together no leader waits for a heartbeat to pass a write on") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    constexpr Network::Index kLeaders = 20;
    for (const Network::Index writer : {Network::Index{0}, kLeaders / 2, kLeaders - 1}) {
      CAPTURE(writer);
      Network network(seed);
      network.line(kLeaders);
      everybody_writes(network, 1);
      REQUIRE(network.run_until_equal(60'000));
      for (Network::Index at = 0; at < kLeaders; ++at)
        network.restart(at, Network::Restart::kClean);
      network.run(10);  // Less than a heartbeat: no leader knows yet through whom to follow.
      put(network, writer, "first");
      // For each leader on the way: the batch, its ack, and the subscription that follows.
      CHECK(network.run_until_equal(3 * kLeaders));
      CHECK(network.wrong() == "");
    }
  }

  TEST_CASE("what has come is shown early to those who lack it, and nothing more where all rests") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(4);
    everybody_writes(network, 2);
    REQUIRE(network.run_until_equal(3'000));
    constexpr core::Millis kLongMs = 10'000;
    network.run(kLongMs);  // Until all have also told their durable vectors.
    const auto messages = [&](const std::function<void()>& happens) {
      const std::uint64_t before = network.carried().messages;
      happens();
      return network.carried().messages - before;
    };
    constexpr std::uint64_t kWays = std::uint64_t{4} * 3;
    constexpr std::uint64_t kHeartbeats = kWays * kLongMs / regions::Exchange::kHeartbeatMs;
    CHECK(messages([&] { network.run(kLongMs); }) == kHeartbeats);
    // Each write goes to three others, which acknowledge it. Between two heartbeats these also show
    // it once to each other, although all have it already; and all tell their durable vectors now
    // and then.
    constexpr std::uint64_t kWrites = 1'000;
    const std::uint64_t busy = messages([&] {
      for (std::uint64_t i = 0; i < kWrites; ++i) {
        put(network, 0, "busy");
        network.run(kLongMs / kWrites);
      }
    });
    CHECK(busy >= kWrites * 6 + kHeartbeats);
    CHECK(busy <= kWrites * 6 + kHeartbeats + std::uint64_t{11} * 6 + 3 * kWays);
    network.run(kLongMs);
    CHECK(messages([&] { network.run(kLongMs); }) == kHeartbeats);
  }

  TEST_CASE("a region that joins late and empty gets everything") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    everybody_writes(network, 50);
    REQUIRE(network.run_until_equal(1'000));
    network.forget_arrivals();  // A tick at the moment of a greeting may ask for batches again.
    const Network::Index late = network.add();
    network.connect(late, 1);
    CHECK(network.run_until_equal(1'000));
    CHECK(network.wrong() == "");
    CHECK(repeated_arrivals(network) == 0);
  }

  TEST_CASE("with any single link of a mesh or ring cut, everything still arrives") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    for (const bool ring : {false, true}) {
      for (Network::Index i = 0; i < 5; ++i) {
        for (Network::Index k = 0; k < i; ++k) {
          const bool linked = !ring || k + 1 == i || (k == 0 && i == 4);
          if (!linked) continue;
          CAPTURE(i);
          CAPTURE(k);
          Network network(seed);
          ring ? network.ring(5) : network.mesh(5);
          everybody_writes(network, 2);
          network.cut(i, k);
          everybody_writes(network, 2);
          CHECK(network.run_until_equal(kRerouteMs));
          CHECK(network.wrong() == "");
          network.heal(i, k);
          everybody_writes(network, 1);
          CHECK(network.run_until_equal(5'000));
          CHECK(network.wrong() == "");
        }
      }
    }
  }

  TEST_CASE("when a direct link goes, writes come through others, and directly when it is back") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(3);
    everybody_writes(network, 1);
    REQUIRE(network.run_until_equal(3'000));
    const auto source = [&] {  // The peer through which region 0 follows region 2.
      for (const auto& [origin, peer] : network.node(0).replica().exchange().peers()) {
        if (peer.connected() && peer.in.has(network.node(2).origin())) return peer.region;
      }
      return std::string("nobody");
    };
    CHECK(source() == "r2");
    network.cut(0, 2);
    put(network, 2, "a");
    REQUIRE(network.run_until_equal(3'000));
    CHECK(source() == "r1");
    network.run(500);
    put(network, 2, "b");
    CHECK(network.run_until_equal(10));
    network.heal(0, 2);
    network.run(10);
    CHECK(source() == "r2");
    put(network, 2, "c");
    CHECK(network.run_until_equal(1));
    CHECK(network.wrong() == "");
  }

  TEST_CASE("two halves write on, and are equal soon after they meet again") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(5);
    everybody_writes(network, 2);
    for (const Network::Index left : {0U, 1U}) {
      for (const Network::Index right : {2U, 3U, 4U}) network.cut(right, left);
    }
    everybody_writes(network, 5);
    CHECK_FALSE(network.complete(0));
    CHECK_FALSE(network.complete(4));
    CHECK(network.wrong() == "");
    network.calm_down();
    CHECK(network.run_until_equal(2'000));
    CHECK(network.wrong() == "");
  }

  TEST_CASE("a peer that cannot be heard is avoided after some seconds") {
    for (Network::Index from = 0; from < 2; ++from) {
      const std::uint64_t seed = test::seed();
      CAPTURE(seed);
      CAPTURE(from);
      Network network(seed);
      network.mesh(3);
      everybody_writes(network, 1);
      REQUIRE(network.run_until_equal(3'000));
      network.mute(from, 1 - from);
      put(network, 0, "a");
      put(network, 1, "b");
      CHECK(network.run_until_equal(6'000));
      for (int i = 0; i < 20; ++i) {
        put(network, 0, "a");
        put(network, 1, "b");
        network.run(100);
      }
      CHECK(network.run_until_equal(50));
      CHECK(network.wrong() == "");
      network.unmute(from, 1 - from);
      everybody_writes(network, 1);
      CHECK(network.run_until_equal(40'000));
      CHECK(network.wrong() == "");
    }
  }

  TEST_CASE("in a busy ring that is cut anew the other way is found within seconds") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.ring(5);
    everybody_writes(network, 2);
    REQUIRE(network.run_until_equal(3'000));
    // All regions go on writing, so that no link stands still. Returns the time until all have the
    // first writes of all.
    const auto reroute_ms = [&] {
      std::vector<std::pair<core::Origin, core::Seq>> first;
      for (Network::Index at = 0; at < network.size(); ++at) {
        put(network, at, "first");
        const core::Origin origin = network.node(at).origin();
        first.emplace_back(origin, network.node(at).vector().at(origin));
      }
      const core::Millis begin = network.now();
      const auto missing = [&] {
        for (Network::Index at = 0; at < network.size(); ++at) {
          const core::VersionVector& vector = network.node(at).vector();
          for (const auto& [origin, seq] : first) {
            if (vector.at(origin) < seq) return true;
          }
        }
        return false;
      };
      while (missing() && network.now() - begin < 60'000) {
        everybody_writes(network, 1);
      }
      return network.now() - begin;
    };
    // Each detour leaves sources behind that only lead around the wrong way.
    for (const auto& way :
         {std::pair{4, 3}, std::pair{0, 4}, std::pair{1, 0}, std::pair{2, 1}, std::pair{3, 2}}) {
      CAPTURE(way.first);
      const auto from = static_cast<Network::Index>(way.first);
      const auto to = static_cast<Network::Index>(way.second);
      network.mute(from, to);
      network.mute(to, from);
      CHECK(reroute_ms() <= 15'000);
      network.unmute(from, to);
      network.unmute(to, from);
      everybody_writes(network, 1);
    }
    CHECK(network.run_until_equal(kRerouteMs));
    CHECK(network.wrong() == "");
  }

  TEST_CASE("a link that is silent one way from its beginning is worked around") {
    for (Network::Index from = 0; from < 2; ++from) {
      const std::uint64_t seed = test::seed();
      CAPTURE(seed);
      CAPTURE(from);
      Network network(seed);
      for (int i = 0; i < 3; ++i) network.add();
      network.mute(from, 1 - from);
      network.connect(0, 1);
      network.connect(0, 2);
      network.connect(1, 2);
      everybody_writes(network, 3);
      CHECK(network.run_until_equal(10'000));
      for (int i = 0; i < 50; ++i) {
        put(network, 0, "a");
        put(network, 1, "b");
        CHECK(network.run_until_equal(50));
        network.run(100);
      }
      CHECK(network.wrong() == "");
    }
  }

  TEST_CASE("a lost greeting is made up for") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    for (Network::Index from = 0; from < 2; ++from) {
      Network network(seed);
      network.add();
      network.add();
      network.mute(from, 1 - from);
      network.connect(0, 1);
      network.run(3'000);
      network.unmute(from, 1 - from);
      everybody_writes(network, 2);
      CHECK(network.run_until_equal(5'000));
    }
  }

  TEST_CASE("a paused peer gets nothing and gives nothing until it is resumed") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    everybody_writes(network, 2);
    REQUIRE(network.run_until_equal(3'000));
    regions::Replica& replica = network.node(1).replica();
    CHECK_FALSE(replica.pause("nobody"));
    REQUIRE(replica.pause("r0"));
    everybody_writes(network, 3);
    network.run(10'000);
    CHECK_FALSE(network.complete(0));
    CHECK_FALSE(network.complete(1));
    CHECK(network.wrong() == "");
    REQUIRE(replica.resume("r0"));
    CHECK(network.run_until_equal(3'000));
    CHECK(network.wrong() == "");
  }

  TEST_CASE("a link can be paused by the address that was dialled") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    regions::Replica& dialler = network.node(1).replica();
    REQUIRE(dialler.pause("address of r0"));
    everybody_writes(network, 2);
    network.run(5'000);
    CHECK_FALSE(network.complete(1));
    REQUIRE(dialler.resume("address of r0"));
    CHECK(network.run_until_equal(3'000));
  }

  TEST_CASE("regions that restart, with and without their unsynced tail, catch up") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kLazy);
    network.mesh(3);
    for (int round = 0; round < 12; ++round) {
      everybody_writes(network, 1);
      const Network::Index at = network.random().below(3);
      network.restart(at, network.random().chance(0.5) ? Network::Restart::kClean
                                                       : Network::Restart::kPowerLoss);
      put(network, at, "after");
    }
    CHECK(network.run_until_equal(5'000));
    CHECK(network.wrong() == "");
    CHECK(network.alarms().empty());
  }

  TEST_CASE("a region of another mesh is refused and told of once") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    regions::Replica& replica = network.node(0).replica();
    replica.link_up(1000, "tcp://127.0.0.1:9", network.now());
    for (int i = 0; i < 3; ++i) {
      replica.step(1000,
                   regions::Greeting{regions::Greeting::kProtocol, {6, 6}, "xx", 6, 6, {{6, 5}}},
                   network.now());
      replica.step(1000, regions::Heartbeat{{{6, 5}}, {}, {}}, network.now());
    }
    everybody_writes(network, 2);
    CHECK(network.run_until_equal(3'000));
    REQUIRE(network.alarms().size() == 1);
    CHECK(network.alarms()[0].find("tcp://127.0.0.1:9 belongs to another mesh") == 0);
    CHECK(replica.exchange().peers().size() == 1);
  }

  TEST_CASE("a region of another protocol is refused and told of once, with both numbers") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    regions::Replica& replica = network.node(0).replica();
    replica.link_up(1000, "tcp://127.0.0.1:9", network.now());
    replica.link_up(1001, {}, network.now());
    CHECK_FALSE(replica.exchange().links().speaks_otherwise(1000));
    for (const regions::LinkId link : {1000, 1001, 1000, 1001}) {
      replica.step(link, regions::Greeting{3, {6, 6}, "xx", 0, 0, {}}, network.now());
      replica.step(link, regions::Heartbeat{{{6, 5}}, {}, {}}, network.now());
    }
    CHECK(replica.exchange().links().speaks_otherwise(1000));
    everybody_writes(network, 2);
    CHECK(network.run_until_equal(3'000));
    const std::string why =
        " speaks protocol 3, this leader protocol 2; nothing is exchanged with it";
    REQUIRE(network.alarms().size() == 2);
    CHECK(network.alarms()[0] == "region xx at tcp://127.0.0.1:9" + why);
    CHECK(network.alarms()[1] == "region xx, which dialled this leader," + why);
    CHECK(replica.exchange().peers().size() == 1);
  }

  TEST_CASE("heartbeats that take long are no clock that is behind, but one that is, is named") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    network.set_weather({.delay_ms_min = 75'000, .delay_ms_max = 75'000});
    network.run(600'000);
    CHECK(network.alarms().empty());
    network.jump_clock(1, -3'600'000);
    network.run(600'000);
    REQUIRE(network.alarms().size() == 3);
    std::vector<std::string> alarms = network.alarms();
    std::ranges::sort(alarms);
    CHECK(alarms[2].find("the clock of this machine has moved by 60 minutes backwards") == 0);
    CHECK(alarms[0].find("the clock of region r0 is ") == 0);
    CHECK(alarms[0].find(" minutes ahead of this one") != std::string::npos);
    CHECK(alarms[1].find("the clock of region r1 is ") == 0);
    CHECK(alarms[1].find(" minutes behind of this one") != std::string::npos);
  }

  TEST_CASE("a leader that meets itself refuses to exchange") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.add();
    network.connect(network.add(), 0);
    regions::Replica& replica = network.node(0).replica();
    replica.link_up(1000, "tcp://127.0.0.1:9", network.now());
    const auto& self = replica.identity();
    const std::uint64_t nonce = network.node(0).nonce();
    replica.step(1000,
                 regions::Greeting{
                     regions::Greeting::kProtocol, self.mesh, self.region, self.origin, nonce, {}},
                 0);
    everybody_writes(network, 1);
    CHECK(network.run_until_equal(3'000));
    const regions::Link* const link = replica.exchange().links().find(1000);
    REQUIRE(link != nullptr);
    CHECK(link->refused);
    CHECK(network.alarms().empty());  // One list of peers may serve all leaders.
  }

  TEST_CASE("an old message on a new link does not hide that the greeting got lost there") {
    Network network(test::seed());
    network.line(2);
    network.run(60'000);
    network.cut(0, 1);
    network.mute(0, 1);
    network.heal(0, 1);
    network.unmute(0, 1);
    REQUIRE(network.replay(1, 0, 20) > 0);
    put(network, 0, "k");
    put(network, 1, "k");
    CHECK(network.run_until_equal(10'000));
    CHECK(network.wrong() == "");
  }
}

}  // namespace anabranch::exchange_test
