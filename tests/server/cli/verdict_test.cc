// The verdict of `anabranch status --check`, by the status that it judges.

#include "server/cli/status/verdict.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/verbs/status_json.h"
#include "leader/health/warnings.h"

namespace anabranch::verdict_test {

using server::cli::Health;
using server::cli::Verdict;
using server::cli::verdict_of;

namespace {

PeerStatus peer(const std::string& region) {
  PeerStatus status;
  status.region = region;
  status.connected = true;
  return status;
}

StoreStatus two_regions() {
  StoreStatus status;
  status.region = "eu";
  status.peers = {peer("us")};
  status.regions.resize(2);
  status.regions[0].region = "eu";
  status.regions[1].region = "us";
  return status;
}

using Lags = std::map<std::string, leader::Lag::Alarm>;

Verdict judged(StoreStatus status, std::optional<std::int64_t> lag_ms_max = {},
               const Lags& lags = {}) {
  status.warnings = leader::warnings_in(status, lags);
  return verdict_of(nlohmann::json(control::to_json(status)), lag_ms_max);
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != text.npos;
}

}  // namespace

TEST_SUITE("server: status --check") {
  TEST_CASE("all is well with a connected peer, and the figures say so") {
    const Verdict verdict = judged(two_regions());
    CHECK(verdict.health == Health::kWell);
    CHECK(verdict.line ==
          "ANABRANCH OK - region eu: 1 peer connected | behind=0ms; peers=1 away=0");
  }

  TEST_CASE("a leader with a follower alone, and the follower, have no peers of other regions") {
    StoreStatus status = two_regions();
    status.peers = {peer("eu")};
    for (const bool follows : {false, true}) {
      status.follower = follows;
      status.peers[0].follower = !follows;
      CHECK(judged(status).line ==
            "ANABRANCH OK - region eu: no peers of other regions | behind=0ms; peers=0 away=0");
    }
  }

  TEST_CASE("a peer that is away is a warning with what to do, and a full disk goes before it") {
    StoreStatus status = two_regions();
    status.peers[0].connected = false;
    status.peers[0].away_why = "connection refused";
    status.peers[0].away_ms = 61'000;
    const Verdict away = judged(status);
    CAPTURE(away.line);
    CHECK(away.health == Health::kWarning);
    CHECK(has(away.line, "region us is not connected, for 1 min 1 s: connection refused; do: "));
    CHECK(has(away.line, "start its leader"));
    CHECK(has(away.line, "away=1"));
    status.full = true;
    const Verdict full = judged(status);
    CAPTURE(full.line);
    CHECK(full.health == Health::kCritical);
    CHECK(has(full.line, "ANABRANCH CRITICAL - region eu: its disk is nearly full"));
    CHECK(has(full.line, "; and 1 more: see anabranch doctor"));
  }

  TEST_CASE("the caller's limit of lag stands in place of the leader's") {
    StoreStatus status = two_regions();
    status.peers[0].behind_ms = 12'000;
    const Lags lags{{"us", {"region us is behind: 12 s", "mend the link"}}};
    const Verdict by_leader = judged(status, {}, lags);
    CAPTURE(by_leader.line);
    CHECK(by_leader.health == Health::kWarning);
    CHECK(has(by_leader.line, "region us is behind: 12 s; do: mend the link | behind=12000ms;"));
    const Verdict within = judged(status, 12'000, lags);
    CHECK(within.health == Health::kWell);
    CHECK(has(within.line, "behind=12000ms;12000 "));
    const Verdict beyond = judged(status, 11'999, lags);
    CAPTURE(beyond.line);
    CHECK(beyond.health == Health::kWarning);
    CHECK(has(beyond.line, "region us is 12 s behind, more than 11 s; do: look at the link"));
    status.regions[1].retirement = "retired";
    CHECK(judged(status, 0).health == Health::kWell);
  }

  TEST_CASE("a region counts once, however many leaders of it were met") {
    StoreStatus status = two_regions();
    status.peers.push_back(peer("us"));  // Its former self.
    status.peers[1].connected = false;
    CHECK(judged(status).line ==
          "ANABRANCH OK - region eu: 1 peer connected | behind=0ms; peers=1 away=0");
    status.peers[0].connected = false;
    CHECK(has(judged(status).line, "peers=1 away=1"));
  }

  TEST_CASE("names of others neither end the line nor begin the figures") {
    StoreStatus status = two_regions();
    status.peers[0].region = "us|evil=1\n\x1b[31m\xff";
    status.peers[0].paused = true;
    const Verdict verdict = judged(status);
    CAPTURE(verdict.line);
    CHECK(verdict.line.find('|') == verdict.line.rfind('|'));
    CHECK(verdict.line.find_first_of("\n\x1b") == verdict.line.npos);
    CHECK(has(verdict.line, "us\\x7cevil=1\\n\\x1b[31m"));
  }

  TEST_CASE("a leader that cannot be asked is unknown") {
    const Verdict verdict = server::cli::unknown_verdict("no server at 127.0.0.1:1: refused");
    CHECK(verdict.health == Health::kUnknown);
    CHECK(has(verdict.line, "ANABRANCH UNKNOWN - no server at 127.0.0.1:1: refused; do: start"));
  }
}

}  // namespace anabranch::verdict_test
