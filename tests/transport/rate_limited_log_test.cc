#include "transport/rate_limited_log.h"

#include <doctest/doctest.h>

namespace anabranch::transport::rate_limited_log_test {

TEST_SUITE_BEGIN("transport: complaints");

TEST_CASE("a complaint is said once a minute") {
  const RateLimitedLog::Clock::time_point start{};
  RateLimitedLog complaints;
  CHECK(complaints.may_say("a", start));
  CHECK(complaints.may_say("b", start + std::chrono::seconds{30}));
  CHECK_FALSE(complaints.may_say("a", start + std::chrono::seconds{59}));
  CHECK(complaints.may_say("a", start + std::chrono::seconds{60}));
  CHECK_FALSE(complaints.may_say("b", start + std::chrono::seconds{60}));
}

TEST_CASE("only so many different complaints are said in a minute") {
  const RateLimitedLog::Clock::time_point start{};
  RateLimitedLog complaints;
  for (std::size_t i = 0; i < RateLimitedLog::kTextsMax; ++i) {
    CHECK(complaints.may_say(std::to_string(i), start));
  }
  CHECK_FALSE(complaints.may_say("one more", start));
  CHECK(complaints.may_say("one more", start + std::chrono::seconds{60}));
}

TEST_SUITE_END();

}  // namespace anabranch::transport::rate_limited_log_test
