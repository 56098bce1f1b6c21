// Proof of convergence: digests that leaders exchange agree when all is well, and tell both when a
// row was changed behind a replica's back.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "crdt/row_codec.h"
#include "tests/seed.h"
#include "tests/sim/network.h"

namespace anabranch::digest_test {

using core::Path;
using regions::Group;
using State = regions::Verdict::State;
using test::Network;

namespace {

const Path kRow{"\1", "balance", "s"};

// Two regions that hold the same rows.
void write_rows(Network& network) {
  for (Network::Index at = 0; at < network.size(); ++at) {
    network.write(at, [&](Group& group) {
      for (int i = 0; i < 20; ++i) {
        group.put({"\1", "r" + std::to_string(at) + std::to_string(i), "s"}, "v");
      }
      group.add(kRow, 10);
    });
  }
  REQUIRE(network.run_until_equal(5'000));
}

// Has a disk return other bytes than were written to it.
void spoil(Network& network, Network::Index at) {
  test::Node& node = network.node(at);
  crdt::Row row = node.replica().reader()->row(kRow);
  REQUIRE(row.present());
  row.tally.slots.front().total = row.tally.slots.front().total.plus(1);
  const storage::Change change{storage::Table::kRows, core::row_key(kRow),
                               crdt::encode_row(kRow, row, node.replica().names().origins())};
  REQUIRE(node.disk().commit({}, {change}).ok());
}

long alarms_with(const Network& network, const std::string& text) {
  return std::ranges::count_if(
      network.alarms(), [&](const std::string& alarm) { return alarm.find(text) != alarm.npos; });
}

// Has a region compare itself with another one, to the end.
regions::Verdict verify(Network& network, Network::Index at, const std::string& region) {
  regions::Replica& replica = network.node(at).replica();
  REQUIRE(replica.background().verify({region}, network.now()).ok());
  network.turn(at);
  for (int waits = 0; waits < 1000; ++waits) {
    const auto verdicts = replica.background().verifier().verdicts();
    REQUIRE(verdicts.size() == 1);
    REQUIRE(verdicts.front().region == region);
    if (verdicts.front().state != State::kRunning) return verdicts.front();
    network.run(100);
  }
  FAIL("it never ends");
  return {};
}

}  // namespace

TEST_SUITE("sim: digests") {
  TEST_CASE("a row that was changed behind a replica's back raises one alarm at both") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(3);
    write_rows(network);
    network.run(5'000);
    REQUIRE(network.alarms().empty());
    spoil(network, 1);
    network.write(0, [&](Group& group) { group.add(kRow, 1); });
    REQUIRE(network.run_until_equal(5'000));
    network.run(10'000);
    CHECK(alarms_with(network, "region r1 has applied the same") == 2);
    CHECK(alarms_with(network, "region r0 has applied the same") == 1);
    CHECK(alarms_with(network, "region r2 has applied the same") == 1);
    CHECK(network.alarms().size() == 4);
    CHECK(network.node(0).replica().background().verifier().divergence().diverged("r1"));
    CHECK_FALSE(network.node(0).replica().background().verifier().divergence().diverged("r2"));
    CHECK(network.node(1).replica().background().verifier().divergence().found() == 2);
  }

  TEST_CASE("verify proves that two regions are equal and names what is not") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    write_rows(network);
    const regions::Verdict before = verify(network, 0, "r1");
    CHECK(before.state == State::kEqual);
    CHECK(before.rows == network.node(0).replica().state().digests().rows());
    CHECK(before.digest == network.node(1).digest());
    CHECK(before.applied == network.node(0).vector());
    CHECK(before.differences.empty());

    spoil(network, 1);
    const regions::Verdict after = verify(network, 0, "r1");
    CHECK(after.state == State::kDifferent);
    CHECK(after.differing == 1);
    REQUIRE(after.differences.size() == 1);
    CHECK(after.differences[0].row == "database 0 \"balance\" \"s\"");
    CHECK(after.differences[0].bucket == rows::Digests::bucket_of(core::row_key(kRow)));
    CHECK(after.differences[0].here.find("10 of r") != std::string::npos);
    CHECK(after.differences[0].there.find("11 of r") != std::string::npos);
    CHECK_FALSE(after.digest_wrong_here);
    CHECK(after.digest_wrong_there);  // The kept digest is not that of the rows.
    const regions::Verdict other_side = verify(network, 1, "r0");
    CHECK(other_side.state == State::kDifferent);
    CHECK(other_side.digest_wrong_here);
    CHECK_FALSE(other_side.digest_wrong_there);
  }

  TEST_CASE("verify goes through many slices and finds every row that differs") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    constexpr int kRows = 7'000;
    for (int first = 0; first < kRows; first += 500) {
      network.write(0, [&](Group& group) {
        for (int i = first; i < first + 500; ++i) {
          group.put({"\1", "key" + std::to_string(i), "s"}, "v");
        }
      });
    }
    REQUIRE(network.run_until_equal(5'000));
    CHECK(verify(network, 0, "r1").rows == kRows);
    std::vector<storage::Change> lost;  // All that the disk of one side has, but for a few rows.
    for (int i = 0; i < kRows; i += 2) {
      lost.push_back({storage::Table::kRows, core::row_key({"\1", "key" + std::to_string(i), "s"}),
                      std::nullopt});
    }
    REQUIRE(network.node(1).disk().commit({}, lost).ok());
    for (const Network::Index at : {0, 1}) {
      const regions::Verdict verdict = verify(network, at, at == 0 ? "r1" : "r0");
      CHECK(verdict.state == State::kDifferent);
      CHECK(verdict.differing == kRows / 2);
      CHECK(verdict.differences.size() == regions::Verification::kListedMax);
      const std::string& absent =
          at == 0 ? verdict.differences[0].there : verdict.differences[0].here;
      CHECK(absent == "nothing");
    }
  }

  TEST_CASE("while writes go on verify blames nothing that is only under way") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    write_rows(network);
    network.set_weather({.repeat = 0.05, .delay_ms_min = 20, .delay_ms_max = 200});
    for (const bool spoilt : {false, true}) {
      if (spoilt) {
        network.run(20'000);
        spoil(network, 1);
      }
      regions::Replica& replica = network.node(0).replica();
      REQUIRE(replica.background().verify({"r1"}, network.now()).ok());
      regions::Verdict verdict;
      for (int step = 0; step < 5'000 && verdict.state == State::kRunning; ++step) {
        for (Network::Index at = 0; at < 2; ++at) {
          const std::string key = std::to_string(network.random().below(20));
          network.write(at, [&](Group& group) {
            group.put({"\1", key, "s"}, std::to_string(step));
            group.add({"\1", "n" + key, "s"}, 1);
          });
        }
        network.run(network.random().between(5, 40));
        verdict = replica.background().verifier().verdicts().front();
      }
      if (spoilt) {
        CHECK(verdict.state == State::kDifferent);
        REQUIRE(verdict.differences.size() == 1);
        CHECK(verdict.differences[0].row == "database 0 \"balance\" \"s\"");
      } else {
        CHECK(verdict.state == State::kSame);
        CHECK(verdict.differing == 0);
      }
    }
  }

  TEST_CASE("a region that is away or falls silent is said to be so") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.line(3);
    write_rows(network);
    CHECK(verify(network, 0, "r2").state == State::kUnreachable);
    CHECK_FALSE(network.node(0).replica().background().verify({"nobody"}, network.now()).ok());
    network.mute(1, 0);
    CHECK(verify(network, 0, "r1").state == State::kSilent);
    network.unmute(1, 0);
    CHECK(verify(network, 0, "r1").state == State::kEqual);
    network.cut(0, 1);
    CHECK(verify(network, 0, "r1").state == State::kUnreachable);
  }

  TEST_CASE("a region that restarts while it is compared is compared from the beginning") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Network network(seed);
    network.mesh(2);
    for (int part = 0; part < 20; ++part) {
      network.write(0, [&](Group& group) {
        for (int i = 0; i < 500; ++i) {
          group.put({"\1", std::to_string(part * 500 + i), "s"}, "v");
        }
      });
    }
    REQUIRE(network.run_until_equal(5'000));
    network.run(5'000);
    REQUIRE(network.node(0).replica().background().verify({"r1"}, network.now()).ok());
    network.turn(0);
    network.run(4);
    REQUIRE(network.node(0).replica().background().verifier().verdicts().front().state ==
            State::kRunning);
    network.restart(1, Network::Restart::kClean);
    network.run(5'000);
    const auto verdicts = network.node(0).replica().background().verifier().verdicts();
    CHECK(verdicts.front().state == State::kEqual);
    CHECK(verdicts.front().rows == 10'000);
  }
}

}  // namespace anabranch::digest_test
