// The times of commits.

#include "leader/commit_times.h"

#include <doctest/doctest.h>

#include <anabranch/anabranch.h>

#include "tests/temp_dir.h"

namespace anabranch::commit_times_test {

using leader::CommitTimes;
using std::chrono::microseconds;

TEST_SUITE("leader: commit times") {
  TEST_CASE("nothing was committed, and all figures are 0") {
    const Statistics none = CommitTimes().statistics();
    CHECK(none.commits == 0);
    CHECK(none.commit_us_p50 == 0);
    CHECK(none.commit_us_p99 == 0);
    CHECK(none.commit_us_max == 0);
  }

  TEST_CASE("a quantile is the true one, or up to a quarter more") {
    CommitTimes times;
    for (int us = 1; us <= 1000; ++us) times.note(microseconds(us), us % 100 == 0);
    const Statistics statistics = times.statistics();
    CHECK(statistics.commits == 1000);
    CHECK(statistics.commits_failed == 10);
    CHECK(statistics.commit_us_p50 >= 500);
    CHECK(statistics.commit_us_p50 <= 625);
    CHECK(statistics.commit_us_p99 >= 990);
    CHECK(statistics.commit_us_p99 <= 1000);
    CHECK(statistics.commit_us_max == 1000);
  }

  TEST_CASE("any time has a bucket that ends at it, or up to a quarter later") {
    for (const std::int64_t us : {0L, 1L, 3L, 4L, 5L, 7L, 8L, 1023L, 1024L, 1L << 40, 9L << 49}) {
      CAPTURE(us);
      CommitTimes times;
      times.note(microseconds(us), false);
      times.note(microseconds(9L << 49), false);
      const auto half = static_cast<std::int64_t>(times.statistics().commit_us_p50);
      CHECK(half >= us);
      CHECK(half <= us + us / 4);
    }
  }

  TEST_CASE("a store counts its commits") {
    const test::TempDir dir;
    Store store = Store::open({.path = (dir.path() / "eu").string(), .region = "eu"});
    const std::uint64_t before = store.statistics().commits;
    for (int i = 0; i < 3; ++i) Counter{store, "n"}.add(1);
    (void)Counter{store, "n"}.get();
    const Statistics after = store.statistics();
    CHECK(after.commits == before + 3);
    CHECK(after.commits_failed == 0);
    CHECK(after.commit_us_p50 <= after.commit_us_p99);
    CHECK(after.commit_us_p99 <= after.commit_us_max);
    CHECK(store.status().statistics.commits == after.commits);
  }
}

}  // namespace anabranch::commit_times_test
