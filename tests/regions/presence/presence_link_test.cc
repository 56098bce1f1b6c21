// The bounds of presence on one link, and the delay of its messages, by themselves.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "regions/presence/presence_link.h"

namespace anabranch::presence_link_test {

using core::Millis;
using regions::BytesUnderWay;
using regions::LinkDelay;
using regions::MessageRate;
using regions::PresenceLink;

namespace {

regions::Presence message_of(std::size_t bytes, Millis sent_ms = 0) {
  return {.opening = 1,
          .number = 1,
          .hops = 1,
          .sent_ms = sent_ms,
          .region = "eu",
          .channel = "c",
          .body = std::string(bytes, 'x')};
}

// How many messages of so many bytes are sent at once.
std::size_t sent_at_once(PresenceLink& link, std::size_t bytes, Millis now) {
  std::size_t sent = 0;
  while (link.take_room(message_of(bytes), now)) ++sent;
  return sent;
}

regions::Heartbeat echo_of(Millis sent_ms) {
  return {.applied = {}, .durable = {}, .hlc = {}, .echo = regions::Echo{sent_ms, 0}};
}

}  // namespace

TEST_SUITE("regions: the bounds of presence on a link") {
  TEST_CASE("a second's worth of messages is taken at once, and more only as time goes") {
    MessageRate rate({10, 1'000'000}, 5'000);
    for (int i = 0; i < 10; ++i) CHECK(rate.take(1, 5'000));
    CHECK_FALSE(rate.take(1, 5'000));
    CHECK_FALSE(rate.take(1, 5'099));
    CHECK(rate.take(1, 5'100));
    CHECK_FALSE(rate.take(1, 5'100));
    for (int i = 0; i < 10; ++i) CHECK(rate.take(1, 100'000));  // A long rest saves up no more.
    CHECK_FALSE(rate.take(1, 100'000));
  }

  TEST_CASE("the bytes of a second are bounded as its messages are") {
    MessageRate rate({10, 1'000}, 0);
    CHECK(rate.take(900, 0));
    CHECK_FALSE(rate.take(101, 0));
    CHECK(rate.take(100, 0));
    CHECK(rate.take(1'000, 1'000));
    CHECK_FALSE(rate.take(1'001, 10'000));
  }

  TEST_CASE("a clock that goes back gives nothing") {
    MessageRate rate({1, 1'000}, 5'000);
    CHECK(rate.take(1, 5'000));
    CHECK_FALSE(rate.take(1, 1'000));
    CHECK_FALSE(rate.take(1, 5'999));
    CHECK(rate.take(1, 6'000));
  }

  TEST_CASE("the delay of a message is what it took beyond the fastest one") {
    LinkDelay delay;
    CHECK(delay.of(1'000'000, 70) == 0);  // The clocks of both ends have nothing in common.
    CHECK(delay.of(1'000'100, 170) == 0);
    CHECK(delay.of(1'000'200, 570) == 300);
    CHECK(delay.of(1'000'600, 660) == 0);  // Faster than all before.
    CHECK(delay.of(1'000'700, 770) == 10);
  }

  TEST_CASE("messages that a link held up are late by the time that it did") {
    LinkDelay delay;
    CHECK(delay.of(0, 20) == 0);
    for (Millis sent = 1'000; sent <= 9'000; sent += 1'000) {
      CHECK(delay.of(sent, 10'020) == 10'000 - sent);
    }
  }

  TEST_CASE("clocks that drift apart make no message late for longer than minutes") {
    LinkDelay delay;
    Millis most = 0;
    for (Millis sent = 0; sent < 10'000'000; sent += 1'000) {
      most = std::max(most, delay.of(sent, sent + sent / 5'000));  // 200 ppm.
    }
    CHECK(most <= 2 * LinkDelay::kHalfMs / 5'000 + 1);
  }

  TEST_CASE("bytes are under way until a heartbeat sent after them is echoed") {
    BytesUnderWay under_way;
    under_way.sent(100, 1'000);
    under_way.sent(100, 1'500);
    under_way.echoed(1'000);  // That heartbeat may have gone before them.
    CHECK(under_way.bytes() == 200);
    under_way.echoed(1'400);
    CHECK(under_way.bytes() == 100);
    under_way.echoed(2'000);
    CHECK(under_way.bytes() == 0);
  }

  TEST_CASE("a link that shows nothing to have arrived gets no more") {
    PresenceLink link(0);
    constexpr std::size_t kBytes = std::size_t{16} << 10U;
    const std::size_t sent = sent_at_once(link, kBytes, 0);
    CHECK(sent > 0);
    CHECK(sent * message_of(kBytes).bytes() <= BytesUnderWay::kBytesMax);
    CHECK((sent + 1) * message_of(kBytes).bytes() > BytesUnderWay::kBytesMax);
    CHECK_FALSE(link.take_room(message_of(kBytes), 3'000));
    link.on(echo_of(1), 3'000);
    CHECK(link.take_room(message_of(kBytes), 3'000));
  }

  TEST_CASE("a link that has shown nothing for seconds gets not even a small message") {
    PresenceLink link(0);
    CHECK(link.take_room(message_of(1), 0));
    CHECK(link.take_room(message_of(1), BytesUnderWay::kWaitMs));
    CHECK_FALSE(link.take_room(message_of(1), BytesUnderWay::kWaitMs + 1));
    link.on(echo_of(BytesUnderWay::kWaitMs), 10'000);
    CHECK(link.take_room(message_of(1), 10'000 - BytesUnderWay::kWaitMs));
  }

  TEST_CASE("an honest leader never sends what another one takes for too much") {
    PresenceLink from(0);
    PresenceLink to(0);
    for (Millis now = 0; now < 10'000; now += 500) {
      from.on(echo_of(now), now);
      while (from.take_room(message_of(1), now)) CHECK(to.admits(message_of(1), now));
    }
  }
}

}  // namespace anabranch::presence_link_test
