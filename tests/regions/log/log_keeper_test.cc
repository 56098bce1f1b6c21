// How much of the log is kept for whom.

#include <doctest/doctest.h>

#include <string>

#include "regions/delivery/inbox.h"
#include "regions/log/log_keeper.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::log_keeper_test {

using core::Millis;
using core::VersionVector;
using regions::LogKeeper;
using storage::Position;
using test::kAp;
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
  // It shows this position, with the hash of its history there.
  void shows(core::Seq seq, const core::ChainHash& hash) {
    regions::Heartbeat beat;
    beat.applied = beat.durable = {{kEu, seq}};
    beat.chains = {hash};
    exchange.step(kLink, beat, now);
  }
  [[nodiscard]] bool has(const std::string& region, const VersionVector& vector) const {
    return keeper.has(region, vector, LogKeeper::Has::kDurable, exchange);
  }
  void list_row(const core::Path& row, const std::string& value) {
    write([&](regions::Group& group) { group.put(row, value); });
    list.load(*state.reader());
  }
  [[nodiscard]] core::ChainHash chain(core::Seq seq) const {
    return state.chains().at(kEu, seq).value();
  }
  // Lets the keeper forget all that it can. Returns the first position that is left.
  Position forget(const LogKeeper::WaitedFor& waited_for = [](const auto&) { return true; }) {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(keeper.tick(now += LogKeeper::kDecideMs, exchange, waited_for).ok());
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

  TEST_CASE("a leader that is gone keeps nothing: another one succeeds it, or it is lost") {
    const auto list = [](LogKeeperWorld& eu, const core::Path& row, const std::string& value) {
      eu.write([&](regions::Group& group) { group.put(row, value); });
      eu.list.load(*eu.state.reader());
    };
    const core::Path next = regions::RegionList::origin_row("us", kAp);
    const auto names = [](core::Origin before) {
      return regions::RegionList::origin_value(before);
    };
    for (const bool is_lost : {false, true}) {
      CAPTURE(is_lost);
      LogKeeperWorld eu;
      // Its region goes on under another origin, and has all.
      std::uint64_t number = 0;
      const auto next_has_all = [&] {
        eu.keeper.reports().take({.region = "us",
                                  .origin = kAp,
                                  .number = ++number,
                                  .durable = eu.state.applied().vector()});
      };
      eu.greet(kLink, "us", kUs);
      eu.has_on_disk({{kEu, 40}});
      next_has_all();
      CHECK(eu.forget() <= 41);
      if (is_lost) {
        list(eu, regions::RegionList::origin_row("us", kUs), names(0));
        list(eu, regions::RegionList::retirement_row("us"),
             regions::RegionList::retirement_value(regions::Retirement::kLost, {kUs}));
      }
      list(eu, next, names(is_lost ? 0 : kUs));
      next_has_all();
      CHECK(eu.forget() > 41);
      CHECK(eu.keeper.lacked().empty());
      CHECK(eu.has("us", eu.state.applied().vector()));
    }
  }

  TEST_CASE("it is kept for a listed member that follows, by its link or its report") {
    LogKeeperWorld eu;
    eu.list_row(regions::RegionList::origin_row("eu", kUs), regions::RegionList::origin_value(0));
    const core::Seq all = eu.state.applied().vector().at(kEu);
    SUBCASE("which has told nothing yet") {
      CHECK(eu.forget() == 1);
      CHECK(eu.keeper.lacked().at("eu") == 1);
    }
    SUBCASE("by its link") {
      eu.exchange.link_up(kLink, {}, 0, {});
      regions::Greeting greeting{regions::Greeting::kProtocol, {1, 1}, "eu", kUs, 7, {}};
      greeting.follows = true;
      eu.exchange.step(kLink, greeting, 0);
      eu.has_on_disk({{kEu, 40}});
      CHECK(eu.forget() <= 41);
      CHECK(eu.keeper.lacked().at("eu") == 41);
      eu.has_on_disk({{kEu, all}});
    }
    SUBCASE("by its report") {
      eu.keeper.reports().take(
          {.region = "eu", .origin = kUs, .number = 1, .durable = {{kEu, 40}}});
      CHECK(eu.forget() <= 41);
      eu.keeper.reports().take(
          {.region = "eu", .origin = kUs, .number = 2, .durable = {{kEu, all}}});
    }
    SUBCASE("until it is declared lost") {
      CHECK(eu.forget() == 1);
      eu.list_row(regions::RegionList::retirement_row("eu"),
                  regions::RegionList::retirement_value(regions::Retirement::kLost, {kUs}));
    }
    if (eu.keeper.lacked().empty()) CHECK(eu.forget() > 41);
  }

  TEST_CASE("a region has what one of its members has, and with reigns what its leader has") {
    LogKeeperWorld eu;
    const auto report = [&](core::Origin origin, core::Seq seq) {
      eu.list_row(regions::RegionList::origin_row("us", origin),
                  regions::RegionList::origin_value(0));
      eu.keeper.reports().take(
          {.region = "us", .origin = origin, .number = seq, .durable = {{kEu, seq}}});
    };
    CHECK(eu.has("us", {}));
    CHECK_FALSE(eu.has("us", {{kEu, 1}}));
    report(kUs, 30);
    report(kAp, 50);
    CHECK(eu.has("us", {{kEu, 50}}));
    CHECK_FALSE(eu.has("us", {{kEu, 51}}));
    eu.list_row(regions::RegionList::reign_row("us", kUs), regions::RegionList::reign_value(1));
    CHECK(eu.has("us", {{kEu, 30}}));
    CHECK_FALSE(eu.has("us", {{kEu, 50}}));
    eu.list_row(regions::RegionList::reign_row("us", 77), regions::RegionList::reign_value(2));
    CHECK(eu.has("us", {{kEu, 50}}));  // Its leader has told nothing.
  }

  TEST_CASE("of a region that is no peer its report counts") {
    LogKeeperWorld eu;
    eu.keeper.reports().take({.region = "ap", .origin = 3, .number = 1, .durable = {{kEu, 30}}});
    CHECK(eu.forget() <= 31);
    CHECK(eu.has("ap", {{kEu, 30}}));
    CHECK_FALSE(eu.has("ap", {{kEu, 31}}));
    CHECK(eu.keeper.lacked().at("ap") == 31);
  }

  TEST_CASE("the log is kept for a leader that has told nothing yet") {
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    CHECK(eu.forget() == 1);
    eu.has_on_disk({{kEu, kRecords}});
    CHECK(eu.forget() > 1);
  }

  TEST_CASE("and the writes of a region that has told nothing: it may have lost them") {
    Parts us("us", kUs);
    LogKeeperWorld eu;
    regions::Inbox inbox(
        {eu.state, eu.exchange, eu.alarms, eu.effects, eu.writer, eu.writer.reserve()}, {});
    eu.state.join(inbox);
    const Position first = eu.storage.last_position() + 1;
    for (int i = 0; i < 10; ++i) {
      const std::string bytes = us.put("k", std::string(200, 'v'));
      inbox.on(kLink, {0, bytes}, core::decode_batch(bytes).value(), 0);
      REQUIRE(inbox.apply(eu.writer.close_group(), 1000).ok());
    }
    CHECK(eu.forget([](const std::string& region) { return region == "us"; }) <= first);
    REQUIRE(eu.keeper.lacked().contains("us"));
    eu.keeper.reports().take({.region = "us", .origin = kUs, .number = 1, .durable = {{kUs, 10}}});
    CHECK(eu.forget([](const std::string& region) { return region == "us"; }) <= first);
    eu.keeper.reports().take(
        {.region = "us", .origin = kUs, .number = 2, .durable = {{kEu, kRecords}, {kUs, 10}}});
    CHECK(eu.forget() > first - kRecords / 2);
    CHECK(eu.keeper.lacked().empty());
  }

  TEST_CASE("of a forked origin a leader has nothing behind the place where the histories part") {
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.shows(30, eu.chain(30));
    regions::History history{kEu, 50, {{50, {9}}, {30, eu.chain(30)}}};
    eu.exchange.step(kLink, history, eu.now);
    REQUIRE(eu.exchange.forks().all().at(kEu).at(kUs).common == 30);
    eu.shows(90, {9});
    CHECK(eu.forget() <= 31);
    CHECK(eu.keeper.lacked().at("us") == 31);
    CHECK(eu.has("us", {{kEu, 30}}));
    CHECK_FALSE(eu.has("us", {{kEu, 31}}));
    SUBCASE("also after a restart, when that leader is away") {
      eu.keeper.reports().take(
          {.region = "us", .origin = kUs, .number = 1, .durable = {{kEu, 90}}});
      eu.now += LogKeeper::kRememberMs;
      eu.put("k", "v");  // Stores the report.
      regions::Exchange nobody(eu.state, eu.list, eu.settled, eu.effects);
      LogKeeper again(eu.state, eu.list, eu.settled, kLimits);
      REQUIRE(again.load().ok());
      REQUIRE(again.tick(0, nobody, [](const auto&) { return true; }).ok());
      CHECK(again.lacked().at("us") == 31);
    }
    SUBCASE("and all when it shows the same history again") {
      eu.shows(kRecords, eu.chain(kRecords));
      CHECK(eu.forget() > 41);
      CHECK_FALSE(eu.has_meta(storage::fork_key(kUs, kEu)));
    }
  }

  TEST_CASE("what a leader shows beyond this one may be of another history") {
    LogKeeperWorld eu;
    eu.greet(kLink, "us", kUs);
    const core::ChainHash common = eu.chain(30);
    eu.shows(30, common);
    eu.shows(kRecords + 5, {9});
    CHECK(eu.forget() <= 31);
    eu.shows(30, common);  // An old message came late.
    CHECK(eu.forget() <= 31);
    for (int i = 0; i < 5; ++i) eu.put("k", "v");
    eu.shows(kRecords + 5, eu.chain(kRecords + 5));
    CHECK(eu.forget() > 31);
    CHECK(eu.keeper.lacked().empty());
  }

  TEST_CASE("and so may what a region reports that is no peer") {
    LogKeeperWorld eu;
    const auto reports = [&](std::uint64_t number, core::Seq seq) {
      eu.keeper.reports().take(
          {.region = "ap", .origin = 3, .number = number, .durable = {{kEu, seq}}});
    };
    reports(1, 30);
    CHECK(eu.forget() <= 31);
    reports(2, kRecords + 5);
    CHECK(eu.forget() <= 31);
    reports(3, 90);
    CHECK(eu.forget() > 31);
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
    REQUIRE(eu.keeper.tick(eu.now, eu.exchange, nobody).ok());
    LogKeeper again(eu.state, eu.list, eu.settled, kLimits);
    REQUIRE(again.load().ok());
    REQUIRE(again.running_ms(0) >= LogKeeper::kRunningMs);
    Commits commits;
    eu.state.join(commits);
    REQUIRE(again.tick(0, eu.exchange, nobody).ok());
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

}  // namespace anabranch::log_keeper_test
