// Everything at once: loss, repetition, reordering, delays, partitions, silence and restarts, while
// all regions write. After the weather has calmed down all are equal within bounded time.

#include <doctest/doctest.h>

#include <string>

#include "tests/seed.h"
#include "tests/sim/network.h"

namespace anabranch::weather_test {

using core::Path;
using regions::Group;
using test::Network;
using test::Weather;

namespace {

constexpr core::Millis kHealedMs = 40'000;  // Above the time that silent peers are avoided.

void random_op(Group& group, test::Random& random) {
  const std::string key = "k" + std::to_string(random.below(4));
  const Path row = random.chance(0.5) ? Path{"\1", key, "s"} : Path{"\1", key, "h", "f", "s"};
  switch (random.below(6)) {
    case 0:
    case 1:
      group.put(row, std::to_string(random.below(100)));
      break;
    case 2:
      group.remove(row);
      break;
    case 3:
      group.add(row, random.between(-5, 5));
      break;
    case 4:
      group.reset(row);
      break;
    default:
      group.clear(Path{"\1", key});
  }
}

void random_write(Network& network) {
  test::Random& random = network.random();
  network.write(random.below(network.size()), [&](Group& group) {
    for (std::size_t ops = random.below(3) + 1; ops > 0; --ops) random_op(group, random);
  });
}

void random_shape(Network& network) {
  const Network::Index size = 2 + network.random().below(4);
  switch (network.random().below(4)) {
    case 0:
      network.mesh(size);
      break;
    case 1:
      network.line(size);
      break;
    case 2:
      size > 2 ? network.ring(size) : network.line(size);
      break;
    default:
      network.star(size);
  }
}

Weather random_weather(test::Random& random) {
  Weather weather;
  weather.loss = random.chance(0.5) ? 0.2 : 0;
  weather.repeat = random.chance(0.5) ? 0.2 : 0;
  weather.delay_ms_max = random.between(1, 200);
  weather.reorder = random.chance(0.5);
  return weather;
}

// Two different regions of a network, linked or not.
std::pair<Network::Index, Network::Index> two_of(Network& network) {
  const Network::Index one = network.random().below(network.size());
  const Network::Index step = 1 + network.random().below(network.size() - 1);
  return {one, (one + step) % network.size()};
}

void random_trouble(Network& network) {
  test::Random& random = network.random();
  const auto [one, other] = two_of(network);
  const double what = random.unit();
  if (what < 0.3) {
    if (network.connected(one, other)) network.cut(one, other);
  } else if (what < 0.6) {
    network.heal(one, other);
  } else if (what < 0.7) {
    network.mute(one, other);
  } else if (what < 0.85) {
    network.unmute(one, other);
  } else if (what < 0.95) {
    network.restart(one,
                    random.chance(0.5) ? Network::Restart::kClean : Network::Restart::kPowerLoss);
  } else {
    network.set_weather(random_weather(random));
  }
}

}  // namespace

TEST_SUITE("sim: weather") {
  TEST_CASE("one message in five lost, some repeated, all reordered: writes still get through") {
    const int runs = test::long_run() ? 500 : 5;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Network network(seed);
      network.mesh(3);
      network.set_weather({.loss = 0.2, .repeat = 0.2, .delay_ms_max = 100, .reorder = true});
      for (int i = 0; i < 200; ++i) {
        random_write(network);
        network.run(network.random().between(0, 100));
      }
      REQUIRE(network.run_until_equal(300'000));
      REQUIRE(network.wrong() == "");
    }
  }

  TEST_CASE("in a stream that never rests a lost batch is asked for again") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.line(3);
    for (int i = 0; i < 5; ++i) random_write(network);
    REQUIRE(network.run_until_equal(5'000));
    network.mute(1, 0);
    network.write(2, [](Group& group) { group.put(Path{"\1", "lost", "s"}, "v"); });
    network.run(5);
    network.unmute(1, 0);
    bool arrived = false;
    for (int i = 0; i < 600 && !arrived; ++i) {
      network.write(1, [](Group& group) { group.add(Path{"\1", "n", "s"}, 1); });
      network.run(50);
      arrived = network.node(0).replica().reader()->row(Path{"\1", "lost", "s"}).present();
    }
    CHECK(arrived);
  }

  TEST_CASE("whatever happens, all regions are equal soon after it is over") {
    const int runs = test::long_run() ? 1'000 : 60;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Network network(seed, seed % 2 == 0 ? Network::Disks::kPrompt : Network::Disks::kLazy);
      random_shape(network);
      network.set_weather(random_weather(network.random()));
      for (int step = 0; step < 80; ++step) {
        random_write(network);
        if (network.random().chance(0.15)) random_trouble(network);
        network.run(network.random().between(0, 400));
        if (step % 20 == 0) REQUIRE(network.wrong() == "");
      }
      network.calm_down();
      REQUIRE(network.run_until_equal(kHealedMs));
      REQUIRE(network.wrong() == "");
      REQUIRE(network.alarms().empty());
    }
  }
}

}  // namespace anabranch::weather_test
