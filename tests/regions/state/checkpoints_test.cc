// Checkpoints of chain hashes: kept for ever, and the same in every region.

#include <doctest/doctest.h>

#include <string>

#include "tests/node.h"

namespace anabranch::checkpoints_test {

using core::Path;
using regions::ChainHashes;
using regions::ChainLink;
using regions::Group;
using test::Node;

namespace {

constexpr core::Origin kEu = 7;
constexpr core::Origin kUs = 8;

// Commits a batch of so many ops.
void write_ops(Node& node, std::size_t ops) {
  node.write(1, [&](Group& group) {
    for (; ops > 0; --ops) group.add(Path{"\1", "n", "s"}, 1);
  });
}

std::string newest_record(Node& node) {
  return node.storage().read_log(node.storage().last_position())->bytes;
}

}  // namespace

TEST_SUITE("regions: checkpoints") {
  TEST_CASE(
      "each batch that crosses a checkpoint is kept for ever, where it is written and applied") {
    Node eu("eu", kEu);
    Node us("us", kUs);
    const core::Seq every = ChainHashes::kCheckpointEvery;
    for (const std::size_t ops : {every - 1, core::Seq{2}, every, core::Seq{5}}) {
      write_ops(eu, ops);
      us.deliver(eu, newest_record(eu));
    }
    REQUIRE(us.vector() == eu.vector());
    REQUIRE(eu.storage().trim(5).ok());
    REQUIRE(us.storage().trim(5).ok());
    Node eu_again("eu", kEu, eu.storage().clone());
    for (Node* node : {&eu, &us, &eu_again}) {
      const ChainHashes& chains = node->replica().state().chains();
      CHECK(chains.checkpoint(kEu, every) == ChainLink{});
      CHECK(chains.checkpoint(kEu, 2 * every).seq == every + 1);
      CHECK(chains.checkpoint(kEu, 2 * every + 5).seq == 2 * every + 1);
      CHECK(chains.at(kEu, every + 1) == us.replica().state().chains().at(kEu, every + 1));
      CHECK(chains.at(kEu, every + 1).has_value());
    }
  }

  TEST_CASE("a snapshot brings the checkpoints of its source") {
    Node eu("eu", kEu);
    Node us("us", kUs);
    const core::Seq every = ChainHashes::kCheckpointEvery;
    for (const core::Seq ops : {every, core::Seq{5}}) write_ops(eu, ops);
    const ChainLink kept = eu.replica().state().chains().checkpoint(kEu, every + 5);
    REQUIRE(kept.seq == every);
    us.merge(eu);
    REQUIRE(us.vector() == eu.vector());
    CHECK(us.replica().state().chains().checkpoint(kEu, every + 5) == kept);
    Node again("us", kUs, us.storage().clone());
    CHECK(again.replica().state().chains().checkpoint(kEu, every + 5) == kept);
  }
}

}  // namespace anabranch::checkpoints_test
