// The warnings of a status: each condition has one, with its kind, its peer and what to do.

#include "leader/health/warnings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

namespace anabranch::warnings_test {

using leader::warnings_in;

namespace {

StoreStatus healthy() {
  StoreStatus status;
  status.region = "eu";
  status.peers.resize(1);
  status.peers[0].region = "us";
  status.peers[0].connected = true;
  status.regions.resize(2);
  status.regions[0].region = "eu";
  status.regions[1].region = "us";
  return status;
}

std::set<std::string> kinds_in(const StoreStatus& status) {
  std::set<std::string> kinds;
  for (const WarningStatus& each : warnings_in(status, {})) {
    CHECK(!each.text.empty());
    CHECK(!each.what_to_do.empty());
    kinds.insert(each.kind);
  }
  return kinds;
}

using Kinds = std::set<std::string>;

}  // namespace

TEST_SUITE("leader: warnings") {
  TEST_CASE("a healthy leader has none, and each condition has its own") {
    CHECK(kinds_in(healthy()).empty());
    StoreStatus status = healthy();
    status.writable = false;
    status.refusing = status.full = true;
    status.draining = true;
    status.peers[0].paused = true;
    status.peers[0].diverged = true;
    status.peers[0].absent_functions = "f";
    status.peers[0].note = "lacks writes";
    status.forks.resize(1);
    status.rejoin.failed = "why";
    status.storage_damage = {"damage"};
    status.rows_again = "damage";
    status.log_lost = {"lost"};
    status.log_damage = {"damage"};
    status.clocks = {"clock"};
    status.unproven = {"late"};
    status.policy_troubles = {"unknown"};
    status.endpoint = "tcp://0.0.0.0:7400";
    status.backup.overdue = true;
    status.read_too_long = true;
    status.regions.resize(3);
    status.regions[2].region = "jp";
    status.regions[2].pinned_bytes = 1;
    CHECK(kinds_in(status) ==
          Kinds{"closed",    "full",       "refusing", "draining", "paused",         "diverged",
                "functions", "peer",       "fork",     "rejoin",   "storage_damage", "rows_again",
                "log_lost",  "log_damage", "clock",    "unproven", "policy",         "keys",
                "log_kept",  "backup",     "read"});
    const auto all = warnings_in(status, {});
    CHECK(std::ranges::is_sorted(all, {}, [](const auto& each) { return !each.critical; }));
    CHECK(all.front().critical);
  }

  TEST_CASE("a region that is heard of through others is not to be started") {
    StoreStatus status = healthy();
    status.regions.resize(1);
    status.regions[0].region = "jp";
    status.regions[0].pinned_bytes = 1;
    status.regions[0].pinned_ms = 60'000;
    REQUIRE(kinds_in(status) == Kinds{"log_kept"});
    CHECK(warnings_in(status, {}).front().what_to_do ==
          "start its leader, or anabranch region retire jp");
    MemberStatus member;
    member.region = "jp";
    member.fresh = true;
    status.members.push_back(member);
    CHECK(kinds_in(status).empty());
    status.regions[0].pinned_ms = 600'000;
    REQUIRE(kinds_in(status) == Kinds{"log_kept"});
    CHECK(warnings_in(status, {}).front().what_to_do ==
          "its leader runs: look at the links by which it should have the log");
    status.members.back().fresh = false;
    CHECK(warnings_in(status, {}).front().what_to_do ==
          "start its leader, or anabranch region retire jp");
  }

  TEST_CASE("a peer that is away has its reason and the remedy for it") {
    StoreStatus status = healthy();
    status.peers[0].connected = false;
    status.peers[0].away_ms = 90'000;
    status.peers[0].away_why = "connection refused";
    status.peers[0].address = "tcp://127.0.0.1:1";
    const auto all = warnings_in(status, {});
    REQUIRE(all.size() == 1);
    CHECK(all[0].kind == "away");
    CHECK(all[0].peer == "us");
    CHECK(all[0].text ==
          "region us (tcp://127.0.0.1:1) is not connected, for 1 min 30 s: connection refused");
    CHECK(all[0].what_to_do.find("start its leader") != std::string::npos);
    status.peers[0].away_why = "no answer: the process there says nothing";
    CHECK(warnings_in(status, {})[0].what_to_do.find("is stopped") != std::string::npos);
    CHECK_FALSE(all[0].critical);
  }

  TEST_CASE("a peer that was never reached is named by its address") {
    StoreStatus status = healthy();
    status.peers[0] = {};
    status.peers[0].address = "tcp://127.0.0.1:1";
    const auto all = warnings_in(status, {});
    REQUIRE(all.size() == 1);
    CHECK(all[0].peer == "tcp://127.0.0.1:1");
    CHECK(all[0].text.find("the peer at tcp://127.0.0.1:1") == 0);
  }

  TEST_CASE("the former self of a connected region, and a retired one, are not missed") {
    StoreStatus status = healthy();
    status.peers.push_back(status.peers[0]);
    status.peers[1].connected = false;
    CHECK(kinds_in(status).empty());
    status = healthy();
    status.peers[0].connected = false;
    CHECK(kinds_in(status) == Kinds{"away"});
    status.regions[1].retirement = "retired";
    CHECK(kinds_in(status).empty());
  }

  TEST_CASE("a backup that is too old, or was never made, is named") {
    StoreStatus status = healthy();
    status.backup.overdue = true;
    auto all = warnings_in(status, {});
    REQUIRE(all.size() == 1);
    CHECK(all[0].kind == "backup");
    CHECK(all[0].text == "there is no verified backup of this leader");
    status.backup.made_ms = 1;
    status.backup.age_ms = 90'000;
    status.backup.path = "/b";
    all = warnings_in(status, {});
    CHECK(all[0].text == "the last verified backup of this leader is 1 min 30 s old, in /b");
  }

  TEST_CASE("a region that is behind is named, and a long transaction comes and goes") {
    StoreStatus status = healthy();
    status.warnings = warnings_in(status, {{"us", {"region us is behind", "mend the link"}}});
    REQUIRE(status.warnings.size() == 1);
    CHECK(status.warnings[0].kind == "lag");
    CHECK(status.warnings[0].peer == "us");
    status.transaction_ms = 12'000;
    status.transaction_thread = 77;
    for (int i = 0; i < 2; ++i) leader::warn_of_transaction(status);
    REQUIRE(status.warnings.size() == 2);
    CHECK(status.warnings[1].text.find("12 s") != std::string::npos);
    CHECK(status.warnings[1].what_to_do.find("77") != std::string::npos);
    status.transaction_ms = 0;
    leader::warn_of_transaction(status);
    CHECK(status.warnings.size() == 1);
  }

  TEST_CASE("each concern that degrades, or cannot be met, is a warning with its words") {
    StoreStatus status = healthy();
    leader::warn_of_concerns(status, {}, {});
    CHECK(status.warnings.empty());
    leader::warn_of_concerns(status, {"APPLIED ALL DEGRADE 1", "DURABLE COUNT 2 DEGRADE 1"},
                             {"the concern of the mesh cannot be met"});
    REQUIRE(status.warnings.size() == 3);
    for (const WarningStatus& each : status.warnings) {
      CHECK(each.kind == "concern");
      CHECK_FALSE(each.what_to_do.empty());
    }
    CHECK(status.warnings[0].text == "the concern of the mesh cannot be met");
    CHECK(status.warnings[2].text.ends_with("DURABLE COUNT 2 DEGRADE 1"));
  }
}

}  // namespace anabranch::warnings_test
