#include "leader/recent_commits.h"

#include <doctest/doctest.h>

namespace anabranch::recent_commits_test {

using leader::RecentCommits;

TEST_SUITE("leader: recent commits") {
  TEST_CASE("the median is of the commits of the last seconds, of the newest of many") {
    RecentCommits commits;
    CHECK_FALSE(commits.median_ms(0));
    commits.note(3'000, 1'000);
    CHECK(commits.median_ms(1'000) == 3'000);
    commits.note(1, 1'001);
    commits.note(2, 1'002);
    CHECK(commits.median_ms(1'002) == 2);  // One slow commit makes no slow disk.
    CHECK(commits.median_ms(1'001 + RecentCommits::kKeptMs) == 2);
    CHECK_FALSE(commits.median_ms(1'003 + RecentCommits::kKeptMs));
    for (std::size_t i = 0; i < RecentCommits::kMax; ++i) commits.note(7, 2'000);
    CHECK(commits.median_ms(2'000) == 7);
  }
}

}  // namespace anabranch::recent_commits_test
