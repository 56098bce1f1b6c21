// Well, and ready.

#include "http/health.h"

#include <doctest/doctest.h>

#include "tests/http/some_status.h"

namespace anabranch::health_test {

using http::why_unready;
using http::why_unwell;

using Json = nlohmann::ordered_json;

TEST_SUITE("http: health") {
  TEST_CASE("a leader is well as long as it goes on, also closed for writes") {
    Json status = test::some_status_json();
    CHECK(why_unwell(status).empty());
    status["writable"] = false;
    CHECK(why_unwell(status).empty());
    CHECK(why_unready(status, 99'000).find("a commit has failed") != std::string::npos);
    status["writable"] = true;
    status["transaction_ms"] = 12'000;
    CHECK(why_unwell(status).find("12 s") != std::string::npos);
  }

  TEST_CASE("a leader is ready while it is well and has not lacked writes for long") {
    Json status = test::some_status_json();
    CHECK(why_unready(status, 10'000).empty());  // It sends a snapshot.
    status["behind_ms"] = 10'000;
    CHECK(why_unready(status, 10'000).empty());
    status["behind_ms"] = 12'345;
    CHECK(why_unready(status, 10'000) == "it has lacked writes of connected peers for 12 s");
    status["transaction_ms"] = 12'000;
    CHECK(why_unready(status, 99'000) == why_unwell(status));
  }

  TEST_CASE("a leader that is drained, or takes a state over, is not ready") {
    Json status = test::some_status_json();
    status["snapshots"][0]["stage"] = "receiving";
    CHECK(why_unready(status, 10'000) == "it takes the state of us over: receiving");
    status["rejoin"]["stage"] = "joining";
    CHECK(why_unready(status, 10'000).find("joining") != std::string::npos);
    status["draining"] = true;
    CHECK(why_unready(status, 10'000) == "it is being drained");
    CHECK(why_unwell(status).empty());
  }

  TEST_CASE("a full disk and a follower are neither unwell nor unready") {
    Json status = test::some_status_json();
    status["full"] = status["follower"] = true;
    CHECK(why_unwell(status).empty());
    CHECK(why_unready(status, 10'000).empty());
    CHECK(http::readiness(status) == "ok, full: writes that add are refused");
    status["full"] = false;
    CHECK(http::readiness(status) == "ok");
  }

  TEST_CASE("a leader that cannot even remove is not ready, and is well") {
    Json status = test::some_status_json();
    status["full"] = status["refusing"] = true;
    CHECK(why_unready(status, 10'000) == "the disk is full to the brim: it cannot even remove");
    CHECK(why_unwell(status).empty());
    status["full"] = false;
    CHECK(why_unready(status, 10'000) == "it can write nothing for now");
  }
}

}  // namespace anabranch::health_test
