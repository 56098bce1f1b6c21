// How long a process waits before it opens a closed leader anew.

#include "server/reopenings.h"

#include <doctest/doctest.h>

#include <chrono>

namespace anabranch::server::reopenings_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_SUITE("server/reopenings") {
  const SteadyTime kBegin = SteadyTime{} + hours(24);

  TEST_CASE("the first opening is none anew, and nothing is due") {
    Reopenings reopenings;
    reopenings.opened(kBegin);
    CHECK(reopenings.count() == 0);
    CHECK(reopenings.why().empty());
    CHECK_FALSE(reopenings.due().has_value());
    CHECK_FALSE(reopenings.is_due(kBegin + hours(1)));
    CHECK(reopenings.due_in(kBegin).count() == 0);
  }

  TEST_CASE("each wait is twice the one before, up to a minute") {
    Reopenings reopenings;
    SteadyTime now = kBegin;
    reopenings.opened(now);
    for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
      reopenings.closed(now, "the disk fails");
      CHECK(reopenings.due_in(now) == seconds(wait));
      CHECK_FALSE(reopenings.is_due(now + seconds(wait) - std::chrono::milliseconds(1)));
      now += seconds(wait);
      CHECK(reopenings.is_due(now));
      CHECK(reopenings.due_in(now).count() == 0);
    }
    CHECK(reopenings.count() == 0);
    CHECK(reopenings.why() == "the disk fails");
  }

  TEST_CASE("an opening that has held for ten minutes begins with a second again") {
    for (const bool holds : {false, true}) {
      Reopenings reopenings;
      SteadyTime now = kBegin;
      reopenings.opened(now);
      for (int i = 0; i < 3; ++i) reopenings.closed(now, "why");  // 1, 2, 4.
      reopenings.opened(now);
      CHECK(reopenings.count() == 1);
      CHECK_FALSE(reopenings.due().has_value());
      now += holds ? seconds(600) : seconds(599);
      reopenings.closed(now, "again");
      CHECK(reopenings.due_in(now) == (holds ? seconds(1) : seconds(8)));
    }
  }

  TEST_CASE("time without an opening does not count as one that has held") {
    Reopenings reopenings;
    reopenings.opened(kBegin);
    reopenings.closed(kBegin, "why");
    reopenings.closed(kBegin + hours(1), "why");
    CHECK(reopenings.due_in(kBegin + hours(1)) == seconds(2));
  }

  TEST_CASE("within an hour there are ten openings anew at most") {
    Reopenings reopenings;
    SteadyTime now = kBegin;
    reopenings.opened(now);
    for (int i = 0; i < 10; ++i) {
      reopenings.closed(now, "why");
      CHECK(reopenings.due_in(now) <= Reopenings::kLongestWait);
      now = *reopenings.due();
      reopenings.opened(now);
    }
    CHECK(reopenings.count() == 10);
    const SteadyTime first = kBegin + seconds(1);
    now += seconds(5);
    reopenings.closed(now, "why");
    CHECK(*reopenings.due() == first + hours(1));
    now = *reopenings.due();
    reopenings.opened(now);
    reopenings.closed(now, "why");  // The second one is within the hour still.
    CHECK(*reopenings.due() > now + seconds(1));
    CHECK(*reopenings.due() <= now + Reopenings::kLongestWait);
  }

  TEST_CASE("one that stays closed is not due") {
    Reopenings reopenings;
    reopenings.opened(kBegin);
    reopenings.closed(kBegin, "why");
    reopenings.give_up();
    CHECK_FALSE(reopenings.is_due(kBegin + hours(2)));
    CHECK(reopenings.due_in(kBegin).count() == 0);
  }
}

}  // namespace
}  // namespace anabranch::server::reopenings_test
