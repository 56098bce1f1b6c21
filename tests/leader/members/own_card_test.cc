// What the card of a member says of its replica.
#include "leader/members/own_card.h"

#include <memory>

#include <doctest/doctest.h>

#include "tests/node.h"

namespace anabranch::own_card_test {

using regions::MemberCard;
using test::Node;

namespace {

constexpr core::Origin kOwn = 5;

std::unique_ptr<Node> opened(bool follows, core::Millis promote_after_ms, std::uint64_t reign = 0) {
  return std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                        .region = "eu",
                                                        .fresh_origin = kOwn,
                                                        .nonce = 7,
                                                        .follows = follows,
                                                        .promote_after_ms = promote_after_ms,
                                                        .reign = reign,
                                                        .announce = true},
                                nullptr, 0);
}

MemberCard card_of(Node& node) {
  MemberCard card;
  leader::show(card, node.replica(), false, 0);
  return card;
}

}  // namespace

TEST_SUITE("leader: own card") {
  TEST_CASE("a leader tells how far it is in its own origin once the row of its reign is there") {
    const auto eu = opened(false, 2'000, 3);
    MemberCard::End end = leader::end_of(eu->replica(), nullptr);
    CHECK(end == MemberCard::End{});
    REQUIRE(eu->replica().announce().ok());
    end = leader::end_of(eu->replica(), nullptr);
    CHECK(end.reign == 3);
    CHECK(end.origin == kOwn);
    CHECK(end.applied == eu->vector().at(kOwn));
    eu->replica().lead_under(4, false);  // Until that is written, too.
    CHECK(leader::end_of(eu->replica(), nullptr) == end);
    const MemberCard card = card_of(*eu);
    CHECK(card.reign == 4);
    CHECK(card.known == 4);
    CHECK(card.promote_after_ms == 2'000);
  }

  TEST_CASE("where reigns are not counted a follower is in the origin of its leader's card") {
    const auto eu = opened(true, 0);
    MemberCard leader;
    leader.origin = leader.end.origin = 9;
    CHECK(leader::end_of(eu->replica(), &leader).origin == 9);
    CHECK(leader::end_of(eu->replica(), nullptr).origin == 0);
    CHECK(leader::end_of(opened(false, 0)->replica(), nullptr).origin == kOwn);
  }

  TEST_CASE("a member may be promoted with promote_after, not far behind, and by its row") {
    const auto follower = opened(true, 2'000);
    CHECK(leader::promotable(follower->replica(), 30'000) == MemberCard::kRipe);
    CHECK(leader::promotable(follower->replica(), 30'001) == 0);
    CHECK(leader::promotable(follower->replica(), std::nullopt) == 0);
    CHECK(leader::promotable(opened(true, 0)->replica(), 0) == 0);
    const auto listed = opened(false, 2'000);
    REQUIRE(listed->replica().announce().ok());
    CHECK(leader::promotable(listed->replica(), 0) == (MemberCard::kRipe | MemberCard::kAble));
  }

  TEST_CASE("a card names the former origins as far as no row does, with the one behind") {
    auto eu = opened(false, 0);
    eu->write(0, [](regions::Group& group) { group.put(core::Path{"\1", "k", "s"}, "v"); });
    core::Origin fresh = 20;
    for (int i = 0; i < 3; ++i) {
      regions::ReplicaOptions options{.mesh = {1, 1},
                                      .region = "eu",
                                      .fresh_origin = ++fresh,
                                      .nonce = fresh,
                                      .new_origin = true,
                                      .follows = true,
                                      .promote_after_ms = 2'000,
                                      .announce = true};
      eu = std::make_unique<Node>(std::move(options), eu->storage().clone(), 0);
    }
    const MemberCard card = card_of(*eu);
    CHECK(card.origin == 23);
    CHECK(card.previous == 22);
    CHECK(card.formers == std::vector<core::Origin>{21, kOwn, 0});
  }
}

}  // namespace anabranch::own_card_test
