// Rows of more components than have counts on each level (rows/counts.h): what a region shows,
// stores and checks of them, beside what a region shows that clears directly, and in directories of
// earlier versions.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regions/state/head.h"
#include "regions/verify/directory_check.h"
#include "rows/counts.h"
#include "rows/recount.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"

namespace anabranch::deep_rows_test {

using core::Path;
using regions::DeepCounts;
using regions::Group;
using rows::kCountedDepth;
using storage::Table;
using test::Node;

namespace {

constexpr core::Millis kWall = 1000;

// A place in maps in maps; the number of components is even.
Path place_at(std::size_t components, const std::string& field = "f") {
  Path place{"\1", "k"};
  for (std::size_t size = 2; size < components; size += 2) place.append("h").append(field);
  return place;
}

regions::ReplicaOptions options(const std::string& region, core::Origin origin,
                                std::size_t rows_direct) {
  regions::ReplicaOptions options{
      .mesh = {1, 1}, .region = region, .fresh_origin = origin, .nonce = origin};
  options.limits.own_clear_rows_direct = rows_direct;
  options.limits.foreign_clear_rows_direct = rows_direct;
  options.limits.sweep = {.changes = 3, .looks = 5};
  options.limits.clear_rows_counted_at_once = rows_direct;
  return options;
}

// A row of three elements or fields at one of several places about the last counted level.
Path any_row(std::uint64_t what) {
  const Path place = place_at(kCountedDepth - 4 + what % 5 * 2);
  const std::string name = std::to_string(what / 8 % 3);
  switch (what / 32 % 4) {
    case 0:
      return place.child("s");
    case 1:
      return place.child("h").child(name).child("s");
    default:
      return place.child("e").child(name);
  }
}

// An operation, chosen by the bits of `what`.
void act(Group& group, std::uint64_t what) {
  const Path row = any_row(what / 8);
  switch (what % 8) {
    case 0:
      return group.remove(row);
    case 1:
      return group.add(row, static_cast<int>(what / 1024 % 50));
    case 2:
      return group.clear(place_at(kCountedDepth - 4 + what / 1024 % 5 * 2));
    case 3:
      return group.clear(place_at(kCountedDepth - 4 + what / 1024 % 5 * 2).child("h"));
    default:
      return group.put(row, std::to_string(what % 1000));
  }
}

void deliver_all(Node& from, Node& to) {
  for (const auto& record : test::log_records(from.storage())) {
    if (record.origin != to.origin()) to.deliver(from, record.bytes);
  }
}

regions::CheckReport check(Node& node) {
  return regions::check_storage(node.storage(), [](std::string_view, std::uint64_t) {});
}

regions::Identity stored_identity(Node& node) {
  const auto snapshot = node.storage().snapshot();
  const auto stored = snapshot->get(Table::kMeta, storage::kIdentityKey);
  REQUIRE(stored.has_value());
  return regions::decode_identity(*stored).value();
}

// Stores counts and identity as earlier versions did.
void make_old(Node& node) {
  storage::Changes changes;
  const auto snapshot = node.storage().snapshot();
  const auto cursor = snapshot->scan(Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) changes.remove(Table::kCounts, cursor->key());
  REQUIRE(node.storage().commit({}, std::exchange(changes, {})).ok());
  rows::Recount recount(
      [&](const Path& collection, std::uint64_t count) {
        changes.put(Table::kCounts, core::row_key(collection),
                    rows::encode_count(collection, {count, 0}));
      },
      rows::kAllLevels);
  node.replica().reader()->scan(Path(), [&](const Path& path, const crdt::Row& row) {
    if (crdt::shows(path, row)) recount.add(path);
    return true;
  });
  recount.finish();
  regions::Identity identity = stored_identity(node);
  identity.deep = DeepCounts::kUnknown;
  changes.put(Table::kMeta, storage::kIdentityKey, regions::encode_identity(identity));
  REQUIRE(node.storage().commit({}, changes).ok());
}

std::unique_ptr<Node> opened_again(Node& node) {
  return std::make_unique<Node>(options("eu", 7, 2), node.storage().crash(), kWall);
}

}  // namespace

TEST_SUITE("regions: deep rows") {
  TEST_CASE("a replica that masks deep rows shows and counts what one does that clears directly") {
    const int runs = test::long_run() ? 1'000 : 30;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      Node masked(options("eu", 7, random.below(3)), nullptr, kWall);
      Node direct(options("eu", 7, 100'000), nullptr, kWall);
      Node foreign(options("us", 9, random.below(3)), nullptr, kWall);
      storage::Position sent = 0;
      for (int step = 0; step < 50; ++step) {
        const double dice = random.unit();
        std::vector<std::uint64_t> ops(1 + random.below(3));
        for (std::uint64_t& op : ops) op = random.bits();
        if (dice < 0.5) {
          for (Node* node : {&masked, &direct}) {
            node->write(kWall + step, [&](Group& group) {
              for (const std::uint64_t op : ops) act(group, op);
              CHECK(test::wrong_count_in(group.stage(), *node->storage().snapshot()) == "");
            });
          }
        } else if (dice < 0.7) {
          foreign.write(kWall + step, [&](Group& group) {
            for (const std::uint64_t op : ops) act(group, op);
          });
        } else if (dice < 0.85) {
          for (const auto& record : test::log_records(foreign.storage())) {
            if (record.position <= sent) continue;
            sent = record.position;
            masked.deliver(foreign, record.bytes);
            direct.deliver(foreign, record.bytes);
          }
        } else {
          REQUIRE(masked.replica().background().sweep().ok());
          REQUIRE(foreign.replica().background().sweep().ok());
        }
        REQUIRE(masked.wrong_count() == "");
        REQUIRE(direct.wrong_count() == "");
        REQUIRE(foreign.wrong_count() == "");
      }
      masked.sweep();
      REQUIRE(masked.wrong_count() == "");
      REQUIRE(check(masked).findings.empty());
      const auto again = opened_again(masked);
      REQUIRE(again->wrong_count() == "");
    }
  }

  TEST_CASE("the format of a directory changes with its first deep row, and not before") {
    Node eu(options("eu", 7, 100), nullptr, kWall);
    const auto write = [&](const Path& path) {
      eu.write(kWall, [&](Group& group) { group.put(path, "v"); });
    };
    write(place_at(kCountedDepth - 2).child("e").child("x"));  // The last that has no other count.
    CHECK(stored_identity(eu).deep == DeepCounts::kNone);
    CHECK(opened_again(eu)->replica().identity().deep == DeepCounts::kNone);
    write(place_at(kCountedDepth).child("s"));
    CHECK(stored_identity(eu).deep == DeepCounts::kKept);
    eu.write(kWall, [](Group& group) { group.clear(Path{"\1"}); });
    CHECK(stored_identity(eu).deep == DeepCounts::kKept);
    CHECK(opened_again(eu)->replica().identity().deep == DeepCounts::kKept);
  }

  TEST_CASE("a directory of an earlier version with deep rows is counted anew, once") {
    Node eu(options("eu", 7, 100), nullptr, kWall);
    eu.write(kWall, [](Group& group) {
      for (const std::size_t depth : {62, 64, 66, 80, 300}) {
        for (int i = 0; i < 5; ++i) {
          const Path place = place_at(depth, i % 2 == 0 ? "f" : "other");
          group.put(place.child("e").child(std::to_string(i)), "");
          group.put(place.child("h").child(std::to_string(i)).child("s"), "v");
        }
      }
    });
    make_old(eu);
    CHECK(check(eu).findings.empty());  // By the rules of that version.
    const auto again = opened_again(eu);
    CHECK(again->wrong_count() == "");
    CHECK(stored_identity(*again).deep == DeepCounts::kKept);
    CHECK(check(*again).findings.empty());
    again->write(kWall, [](Group& group) { group.clear(Path{"\1"}); });
    CHECK(again->wrong_count() == "");
    CHECK(again->replica().reader()->count(Path{"\1"}) == 0);
  }

  TEST_CASE("a change of the counts that was interrupted is done by the next opening") {
    for (int fail = 1; fail <= 4; ++fail) {
      CAPTURE(fail);
      Node eu(options("eu", 7, 100), nullptr, kWall);
      eu.write(kWall, [](Group& group) { group.put(place_at(100).child("s"), "v"); });
      make_old(eu);
      auto storage = eu.storage().crash();
      storage->set_faults({.fail_commit = static_cast<std::uint64_t>(fail)});
      core::ManualClock clock(kWall);
      const bool opened = regions::Replica::open(*storage, clock, options("eu", 7, 100)).ok();
      CHECK_FALSE(opened);
      const Node again(options("eu", 7, 100), storage->crash(), kWall);
      CHECK(again.wrong_count() == "");
    }
  }

  TEST_CASE("a directory of an earlier version without deep rows stays as it is") {
    Node eu(options("eu", 7, 100), nullptr, kWall);
    eu.write(kWall, [](Group& group) {
      group.put(place_at(kCountedDepth - 2).child("e").child("x"), "");
      group.put(Path{"\1", std::string(600, 'n'), "h", "f", "s"}, "v");
    });
    make_old(eu);
    const auto again = opened_again(eu);
    CHECK(stored_identity(*again).deep == DeepCounts::kNone);
    CHECK(again->wrong_count() == "");
  }

  TEST_CASE("deep rows come by batches, and go with a clear of the key") {
    Node eu(options("eu", 7, 100), nullptr, kWall);
    Node us(options("us", 9, 100), nullptr, kWall);
    const Path row = place_at(2'000).child("s");
    eu.write(kWall, [&](Group& group) {
      group.put(row, "v");
      group.put(place_at(70).child("e").child("x"), "");
    });
    deliver_all(eu, us);
    CHECK(us.visible() == eu.visible());
    CHECK(us.replica().reader()->count(Path{"\1"}) == 1);
    CHECK(check(us).findings.empty());
    us.write(kWall + 1, [](Group& group) { group.clear(Path{"\1", "k"}); });
    deliver_all(us, eu);
    CHECK(eu.replica().reader()->count(Path{"\1"}) == 0);
    CHECK(eu.wrong_count() == "");
    CHECK(us.wrong_count() == "");
  }
}

}  // namespace anabranch::deep_rows_test
