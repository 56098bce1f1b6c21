// The holders of the writes of a leader: members by their cards and by the list of regions, and of
// their histories only the part that is shared.
#include "leader/members/holders.h"

#include <algorithm>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::holders_test {

using core::Hash128;
using core::Millis;
using core::Origin;
using core::Path;
using leader::CardTable;
using leader::Holders;
using leader::KnownCard;
using leader::RegionNames;
using regions::MemberCard;
using regions::RegionList;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr Millis kNow = 1'000'000;
constexpr Hash128 kOwn{0x1000'0000'0000'0000, 1};
constexpr Hash128 kOther{0xabcd'ef01'0000'0000, 2};
constexpr Hash128 kFar{0x3000'0000'0000'0000, 3};

MemberCard card_of(const Hash128& node, const std::string& region, const std::string& name,
                   Origin origin) {
  MemberCard card;
  card.node = node;
  card.opening = card.number = 1;
  card.region = region;
  card.name = name;
  card.origin = origin;
  card.role = MemberCard::Role::kFollows;
  return card;
}

const Holders::Member* find(const Holders& holders, const std::string& name) {
  const auto at = std::ranges::find(holders.members(), name, &Holders::Member::name);
  return at == holders.members().end() ? nullptr : &*at;
}

const Holders::Region* find_region(const Holders& holders, const std::string& name) {
  const auto at = std::ranges::find(holders.regions(), name, &Holders::Region::name);
  return at == holders.regions().end() ? nullptr : &*at;
}

// The leader eu-1; the list has it, the member with the node kOther, and the leader of us.
struct World {
  Node eu{"eu", 1};
  CardTable cards;
  MemberCard own = card_of(kOwn, "eu", "eu-1", 1);
  Holders holders;
  Millis now = kNow;

  World() {
    eu.write(0, [](regions::Group& group) {
      group.put(RegionList::origin_row("eu", 1), RegionList::origin_value(0, kOwn));
      group.put(RegionList::origin_row("eu", 5), RegionList::origin_value(0, kOther));
      group.put(RegionList::origin_row("us", 9), RegionList::origin_value(0, kFar));
    });
  }
  void show(const MemberCard& card) {
    KnownCard known;
    known.card = card;
    known.made_ms = now;
    REQUIRE(cards.put(known, now) != nullptr);
  }
  const Holders& look() {
    now += 200;  // They are looked up ten times a second.
    holders.look(
        eu.replica(), [this] { return known_members(cards, own, now); },
        [] {
          return RegionNames{.known = {"eu", "us"}, .unmet = {"tcp://127.0.0.1:1"}};
        },
        now);
    return holders;
  }
  [[nodiscard]] const Holders::Member* member(const std::string& name) const {
    return find(holders, name);
  }
};

}  // namespace

TEST_SUITE("leader: holders") {
  TEST_CASE("a listed member is there without a card, and is one member with it") {
    World world;
    REQUIRE(world.look().members().size() == 3);
    CHECK(world.holders.members().front().self);
    CHECK(world.member("eu-1")->listed);
    REQUIRE(world.member("eu/abcdef01") != nullptr);
    CHECK(world.member("eu/abcdef01")->listed);
    CHECK_FALSE(world.member("eu/abcdef01")->fresh);
    SUBCASE("by its origin") { world.show(card_of(kOther, "eu", "eu-2", 5)); }
    SUBCASE("by the origin before") {
      MemberCard card = card_of(kOther, "eu", "eu-2", 6);
      card.previous = 5;
      world.show(card);
    }
    REQUIRE(world.look().members().size() == 3);
    CHECK(world.member("eu/abcdef01") == nullptr);
    REQUIRE(world.member("eu-2") != nullptr);
    CHECK(world.member("eu-2")->listed);
    CHECK(world.member("eu-2")->fresh);
  }

  TEST_CASE("a directory that has begun an origin that nobody lists is no second member") {
    World world;
    world.show(card_of(kOther, "eu", "eu-2", 77));
    REQUIRE(world.look().members().size() == 3);
    CHECK(world.member("eu/abcdef01") == nullptr);
    CHECK_FALSE(world.member("eu-2")->listed);
  }

  TEST_CASE("members of a retired region count for nothing, and the region is not there") {
    World world;
    world.show(card_of(kFar, "us", "us-1", 9));
    world.look();
    CHECK(world.member("us-1")->fresh);
    CHECK(world.member("us-1")->listed);
    CHECK(find_region(world.holders, "us") != nullptr);
    CHECK_FALSE(find_region(world.holders, "tcp://127.0.0.1:1")->met);
    REQUIRE(world.eu.replica().retire("us", regions::Retirement::kRetired).ok());
    REQUIRE(world.eu.replica().commit().ok());
    world.look();
    REQUIRE(world.member("us-1") != nullptr);
    CHECK_FALSE(world.member("us-1")->fresh);
    CHECK_FALSE(world.member("us-1")->listed);
    CHECK(find_region(world.holders, "us") == nullptr);
    // Nor is one that shows no card.
    world.cards = CardTable();
    CHECK(world.look().members().size() == 2);
  }

  TEST_CASE("a member that was declared lost is listed no more, with a card or without") {
    World world;
    world.show(card_of(kOther, "eu", "eu-2", 5));
    world.look();
    CHECK(world.member("eu-2")->listed);
    REQUIRE(world.eu.replica().declare_lost("eu", kOther).ok());
    REQUIRE(world.eu.replica().commit().ok());
    world.look();
    CHECK_FALSE(world.member("eu-2")->listed);
    CHECK(world.member("eu-2")->fresh);
    world.cards = CardTable();
    world.look();
    CHECK(world.member("eu-2") == nullptr);
    CHECK(world.member("eu/abcdef01") == nullptr);
  }

  TEST_CASE("a card tells how far its member is in the origin of this leader, and in no other") {
    World world;
    MemberCard card = card_of(kOther, "eu", "eu-2", 5);
    card.end = {.reign = 1, .origin = 1, .applied = 3, .durable = 2};
    world.show(card);
    const Holders::Far own = world.look().members().front().far;
    CHECK(own.applied == 3);  // The rows of the list.
    CHECK(world.holders.origin() == 1);
    CHECK(world.member("eu-2")->far.applied == 3);
    CHECK(world.member("eu-2")->far.durable == 2);
    card.number = 2;
    card.end.origin = 9;
    world.show(card);
    world.look();
    CHECK(world.member("eu-2")->far.applied == 0);
    CHECK(world.member("eu-2")->far.durable == 0);
  }

  // The directory of eu was copied, and both copies write on under one origin; us follows the
  // other one, and then meets this one. That us shows positions of that origin tells nothing of the
  // writes of this leader: it goes on under an origin of its own, and that one counts.
  TEST_CASE("of a leader whose origin has forked the new one counts, and the old one does not") {
    LinkedNodes nodes;
    nodes.add(std::make_unique<Node>("eu", 1));
    nodes.add(std::make_unique<Node>("us", 2));
    const auto put = [&](std::size_t index, int times) {
      for (; times > 0; --times) {
        nodes.write(index, [](regions::Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
      }
    };
    put(0, 5);
    nodes.add(std::make_unique<Node>("eu", 10, nodes.at(0).storage().clone()));
    nodes.connect(2, 1);
    put(2, 40);
    nodes.run(2'000);
    put(0, 7);
    nodes.connect(0, 1);
    nodes.run(2'000);
    REQUIRE(nodes.at(0).replica().exchange().forks().all().contains(1));
    REQUIRE(nodes.at(1).vector().at(1) == 45);
    const Origin origin = nodes.at(0).origin();
    REQUIRE(origin != 1);
    put(0, 3);
    nodes.run(2'000);
    const core::Seq own = nodes.at(0).vector().at(origin);
    const core::Seq theirs = nodes.at(1).vector().at(origin);

    Holders holders;
    const auto members = [] {
      CardTable cards;
      KnownCard us;
      us.card = card_of(kFar, "us", "us-1", 2);
      us.made_ms = kNow;
      (void)cards.put(us, kNow);
      return known_members(cards, card_of(kOwn, "eu", "eu-1", 1), kNow);
    };
    const auto regions = [] { return RegionNames{.known = {"eu", "us"}, .unmet = {}}; };
    holders.look(nodes.at(0).replica(), members, regions, kNow);
    REQUIRE(holders.origin() == origin);
    CHECK(own > 0);
    CHECK(own < 45);
    CHECK(holders.members().front().far.applied == own);
    REQUIRE(find(holders, "us-1") != nullptr);
    CHECK(find(holders, "us-1")->far.applied == theirs);
    CHECK(find(holders, "us-1")->far.durable == theirs);
    CHECK(find_region(holders, "us")->far.applied == theirs);
    CHECK(find_region(holders, "eu")->far.applied == own);
  }
}

}  // namespace anabranch::holders_test
