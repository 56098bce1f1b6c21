// The last two minutes.

#include "http/history.h"

#include <doctest/doctest.h>

#include "tests/http/some_status.h"

namespace anabranch::history_test {

using http::History;

namespace {

using Json = nlohmann::ordered_json;

Json status_at(std::uint64_t written, std::uint64_t applied, std::uint64_t commits) {
  Json status = test::some_status_json();
  status["applied"][0]["seq"] = written;
  status["applied"][1]["seq"] = applied;
  status["statistics"]["commits"] = commits;
  return status;
}

}  // namespace

TEST_SUITE("http: history") {
  TEST_CASE("points are rates since the status before") {
    History history;
    CHECK(history.json().at("time_ms").empty());
    history.add(status_at(10, 20, 1), 1000);
    CHECK(history.json().at("time_ms").empty());
    history.add(status_at(15, 40, 2), 2000);
    history.add(status_at(16, 40, 3), 4000);
    const Json json = history.json();
    CHECK(json.at("time_ms") == Json{2000, 4000});
    CHECK(json.at("writes") == Json{5.0, 0.5});
    CHECK(json.at("applied") == Json{20.0, 0.0});
    CHECK(json.at("commits") == Json{1.0, 0.5});
    CHECK(json.at("reads") == Json{nullptr, nullptr});
    CHECK(json.at("behind_ms") == Json{1500, 1500});
    CHECK(json.at("behind_ops") == Json{0, 0});
    CHECK(json.at("connected") == Json{1, 1});
  }

  TEST_CASE("reads are those that a server tells") {
    History history;
    Json status = status_at(1, 1, 1);
    status["lookups"] = {{"found", 1}, {"missed", 2}};
    history.add(status, 1000);
    status["lookups"] = {{"found", 5}, {"missed", 3}};
    history.add(status, 2000);
    CHECK(history.json().at("reads") == Json{5.0});
  }

  TEST_CASE("a leader that begins anew, and one that was away, make no wrong rate") {
    History history;
    history.add(status_at(1000, 1000, 1000), 1000);
    history.add(status_at(5, 5, 5), 2000);
    CHECK(history.json().at("writes") == Json{0.0});
    history.add_gap();
    history.add(status_at(500, 500, 500), 9000);
    CHECK(history.json().at("time_ms") == Json{2000});
  }

  TEST_CASE("two minutes are kept, not more") {
    History history;
    for (std::uint64_t second = 0; second <= 300; ++second) {
      history.add(status_at(second, 1, 1), static_cast<std::int64_t>(second) * 1000);
    }
    const Json json = history.json();
    for (const auto& each : json.items()) {
      CAPTURE(each.key());
      CHECK(each.value().size() == History::kSecondsMax);
    }
    CHECK(json.at("time_ms").back() == 300'000);
  }
}

}  // namespace anabranch::history_test
