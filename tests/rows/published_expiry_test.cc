// The time by which keys expire: that of the own clock, of posted timestamps and of transactions.

#include "rows/published_expiry.h"

#include <doctest/doctest.h>

namespace anabranch::published_expiry_test {

using core::Hlc;
using core::ManualClock;
using core::Millis;
using rows::PublishedExpiry;

namespace {

constexpr Millis kNow = 1'000'000;
constexpr Millis kDrift = 60'000;

}  // namespace

TEST_SUITE("rows: the time of expiry") {
  TEST_CASE("time stands still at the timestamp of an open transaction") {
    ManualClock clock(kNow);
    PublishedExpiry expiries;
    expiries.use(clock, kDrift);
    const Hlc begin = Hlc::of(kNow, 3);
    clock.advance(5'000);
    CHECK(expiries.now_ms(begin) == kNow);
    CHECK(expiries.now_ms() == kNow + 5'000);
    CHECK(expiries.now_ms(Hlc::of(kNow + 5'000 + kDrift, 0)) == kNow + 5'000 + kDrift);
  }

  TEST_CASE("a timestamp of a wrong clock does not tell the time") {
    ManualClock clock(kNow);
    PublishedExpiry expiries;
    expiries.use(clock, kDrift);
    const Hlc wrong = Hlc::of(kNow + kDrift + 1, 0);
    CHECK(expiries.now_ms(wrong) == kNow);
    expiries.publish(wrong);
    CHECK(expiries.now_ms() == kNow);
    expiries.publish(Hlc::of(kNow + kDrift, 0));
    CHECK(expiries.now_ms() == kNow + kDrift);
  }

  TEST_CASE("time never goes back behind the floor, and a known lead is no part of it") {
    ManualClock clock(kNow);
    PublishedExpiry expiries;
    expiries.use(clock, kDrift);
    expiries.set_lead(2'000);
    CHECK(expiries.now_ms() == kNow - 2'000);
    expiries.set_floor(kNow + 7'000);
    CHECK(expiries.now_ms() == kNow + 7'000);
    CHECK(expiries.now_ms(Hlc::of(kNow, 0)) == kNow + 7'000);
  }
}

}  // namespace anabranch::published_expiry_test
