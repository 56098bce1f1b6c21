#include "transport/zmq/hearing.h"

#include <doctest/doctest.h>

namespace anabranch::transport::hearing_test {

TEST_SUITE_BEGIN("transport: hearing");

namespace {

constexpr std::chrono::seconds kSilence{15};
const Hearing::Clock::time_point kStart{std::chrono::hours{1}};

}  // namespace

TEST_CASE("a link on which bytes come is not silent, though no frame is whole") {
  Hearing hearing;
  hearing.refresh(kStart);
  for (int second = 1; second < 60; ++second) {
    CAPTURE(second);
    const auto now = kStart + std::chrono::seconds{second};
    hearing.look({.received = static_cast<std::uint64_t>(second)}, now);
    CHECK_FALSE(hearing.is_silent(kSilence, now));
  }
  CHECK(hearing.is_silent(kSilence, kStart + std::chrono::seconds{60}));
}

TEST_CASE("a link without bytes is silent after the time, also if the kernel does not count") {
  Hearing hearing;
  hearing.refresh(kStart);
  hearing.look({}, kStart + std::chrono::seconds{14});
  CHECK_FALSE(hearing.is_silent(kSilence, kStart + std::chrono::seconds{14}));
  CHECK(hearing.is_silent(kSilence, kStart + std::chrono::seconds{15}));
  hearing.refresh(kStart + std::chrono::seconds{15});
  CHECK_FALSE(hearing.is_silent(kSilence, kStart + std::chrono::seconds{15}));
}

TEST_CASE("a line that loses large packets is told from one that is dead, or slow") {
  Hearing hearing;
  hearing.refresh(kStart);
  TcpBytes bytes{.received = 100, .acknowledged = 100, .are_under_way = true};
  int told = 0;
  bool heard = true;
  bool taken = false;
  SUBCASE("the other side is heard, and takes nothing") { told = 1; }
  SUBCASE("nobody is heard") { heard = false; }
  SUBCASE("it takes a little all the time") { taken = true; }
  SUBCASE("nothing was sent") { bytes.are_under_way = false; }
  int seen = 0;
  for (int second = 1; second < 14; ++second) {
    const auto now = kStart + std::chrono::seconds{second};
    if (heard) ++bytes.received;
    if (taken) ++bytes.acknowledged;
    hearing.look(bytes, now);
    seen += hearing.loses_large_ones(now) ? 1 : 0;
  }
  CHECK(seen == told);
}

TEST_CASE("parts of a body are told ten times a second at most") {
  Hearing hearing;
  CHECK(hearing.reports_part(kStart));
  CHECK_FALSE(hearing.reports_part(kStart + std::chrono::milliseconds{99}));
  CHECK(hearing.reports_part(kStart + std::chrono::milliseconds{100}));
}

TEST_SUITE_END();

}  // namespace anabranch::transport::hearing_test
