// The applied state: heads, the vector and the numbers of origins, and their rows.

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

#include "regions/state/applied.h"
#include "storage/memory_storage.h"

namespace anabranch::applied_test {

using core::Origin;
using core::VersionVector;
using regions::Applied;
using regions::Head;

namespace {

Head head_at(core::Seq seq, const std::string& region = "eu") {
  Head head;
  head.seq = seq;
  head.chain.fill(static_cast<std::uint8_t>(seq));
  head.hlc = core::Hlc::of(static_cast<core::Millis>(1000 * seq), 0);
  head.region = region;
  return head;
}

core::Batch batch_of(Origin origin, core::Seq first, core::Seq last) {
  core::Batch batch;
  batch.origin = origin;
  for (core::Seq seq = first; seq <= last; ++seq) {
    batch.transactions.push_back({seq, core::Hlc::of(5, 0), {core::UnknownOp{9}}});
  }
  return batch;
}

struct AppliedWorld {
  storage::MemoryStorage storage;
  Applied applied;

  AppliedWorld() { REQUIRE(storage.open().ok()); }
  void store() { REQUIRE(storage.commit({}, applied.take_changes()).ok()); }
  [[nodiscard]] Applied loaded() const {
    auto loaded = Applied::load(*storage.snapshot());
    REQUIRE(loaded.ok());
    return std::move(loaded).value();
  }
};

}  // namespace

TEST_SUITE("regions: applied state") {
  TEST_CASE("it goes on batch by batch, each with its deps and itself") {
    AppliedWorld world;
    core::Batch first = batch_of(1, 1, 2);
    first.opening = core::Opening{{1, 1}, "eu", 1, 1, 0};
    world.applied.advance(first, first.extent(), {{2, 7}}, core::chain_hash("a"));
    CHECK(world.applied.vector() == VersionVector{{1, 2}});
    CHECK(world.applied.head(1).region == "eu");
    CHECK(world.applied.head(1).deps == VersionVector{{1, 2}, {2, 7}});
    const core::Batch second = batch_of(1, 3, 3);
    world.applied.advance(second, second.extent(), {{2, 8}}, core::chain_hash("b"));
    CHECK(world.applied.vector() == VersionVector{{1, 3}});
    CHECK(world.applied.head(1).region == "eu");
    CHECK(world.applied.chains() == std::vector<core::ChainHash>{core::chain_hash("b")});
    CHECK(world.applied.head(9).seq == 0);
  }

  TEST_CASE("what has changed is stored once, and the same after a restart") {
    AppliedWorld world;
    world.applied.set_head(5, head_at(3));
    world.applied.set_head(2, head_at(9, "us"));
    world.applied.name(77);
    world.store();
    CHECK(world.applied.take_changes().empty());
    const Applied again = world.loaded();
    CHECK(again.vector() == VersionVector{{2, 9}, {5, 3}});
    CHECK(again.chains() == world.applied.chains());
    CHECK(again.head(2).region == "us");
    CHECK(again.hlc_max() == core::Hlc::of(9000, 0));
    const auto& origins = again.names().origins();
    REQUIRE(origins.size() == world.applied.names().origins().size());
    for (std::uint32_t number = 0; number < origins.size(); ++number) {
      CHECK(origins.origin(number) == world.applied.names().origins().origin(number));
    }
  }

  TEST_CASE("another history takes the place of all heads, and numbers stay") {
    AppliedWorld world;
    world.applied.set_head(5, head_at(3));
    world.applied.set_head(2, head_at(9, "us"));
    world.store();
    world.applied.replace({{2, head_at(4, "us")}, {8, head_at(1, "ap")}});
    CHECK(world.applied.vector() == VersionVector{{2, 4}, {8, 1}});
    world.store();
    const Applied again = world.loaded();
    CHECK(again.vector() == VersionVector{{2, 4}, {8, 1}});
    CHECK(again.heads().size() == 2);
    CHECK(again.names().origins().origin(0) == Origin{5});
  }

  TEST_CASE("damaged rows are found") {
    AppliedWorld world;
    const storage::Change row{storage::Table::kMeta, storage::head_key(1), "what"};
    REQUIRE(world.storage.commit({}, {row}).ok());
    CHECK_FALSE(Applied::load(*world.storage.snapshot()).ok());
  }
}

}  // namespace anabranch::applied_test
