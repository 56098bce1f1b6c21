// A region with a leader and a follower that may lead one day, and another region, for tests of
// members.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "regions/members/lister.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::test {

// How a member is opened.
struct As {
  bool follows = false;
  bool syncs_later = false;
  core::Millis promote_after_ms = 2'000;
  std::uint64_t reign = 0;
  regions::Policies::Proposals proposals = {};
  std::size_t own_clear_rows_direct = 1000;
};

inline std::unique_ptr<Node> opened_member(std::string region, core::Origin origin, As as,
                                           std::unique_ptr<storage::MemoryStorage> disk = nullptr) {
  static std::uint64_t nonce = std::uint64_t{1} << 40U;
  regions::ReplicaOptions options{.mesh = {1, 1},
                                  .region = std::move(region),
                                  .fresh_origin = origin,
                                  .nonce = ++nonce,
                                  .proposals = std::move(as.proposals),
                                  .follows = as.follows,
                                  .promote_after_ms = as.promote_after_ms,
                                  .reign = as.reign,
                                  .syncs_later = as.syncs_later,
                                  .announce = true};
  options.limits.own_clear_rows_direct = as.own_clear_rows_direct;
  return std::make_unique<Node>(std::move(options), std::move(disk), 0);
}

// us, a leader of eu, and a follower of that, each linked with each.
struct ListedWorld {
  static constexpr std::size_t kUs = 0;
  static constexpr std::size_t kLeader = 1;
  static constexpr std::size_t kFollower = 2;
  static constexpr core::Origin kOfLeader = 2;
  static constexpr core::Origin kOfFollower = 3;

  LinkedNodes nodes;

  explicit ListedWorld(core::Millis promote_after_ms = 2'000) {
    nodes.add(opened_member("us", 1, {.promote_after_ms = promote_after_ms}));
    nodes.add(opened_member("eu", kOfLeader, {.promote_after_ms = promote_after_ms}));
    nodes.add(
        opened_member("eu", kOfFollower, {.follows = true, .promote_after_ms = promote_after_ms}));
    nodes.connect(kUs, kLeader);
    nodes.connect(kUs, kFollower);
    nodes.connect(kFollower, kLeader);
    put(kUs);
    put(kLeader);
    REQUIRE(nodes.run_until_equal(5'000));
  }
  regions::Replica& replica(std::size_t at) { return nodes.at(at).replica(); }
  const regions::RegionList& list(std::size_t at) { return replica(at).members().list(); }
  void put(std::size_t at) {
    nodes.write(at, [](regions::Group& group) { group.put(core::Path{"\1", "k", "s"}, "v"); });
  }
  // The card of a node, seen at another one for ten seconds.
  void show(std::size_t whom, std::size_t at) {
    const regions::Identity& self = replica(whom).identity();
    for (const core::Millis now : {nodes.now(), nodes.now() + regions::Lister::kRipeMs}) {
      replica(at).see_members({{.node = self.node,
                                .made_ms = now,
                                .ripe = replica(whom).exchange().follows(),
                                .origin = self.origin,
                                .previous = self.previous,
                                .formers = self.formers}},
                              0, now);
    }
    nodes.run(2'000);
    REQUIRE(nodes.run_until_equal(5'000));
    nodes.run(8'000);  // Until all have heard where all stand.
  }
  void cut_off(std::size_t at) {
    for (std::size_t other = 0; other < nodes.size(); ++other) {
      if (other != at) nodes.disconnect(std::min(at, other), std::max(at, other));
    }
  }
  bool lacks(std::size_t at, const std::string& region) {
    return replica(at).keeper().lacked().contains(region);
  }
  // Starts a node again, as a leader or a follower.
  void start_again(std::size_t at, bool follows) {
    nodes.replace(at, opened_member(replica(at).identity().region, 77, {.follows = follows},
                                    nodes.at(at).storage().clone()));
  }
};

}  // namespace anabranch::test
