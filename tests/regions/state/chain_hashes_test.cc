// Chain hashes: known from heads, from the log and from kept rows; the same in every region.

#include <doctest/doctest.h>

#include <string>

#include "tests/node.h"

using namespace anabranch;
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

TEST_SUITE("regions: chain hashes") {
  TEST_CASE("the ends of batches have a hash, in the head and in the log") {
    Node eu("eu", kEu);
    const ChainHashes& chains = eu.replica().state().chains();
    write_ops(eu, 2);
    const std::string one = newest_record(eu);
    write_ops(eu, 3);
    const std::string two = newest_record(eu);
    CHECK(chains.at(kEu, 0) == core::ChainHash{});
    CHECK(chains.at(kEu, 2) == core::chain_hash(one));
    CHECK(chains.at(kEu, 5) == core::chain_hash(two));
    for (const core::Seq inside : {1, 3, 4}) {
      CHECK_FALSE(chains.at(kEu, inside).has_value());
      CHECK(chains.within_batch(kEu, inside));
    }
    for (const core::Seq other : {0, 2, 5, 6}) CHECK_FALSE(chains.within_batch(kEu, other));
    CHECK_FALSE(chains.at(kEu, 6).has_value());
    CHECK_FALSE(chains.at(kUs, 1).has_value());
  }

  TEST_CASE("a trimmed log still knows the hash where it begins, and what was kept") {
    Node eu("eu", kEu);
    for (int i = 0; i < 4; ++i) write_ops(eu, 1);
    ChainHashes chains(eu.replica().applied(), eu.replica().state().log());
    const auto first = chains.at(kEu, 1);
    const auto second = chains.at(kEu, 2);
    REQUIRE((first && second));
    REQUIRE(eu.storage().trim(3).ok());
    CHECK(chains.at(kEu, 2) == second);
    CHECK_FALSE(chains.at(kEu, 1).has_value());
    chains.keep(kEu, 1, *first);
    CHECK(chains.at(kEu, 1) == first);
    CHECK(chains.keep(kEu, 2));
    CHECK_FALSE(chains.keep(kEu, 9));
  }

  TEST_CASE("what was kept is there after a restart") {
    Node eu("eu", kEu);
    write_ops(eu, 1);
    ChainHashes chains(eu.replica().applied(), eu.replica().state().log());
    const core::ChainHash hash = core::chain_hash("any");
    chains.keep(kUs, 17, hash);
    REQUIRE(eu.storage().commit({}, chains.take_changes()).ok());
    CHECK(chains.take_changes().empty());
    Node again("eu", kEu, eu.storage().clone());
    CHECK(again.replica().state().chains().checkpoint(kUs, 20) == ChainLink{17, hash});
    CHECK(again.replica().state().chains().checkpoint(kUs, 16) == ChainLink{});
    CHECK(again.replica().state().chains().checkpoint(kEu, 20) == ChainLink{});
  }

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
