// Origins with two histories: both sides notice, find where the histories part, and hold batches
// that depend on the other one; all others go on, and no side asks for the same for ever.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "regions/exchange/forks.h"
#include "storage/memory_storage.h"
#include "tests/crdt/random.h"
#include "tests/regions/linked_nodes.h"
#include "tests/regions/parts.h"
#include "tests/seed.h"

namespace anabranch::forks_test {

using core::Path;
using regions::Fork;
using regions::Group;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr core::Origin kForked = 1;
const std::uint8_t kHistory = regions::kind_of(regions::History{});

void put(LinkedNodes& nodes, std::size_t index, const std::string& key, std::size_t ops = 1) {
  nodes.write(index, [&](Group& group) {
    for (; ops > 0; --ops) group.put(Path{"\1", key, "s"}, key + " of " + std::to_string(index));
  });
}

std::string get(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  const auto siblings = nodes.at(index).replica().reader()->row(Path{"\1", key, "s"}).cell.siblings;
  return siblings.empty() ? "" : siblings.back().value;
}

const regions::Forks& forks_of(LinkedNodes& nodes, std::size_t index) {
  return nodes.at(index).replica().exchange().forks();
}

// A region's fork with another one; an empty fork when it knows none.
Fork fork_of(LinkedNodes& nodes, std::size_t index, std::size_t other) {
  const auto& all = forks_of(nodes, index).all();
  if (!all.contains(kForked)) return {};
  const auto fork = all.at(kForked).find(nodes.at(other).origin());
  return fork == all.at(kForked).end() ? Fork{} : fork->second;
}

const regions::Peer& peer_of(LinkedNodes& nodes, std::size_t index, std::size_t other) {
  return nodes.at(index).replica().exchange().peers().at(nodes.at(other).origin());
}

// Other alarms may follow from a fork: digests differ at equal vectors.
std::ptrdiff_t fork_alarms(LinkedNodes& nodes, std::size_t index) {
  return std::ranges::count_if(nodes.alarms(index), [](const std::string& alarm) {
    return alarm.find("of region eu has two histories") != std::string::npos;
  });
}

// 0 and 3 lead one region on copies of one directory and write under one origin, each followed by
// one other region: 0 - 1 and 2 - 3. Both histories have `common` ops of one batch each.
std::unique_ptr<LinkedNodes> forked(std::size_t common) {
  auto nodes = std::make_unique<LinkedNodes>();
  for (const char* region : {"eu", "us", "ap"}) {
    nodes->add(std::make_unique<Node>(region, nodes->size() + 1));
  }
  for (std::size_t i = 0; i < common; ++i) put(*nodes, 0, "common");
  nodes->add(std::make_unique<Node>("eu", 10, nodes->at(0).storage().clone()));
  nodes->connect(0, 1);
  nodes->connect(2, 3);
  put(*nodes, 0, "left", 2);
  put(*nodes, 0, "left");
  put(*nodes, 3, "right", 1);
  put(*nodes, 3, "right", 4);
  nodes->run(2'000);
  return nodes;
}

}  // namespace

TEST_SUITE("regions: forks") {
  TEST_CASE("a fork is noticed on both sides, with an alarm and where the histories part") {
    for (const std::size_t common : {0, 1, 2, 37, 200}) {
      CAPTURE(common);
      const auto world = forked(common);
      LinkedNodes& nodes = *world;
      REQUIRE(nodes.alarms(1).empty());
      nodes.connect(1, 2);
      nodes.run(2'000);
      for (const auto& [side, other] : {std::pair(1, 2), std::pair(2, 1)}) {
        REQUIRE(fork_alarms(nodes, side) == 1);
        const Fork fork = fork_of(nodes, side, other);
        CHECK(fork.common == common);
        CHECK(fork.differs > common);
        CHECK(fork.differs <= common + 2);
        CHECK(fork.region == nodes.at(other).replica().identity().region);
      }
      CHECK(get(nodes, 1, "left") == "left of 0");
      CHECK(get(nodes, 1, "right") == "");
      CHECK(get(nodes, 2, "left") == "");
      CHECK(get(nodes, 2, "right") == "right of 3");
    }
  }

  TEST_CASE("where histories part becomes known on both sides, whatever is lost of what they say") {
    for (std::size_t after = 0; after < 6; ++after) {
      for (std::size_t lost = 1; lost <= 5; ++lost) {
        CAPTURE(after);
        CAPTURE(lost);
        const auto world = forked(37);
        LinkedNodes& nodes = *world;
        nodes.lose(kHistory, lost, after);
        nodes.connect(1, 2);
        nodes.run(10'000);
        for (const auto& [side, other] : {std::pair(1, 2), std::pair(2, 1)}) {
          REQUIRE(fork_of(nodes, side, other).common == 37);
          REQUIRE(fork_of(nodes, side, other).differs <= 39);
          REQUIRE(forks_of(nodes, side).agreed(peer_of(nodes, side, other), kForked));
        }
        const std::uint64_t said = nodes.sent(kHistory);
        nodes.run(20'000);
        REQUIRE(nodes.sent(kHistory) == said);
      }
    }
  }

  TEST_CASE("where histories of large batches part is found as precisely, in parts") {
    LinkedNodes nodes;
    for (const char* region : {"eu", "us", "ap"}) {
      nodes.add(std::make_unique<Node>(region, nodes.size() + 1));
    }
    const auto put_large = [&](std::size_t index, char fill) {
      nodes.write(index, [&](Group& group) {
        for (int op = 0; op < 4; ++op) group.put(Path{"\1", "k", "s"}, std::string(300'000, fill));
      });
    };
    for (int i = 0; i < 20; ++i) put_large(0, 'c');
    nodes.add(std::make_unique<Node>("eu", 10, nodes.at(0).storage().clone()));
    nodes.connect(0, 1);
    nodes.connect(2, 3);
    for (int i = 0; i < 6; ++i) put_large(0, 'l');
    for (int i = 0; i < 4; ++i) put_large(3, 'r');
    nodes.run(5'000);
    nodes.connect(1, 2);
    nodes.run(10'000);
    for (const auto& [side, other] : {std::pair(1, 2), std::pair(2, 1)}) {
      CHECK(fork_of(nodes, side, other).common == 80);
      CHECK(fork_of(nodes, side, other).differs <= 84);
      CHECK(forks_of(nodes, side).agreed(peer_of(nodes, side, other), kForked));
    }
    const std::uint64_t said = nodes.sent(kHistory);
    nodes.run(20'000);
    CHECK(nodes.sent(kHistory) == said);
  }

  TEST_CASE("what shows no fork is answered once, so that who says it knows that it was heard") {
    LinkedNodes nodes;
    nodes.add(std::make_unique<Node>("eu", kForked));
    nodes.add(std::make_unique<Node>("us", 2));
    put(nodes, 0, "k");
    nodes.connect(0, 1);
    nodes.run(1'000);
    const regions::History told{99, 7, {{7, core::ChainHash{1}}}, {}, true};
    const std::uint64_t said = nodes.sent(kHistory);
    nodes.at(0).replica().step(1, told, nodes.now());
    nodes.run(100);
    CHECK(nodes.sent(kHistory) == said + 1);
    CHECK_FALSE(forks_of(nodes, 0).any());
    nodes.run(10'000);
    CHECK(nodes.sent(kHistory) == said + 1);
  }

  // Two that each took the other's older word for news told it back and forth for ever.
  TEST_CASE("what a peer says of an old position does not undo that it has shown to be equal") {
    Node node("eu", kForked);
    for (const core::Millis wall : {1, 2, 3}) {
      node.write(wall, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    }
    const regions::Replica& replica = node.replica();
    regions::ChainHashes chains(replica.state().chains());
    const regions::Head& head = replica.applied().head(kForked);
    const regions::History claim{.origin = kForked, .differs = head.seq - 1, .links = {}};
    regions::Peer peer;
    peer.origin = 5;
    peer.region = "ap";
    for (const bool shown : {false, true}) {
      regions::Effects effects;
      const regions::RegionList list;
      regions::Forks forks(replica.applied(), chains, list, effects);
      if (shown) CHECK_FALSE(forks.shown(peer, kForked, {head.seq, head.chain}));
      CHECK(forks.heard(peer, claim) == !shown);
      CHECK(forks.with(peer).empty() == shown);
      CHECK(effects.empty() == shown);
    }
  }

  TEST_CASE("a fork has ended when the peer shows again that its whole history is here") {
    Node node("eu", kForked);
    node.write(1, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    const regions::Replica& replica = node.replica();
    regions::ChainHashes chains(replica.state().chains());
    const regions::Head& head = replica.applied().head(kForked);
    const regions::ChainLink end{head.seq, head.chain};
    regions::Peer peer;
    peer.origin = 5;
    peer.region = "ap";
    regions::Effects effects;
    const regions::RegionList list;
    regions::Forks forks(replica.applied(), chains, list, effects);
    REQUIRE_FALSE(forks.shown(peer, kForked, end));
    REQUIRE(forks.found(peer, kForked, head.seq + 1));
    REQUIRE_FALSE(forks.may_follow(peer, kForked));
    CHECK(forks.shown(peer, kForked, end));
    CHECK_FALSE(forks.any());
    CHECK(forks.may_follow(peer, kForked));
  }

  TEST_CASE("what has forked is not asked for again and again") {
    const auto world = forked(5);
    LinkedNodes& nodes = *world;
    nodes.connect(1, 2);
    nodes.run(3'000);
    const std::uint64_t sent = nodes.batches_sent();
    nodes.run(60'000);
    CHECK(nodes.batches_sent() == sent);
    for (std::size_t i = 0; i < nodes.size(); ++i) CHECK(fork_alarms(nodes, i) <= 1);
  }

  TEST_CASE("what depends on the other history waits and is listed, and everything else goes on") {
    const auto world = forked(5);
    LinkedNodes& nodes = *world;
    nodes.add(std::make_unique<Node>("sa", 20));
    put(nodes, 4, "free");
    put(nodes, 1, "depends");
    nodes.connect(1, 2);
    nodes.connect(4, 1);
    nodes.run(3'000);
    for (std::size_t i = 0; i < nodes.size(); ++i) CHECK(get(nodes, i, "free") == "free of 4");
    CHECK(get(nodes, 0, "depends") == "depends of 1");
    CHECK(get(nodes, 2, "depends") == "");
    CHECK(forks_of(nodes, 2).waiting_for(kForked) == std::vector<core::Origin>{2});
    put(nodes, 0, "left goes on");
    put(nodes, 3, "right goes on");
    put(nodes, 1, "more");
    nodes.run(3'000);
    CHECK(get(nodes, 1, "left goes on") == "left goes on of 0");
    CHECK(get(nodes, 0, "more") == "more of 1");
    CHECK(get(nodes, 2, "right goes on") == "right goes on of 3");
    CHECK(get(nodes, 2, "more") == "");
    CHECK(get(nodes, 3, "left goes on") == "");
  }

  TEST_CASE("two leaders that have forked and meet go on under new origins, alarmed both") {
    const auto world = forked(5);
    LinkedNodes& nodes = *world;
    nodes.connect(0, 3);
    nodes.run(3'000);
    CHECK(nodes.at(0).origin() != kForked);
    CHECK(nodes.at(3).origin() != kForked);
    CHECK(fork_alarms(nodes, 0) == 1);
    CHECK(fork_alarms(nodes, 3) == 1);
    CHECK(fork_of(nodes, 0, 3).common == 5);
    CHECK(fork_of(nodes, 3, 0).common == 5);
    put(nodes, 0, "new left");
    put(nodes, 3, "new right");
    nodes.run(3'000);
    CHECK(get(nodes, 1, "new left") == "new left of 0");
    CHECK(get(nodes, 2, "new right") == "new right of 3");
    CHECK(get(nodes, 3, "new left") == "");
  }

  TEST_CASE("a fork can be resolved right after its other side began a new origin") {
    const auto world = forked(3);
    LinkedNodes& nodes = *world;
    nodes.connect(1, 2);
    nodes.run(2'300);
    REQUIRE(fork_of(nodes, 1, 2).common == 3);
    nodes.replace(2, std::make_unique<Node>("ap", 11, nodes.at(2).storage().clone(), true));
    nodes.run(1);
    const auto& peers = nodes.at(1).replica().exchange().peers();
    REQUIRE(peers.contains(11));
    for (const auto& [origin, by_peer] : forks_of(nodes, 1).all()) {
      for (const auto& [peer, fork] : by_peer) CHECK(peers.contains(peer));
    }
    CHECK_NOTHROW(
        (void)nodes.at(1).replica().background().resolve_fork(kForked, true, nodes.now()));
  }

  TEST_CASE("histories of any lengths and batches are told apart, whoever is further") {
    const int runs = test::long_run() ? 500 : 20;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      LinkedNodes nodes;
      nodes.add(std::make_unique<Node>("eu", kForked));
      const auto write_some = [&](std::size_t index) {
        core::Seq ops = 0;
        for (std::size_t batches = random.below(6) + 1; batches > 0; --batches) {
          const std::size_t count = random.below(5) + 1;
          put(nodes, index, "k", count);
          ops += count;
        }
        return ops;
      };
      const core::Seq common = random.chance(0.2) ? 0 : write_some(0);
      nodes.add(std::make_unique<Node>("eu", 10, nodes.at(0).storage().clone()));
      write_some(0);
      write_some(1);
      nodes.connect(0, 1);
      nodes.run(3'000);
      for (const std::size_t side : {0, 1}) {
        const Fork fork = fork_of(nodes, side, 1 - side);
        REQUIRE(fork.common == common);
        REQUIRE(fork.differs > common);
        REQUIRE(fork_alarms(nodes, side) == 1);
      }
    }
  }

  TEST_CASE("a side whose history was replaced by the other one exchanges again") {
    const auto world = forked(5);
    LinkedNodes& nodes = *world;
    nodes.connect(1, 2);
    nodes.run(3'000);
    nodes.disconnect(0, 1);
    nodes.replace(1, std::make_unique<Node>("us", 30));  // Lost all it had.
    nodes.run(5'000);
    CHECK(get(nodes, 1, "right") == "right of 3");
    CHECK_FALSE(forks_of(nodes, 1).any());
    CHECK_FALSE(forks_of(nodes, 2).any());
    put(nodes, 1, "again");
    nodes.run(2'000);
    CHECK(get(nodes, 3, "again") == "again of 1");
  }

  TEST_CASE("nothing is taken of who fell back until its former self proves to be the same") {
    constexpr core::ChainHash kChain{1};
    storage::MemoryStorage log;  // It came by a snapshot.
    REQUIRE(log.open().ok());
    regions::Applied applied;
    applied.set_head(kForked, {.seq = 10, .chain = kChain, .deps = {}, .hlc = {}, .region = "eu"});
    const regions::SoundLog sound(log);
    regions::ChainHashes chains(applied, sound);
    regions::Effects effects;
    const regions::RegionList list;
    regions::Forks forks(applied, chains, list, effects);
    const auto takes = [&](const regions::Peer& peer, const regions::ChainLink& shown) {
      forks.shown(peer, kForked, shown);
      core::Batch batch;
      batch.origin = peer.origin;
      core::VersionVector deps;
      deps.set(kForked, shown.seq);
      return forks.may_apply(peer, batch, deps);
    };
    regions::Peer eu;
    eu.origin = 2;
    eu.region = "eu";
    regions::Peer us;
    us.origin = 3;
    us.region = "us";
    CHECK_FALSE(takes(eu, {7, core::ChainHash{2}}));
    CHECK_FALSE(forks.may_follow(eu, eu.origin));
    CHECK(takes(us, {7, core::ChainHash{2}}));
    CHECK(takes(eu, {10, kChain}));
    CHECK(forks.may_follow(eu, eu.origin));
  }

  TEST_CASE("another leader of a region is not taken for one that fell back") {
    test::Parts world("us", 9);
    const auto listed = [&](core::Origin origin, core::Origin previous) {
      world.write([&](Group& group) {
        group.put(regions::RegionList::origin_row("eu", origin),
                  regions::RegionList::origin_value(previous));
      });
      world.list.load(*world.state.reader());
    };
    regions::Applied applied;
    applied.set_head(kForked, {.seq = 10, .chain = {}, .deps = {}, .hlc = {}, .region = "eu"});
    regions::ChainHashes chains(applied, world.state.log());
    regions::Forks forks(applied, chains, world.list, world.effects);
    const auto takes_of = [&](core::Origin origin) {
      regions::Peer peer;
      peer.origin = origin;
      peer.region = "eu";
      forks.shown(peer, kForked, {7, core::ChainHash{2}});
      core::Batch batch;
      batch.origin = origin;
      core::VersionVector deps;
      deps.set(kForked, 7);
      return forks.may_apply(peer, batch, deps);
    };
    listed(kForked, 0);
    CHECK_FALSE(takes_of(20));  // Unknown: perhaps of the same directory.
    listed(20, 19);             // Promoted, of another directory.
    CHECK(takes_of(20));
    CHECK_FALSE(takes_of(21));
    listed(21, kForked);  // Fell back.
    CHECK_FALSE(takes_of(21));
  }

  TEST_CASE("of a peer that is forgotten nothing waits, and its next process is judged anew") {
    storage::MemoryStorage log;
    REQUIRE(log.open().ok());
    regions::Applied applied;
    applied.set_head(kForked, {.seq = 10, .chain = {}, .deps = {}, .hlc = {}, .region = "eu"});
    const regions::SoundLog sound(log);
    regions::ChainHashes chains(applied, sound);
    regions::Effects effects;
    const regions::RegionList list;
    regions::Forks forks(applied, chains, list, effects);
    regions::Peer peer;
    peer.origin = 3;
    peer.region = "us";
    REQUIRE(forks.found(peer, kForked, 8));
    core::Batch batch;
    batch.origin = peer.origin;
    REQUIRE_FALSE(forks.may_apply(peer, batch, core::VersionVector{{kForked, 8}}));
    REQUIRE(forks.waiting_for(kForked) == std::vector<core::Origin>{peer.origin});
    forks.forget(peer.origin);
    CHECK_FALSE(forks.any());
    CHECK(forks.waiting_for(kForked).empty());
    CHECK(forks.may_follow(peer, peer.origin));
  }
}

}  // namespace anabranch::forks_test
