// Which member is handed the lead, and why another one is not.
#include "leader/members/heir.h"

#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "leader/members/own_card.h"

namespace anabranch::heir_test {

using core::Millis;
using leader::CardTable;
using leader::choose_heir;
using regions::MemberCard;

namespace {

constexpr Millis kNow = 1'000'000;

MemberCard card(std::uint64_t node, const std::string& region = "eu") {
  return {.node = {0, node},
          .opening = 1,
          .nonce = node,
          .number = 1,
          .region = region,
          .name = region + '-' + std::to_string(node),
          .origin = node,
          .role = MemberCard::Role::kFollows,
          .flags = MemberCard::kFit,
          .lag_ms = 100};
}

// Member 1 of eu, its leader.
struct World {
  CardTable cards;
  regions::Peers peers;
  MemberCard own = card(1);

  World() { own.role = MemberCard::Role::kLeads; }
  void add(const MemberCard& member, Millis age_ms = 0, bool linked = true) {
    leader::KnownCard known;
    known.card = member;
    known.made_ms = kNow - age_ms;
    cards.put(std::move(known), kNow);
    regions::Peer& peer = peers[member.origin];
    peer.nonce = member.nonce;
    if (linked) peer.links = {7};
  }
  // The name of the heir, or why there is none.
  [[nodiscard]] std::string heir(std::string_view called = {}) const {
    const auto found = choose_heir(cards, own, peers, called, kNow);
    return found.ok() ? found.value().name : found.failure().message;
  }
};

bool tells(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("leader: the heir of a lead") {
  TEST_CASE("a member is named by its name or its node") {
    World eu;
    eu.add(card(2));
    eu.add(card(3));
    eu.add(card(4, "us"));
    CHECK(eu.heir("eu-3") == "eu-3");
    CHECK(eu.heir(core::to_string(core::Hash128{0, 2})) == "eu-2");
    CHECK(tells(eu.heir("us-4"), "region eu has no member us-4"));
    CHECK(tells(eu.heir("eu-1"), "is this one"));
  }

  TEST_CASE(
      "of several the one that others reach comes first, then the least rank, then the node") {
    World eu;
    eu.add(card(2));
    eu.add(card(3));
    CHECK(eu.heir() == "eu-2");
    MemberCard low = card(4);
    low.rank = 50;
    eu.add(low);
    CHECK(eu.heir() == "eu-4");
    MemberCard reached = card(5);
    reached.flags |= MemberCard::kReach;
    reached.rank = 200;
    eu.add(reached);
    CHECK(eu.heir() == "eu-5");
  }

  TEST_CASE("who cannot take the lead is told why, and is passed over where nobody is named") {
    World eu;
    CHECK(tells(eu.heir(), "region eu has no other member"));
    eu.add(card(2), 40'000);
    CHECK(tells(eu.heir("eu-2"), "is away, its newest card is 40 s old"));
    MemberCard other = card(3);
    other.role = MemberCard::Role::kLeads;
    eu.add(other);
    CHECK(tells(eu.heir("eu-3"), "does not follow"));
    other = card(4);
    other.flags = 0;
    other.why = "its disk is nearly full";
    eu.add(other);
    CHECK(tells(eu.heir("eu-4"), "takes no writes, since its disk is nearly full"));
    eu.add(card(5), 0, false);
    CHECK(tells(eu.heir("eu-5"), "has no direct link"));
    other = card(6);
    other.lag_ms = leader::kLagMsMax + 1;
    eu.add(other);
    CHECK(tells(eu.heir("eu-6"), "is behind by 30 s"));
    other = card(7);
    other.lag_ms.reset();
    eu.add(other);
    CHECK(tells(eu.heir("eu-7"), "does not tell yet"));
    CHECK(tells(eu.heir(), "member eu-2 is away"));
    CHECK(tells(eu.heir(), "; member eu-7 does not tell"));
    eu.add(card(8));
    CHECK(eu.heir() == "eu-8");
  }

  TEST_CASE("an opening that is gone is no heir, and two of one name are named by their nodes") {
    World eu;
    eu.add(card(2));
    eu.peers[2].nonce = 99;
    CHECK(tells(eu.heir("eu-2"), "has no direct link"));
    MemberCard twin = card(3);
    twin.name = "eu-2";
    eu.add(twin);
    CHECK(tells(eu.heir("eu-2"), "more than one"));
  }
}

}  // namespace anabranch::heir_test
