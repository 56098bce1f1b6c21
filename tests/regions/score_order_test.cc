// The orders of scores of a replica: kept with each change of a row, void at once after a large
// clear, made anew in slices where that is needed, and right for readers all the while.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "rows/policy/policy_rows.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/regions/ranked.h"
#include "tests/write.h"

namespace anabranch::score_order_test {

using core::Path;
using regions::Group;
using test::Node;

namespace {

constexpr core::Millis kWall = 1000;
const Path kSet{"\1", "set", "z"};

std::string name(int i) { return "m" + std::to_string(i); }
Path member(int i) { return kSet.child(name(i)); }

regions::ReplicaOptions options(const std::string& region, core::Origin origin,
                                const rows::Resolvers* resolvers = nullptr) {
  regions::ReplicaOptions options{.mesh = {1, 1},
                                  .region = region,
                                  .fresh_origin = origin,
                                  .nonce = origin,
                                  .resolvers = resolvers};
  options.limits.own_clear_rows_direct = 2;
  options.limits.foreign_clear_rows_direct = 2;
  options.limits.sweep = {.changes = 3, .looks = 5};
  options.limits.clear_rows_counted_at_once = 2;
  return options;
}

void put(Node& node, int i, const std::string& score) {
  node.write(kWall, [&](Group& group) { group.put(member(i), score); });
}

void put_all(Node& node, int members) {
  node.write(kWall, [&](Group& group) {
    for (int i = 0; i < members; ++i) {
      group.put(member(i), std::to_string((i * 37) % members));
      if (i % 3 == 0) group.add(member(i), core::Number::real(0.5));
    }
  });
}

void deliver_all(Node& from, Node& to) {
  for (const auto& record : test::log_records(from.storage())) {
    if (record.origin != to.origin()) to.deliver(from, record.bytes);
  }
}

// Members and ranks as a reader finds them.
std::vector<std::string> ranking(Node& node, const rows::Resolvers& resolvers) {
  const auto rows = node.replica().reader();
  return test::ranked(*rows, rows::Decider(*rows, resolvers), kSet);
}

std::vector<std::string> ranking(Node& node) {
  static const rows::Resolvers kNone({});
  return ranking(node, kNone);
}

// The same, sorted here from the visible rows.
std::vector<std::string> sorted(Node& node) {
  const auto rows = node.replica().reader();
  return test::sorted(*rows, kSet, [&](const Path& path, const crdt::Row& row) {
    return node.replica().state().scores().of(path, row, *rows);
  });
}

// Returns region eu, in which members have scores of us as well, given concurrently.
std::unique_ptr<Node> contested(const rows::Resolvers& resolvers) {
  auto eu = std::make_unique<Node>(options("eu", 7, &resolvers), nullptr, kWall);
  Node us(options("us", 9, &resolvers), nullptr, kWall);
  for (int i = 0; i < 10; ++i) {
    put(*eu, i, std::to_string(i));
    put(us, i, std::to_string(10 - i));
  }
  deliver_all(us, *eu);
  return eu;
}

std::size_t stored(Node& node) {
  const auto snapshot = node.storage().snapshot();
  return snapshot->size(storage::Table::kScores);
}

}  // namespace

TEST_SUITE("regions: orders of scores") {
  TEST_CASE("a large clear leaves an empty order at once, and its entries go in slices") {
    Node eu(options("eu", 7), nullptr, kWall);
    put_all(eu, 40);
    REQUIRE(ranking(eu) == sorted(eu));
    const std::size_t before = stored(eu);
    eu.write(kWall, [](Group& group) { group.clear(kSet); });
    CHECK(stored(eu) == before);
    CHECK(ranking(eu).empty());
    put(eu, 5, "1");
    put(eu, 3, "0");
    CHECK(ranking(eu) == std::vector<std::string>{name(3), name(5)});
    CHECK(eu.wrong_order() == "");
    while (eu.replica().background().upkeep().sweeping() ||
           eu.replica().background().upkeep().ordering()) {
      REQUIRE(eu.replica().background().sweep().ok());
      CHECK(eu.wrong_order() == "");
      CHECK(ranking(eu).size() == 2);
    }
    CHECK(stored(eu) <= 5);
  }

  TEST_CASE("a clear that is undone leaves the order as it was") {
    Node eu(options("eu", 7), nullptr, kWall);
    put_all(eu, 40);
    const auto before = ranking(eu);
    struct Undo {};
    CHECK_THROWS_AS(test::write(eu.replica(),
                                [&](Group& group) {
                                  group.clear(kSet);
                                  group.put(member(99), "-1");
                                  throw Undo{};
                                }),
                    Undo);
    REQUIRE(eu.replica().commit().ok());
    CHECK(ranking(eu) == before);
    CHECK(eu.wrong_order() == "");
  }

  TEST_CASE("what a foreign large clear leaves is ranked at once, and ordered in slices") {
    Node eu(options("eu", 7), nullptr, kWall);
    Node us(options("us", 9), nullptr, kWall);
    put_all(eu, 40);
    deliver_all(eu, us);
    us.write(kWall, [](Group& group) {
      for (int i = 0; i < 60; i += 4) group.put(member(i), std::to_string(100 - i));
      for (int i = 1; i < 60; i += 7) group.add(member(i), 5);
    });
    eu.write(kWall, [](Group& group) { group.clear(kSet); });
    deliver_all(eu, us);
    REQUIRE(us.replica().background().upkeep().sweeping());
    REQUIRE(ranking(us) == sorted(us));
    int slices = 0;
    for (; us.replica().background().upkeep().sweeping() ||
           us.replica().background().upkeep().ordering();
         ++slices) {
      REQUIRE(us.replica().background().sweep().ok());
      if (slices % 5 == 0) put(us, slices % 60, std::to_string(slices));
      REQUIRE(ranking(us) == sorted(us));
      REQUIRE(us.wrong_order() == "");
    }
    CHECK(slices > 20);
    CHECK_FALSE(ranking(us).empty());
    deliver_all(us, eu);
    eu.sweep();
    deliver_all(eu, us);
    us.sweep();
    CHECK(ranking(eu) == ranking(us));
    CHECK(eu.wrong_order() == "");
  }

  TEST_CASE("a restart goes on with the order, also in the middle of a slice's work") {
    auto eu = std::make_unique<Node>(options("eu", 7), nullptr, kWall);
    put_all(*eu, 40);
    eu->write(kWall, [](Group& group) { group.clear(kSet); });
    put_all(*eu, 20);
    for (int opening = 0; opening < 30; ++opening) {
      eu = std::make_unique<Node>(options("eu", 7), eu->storage().clone(), kWall);
      REQUIRE(eu->wrong_order() == "");
      REQUIRE(ranking(*eu) == sorted(*eu));
      REQUIRE(eu->replica().background().sweep().ok());
    }
  }

  TEST_CASE("a directory without orders, or one that an earlier version wrote to, gets them") {
    for (const bool missing : {true, false}) {
      CAPTURE(missing);
      Node before(options("eu", 7), nullptr, kWall);
      put_all(before, 40);
      auto storage = before.storage().clone();
      REQUIRE(storage->open().ok());
      std::vector<storage::Change> changes;
      const std::string note(storage::kScoresKey);
      if (missing) {
        changes.push_back({storage::Table::kMeta, note, std::nullopt});
      } else {
        auto kept = rows::load_score_note(*storage->snapshot()).value();
        --kept.opening;
        changes.push_back({storage::Table::kMeta, note, rows::encode_score_note(kept)});
      }
      const std::string first = rows::entries_of(1, 0) + rows::place_of(0.5, name(0));
      changes.push_back({storage::Table::kScores, first, std::nullopt});
      REQUIRE(storage->commit({}, changes).ok());
      Node eu(options("eu", 7), storage->clone(), kWall);
      while (eu.replica().background().upkeep().ordering()) {
        REQUIRE(ranking(eu) == sorted(eu));
        REQUIRE(eu.wrong_order() == "");
        REQUIRE(eu.replica().background().sweep().ok());
      }
      CHECK(ranking(eu) == sorted(eu));
      CHECK(ranking(eu).size() == 40);
      CHECK(eu.wrong_order() == "");
    }
  }

  TEST_CASE("other policies order anew what they decide otherwise") {
    const rows::Resolvers max({{"s", Resolver::max()}});
    const rows::Resolvers min({{"s", Resolver::min()}});
    const std::unique_ptr<Node> holder = contested(max);
    Node& eu = *holder;
    CHECK(ranking(eu, max) == sorted(eu));
    const auto by_max = ranking(eu, max);
    Node again(options("eu", 7, &min), eu.storage().clone(), kWall);
    CHECK(ranking(again, min) == sorted(again));
    again.sweep();
    CHECK(again.wrong_order() == "");
    CHECK(ranking(again, min) == sorted(again));
    CHECK(ranking(again, min) != by_max);
    Node same(options("eu", 7, &max), eu.storage().clone(), kWall);
    REQUIRE(same.replica().background().sweep().ok());
    CHECK_FALSE(same.replica().background().upkeep().ordering());  // There was nothing to do.
  }

  TEST_CASE("a policy in the rows orders anew what a resolver has ordered, also over a restart") {
    const rows::Resolvers max({{"s", Resolver::max()}});
    const std::unique_ptr<Node> holder = contested(max);
    Node& eu = *holder;
    const auto by_max = ranking(eu, max);
    eu.write(kWall, [](Group& group) {
      group.put(rows::policy_path({.space = "\1", .prefix = ""}),
                rows::encode_policy({.kind = rows::PolicyKind::kLww}));
    });
    REQUIRE(eu.replica().background().sweep().ok());
    Node again(options("eu", 7, &max), eu.storage().clone(), kWall);
    CHECK(ranking(again, max) == sorted(again));
    CHECK(ranking(again, max) != by_max);
    again.sweep();
    CHECK(again.wrong_order() == "");
    CHECK(again.replica().state().reorder().empty());
    CHECK(ranking(again, max) == sorted(again));
  }

  TEST_CASE("a resolver that changes its mind costs time, and no member") {
    bool greatest = true;
    const rows::Resolvers moody({{"s", [&](const Conflict& conflict) {
                                    return greatest ? conflict.siblings.back().value : "-5";
                                  }}});
    Node eu(options("eu", 7, &moody), nullptr, kWall);
    Node us(options("us", 9, &moody), nullptr, kWall);
    for (int i = 0; i < 10; ++i) {
      put(eu, i, std::to_string(i));
      put(us, i, std::to_string(i + 100));
    }
    deliver_all(us, eu);
    greatest = false;
    put(eu, 4, "50");
    CHECK(eu.replica().background().upkeep().ordering());
    eu.sweep();
    CHECK(eu.wrong_order() == "");
    CHECK(ranking(eu, moody) == sorted(eu));
  }

  TEST_CASE("a score that is no number counts as 0, and no sum leaves the range of doubles") {
    Node eu(options("eu", 7), nullptr, kWall);
    Node us(options("us", 9), nullptr, kWall);
    put(eu, 1, "1");
    put(eu, 2, "word");
    put(eu, 3, "nan");
    put(eu, 4, "inf");
    put(eu, 5, "-1");
    eu.write(kWall, [](Group& g) { g.add(member(6), core::Number::real(1.7e308)); });
    us.write(kWall, [](Group& g) { g.add(member(6), core::Number::real(1.7e308)); });
    put(us, 7, "1e308");
    deliver_all(us, eu);
    CHECK(ranking(eu) ==
          std::vector<std::string>{name(5), name(2), name(3), name(4), name(1), name(7), name(6)});
    CHECK(eu.wrong_order() == "");
  }

  TEST_CASE("the order is kept through a snapshot that is merged") {
    Node eu(options("eu", 7), nullptr, kWall);
    Node us(options("us", 9), nullptr, kWall);
    put_all(eu, 30);
    us.write(kWall, [](Group& group) {
      for (int i = 20; i < 60; ++i) group.put(member(i), std::to_string(-i));
    });
    int written = 0;
    us.merge(eu, [&] {
      if (++written % 7 == 0) put(us, written % 60, std::to_string(written));
    });
    us.sweep();
    CHECK(us.wrong_order() == "");
    CHECK(ranking(us) == sorted(us));
    CHECK(ranking(us).size() == 60);
  }

  TEST_CASE("after a snapshot all members stand as the merged policies say") {
    for (const bool ours : {true, false}) {
      CAPTURE(ours);
      Node eu(options("eu", 7), nullptr, kWall);
      Node us(options("us", 9), nullptr, kWall);
      for (int i = 0; i < 20; ++i) {
        put(eu, i, std::to_string(i));
        put(us, i, std::to_string(20 - i));
      }
      const auto set_policy = [](Node& at) {
        at.write(kWall, [](Group& group) {
          group.put(rows::policy_path({.space = "\1", .prefix = "s"}),
                    rows::encode_policy({.kind = rows::PolicyKind::kMax}));
        });
      };
      int slices = 0;
      if (!ours) set_policy(eu);
      us.merge(eu, [&] {
        if (++slices == 3 && ours) set_policy(us);
        REQUIRE(ranking(us) == sorted(us));
      });
      CHECK(us.replica().state().policies()->in_force().size() == 1);
      CHECK(ranking(us) == sorted(us));
      CHECK(us.wrong_order() == "");
      us.sweep();
      CHECK(ranking(us) == sorted(us));
      CHECK(ranking(us).front() == name(10));
      CHECK(us.wrong_order() == "");
      CHECK(us.replica().state().reorder().empty());
    }
  }
}

}  // namespace anabranch::score_order_test
