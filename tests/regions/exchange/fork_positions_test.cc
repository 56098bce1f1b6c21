// Forks from positions alone: where histories part, and what is not taken because of it.

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "regions/exchange/forks.h"
#include "regions/wire/chain_marks.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::fork_positions_test {

using core::Origin;
using regions::ChainLink;
using regions::Forks;
using regions::History;
using regions::Peer;
using test::kEu;
using test::kUs;
using test::Parts;

namespace {

struct ForkPositionsWorld : Parts {
  Forks forks{state.applied(), state.chains(), list, effects};
  Peer us;

  ForkPositionsWorld() : Parts("eu", kEu) {
    for (int i = 0; i < 4; ++i) put("k", std::to_string(i));
    effects.clear();
    us.origin = kUs;
    us.region = "us";
  }
  [[nodiscard]] ChainLink link(core::Seq seq) const { return {seq, *state.chains().at(kEu, seq)}; }
  [[nodiscard]] static ChainLink other(core::Seq seq) { return {seq, core::chain_hash("other")}; }
  // A batch of us that depends on so much of eu.
  [[nodiscard]] static core::Batch batch() {
    core::Batch batch;
    batch.origin = kUs;
    batch.transactions.push_back({1, {}, {core::UnknownOp{9}}});
    return batch;
  }
};

}  // namespace

TEST_SUITE("regions: fork positions") {
  TEST_CASE("an equal position is no fork, another one is, with one alarm") {
    ForkPositionsWorld eu;
    CHECK_FALSE(eu.forks.shown(eu.us, kEu, eu.link(3)));
    CHECK_FALSE(eu.forks.any());
    CHECK(eu.forks.may_follow(eu.us, kEu));
    CHECK(eu.forks.shown(eu.us, kEu, ForkPositionsWorld::other(4)));
    CHECK(eu.forks.with(eu.us) == std::vector<Origin>{kEu});
    CHECK_FALSE(eu.forks.may_follow(eu.us, kEu));
    CHECK(eu.forks.may_follow(eu.us, kUs));
    CHECK_FALSE(eu.forks.shown(eu.us, kEu, ForkPositionsWorld::other(4)));
    CHECK(eu.alarms_raised() == 1);
  }

  TEST_CASE("a batch that may write again what is here waits until the histories are compared") {
    ForkPositionsWorld eu;
    REQUIRE(eu.state.trim(4).ok());
    core::Batch again = ForkPositionsWorld::batch();
    again.origin = 9;
    again.opening = core::Opening{.mesh = {1, 1}, .region = "us", .previous = kEu};
    again.deps_changed = {{kEu, 1}};
    CHECK(eu.forks.may_apply(eu.us, again, again.deps_changed));  // The peer shows nothing of eu.
    CHECK_FALSE(eu.forks.shown(eu.us, kEu, ForkPositionsWorld::other(2)));
    CHECK_FALSE(eu.forks.may_apply(eu.us, again, again.deps_changed));
    CHECK_FALSE(eu.forks.any());
    eu.forks.shown(eu.us, kEu, eu.link(4));
    CHECK(eu.forks.may_apply(eu.us, again, again.deps_changed));
  }

  TEST_CASE("where a leader has given way, a position that no log tells of is unclear") {
    ForkPositionsWorld eu;
    REQUIRE(eu.state.trim(4).ok());
    const auto unclear = [&](const ChainLink& link, const std::map<Origin, core::Seq>& parted) {
      return unclear_at({.at = {{kEu, link.seq}}, .hashes = {link.hash}}, parted,
                        eu.state.chains());
    };
    CHECK(unclear(ForkPositionsWorld::other(2), {}) == std::nullopt);
    CHECK(unclear(ForkPositionsWorld::other(2), {{kEu, 1}}) == kEu);
    CHECK(unclear(ForkPositionsWorld::other(2), {{kEu, 2}}) == std::nullopt);
    CHECK(unclear(ForkPositionsWorld::other(2), {{kUs, 1}}) == std::nullopt);
    CHECK(unclear(eu.link(3), {{kEu, 1}}) == std::nullopt);
    CHECK(unclear(ForkPositionsWorld::other(9), {{kEu, 1}}) ==
          std::nullopt);  // The other side tells.
    eu.state.chains().part(kEu, 1);
    CHECK(unclear(ForkPositionsWorld::other(2), {}) == kEu);
  }

  TEST_CASE("positions of the peer's history tell where it parts") {
    ForkPositionsWorld eu;
    REQUIRE(eu.forks.shown(eu.us, kEu, ForkPositionsWorld::other(4)));
    History said{.origin = kEu,
                 .differs = 4,
                 .links = {ForkPositionsWorld::other(4), ForkPositionsWorld::other(3), eu.link(2)}};
    said.asks = true;
    CHECK(eu.forks.heard(eu.us, said));
    const regions::Fork& fork = eu.forks.all().at(kEu).at(kUs);
    CHECK(fork.common == 2);
    CHECK(fork.differs == 3);
    CHECK_FALSE(eu.forks.agreed(eu.us, kEu));
    said.heard = stamp_of(eu.forks.history(eu.us, kEu));
    (void)eu.forks.heard(eu.us, said);
    CHECK(eu.forks.agreed(eu.us, kEu));
  }

  TEST_CASE("what depends on the other history is not applied, and waits by name") {
    ForkPositionsWorld eu;
    REQUIRE(eu.forks.shown(eu.us, kEu, ForkPositionsWorld::other(4)));
    REQUIRE(eu.forks.heard(
        eu.us, {.origin = kEu, .differs = 4, .links = {ForkPositionsWorld::other(4), eu.link(2)}}));
    CHECK(eu.forks.may_apply(eu.us, ForkPositionsWorld::batch(), {{kEu, 2}}));
    CHECK_FALSE(eu.forks.may_apply(eu.us, ForkPositionsWorld::batch(), {{kEu, 4}}));
    CHECK(eu.forks.waiting_for(kEu) == std::vector<Origin>{kUs});
    eu.forks.clear();
    CHECK_FALSE(eu.forks.any());
    CHECK(eu.forks.waiting_for(kEu).empty());
    CHECK(eu.forks.may_apply(eu.us, ForkPositionsWorld::batch(), {{kEu, 4}}));
  }

  TEST_CASE(
      "a batch tells by a hash that its author had another history, whatever the peer shows") {
    ForkPositionsWorld eu;
    core::Batch batch = ForkPositionsWorld::batch();
    batch.deps_changed = {{kEu, 3}, {9, 5}};
    const auto told = [&](const core::ChainHash& hash) {
      batch.deps_hashes = {core::history_hash(hash), 1};
      return eu.forks.other_history(eu.us, batch);
    };
    CHECK(told(eu.link(3).hash) == std::nullopt);
    CHECK_FALSE(eu.forks.any());
    CHECK(told(core::chain_hash("other")) == Forks::Difference{kEu, true});
    CHECK_FALSE(eu.forks.may_apply(eu.us, batch, batch.deps_changed));
    CHECK(eu.forks.all().at(kEu).at(kUs).differs == 3);
    CHECK(told(core::chain_hash("other")) == Forks::Difference{kEu, false});
    CHECK(eu.alarms_raised() == 1);
    // The peer shows that it has this history: the batch waits, and no fork is told of.
    REQUIRE(eu.forks.shown(eu.us, kEu, eu.link(4)));
    CHECK(eu.forks.may_apply(eu.us, ForkPositionsWorld::batch(), batch.deps_changed));
    CHECK(told(core::chain_hash("other")) == Forks::Difference{kEu, false});
    CHECK_FALSE(eu.forks.any());
    CHECK_FALSE(eu.forks.may_apply(eu.us, batch, batch.deps_changed));
  }

  TEST_CASE("a position that cannot be compared is told by peers with the same history only") {
    constexpr Origin kAp = 3;
    ForkPositionsWorld eu;
    Peer ap;
    ap.origin = kAp;
    const ChainLink second = eu.link(2);
    const History told{.origin = kEu, .links = {eu.link(3), second}};
    REQUIRE(eu.state.trim(4).ok());
    eu.forks.shown(eu.us, kEu, second);
    CHECK(eu.forks.questions().empty());  // It has given way nowhere: another rule judges.
    eu.state.chains().part(kEu, 1);
    eu.forks.shown(ap, kEu, eu.link(4));
    eu.forks.shown(eu.us, kEu, second);
    CHECK(eu.forks.asking(kEu));
    const auto questions = eu.forks.questions();
    REQUIRE(questions.size() == 1);
    CHECK(questions.front().peer == kAp);
    CHECK(questions.front().origin == kEu);
    CHECK(questions.front().seq == 2);
    (void)eu.forks.heard(eu.us, told);
    CHECK(eu.state.chains().compare(kEu, second) == regions::Match::kUnknown);
    (void)eu.forks.heard(ap, told);
    CHECK(eu.state.chains().compare(kEu, second) == regions::Match::kEqual);
    CHECK(eu.state.chains().compare(kEu, ForkPositionsWorld::other(2)) ==
          regions::Match::kDifferent);
    CHECK(eu.forks.history(eu.us, kEu, 2).links.front() == second);
    CHECK(eu.forks.questions().empty());
    CHECK_FALSE(eu.forks.asking(kEu));
  }

  TEST_CASE("a position that a peer wants, and this leader cannot tell, is asked for") {
    ForkPositionsWorld eu;
    Peer ap;
    ap.origin = 3;
    const ChainLink second = eu.link(2);
    CHECK(eu.forks.history(eu.us, kEu, 2).links.front() == second);
    REQUIRE(eu.state.trim(4).ok());
    eu.state.chains().part(kEu, 1);
    eu.forks.shown(ap, kEu, eu.link(4));
    (void)eu.forks.heard(eu.us, {.origin = kEu, .links = {}, .asks = true, .wanted = 1});
    CHECK(eu.forks.questions().empty());  // It is before the place where the histories part.
    (void)eu.forks.heard(eu.us, {.origin = kEu, .links = {}, .asks = true, .wanted = 2});
    CHECK(eu.forks.questions().size() == 1);
    eu.forks.clear();
    CHECK(eu.forks.questions().empty());
  }

  TEST_CASE("of a peer that is gone nothing is kept") {
    ForkPositionsWorld eu;
    REQUIRE(eu.forks.shown(eu.us, kEu, ForkPositionsWorld::other(4)));
    eu.forks.retain({{kUs, eu.us}});
    CHECK(eu.forks.any());
    eu.forks.forget(kUs);
    CHECK_FALSE(eu.forks.any());
    REQUIRE(eu.forks.found(eu.us, kEu, 3));
    eu.forks.retain({});
    CHECK_FALSE(eu.forks.any());
  }
}

}  // namespace anabranch::fork_positions_test
