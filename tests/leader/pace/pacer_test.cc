// The shares of local writes and of background work in the writer.

#include <doctest/doctest.h>

#include <chrono>

#include "leader/pace/pacer.h"

namespace anabranch::pacer_test {

using leader::Pacer;
using namespace std::chrono_literals;

namespace {

constexpr Pacer::Time kBegin = 1h;

}  // namespace

TEST_SUITE("leader: pacing") {
  TEST_CASE("without local writes one slice follows the other") {
    Pacer pacer;
    CHECK(pacer.due(kBegin));
    pacer.begins(kBegin);
    pacer.ended(kBegin + 10ms);
    CHECK(pacer.due(kBegin + 10ms));
    CHECK(pacer.rest(kBegin + 10ms) == 0ms);
  }

  TEST_CASE("a slice is followed by a longer rest while somebody writes") {
    Pacer pacer;
    pacer.begins(kBegin);
    pacer.ended(kBegin + 10ms);
    pacer.wrote();
    CHECK_FALSE(pacer.due(kBegin + 10ms));
    CHECK(pacer.rest(kBegin + 10ms) == 30ms);
    CHECK_FALSE(pacer.due(kBegin + 39ms));
    CHECK(pacer.rest(kBegin + 39'900us) == 1ms);
    CHECK(pacer.due(kBegin + 40ms));
  }

  TEST_CASE("the rest after a long slice has an end") {
    Pacer pacer;
    pacer.begins(kBegin);
    pacer.ended(kBegin + 10s);
    pacer.wrote();
    CHECK(pacer.rest(kBegin + 10s) == Pacer::kRestMax);
  }

  TEST_CASE("what was written before a slice does not make it be followed by a rest") {
    Pacer pacer;
    pacer.wrote();
    pacer.begins(kBegin);
    pacer.ended(kBegin + 10ms);
    CHECK(pacer.due(kBegin + 10ms));
  }

  TEST_CASE("without pressure one slice of applying is not followed by another one") {
    Pacer pacer;
    pacer.begins(kBegin);
    pacer.ended(kBegin + 1ms);
    pacer.wrote();
    pacer.begins(kBegin + 100ms);
    CHECK_FALSE(pacer.goes_on(kBegin + 100ms));
  }

  TEST_CASE("under pressure rests are shorter, and local writes keep a tenth at least") {
    Pacer pacer;
    pacer.press(0.5);  // Nearly five to one.
    pacer.begins(kBegin);
    pacer.ended(kBegin + 14ms);
    pacer.wrote();
    CHECK(pacer.rest(kBegin + 14ms) == 3ms);
    pacer.press(1);
    pacer.begins(kBegin + 20ms);
    pacer.ended(kBegin + 38ms);
    pacer.wrote();
    CHECK_FALSE(pacer.due(kBegin + 39'900us));
    CHECK(pacer.due(kBegin + 40ms));
  }

  TEST_CASE("under pressure slices follow each other, by the time that local writes had") {
    Pacer pacer;
    pacer.press(1);
    pacer.begins(kBegin);
    pacer.ended(kBegin + 1ms);
    pacer.wrote();
    pacer.begins(kBegin + 2ms);  // Local writes had one millisecond.
    CHECK(pacer.goes_on(kBegin + 10ms));
    CHECK_FALSE(pacer.goes_on(kBegin + 11ms));
    pacer.ended(kBegin + 11ms);
    pacer.wrote();
    pacer.begins(kBegin + 1s);  // They had a second: others must not wait so long.
    CHECK(pacer.goes_on(kBegin + 1s + Pacer::kTogetherMax - 1us));
    CHECK_FALSE(pacer.goes_on(kBegin + 1s + Pacer::kTogetherMax));
  }

  TEST_CASE("without local writes a turn has one slice, and the next turn comes at once") {
    Pacer pacer;
    pacer.press(1);
    pacer.begins(kBegin);
    CHECK_FALSE(pacer.goes_on(kBegin));
    pacer.ended(kBegin + 1ms);
    CHECK(pacer.due(kBegin + 1ms));
  }
}

}  // namespace anabranch::pacer_test
