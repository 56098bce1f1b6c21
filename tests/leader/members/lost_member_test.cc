// The member that an operator declares lost, and why one is not.
#include "leader/members/lost_member.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/node.h"

namespace anabranch::lost_member_test {

using core::Hash128;
using core::Millis;
using leader::CardTable;
using leader::KnownCard;
using regions::MemberCard;
using regions::RegionList;

namespace {

constexpr Millis kNow = 1'000'000;
constexpr Hash128 kOwn{0, 1};
constexpr Hash128 kOther{0, 2};

struct World {
  test::Node eu{"eu", 1};
  CardTable cards;
  MemberCard own;

  World() {
    own.node = kOwn;
    own.region = "eu";
    own.name = "eu-1";
    eu.write(0, [](regions::Group& group) {
      group.put(RegionList::origin_row("eu", 1), RegionList::origin_value(0, kOwn));
      group.put(RegionList::origin_row("eu", 5), RegionList::origin_value(0, kOther));
      group.put(RegionList::origin_row("eu", 7), RegionList::origin_value(0));
    });
  }
  void show(const Hash128& node, const std::string& name, Millis age_ms,
            Millis promote_after_ms = 2'000, MemberCard::Role role = MemberCard::Role::kFollows) {
    KnownCard known;
    known.card.role = role;
    known.card.node = node;
    known.card.opening = known.card.number = 1;
    known.card.region = "eu";
    known.card.name = name;
    known.card.promote_after_ms = promote_after_ms;
    known.made_ms = kNow - age_ms;
    REQUIRE(cards.put(known, kNow) != nullptr);
  }
  core::Result<Hash128> lost(const std::string& called, const std::string& region = "eu") {
    return leader::lost_member(cards, own, eu.replica().members().list(), region, called, kNow);
  }
  bool refuses(const std::string& called, const std::string& why) {
    const auto found = lost(called);
    return !found.ok() && found.failure().message.find(why) != std::string::npos;
  }
};

}  // namespace

TEST_SUITE("leader: lost member") {
  TEST_CASE("a member that is away is found by its name and by its node") {
    World world;
    world.show(kOther, "eu-2", 60'000);
    CHECK(world.lost("eu-2").value() == kOther);
    CHECK(world.lost(core::to_string(kOther)).value() == kOther);
    CHECK_FALSE(world.lost("eu-2", "us").ok());
  }

  TEST_CASE("one that has shown no card for long is found by its node, and the refusal tells it") {
    World world;
    CHECK(world.refuses("eu-2", core::to_string(kOther)));
    CHECK(world.refuses("eu-2", "`anabranch region retire eu --lost ORIGIN`"));
    CHECK(world.lost(core::to_string(kOther)).value() == kOther);
  }

  TEST_CASE("who shows cards and may lead is there, who may not lead is not waited for in vain") {
    World world;
    SUBCASE("may lead") {
      world.show(kOther, "eu-2", 100);
      CHECK(world.refuses("eu-2", "is there"));
    }
    SUBCASE("leads") {
      world.show(kOther, "eu-2", 100, 0, MemberCard::Role::kLeads);
      CHECK(world.refuses("eu-2", "is there"));
    }
    SUBCASE("may not") {
      world.show(kOther, "eu-2", 100, 0);
      CHECK(world.lost("eu-2").value() == kOther);
    }
  }

  TEST_CASE("two of one name, the asked member itself, and one that is in no row are refused") {
    World world;
    world.show(kOther, "eu-2", 60'000);
    world.show({0, 3}, "eu-2", 60'000);
    CHECK(world.refuses("eu-2", "more than one"));
    CHECK(world.lost(core::to_string(kOther)).ok());
    CHECK(world.refuses("eu-1", "is this one"));
    CHECK(world.refuses(core::to_string(Hash128{0, 3}), "nobody waits for it"));
  }

  TEST_CASE("its origins are lost, and no others") {
    World world;
    REQUIRE(world.eu.replica().declare_lost("eu", kOther).ok());
    REQUIRE(world.eu.replica().commit().ok());
    const RegionList& list = world.eu.replica().members().list();
    CHECK(list.lost("eu", 5));
    CHECK_FALSE(list.lost("eu", 7));
    CHECK_FALSE(world.eu.replica().declare_lost("eu", kOther).ok());
    CHECK_FALSE(world.eu.replica().declare_lost("eu", kOwn).ok());
    CHECK_FALSE(world.eu.replica().declare_lost("eu", Hash128{}).ok());
    CHECK(world.refuses(core::to_string(kOther), "no member"));
  }
}

}  // namespace anabranch::lost_member_test
