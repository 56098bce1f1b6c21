// The ops of a branch under their new names.

#include <doctest/doctest.h>

#include <optional>
#include <utility>

#include "regions/rejoin/rewritten_ops.h"
#include "tests/regions/origins.h"

namespace anabranch::rewritten_ops_test {

using core::VersionVector;
using regions::OriginRewrites;
using regions::RewrittenOps;
using regions::RewrittenOrigin;
using test::kEu;
using test::kUs;

namespace {

constexpr core::Origin kImage = 90;
constexpr core::Seq kAfter = 5;  // Here the histories part.

const core::Path kRow{"\1", "k", "s"};

struct RewrittenOpsWorld {
  OriginRewrites names;
  std::optional<RewrittenOps::Frame> frame;
  int read = 0;
  RewrittenOps ops{names, [this](core::Origin, const core::Path&) {
                     ++read;
                     return frame;
                   }};

  RewrittenOpsWorld() { names.add(kEu, {kAfter, kImage, kAfter}); }
  // The op that `op`, the seventh of eu, becomes.
  core::Op renamed(core::Op op) {
    core::Batch batch;
    batch.origin = kEu;
    batch.transactions.push_back({kAfter + 2, core::Hlc::of(9, 0), {std::move(op)}});
    auto made = ops.of(batch, {{kEu, kAfter}, {kUs, 8}, {kImage, 1}});
    REQUIRE(made.ok());
    const core::Transaction txn = made.value().at(0);
    CHECK(txn.first == 2);
    CHECK(txn.hlc == core::Hlc::of(9, 0));
    return txn.ops.at(0);
  }
};

}  // namespace

TEST_SUITE("regions: renamed ops") {
  TEST_CASE("a vector covers the same ops under their new names") {
    const RewrittenOpsWorld world;
    CHECK(world.names.of({{kEu, 7}, {kUs, 3}}) ==
          VersionVector{{kEu, kAfter}, {kUs, 3}, {kImage, 2}});
    CHECK(world.names.of({{kEu, 4}}) == VersionVector{{kEu, 4}});
    CHECK(world.names.concerns({{kEu, 6}}));
    CHECK_FALSE(world.names.concerns({{kEu, kAfter}, {kUs, 99}}));
    CHECK(world.names.find(kUs) == nullptr);
  }

  TEST_CASE("a value keeps all but its context, which names what it named") {
    RewrittenOpsWorld world;
    const core::Op op =
        world.renamed(core::Put{kRow, "v", std::nullopt, VersionVector{{kEu, 6}, {kUs, 8}}});
    const auto& put = std::get<core::Put>(op);
    CHECK(put.value == "v");
    CHECK(put.context == VersionVector{{kEu, kAfter}, {kUs, 8}, {kImage, 1}});
  }

  TEST_CASE("a frame of the branch moves along") {
    RewrittenOpsWorld world;
    const core::Op op = world.renamed(core::Add{kRow, kAfter + 1, 3, 10});
    const auto& add = std::get<core::Add>(op);
    CHECK(add.birth == 1);
    CHECK(add.total == core::Number(10));
    CHECK(world.read == 0);
  }

  TEST_CASE("a frame of before goes on as one of its own, which has the branch's additions alone") {
    RewrittenOpsWorld world;
    core::Op op = world.renamed(core::Add{kRow, 2, 3, 10});  // Seven of it is of before.
    CHECK(std::get<core::Add>(op).birth == 2);
    CHECK(std::get<core::Add>(op).total == core::Number(3));
    op = world.renamed(core::Add{kRow, 2, 4, 14});
    CHECK(std::get<core::Add>(op).birth == 2);
    CHECK(std::get<core::Add>(op).total == core::Number(7));
    CHECK(world.read == 1);
  }

  TEST_CASE("a reset that saw such a frame saw both") {
    RewrittenOpsWorld world;
    world.frame = {1, 7};
    const core::Op op = world.renamed(core::Reset{kRow, {{kEu, 2, 6, 10}}});
    const auto& observed = std::get<core::Reset>(op).observed;
    REQUIRE(observed.size() == 2);
    CHECK(observed[0] == core::ObservedSlot{kEu, 2, kAfter, 7});
    CHECK(observed[1] == core::ObservedSlot{kImage, 1, 1, 3});
  }

  TEST_CASE("an op of a newer version cannot be written again") {
    RewrittenOpsWorld world;
    core::Batch batch;
    batch.origin = kEu;
    batch.transactions.push_back({kAfter + 1, {}, {core::UnknownOp{99}}});
    CHECK_FALSE(world.ops.of(batch, {}).ok());
  }
}

}  // namespace anabranch::rewritten_ops_test
