// The stable time: how far the clocks of all others are known to have come.

#include <doctest/doctest.h>

#include "crdt/expiry.h"
#include "regions/clocks/stable_time.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::stable_time_test {

using core::Millis;
using regions::StableTime;
using test::kLink;
using test::kUs;
using test::Parts;

namespace {

constexpr Millis kWait = 60'000;

// As the clocks of a machine: both go on while a turn stalls, whose `now` is of before.
class RunningClock final : public core::WallClock {
 public:
  [[nodiscard]] Millis now_ms() const override { return wall_; }
  [[nodiscard]] core::Moment moment(Millis /*now*/) const override { return {wall_, steady_}; }
  void pass(Millis time) {
    wall_ += time;
    steady_ += time;
  }
  void jump(Millis by) { wall_ += by; }

 private:
  Millis wall_ = 1'700'000'000'000;
  Millis steady_ = 0;
};

struct StableTimeWorld : Parts {
  StableTime time{{state, keeper, list, settled, exchange, alarms}, kDriftMs, kWait};

  StableTimeWorld() : Parts("eu", 1) {
    state.join(time);
    time.open();
  }
  // A heartbeat of a leader, whose clock shows so much, comes at a steady time.
  void hear(Millis wall, Millis now, regions::LinkId link = kLink, core::Origin origin = kUs) {
    regions::Heartbeat beat;
    beat.hlc = core::Hlc::of(wall, 0);
    beat.wall_ms = wall;
    beat.clocks.set(origin, core::Hlc::of(wall, 0).bits);
    beat.heard.push_back({origin, 1, now, wall, 0});
    time.on(link, beat, now);
  }
};

}  // namespace

TEST_SUITE("regions: stable time") {
  TEST_CASE("without others any deadline has passed, with one those that its clock has passed") {
    StableTimeWorld eu;
    CHECK(eu.time.stable_time_ms(0) == crdt::Expiry::kNever);
    eu.greet(kLink, "us", kUs);
    CHECK(eu.time.stable_time_ms(0) == 0);
    eu.hear(9'000, 0);
    CHECK(eu.time.stable_time_ms(0) == 9'000);
  }

  TEST_CASE("no clock is believed further than the own one") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.hear(eu.clock.now_ms() + 10 * Parts::kDriftMs, 0);
    CHECK(eu.time.stable_time_ms(0) <= eu.clock.now_ms() + Parts::kDriftMs);
  }

  TEST_CASE("what was heard is stored with the running time, and outlives a restart") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.hear(9'000, 0);
    CHECK_FALSE(eu.has_meta(storage::kRunningKey));
    REQUIRE(eu.time.store(0).ok());
    CHECK(eu.has_meta(storage::kRunningKey));
    StableTime again({eu.state, eu.keeper, eu.list, eu.settled, eu.exchange, eu.alarms},
                     Parts::kDriftMs, kWait);
    REQUIRE(again.load(*eu.storage.snapshot()).ok());
    CHECK(again.words(0).size() == eu.time.words(0).size());
    const storage::Position before = eu.storage.last_position();
    REQUIRE(eu.state.commit({}).ok());  // Nothing is due in the next one.
    CHECK(eu.storage.last_position() == before);
  }

  TEST_CASE("a clock that is far off is complained of once") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    for (Millis now = 0; now < 10'000; now += 1'000) {
      eu.hear(eu.clock.now_ms() + 10 * Parts::kDriftMs, now);
    }
    eu.time.raise_alarms(9'000);
    const std::size_t raised = eu.alarms_raised();
    CHECK(raised > 0);
    eu.time.raise_alarms(9'100);
    CHECK(eu.alarms_raised() == raised);
  }

  TEST_CASE("a clock that jumps clears nothing for a while") {
    StableTimeWorld eu;
    CHECK(eu.time.may_clear(0));
    eu.clock.set(eu.clock.now_ms() + 10 * Parts::kDriftMs);
    CHECK_FALSE(eu.time.may_clear(1'000));
  }

  TEST_CASE("a turn that stalls before it looks at the clock has seen no jump") {
    RunningClock clock;
    StableTimeWorld eu;
    eu.state.start_clock(clock, {}, Parts::kDriftMs);
    CHECK(eu.time.may_clear(0));
    clock.pass(10 * Parts::kDriftMs);
    CHECK(eu.time.may_clear(0));
    CHECK(eu.time.may_clear(10 * Parts::kDriftMs));
    clock.jump(2 * Parts::kDriftMs);
    CHECK_FALSE(eu.time.may_clear(10 * Parts::kDriftMs));
  }

  TEST_CASE("no clock of others is wrong for a turn that has stalled before their messages") {
    RunningClock clock;
    StableTimeWorld eu;
    eu.state.start_clock(clock, {}, Parts::kDriftMs);
    eu.greet(kLink, "us", kUs);
    for (Millis now = 0; now < 10'000; now += 1'000) {
      regions::Heartbeat beat;
      beat.wall_ms = clock.now_ms();
      beat.hlc = core::Hlc::of(beat.wall_ms, 0);
      beat.clocks.set(kUs, beat.hlc.bits);
      beat.echo = regions::Echo{now, 0};
      beat.heard.push_back({kUs, 1, now, beat.wall_ms, 0});
      clock.pass(10 * Parts::kDriftMs);  // It has come, and is looked at so much later.
      eu.time.on(kLink, beat, now);
      clock.pass(1'000 - 10 * Parts::kDriftMs);
    }
    CHECK(eu.time.complaints(9'000).empty());
    CHECK(eu.time.may_clear(9'000));
  }

  TEST_CASE("a clock that moves by the drift has not jumped, and by one millisecond more it has") {
    StableTimeWorld eu;
    CHECK(eu.time.may_clear(0));
    eu.clock.set(eu.clock.now_ms() + Parts::kDriftMs);
    CHECK(eu.time.may_clear(0));
    eu.clock.set(eu.clock.now_ms() + 1);
    CHECK_FALSE(eu.time.may_clear(0));
  }

  TEST_CASE("no key expires early by a clock that jumps ahead while no other clock is heard") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    const Millis before = eu.clock.now_ms();
    (void)eu.time.may_clear(0);
    eu.clock.set(before + 10 * Parts::kDriftMs);
    (void)eu.time.may_clear(1'000);
    CHECK(eu.state.names().expiries().now_ms() == before + 1'000);
  }

  TEST_CASE("who is away is waited for by the time that this leader ran, not by its wall clock") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.hear(10'000, 0);
    eu.exchange.link_down(kLink);
    eu.clock.set(10'000 + 100 * kWait);
    CHECK(eu.time.stable_time_ms(1'000) == 10'000);
  }

  TEST_CASE("a timestamp that is ahead of the clock is not shown as the clock") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.hear(eu.clock.now_ms(), 0);
    REQUIRE(eu.time.store(0).ok());
    const Millis ahead = eu.clock.now_ms() + Parts::kDriftMs / 2;
    REQUIRE(eu.state.clock()->observe(core::Hlc::of(ahead, 0)));
    REQUIRE(eu.state.commit_clock().ok());
    const core::VersionVector shown = eu.time.shown(0);
    CHECK(core::Hlc{shown.at(1)}.millis() == eu.clock.now_ms());
    eu.clock.set(ahead + 1);
    CHECK(core::Hlc{eu.time.shown(1).at(1)}.millis() == ahead);
  }

  TEST_CASE("a leader whose clock stands alone against two regions clears nothing") {
    constexpr regions::LinkId kOther = 2;
    constexpr core::Origin kAp = 3;
    StableTimeWorld eu;
    const Millis theirs = eu.clock.now_ms() + 10 * Parts::kDriftMs;
    eu.greet(kLink, "us", kUs);
    eu.hear(theirs, 0);
    CHECK(eu.time.may_clear(0));  // One of two is wrong, and perhaps not this one.
    eu.greet(kOther, "ap", kAp);
    eu.hear(theirs, 0, kOther, kAp);
    CHECK_FALSE(eu.time.may_clear(0));
    eu.hear(eu.clock.now_ms(), 1, kOther, kAp);
    CHECK(eu.time.may_clear(1));
  }

  TEST_CASE("a leader that fell back is no region of its own against its clock") {
    StableTimeWorld eu;
    eu.write([](regions::Group& group) {  // It went on from 5 as 7, fell back to 5, and is 1 now.
      for (const core::Origin origin : {1, 7}) {
        group.put(regions::RegionList::origin_row("eu", origin),
                  regions::RegionList::origin_value(5));
      }
    });
    eu.list.load(*eu.state.reader());
    eu.greet(kLink, "us", kUs);
    eu.hear(eu.clock.now_ms() + 10 * Parts::kDriftMs, 0);
    CHECK(eu.time.may_clear(0));  // One of two is wrong, and perhaps not this one.
  }

  TEST_CASE("a clock that is far ahead is not followed") {
    StableTimeWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.hear(eu.clock.now_ms() + 10 * Parts::kDriftMs, 0);
    CHECK(eu.state.clock()->high_water().millis() <= eu.clock.now_ms() + Parts::kDriftMs);
  }
}

}  // namespace anabranch::stable_time_test
