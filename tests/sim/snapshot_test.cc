// Leaders that lack batches that no log has any more: snapshots through the simulated network.

#include <doctest/doctest.h>

#include <string>

#include "tests/seed.h"
#include "tests/sim/network.h"

namespace anabranch::snapshot_test {

using regions::Group;
using test::Network;

namespace {

// Logs that keep next to nothing, snapshots in small pieces that are merged a few rows at a time.
constexpr regions::ReplicaLimits kTiny{
    .log = {.bytes_min = 100, .bytes_max = 1'500, .age_ms_max = 600'000},
    .snapshots = {
        .slice_rows_max = 3, .slice_bytes_max = 300, .chunk_bytes = 150, .window_bytes = 500}};

void random_op(Group& group, test::Random& random) {
  const std::string key = "k" + std::to_string(random.below(30));
  const core::Path row =
      random.chance(0.5) ? core::Path{"\1", key, "s"} : core::Path{"\1", key, "h", "f", "s"};
  switch (random.below(7)) {
    case 0:
    case 1:
    case 2:
      group.put(row, std::to_string(random.below(100)));
      break;
    case 3:
      group.remove(row);
      break;
    case 4:
      group.add(row, random.between(-5, 5));
      break;
    case 5:
      group.reset(row);
      break;
    default:
      group.clear(core::Path{"\1", key});
  }
}

void write(Network& network, Network::Index at, int times) {
  for (int i = 0; i < times; ++i) {
    network.write(at, [&](Group& group) {
      for (std::size_t ops = network.random().below(4) + 1; ops > 0; --ops) {
        random_op(group, network.random());
      }
    });
  }
}

bool merging(Network& network, Network::Index at) {
  return network.node(at).replica().background().snapshots().merging();
}

bool receiving(Network& network, Network::Index at) {
  return network.node(at).replica().background().snapshots().receiving();
}

// Two regions that had each other's writes, were cut, and wrote on until no log reaches back: so
// many writes each at least, more where many of them had no effect.
void part(Network& network, int writes) {
  write(network, 0, 20);
  write(network, 1, 20);
  REQUIRE(network.run_until_equal(5'000));
  network.cut(1, 0);
  const storage::Position common[] = {network.node(0).disk().last_position(),
                                      network.node(1).disk().last_position()};
  const auto reaches_back = [&](Network::Index at) {
    return network.node(at).replica().keeper().segments().first() <= common[at] + 1;
  };
  for (int i = 0; i < writes || reaches_back(0) || reaches_back(1); ++i) {
    REQUIRE(i < 100 * writes);
    write(network, 0, 1);
    write(network, 1, 1);
    network.run(200);
  }
  network.run(5'000);
}

// Parts two regions and lets them meet until one receives a snapshot; false when that was over
// within a moment, and both are equal.
bool part_and_receive(Network& network) {
  network.mesh(2);
  part(network, 40);
  network.heal(1, 0);
  for (int i = 0; i < 20'000 && !receiving(network, 0); ++i) network.run(1);
  if (receiving(network, 0)) return true;
  REQUIRE(network.run_until_equal(120'000));
  CHECK(network.wrong() == "");
  return false;
}

}  // namespace

TEST_SUITE("sim: snapshots") {
  TEST_CASE("two regions that both lack trimmed writes of each other merge both ways") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kPrompt, kTiny);
    network.mesh(2);
    part(network, 60);
    network.heal(1, 0);
    bool merged[2] = {};
    for (int i = 0; i < 60'000 && !(network.complete(0) && network.complete(1)); ++i) {
      network.run(1);
      for (const Network::Index at : {0U, 1U}) merged[at] = merged[at] || merging(network, at);
      // Life goes on meanwhile.
      if (i % 50 == 0 && i < 5'000) write(network, network.random().below(2), 1);
    }
    CHECK(merged[0]);
    CHECK(merged[1]);
    REQUIRE(network.run_until_equal(60'000));
    CHECK(network.wrong() == "");
    CHECK(network.alarms().empty());
  }

  TEST_CASE("large clears in the middle of a merge clear what is merged and what is not") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    regions::ReplicaLimits limits = kTiny;
    limits.own_clear_rows_direct = 2;
    limits.foreign_clear_rows_direct = 2;
    int clears = 0;
    for (std::uint64_t run = 0; run < 10; ++run) {
      Network network(seed + run, Network::Disks::kPrompt, limits);
      network.mesh(2);
      part(network, 60);
      network.heal(1, 0);
      for (int i = 0; i < 60'000 && !(network.complete(0) && network.complete(1)); ++i) {
        network.run(1);
        if (!merging(network, 0) && !merging(network, 1)) continue;
        if (i % 3 == 0) write(network, network.random().below(2), 1);
        if (i % 7 != 0 || ++clears % 10 == 0) continue;
        network.write(network.random().below(2), [&](Group& group) {
          group.clear(core::Path{"\1"});
          random_op(group, network.random());
        });
      }
      REQUIRE(network.run_until_equal(60'000));
      CHECK(network.wrong() == "");
      CHECK(network.alarms().empty());
    }
    CHECK(clears > 0);
  }

  TEST_CASE("a new region begins with a snapshot when the logs do not reach back") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed, Network::Disks::kPrompt, kTiny);
    network.mesh(2);
    write(network, 0, 60);
    write(network, 1, 60);
    REQUIRE(network.run_until_equal(60'000));
    network.run(5'000);
    const Network::Index fresh = network.add();
    network.connect(fresh, 0);
    write(network, fresh, 3);
    REQUIRE(network.run_until_equal(60'000));
    CHECK(network.wrong() == "");
    CHECK(network.alarms().empty());
  }

  TEST_CASE("a transfer that is cut goes on in the same snapshot") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    int tried = 0;
    for (int cut_ms = 0; cut_ms < 40; ++cut_ms) {
      Network network(seed + static_cast<std::uint64_t>(cut_ms), Network::Disks::kPrompt, kTiny);
      if (!part_and_receive(network)) continue;
      ++tried;
      network.run(cut_ms);
      for (int cuts = 0; cuts < 3; ++cuts) {
        network.cut(1, 0);
        network.run(network.random().between(1, 10'000));
        network.heal(1, 0);
        network.run(network.random().between(1, 20));
      }
      REQUIRE(network.run_until_equal(120'000));
      CHECK(network.wrong() == "");
      CHECK(network.alarms().empty());
    }
    CHECK(tried > 20);
  }

  TEST_CASE("either side may lose its power at any moment of it") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    int tried = 0;
    for (int crash_ms = 0; crash_ms < 60; ++crash_ms) {
      Network network(seed + static_cast<std::uint64_t>(crash_ms), Network::Disks::kPrompt, kTiny);
      if (!part_and_receive(network)) continue;
      ++tried;
      network.run(crash_ms);
      network.restart(network.random().below(2), Network::Restart::kPowerLoss);
      CHECK(network.wrong() == "");
      write(network, 0, 2);
      REQUIRE(network.run_until_equal(120'000));
      CHECK(network.wrong() == "");
      CHECK(network.alarms().empty());
    }
    CHECK(tried > 20);
  }

  TEST_CASE("snapshots arrive through any weather, along a line of regions") {
    const int runs = test::long_run() ? 200 : 10;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Network network(seed, Network::Disks::kPrompt, kTiny);
      network.line(3);
      network.set_weather({.loss = 0.1, .repeat = 0.1, .delay_ms_max = 50, .reorder = true});
      for (int i = 0; i < 60; ++i) {
        if (network.random().chance(0.1)) network.cut(1, 0);
        if (network.random().chance(0.1)) network.cut(2, 1);
        if (network.random().chance(0.02)) network.heal(1, 0);
        if (network.random().chance(0.02)) network.heal(2, 1);
        write(network, network.random().below(3), 2);
        network.run(network.random().between(0, 500));
      }
      network.calm_down();
      REQUIRE(network.run_until_equal(300'000));
      CHECK(network.wrong() == "");
      CHECK(network.alarms().empty());
    }
  }
}

}  // namespace anabranch::snapshot_test
