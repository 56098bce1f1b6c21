// A snapshot between two leaders that know each other: what one of them has of it at the end.

#include <doctest/doctest.h>

#include <string>

#include "rows/policy/policy_rows.h"
#include "tests/regions/origins.h"
#include "tests/regions/snapshot/snapshot_pair.h"

namespace anabranch::snapshot_merge_test {

using test::Parts;
using Pair = test::SnapshotPair;
using Leader = test::SnapshotLeader;
using test::kAp;

namespace {

constexpr core::Origin kEu = Pair::kEu;
constexpr core::Origin kUs = Pair::kUs;

}  // namespace

TEST_SUITE("regions: snapshot merges") {
  TEST_CASE("the rows of both are there at the end, and so are position and chain") {
    Pair pair;
    pair.eu.put("eu", "v");
    pair.merge();
    CHECK(pair.eu.get("us0") == "v");
    CHECK(pair.eu.get("us8") == "v");
    CHECK(pair.eu.get("eu") == "v");
    CHECK(pair.eu.state.applied().vector() == core::VersionVector{{kEu, 1}, {kUs, 9}});
    CHECK(pair.eu.state.applied().head(kUs).chain == pair.us.state.applied().head(kUs).chain);
    CHECK(pair.eu.state.digests().rows() == 10);
    // The next batch goes on from there.
    pair.eu.take(pair.us.put("us9", "v"));
    CHECK(pair.eu.get("us9") == "v");
  }

  TEST_CASE("its policies are in force at once, also those that it brings with its last rows") {
    const auto set = [](Parts& at, const std::string& prefix, rows::PolicyKind kind) {
      at.write([&](regions::Group& group) {
        group.put(rows::policy_path({.space = "\1", .prefix = prefix}),
                  rows::encode_policy({.kind = kind}));
      });
    };
    const auto rule = [](const rows::PolicyTable& policies, const std::string& key) {
      const rows::PolicyRow* const row = policies.find("\1", key);
      return row == nullptr ? "-" : row->policy.text();
    };
    Pair pair;
    set(pair.us, "us", rows::PolicyKind::kMax);
    set(pair.eu, "eu", rows::PolicyKind::kMin);
    pair.meet();
    pair.begin();
    for (int i = 0; pair.eu.snapshots.merging(); ++i) {
      if (i == 2) set(pair.eu, "late", rows::PolicyKind::kSiblings);
      CHECK(rule(*pair.eu.state.policies(), "us") == "-");
      pair.turn();
      REQUIRE(i < 1000);
    }
    const auto posted =
        rows::SnapshotReader::newest(pair.eu.storage, pair.eu.state.names()).policies();
    CHECK(posted == pair.eu.state.policies());
    CHECK(rule(*posted, "us") == "max");
    CHECK(rule(*posted, "eu") == "min");
    CHECK(rule(*posted, "late") == "siblings");
  }

  TEST_CASE("what was removed here stays removed") {
    Pair pair;
    Parts& us = pair.us;
    Leader& eu = pair.eu;
    const std::string batch = us.put("us9", "v");
    for (core::Seq seq = 1; seq <= 10; ++seq) {
      eu.receive(us.storage.read_log(seq)->bytes);
    }
    eu.apply();
    eu.write([](regions::Group& group) { group.remove(Parts::row_of("us3")); });
    us.put("more", "v");
    pair.merge();
    CHECK(eu.get("us3").empty());
    CHECK(eu.get("us4") == "v");
    CHECK(eu.get("more") == "v");
  }

  TEST_CASE("what is written while it is merged is there at the end, wherever its row is") {
    Pair pair;
    pair.meet();
    pair.begin();
    int written = 0;
    while (pair.eu.snapshots.merging()) {
      pair.eu.put("a" + std::to_string(written), "v");
      pair.eu.put("z" + std::to_string(written), "v");
      ++written;
      pair.turn();
      REQUIRE(written < 1000);
    }
    CHECK(written > 2);
    for (int i = 0; i < written; ++i) {
      CHECK(pair.eu.get("a" + std::to_string(i)) == "v");
      CHECK(pair.eu.get("z" + std::to_string(i)) == "v");
    }
    CHECK(pair.eu.get("us8") == "v");
  }

  TEST_CASE("what its writes depend on comes with it") {
    Pair pair;
    Parts ap("ap", kAp);
    pair.us.greet(2, "ap", kAp);
    pair.us.receive(ap.put("ap", "v"), 2);
    pair.us.apply();
    pair.us.put("k", "v");
    pair.merge();
    const core::VersionVector& deps = pair.eu.state.applied().head(kUs).deps;
    CHECK(deps.at(kAp) == 1);
    CHECK(deps == pair.us.state.applied().head(kUs).deps);
  }

  TEST_CASE("a source that ends its snapshot is avoided, and nothing of it stays") {
    Pair pair;
    pair.meet();
    pair.eu.snapshots.ask(kUs, 0);
    for (int i = 0; i < 3; ++i) pair.turn();
    pair.us.snapshots.take_for(nullptr);
    for (int i = 0; i < 3; ++i) pair.turn();
    CHECK_FALSE(pair.eu.snapshots.receiving());
    CHECK(pair.eu.get("us0").empty());
    CHECK(pair.eu.state.applied().vector().empty());
    pair.merge();  // An operator asks for it again.
    CHECK(pair.eu.get("us0") == "v");
  }

  TEST_CASE("a failed commit while it is merged leaves the old rows") {
    Pair pair;
    pair.eu.put("eu", "v");
    pair.meet();
    pair.begin();
    pair.eu.storage.set_faults({.fail_commit = 1});
    bool failed = false;
    for (int i = 0; i < 1000 && !failed; ++i) {
      REQUIRE(pair.us.snapshots.work(0, 1).ok());
      failed = !pair.eu.snapshots.work(0, 1).ok();
      pair.us.hear(pair.eu);
      pair.eu.hear(pair.us);
    }
    CHECK(failed);
    CHECK(pair.eu.state.broken());
    CHECK(pair.eu.get("eu") == "v");
    CHECK(pair.eu.get("us0").empty());
  }
}

}  // namespace anabranch::snapshot_merge_test
