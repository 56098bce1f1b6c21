// Digests that are kept agree with the rows whatever is staged, undone, committed and read back,
// and peers are compared by them.

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "regions/verify/divergence.h"
#include "rows/digests.h"
#include "storage/layout.h"
#include "tests/crdt/random_row.h"
#include "tests/node.h"
#include "tests/rows/stage/stage_world.h"
#include "tests/seed.h"

namespace anabranch::digests_test {

using core::Path;
using rows::Digests;
using test::Node;
using test::Random;
using test::StageWorld;

namespace {

// Short ones, and some that are stored by hash.
Path any_path(Random& random) {
  Path path{"\1", std::string(1, static_cast<char>('a' + random.below(6)))};
  if (random.chance(0.2)) path.append(std::string(600, 'x'));
  return path.append("s");
}

crdt::Row one_row() {
  crdt::Row row;
  row.cell.add({.dot = {3, 1}, .hlc = {}, .value = "v", .base = {}});
  return row;
}

// The digests in the storage, read back.
void store(StageWorld& world, Digests& digests) {
  storage::Changes changes;
  digests.take_changes(changes);
  REQUIRE(world.storage().commit({}, changes).ok());
}

void check_against_rows(StageWorld& world, const Digests& digests) {
  const auto truth = Digests::of_rows(*world.storage().snapshot(), world.origins());
  REQUIRE(truth.ok());
  CHECK(digests.buckets() == truth.value().buckets());
  CHECK(digests.total() == truth.value().total());
  CHECK(digests.rows() == truth.value().rows());
}

constexpr std::size_t kPerGroup = Digests::kBuckets / Digests::kGroups;

// Returns the key of the row that has a bucket.
std::string digest_key(std::size_t bucket) {
  return storage::digest_key(Digests::kFormat, bucket / kPerGroup);
}

}  // namespace

TEST_SUITE("regions: digests") {
  TEST_CASE("digests follow from the rows whatever was staged, undone and committed") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Random random(seed);
    StageWorld world;
    for (int commit = 0; commit < 60; ++commit) {
      for (int step = 0; step < 6; ++step) {
        const auto savepoint = world.stage().savepoint();
        const StageWorld::Rows rows = world.rows();
        const Path path = any_path(random);
        world.set(path, random.chance(0.3) ? crdt::Row{} : test::random_row(random));
        if (random.chance(0.3)) world.rollback(savepoint, rows);
        if (random.chance(0.2)) world.stage().touch(any_path(random));
      }
      world.commit();
      check_against_rows(world, world.digests());
    }
  }

  TEST_CASE("stored digests are read back, and only buckets that changed are written") {
    StageWorld world;
    world.set(Path{"\1", "a", "s"}, one_row());
    world.commit();
    Digests digests = world.digests();
    store(world, digests);
    storage::Changes again;
    digests.take_changes(again);
    CHECK(again.empty());
    const auto loaded = Digests::load(*world.storage().snapshot(), world.origins());
    REQUIRE(loaded.ok());
    CHECK(loaded.value().buckets() == digests.buckets());
    CHECK(loaded.value().rows() == 1);
    check_against_rows(world, loaded.value());
  }

  TEST_CASE("a group of buckets in which nothing is left has no row") {
    const core::Hash128 one{1, 2};
    Digests digests;
    digests.replace("key", {}, one);
    storage::Changes changes;
    digests.take_changes(changes);
    CHECK(changes.size() == 2);  // The mark that there are digests, and a group.
    digests.replace("key", one, {});
    changes.clear();
    digests.take_changes(changes);
    REQUIRE(changes.size() == 1);
    CHECK(changes.begin()->key == digest_key(Digests::bucket_of("key")));
    CHECK_FALSE(changes.begin()->value.has_value());
    CHECK(digests.total() == core::Hash128{});
  }

  TEST_CASE(
      "a directory without digests of this form gets them when it is opened, or first written to") {
    auto node = std::make_unique<Node>("eu", 1);
    node->write(1'000, [](regions::Group& group) {
      for (int i = 0; i < 100; ++i) group.put({"\1", std::to_string(i), "s"}, "v");
    });
    const core::Hash128 digest = node->digest();
    auto disk = node->storage().clone();
    REQUIRE(disk->open().ok());
    std::vector<storage::Change> changes{
        {storage::Table::kMeta, std::string(storage::kDigestsKey), std::nullopt}};
    const auto remove = [&](std::size_t first_bucket) {
      changes.push_back({storage::Table::kMeta, digest_key(first_bucket), std::nullopt});
    };
    for (std::size_t i = 0; i < Digests::kGroups; ++i) remove(i * kPerGroup);
    SUBCASE("of none") {}
    SUBCASE("of the first format, with a row for each bucket") {
      const Digests::Buckets buckets = node->replica().state().digests().buckets();
      changes.front().value = storage::big_endian(1);
      for (std::size_t i = 0; i < Digests::kBuckets; ++i) {
        if (buckets[i].rows == 0) continue;
        changes.push_back({storage::Table::kMeta, storage::digest_key(1, i),
                           storage::big_endian(buckets[i].sum.high) +
                               storage::big_endian(buckets[i].sum.low) +
                               storage::big_endian(buckets[i].rows)});
      }
    }
    REQUIRE(disk->commit({}, changes).ok());
    Node again("eu", 2, disk->clone());
    CHECK(again.replica().state().digests().total() == digest);
    CHECK(again.replica().state().digests().rows() == 100);
    CHECK(again.wrong_digest() == "");
    again.write(2'000, [](regions::Group& group) { group.put({"\1", "more", "s"}, "v"); });
    CHECK(again.wrong_digest() == "");
    const auto snapshot = again.storage().snapshot();
    CHECK(snapshot->get(storage::Table::kMeta, storage::kDigestsKey) == storage::big_endian(2));
    for (std::size_t i = 0; i < Digests::kBuckets; ++i) {
      CHECK_FALSE(snapshot->get(storage::Table::kMeta, storage::digest_key(1, i)));
    }
  }

  TEST_CASE("stored digests that cannot be read are refused") {
    for (const bool whole : {false, true}) {
      StageWorld world;
      Digests digests;
      digests.replace("key", {}, {1, 2});
      store(world, digests);
      const std::string key =
          whole ? std::string(storage::kDigestsKey) : digest_key(Digests::bucket_of("key"));
      const storage::Change change{storage::Table::kMeta, key, "rubbish"};
      REQUIRE(world.storage().commit({}, {change}).ok());
      CHECK_FALSE(Digests::load(*world.storage().snapshot(), world.origins()).ok());
    }
  }
}

TEST_SUITE("regions: divergence") {
  TEST_CASE("a peer with another digest is alarmed about once until it is equal again") {
    regions::Divergence divergence;
    const core::Hash128 one{1, 1};
    const core::Hash128 two{2, 2};
    CHECK_FALSE(divergence.compare("us", one, one).has_value());
    const auto alarm = divergence.compare("us", one, two);
    REQUIRE(alarm.has_value());
    CHECK(alarm->find("region us") != alarm->npos);
    CHECK(alarm->find("anabranch verify us") != alarm->npos);
    CHECK_FALSE(divergence.compare("us", one, two).has_value());
    CHECK(divergence.compare("ap", one, two).has_value());
    CHECK(divergence.diverged("us"));
    CHECK_FALSE(divergence.compare("us", two, two).has_value());
    CHECK_FALSE(divergence.diverged("us"));
    CHECK(divergence.compare("us", one, two).has_value());
    CHECK(divergence.found() == 3);
  }

  TEST_CASE("a missing digest says nothing") {
    regions::Divergence divergence;
    CHECK_FALSE(divergence.compare("us", std::nullopt, core::Hash128{1, 1}).has_value());
    CHECK_FALSE(divergence.compare("us", core::Hash128{1, 1}, std::nullopt).has_value());
    CHECK_FALSE(divergence.diverged("us"));
  }
}

}  // namespace anabranch::digests_test
