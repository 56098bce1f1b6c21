// The shares of local writes and of background work in the writer.

#include <doctest/doctest.h>

#include <chrono>

#include "leader/pacer.h"

using anabranch::leader::Pacer;
using namespace std::chrono_literals;

namespace {

constexpr Pacer::Time kBegin = 1h;

}  // namespace

TEST_SUITE("leader: pacing") {
  TEST_CASE("without local writes one slice follows the other") {
    Pacer pacer;
    CHECK(pacer.due(kBegin));
    pacer.ran(kBegin, kBegin + 10ms);
    CHECK(pacer.due(kBegin + 10ms));
    CHECK(pacer.rest(kBegin + 10ms) == 0ms);
  }

  TEST_CASE("a slice is followed by a longer rest while somebody writes") {
    Pacer pacer;
    pacer.ran(kBegin, kBegin + 10ms);
    pacer.wrote();
    CHECK_FALSE(pacer.due(kBegin + 10ms));
    CHECK(pacer.rest(kBegin + 10ms) == 30ms);
    CHECK_FALSE(pacer.due(kBegin + 39ms));
    CHECK(pacer.rest(kBegin + 39'900us) == 1ms);
    CHECK(pacer.due(kBegin + 40ms));
  }

  TEST_CASE("the rest after a long slice has an end") {
    Pacer pacer;
    pacer.ran(kBegin, kBegin + 10s);
    pacer.wrote();
    CHECK(pacer.rest(kBegin + 10s) == Pacer::kRestMax);
  }

  TEST_CASE("what was written before a slice does not make it be followed by a rest") {
    Pacer pacer;
    pacer.wrote();
    pacer.ran(kBegin, kBegin + 10ms);
    CHECK(pacer.due(kBegin + 10ms));
  }
}
