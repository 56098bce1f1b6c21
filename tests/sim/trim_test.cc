// Trimming at work: the part of the log kept for each region, over absence, restarts and shapes.

#include <doctest/doctest.h>

#include <string>

#include "tests/seed.h"
#include "tests/sim/network.h"

namespace anabranch::trim_test {

using core::Path;
using regions::Group;
using regions::LogKeeper;
using test::Network;

namespace {

// About 200 of the batches below at most, and 20 at least.
constexpr regions::LogLimits kLimits{
    .bytes_min = 4'000, .bytes_max = 40'000, .age_ms_max = 600'000};
constexpr std::uint64_t kSegment = kLimits.bytes_max / 16 + 400;

void put(Network& network, Network::Index at, int times) {
  for (int i = 0; i < times; ++i) {
    const std::string key = "k" + std::to_string(network.random().below(5));
    network.write(at, [&](Group& group) {
      group.put({"\1", key, "s"}, std::to_string(network.random().below(1000)));
      group.add({"\1", "sum", "s"}, 1);
    });
  }
}

const LogKeeper& keeper(Network& network, Network::Index at) {
  return network.node(at).replica().keeper();
}

std::uint64_t log_bytes(Network& network, Network::Index at) {
  return keeper(network, at).segments().bytes();
}

bool lacks(Network& network, Network::Index at, const std::string& region) {
  return keeper(network, at).lacked().contains(region);
}

// The figures must be those of the log.
void require_true_figures(Network& network) {
  for (Network::Index at = 0; at < network.size(); ++at) {
    const auto oldest = network.node(at).disk().read_log(0);
    REQUIRE(oldest);
    CHECK(oldest->position == keeper(network, at).segments().first());
  }
}

// Three regions; the last one is cut off when all have its writes.
void lose_region_2(Network& network) {
  network.mesh(3);
  put(network, 2, 3);
  REQUIRE(network.run_until_equal(3'000));
  network.run(3'000);
  network.cut(2, 0);
  network.cut(2, 1);
}

}  // namespace

TEST_SUITE("sim: trimming") {
  TEST_CASE("what everybody has is forgotten, down to the least that is kept") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kPrompt, {.log = kLimits});
    network.mesh(3);
    for (int round = 0; round < 20; ++round) {
      for (Network::Index at = 0; at < 3; ++at) put(network, at, 10);
      network.run(500);
    }
    REQUIRE(network.run_until_equal(3'000));
    network.run(5'000);
    for (Network::Index at = 0; at < 3; ++at) {
      CHECK(log_bytes(network, at) >= kLimits.bytes_min);
      CHECK(log_bytes(network, at) < kLimits.bytes_min + kSegment);
    }
    require_true_figures(network);
    CHECK(network.wrong() == "");
  }

  TEST_CASE("a region that is away costs the others a bounded log and nothing else") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kPrompt, {.log = kLimits});
    lose_region_2(network);
    for (int round = 0; round < 40; ++round) {
      put(network, 0, 10);
      put(network, 1, 10);
      network.run(1'000);
      CHECK(log_bytes(network, 0) <= kLimits.bytes_max + kSegment + std::uint64_t{2} * 10 * 400);
      CHECK(network.node(0).vector() == network.node(1).vector());
    }
    network.run(2'000);
    CHECK(log_bytes(network, 0) <= kLimits.bytes_max);
    CHECK(log_bytes(network, 0) > kLimits.bytes_max / 2);
    CHECK(lacks(network, 0, "r2"));
    CHECK_FALSE(lacks(network, 0, "r1"));
    require_true_figures(network);
    // The last position that region 2 showed can still be compared when it returns.
    const core::VersionVector away = network.node(2).vector();
    for (Network::Index at = 0; at < 2; ++at) {
      const regions::Replica& here = network.node(at).replica();
      for (const auto& [origin, seq] : away) {
        REQUIRE(here.state().chains().at(origin, seq));
        CHECK(*here.state().chains().at(origin, seq) ==
              network.node(2).replica().applied().head(origin).chain);
      }
    }
    CHECK(network.wrong() == "");
  }

  TEST_CASE("a region that returns within the limits goes on from the log") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kPrompt, {.log = kLimits});
    lose_region_2(network);
    put(network, 0, 40);
    put(network, 1, 40);
    network.run(60'000);
    CHECK(log_bytes(network, 0) > kLimits.bytes_min + kSegment);  // Kept for region 2 alone.
    network.calm_down();
    CHECK(network.run_until_equal(5'000));
    CHECK(network.wrong() == "");
    network.run(5'000);
    CHECK(log_bytes(network, 0) < kLimits.bytes_min + kSegment);
    CHECK_FALSE(lacks(network, 0, "r2"));
  }

  TEST_CASE("a leader that restarts still keeps the log for a region that is away") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    for (const auto how : {Network::Restart::kClean, Network::Restart::kPowerLoss}) {
      Network network(seed, Network::Disks::kLazy, {.log = kLimits});
      network.mesh(3);
      for (Network::Index at = 0; at < 3; ++at) put(network, at, 3);
      REQUIRE(network.run_until_equal(5'000));
      network.run(60'000);  // Long enough for the shown vectors to be written down.
      network.cut(2, 0);
      network.cut(2, 1);
      network.restart(0, how);
      network.restart(1, how);
      put(network, 0, 40);
      put(network, 1, 40);
      network.run(60'000);
      CHECK(lacks(network, 0, "r2"));
      CHECK(keeper(network, 0).reports().knows("r2"));
      network.restart(0, how);
      network.run(10'000);
      CHECK(lacks(network, 0, "r2"));
      network.calm_down();
      CHECK(network.run_until_equal(5'000));
      CHECK(network.wrong() == "");
    }
  }

  TEST_CASE("a leader never forgets what is not yet on its disk") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kLazy, {.log = {.bytes_min = 0, .bytes_max = 100}});
    network.mesh(2);
    for (int round = 0; round < 20; ++round) {
      put(network, 0, 5);
      network.run(network.random().between(0, 700));
      const auto& storage = network.node(1).disk();
      CHECK(keeper(network, 1).segments().first() <= storage.durable_position() + 1);
    }
  }

  TEST_CASE("limits so tight that the log is nearly empty disturb nobody who is there") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kPrompt, {.log = {.bytes_min = 0, .bytes_max = 40'000}});
    network.ring(4);
    for (int round = 0; round < 30; ++round) {
      put(network, network.random().below(4), 5);
      network.run(network.random().between(0, 2'000));
    }
    CHECK(network.run_until_equal(5'000));
    CHECK(network.wrong() == "");
    network.run(5'000);
    require_true_figures(network);
  }

  TEST_CASE(
      "in a line and in a star the log is kept for regions behind others, and only for them") {
    for (const bool star : {false, true}) {
      const std::uint64_t seed = test::seed();
      CAPTURE(seed);
      CAPTURE(star);
      Network network(seed, Network::Disks::kPrompt, {.log = kLimits});
      network.announce();
      star ? network.star(4) : network.line(4);
      const Network::Index before = star ? 0 : 2;  // Region 3 is reached through this one.
      put(network, 3, 1);                          // And never writes again.
      for (int round = 0; round < 20; ++round) {
        put(network, 1, 10);
        network.run(1'000);
      }
      REQUIRE(network.run_until_equal(5'000));
      network.run(15'000);
      for (Network::Index at = 0; at < 4; ++at) {
        CHECK(log_bytes(network, at) < kLimits.bytes_min + kSegment);
      }
      network.cut(before, 3);
      put(network, 1, 40);
      network.run(15'000);
      for (Network::Index at = 0; at < 3; ++at) {
        CHECK(lacks(network, at, "r3"));
        CHECK(log_bytes(network, at) > kLimits.bytes_min + kSegment);
      }
      network.heal(before, 3);
      network.run(20'000);
      for (Network::Index at = 0; at < 4; ++at) {
        CHECK_FALSE(lacks(network, at, "r3"));
        CHECK(log_bytes(network, at) < kLimits.bytes_min + kSegment);
      }
      CHECK(network.wrong() == "");
    }
  }
}

}  // namespace anabranch::trim_test
