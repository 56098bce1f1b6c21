// How much of the log is kept for whom.

#include <doctest/doctest.h>

#include <string>

#include "regions/log/log_keeper.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

using namespace anabranch;
using core::Millis;
using core::VersionVector;
using regions::LogKeeper;
using storage::Position;
using test::kEu;
using test::kLink;
using test::kUs;
using test::Parts;

namespace {

constexpr int kRecords = 100;
constexpr regions::LogLimits kLimits{
    .bytes_min = 2'000, .bytes_max = 64'000, .age_ms_max = 1'000'000};

struct LogKeeperWorld : Parts {
  Millis now = 0;

  LogKeeperWorld() : Parts("eu", kEu, false, {}, kLimits) {
    for (int i = 0; i < kRecords; ++i) put("k", std::string(200, 'v'));
  }
  // The leader at the other end of the link tells that this is on its disk.
  void has_on_disk(const VersionVector& durable) {
    regions::Heartbeat beat;
    beat.applied = beat.durable = durable;
    exchange.step(kLink, beat, now);
  }
  // Lets the keeper forget all that it can. Returns the first position that is left.
  Position forget(const LogKeeper::WaitedFor& waited_for = [](const auto&) { return true; }) {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(keeper.tick(now += LogKeeper::kDecideMs, exchange.peers(), waited_for).ok());
    }
    return keeper.segments().first();
  }
};

// Counts the commits.
struct Commits final : regions::Participant {
  int count = 0;
  void record(regions::Commit& /*commit*/) override {}
  void committed(const regions::Commit& /*commit*/) override { ++count; }
};

}  // namespace

TEST_SUITE("regions: log keeper") {
  TEST_CASE("the log is kept for a region that lacks it, and no longer") {
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.has_on_disk({{kEu, 40}});
    const Position first = eu.forget();
    CHECK(first > 1);
    CHECK(first <= 41);
    CHECK(eu.keeper.lacked().at("us") == 41);
    CHECK(eu.storage.read_log(1)->position == first);
    eu.has_on_disk({{kEu, kRecords}});
    CHECK(eu.forget() > 41);
    CHECK(eu.keeper.lacked().empty());
  }

  TEST_CASE("it is kept for another leader of the own region, too") {
    LogKeeperWorld eu;
    eu.greet(kLink, "eu", kUs);
    eu.has_on_disk({{kEu, 40}});
    CHECK(eu.forget() <= 41);
    CHECK(eu.keeper.lacked().at("eu") == 41);
  }

  TEST_CASE("a region that nobody waits for keeps nothing") {
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.has_on_disk({{kEu, 40}});
    CHECK(eu.forget([](const std::string& region) { return region != "us"; }) > 41);
  }

  TEST_CASE("of a region that is no peer its report counts") {
    LogKeeperWorld eu;
    eu.keeper.reports().take({.region = "ap", .origin = 3, .number = 1, .durable = {{kEu, 30}}});
    CHECK(eu.forget() <= 31);
    CHECK(eu.keeper.durable("ap", eu.exchange.peers()) == VersionVector{{kEu, 30}});
    CHECK(eu.keeper.lacked().at("ap") == 31);
  }

  TEST_CASE("what is not on the own disk is not forgotten") {
    LogKeeperWorld eu;
    eu.storage.set_faults({.durable_at_once = false});
    eu.put("k", "v");
    CHECK(eu.forget() <= eu.storage.durable_position() + 1);
  }

  TEST_CASE("a reader holds the log, and its end can be forgotten before regions have it") {
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.has_on_disk({{kEu, kRecords}});
    eu.keeper.hold("a reader", 20);
    CHECK(eu.forget() <= 20);
    eu.keeper.hold("a reader", std::nullopt);
    CHECK(eu.forget() > 20);
    const Position end = eu.storage.last_position();
    while (eu.keeper.forget_before(end).value()) continue;
    CHECK(eu.keeper.segments().first() == end);
  }

  TEST_CASE("where a region has stopped the chain stays known when the log goes") {
    LogKeeperWorld eu;
    const auto chain = eu.state.chains().at(kEu, 40);
    REQUIRE(chain);
    eu.greet(kLink, "us", kUs);
    eu.has_on_disk({{kEu, 40}});
    const auto nobody = [](const std::string&) { return false; };
    REQUIRE(eu.forget(nobody) > 42);
    CHECK(eu.state.chains().at(kEu, 40) == chain);
    CHECK_FALSE(eu.state.chains().at(kEu, 38));
  }

  TEST_CASE("the running time goes on while it runs, and is stored with the next commit") {
    LogKeeperWorld eu;
    (void)eu.forget();
    CHECK(eu.keeper.running_ms(eu.now) == eu.now - LogKeeper::kDecideMs);
    eu.keeper.store_running_time();
    REQUIRE(eu.state.commit({}).ok());
    LogKeeper again(eu.state, eu.list, eu.settled, kLimits);
    REQUIRE(again.load().ok());
    CHECK(again.running_ms(0) == eu.keeper.running_ms(eu.now));
  }

  TEST_CASE("a keeper that starts does not store the running time that it has just read") {
    LogKeeperWorld eu;
    (void)eu.forget();
    eu.now += LogKeeper::kRunningMs;
    const auto nobody = [](const std::string&) { return false; };
    REQUIRE(eu.keeper.tick(eu.now, eu.exchange.peers(), nobody).ok());
    LogKeeper again(eu.state, eu.list, eu.settled, kLimits);
    REQUIRE(again.load().ok());
    REQUIRE(again.running_ms(0) >= LogKeeper::kRunningMs);
    Commits commits;
    eu.state.join(commits);
    REQUIRE(again.tick(0, eu.exchange.peers(), nobody).ok());
    CHECK(commits.count == 0);
  }

  TEST_CASE("no chain is kept where the log still has the next batch that a region lacks") {
    Position first = 0;
    {
      LogKeeperWorld eu;
      eu.greet(kLink, "us", kUs);
      eu.has_on_disk({{kEu, 40}});
      first = eu.forget();
    }
    REQUIRE(first > 1);
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.has_on_disk({{kEu, first - 1}});  // Each record is one op.
    REQUIRE(eu.forget() == first);
    CHECK(eu.state.chains().checkpoint(kEu, kRecords).seq == 0);
  }
}
