// Peers that mean harm, in a line of three with the intruder at the middle: their messages are
// refused with a complaint that names them, or cost no other leader anything; the others become
// equal in spite of them.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "tests/seed.h"
#include "tests/sim/network.h"

namespace anabranch::intruder_test {

using regions::Group;
using test::Malice;
using test::Network;

namespace {

constexpr Network::Index kMiddle = 1;

struct Hall {
  Network network;
  std::string region;  // Of the intruder.

  Hall(Malice malice, Network::Trust trust)
      : network(test::seed(), Network::Disks::kPrompt, {}, trust) {
    network.line(3);
    everybody_writes();
    REQUIRE(network.run_until_equal(5'000));
    region = network.intrude(kMiddle, malice);
  }
  // A leader of which an intruder has denied ten origins takes no more writes until an operator
  // starts it again.
  void everybody_writes() {
    for (Network::Index at = 0; at < network.size(); ++at) {
      if (network.broken(at)) network.restart(at, Network::Restart::kClean);
      network.write(at, [&](Group& group) {
        group.put(core::Path{"\1", "k" + std::to_string(at), "s"},
                  std::to_string(network.random().bits()));
        group.add(core::Path{"\1", "sum", "s"}, 1);
      });
      network.run(network.random().between(0, 200));
    }
  }
  void let_it_act(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      everybody_writes();
      network.run(1'000);
      CHECK(network.wrong().empty());
    }
  }
  // Its acts are drawn by chance, so it may take a while until all of them were done.
  void let_it_act_until(const std::function<bool()>& enough) {
    for (int seconds = 0; seconds < 200 && !enough(); ++seconds) let_it_act(1);
  }
  [[nodiscard]] bool complained(const std::string& of) const {
    return std::ranges::any_of(network.alarms(), [&](const std::string& alarm) {
      return alarm.find(region) != std::string::npos && alarm.find(of) != std::string::npos;
    });
  }
  // Whatever alarm there was is about the intruder.
  void require_nobody_else_is_blamed() const {
    for (const std::string& alarm : network.alarms()) {
      INFO(alarm);
      CHECK(alarm.find(region) != std::string::npos);
    }
  }
  void require_others_are_equal() {
    CHECK(network.run_until_equal(20'000));
    CHECK(network.wrong() == "");
    require_nobody_else_is_blamed();
  }
};

Network::Trust any_trust() {
  Network::Trust trust = Network::Trust::kEverybody;
  SUBCASE("where everybody is believed") {}
  SUBCASE("with signatures") { trust = Network::Trust::kSigned; }
  return trust;
}

TEST_SUITE_BEGIN("sim: intruders");

TEST_CASE("who sends rubbish or wrong counts is shut out at once") {
  Malice malice = Malice::kRubbish;
  SUBCASE("rubbish") {}
  SUBCASE("wrong counts") { malice = Malice::kWrongCounts; }
  Hall hall(malice, Network::Trust::kEverybody);
  hall.let_it_act(2);
  CHECK(hall.network.intruders() == 0);
  CHECK(hall.network.carried().turned_away == 1);
  hall.require_others_are_equal();
}

TEST_CASE("batches with gaps wait within bounds and hold nobody else up") {
  Hall hall(Malice::kGaps, any_trust());
  hall.let_it_act(20);
  CHECK(hall.network.node(kMiddle).replica().inbox().held().bytes() < 20'000);
  hall.require_others_are_equal();
}

TEST_CASE("writes in the names of others are not applied and their sender is named") {
  const Network::Trust trust = any_trust();
  const bool with_keys = trust == Network::Trust::kSigned;
  Hall hall(Malice::kForgery, trust);
  hall.let_it_act(20);
  hall.let_it_act_until([&] {
    return hall.complained("two histories") && hall.complained("no known key") == with_keys;
  });
  CHECK(hall.complained("two histories"));
  CHECK(hall.complained("no known key") == with_keys);
  hall.require_others_are_equal();
}

TEST_CASE("who shows another history of what others wrote is named and not followed") {
  Hall hall(Malice::kRewriting, any_trust());
  hall.let_it_act(20);
  CHECK(hall.complained("two histories"));
  hall.require_others_are_equal();
}

TEST_CASE("writes of a clock in 2099 arrive everywhere and drag no clock along") {
  Hall hall(Malice::kFuture, any_trust());
  hall.let_it_act(20);
  CHECK(hall.complained("clock"));
  hall.require_others_are_equal();
  CHECK(hall.network.node(2).vector().size() == 4);
}

TEST_CASE("requests without end slow nobody down and keep no more than two spools") {
  Hall hall(Malice::kGreed, any_trust());
  hall.let_it_act(20);
  CHECK(hall.network.alarms().empty());
  hall.require_others_are_equal();
}

TEST_CASE("who shows what it does not have is passed by and its snapshots are refused") {
  Hall hall(Malice::kBoasting, any_trust());
  hall.let_it_act(100);
  CHECK(hall.complained("is not merged"));
  hall.require_others_are_equal();
}

TEST_CASE("a digest that differs at equal vectors is an alarm") {
  Hall hall(Malice::kFalseDigest, any_trust());
  hall.network.run(5'000);
  CHECK(hall.complained("holds other rows"));
  hall.require_others_are_equal();
}

TEST_SUITE_END();

}  // namespace

}  // namespace anabranch::intruder_test
