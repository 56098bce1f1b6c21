// Which members a leader lists, and with which origins before theirs.

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "regions/members/lister.h"
#include "tests/regions/parts.h"

namespace anabranch::lister_test {

using core::Millis;
using core::Origin;
using regions::Group;
using regions::Lister;
using regions::RegionList;
using regions::Retirement;
using regions::ShownMember;
using Rows = std::vector<Lister::Row>;

namespace {

constexpr Millis kNow = 100'000;
constexpr Origin kLeader = 1;
constexpr core::Hash128 kNode{0, 7};

// The leader of eu, whose origin is 1.
struct ListerWorld : test::Parts {
  Lister lister;
  Lister::Lead lead{.region = "eu", .origin = kLeader};

  ListerWorld() : Parts("eu", kLeader) { open(kLeader, 0); }
  void open(Origin origin, Origin previous) {
    write([&](Group& group) {
      group.put(RegionList::origin_row("eu", origin), RegionList::origin_value(previous));
    });
    list.load(*state.reader());
  }
  // The rows that are due when these members have been seen for so long.
  Rows due(std::vector<ShownMember> members, Millis for_ms = Lister::kRipeMs) {
    lister.look(members, kNow);
    for (ShownMember& each : members) each.made_ms += for_ms;
    lister.look(std::move(members), kNow + for_ms);
    return lister.due(list, lead);
  }
};

ShownMember ripe(Origin origin, Origin previous = 0, std::vector<Origin> formers = {}) {
  return {.node = kNode,
          .made_ms = kNow,
          .ripe = true,
          .origin = origin,
          .previous = previous,
          .formers = std::move(formers)};
}

}  // namespace

TEST_SUITE("regions: lister") {
  TEST_CASE("a member is listed once it has been ripe for ten seconds, and once") {
    ListerWorld eu;
    CHECK(eu.due({ripe(5)}, Lister::kRipeMs - 1).empty());
    CHECK(eu.due({ripe(5)}) == Rows{{5, 0, kNode}});
    eu.open(5, 0);
    CHECK(eu.due({ripe(5)}).empty());
  }

  TEST_CASE("a member that is asked for is listed at once, and needs not be ripe") {
    ListerWorld eu;
    ShownMember member = ripe(5);
    member.ripe = false;
    eu.lister.ask(kNode);
    CHECK(eu.due({member}, 0) == Rows{{5, 0, kNode}});
    eu.lister.ask({});
    CHECK(eu.due({member}, 0).empty());
  }

  TEST_CASE("who is not ripe is not listed, and who was not ripe begins anew") {
    ListerWorld eu;
    ShownMember member = ripe(5);
    member.ripe = false;
    CHECK(eu.due({member}).empty());
    eu.lister.look({ripe(5)}, kNow);
    eu.lister.look({member}, kNow + 9'000);
    eu.lister.look({ripe(5)}, kNow + 10'000);
    CHECK(eu.lister.due(eu.list, eu.lead).empty());
    eu.lister.look({ripe(5)}, kNow + 20'000);
    CHECK(eu.lister.due(eu.list, eu.lead).size() == 1);
  }

  TEST_CASE("a blind leader lists nobody, nor does one that knows a greater reign") {
    ListerWorld eu;
    SUBCASE("blind") { eu.lead.blind = true; }
    SUBCASE("of a lower reign") { eu.lead.known = 3; }
    CHECK(eu.due({ripe(5)}).empty());
    eu.lead = {.region = "eu", .origin = kLeader, .reign = 3, .known = 3};
    CHECK(eu.due({ripe(5)}).size() == 1);
  }

  TEST_CASE("with a member the origins before it are listed that no row names") {
    ListerWorld eu;
    CHECK(eu.due({ripe(5, 4, {3, 0})}) == Rows{{5, 4, kNode}, {4, 3, {}}, {3, 0, {}}});
    eu.open(3, 0);
    CHECK(eu.due({ripe(5, 4, {3})}) == Rows{{5, 4, kNode}, {4, 3, {}}});
    CHECK(eu.due({ripe(5, 3)}) == Rows{{5, 3, kNode}});
    CHECK(eu.due({ripe(5, 4)}) == Rows{{5, 4, kNode}});  // Nothing tells of those before 4.
    eu.open(5, 4);
    CHECK(eu.due({ripe(5, 4, {3})}) == Rows{{4, 3, {}}});
  }

  TEST_CASE(
      "a member that shows another origin is ripe anew, and of its row only the chain has "
      "formers") {
    ListerWorld eu;
    eu.lister.look({ripe(5)}, kNow);
    eu.lister.look({ripe(6)}, kNow + Lister::kRipeMs);
    CHECK(eu.lister.due(eu.list, eu.lead).empty());
    eu.open(5, 4);
    CHECK(eu.due({ripe(5, 7, {8, 9, 10})}).empty());
  }

  // Any key of the region can make up cards, at no cost.
  TEST_CASE("cards that change have few rows written, and members wait meanwhile") {
    ListerWorld eu;
    Millis now = kNow;
    Origin origin = 100;
    std::size_t written = 0;
    const auto show = [&](int rounds) {
      for (int round = 0; round < rounds; ++round) {
        std::vector<ShownMember> members;
        for (std::uint64_t node = 1; node <= 60; ++node) {
          members.push_back(ripe(++origin, 0));
          members.back().node = {1, node};
          members.back().previous = ++origin;
          members.back().formers = {++origin, ++origin, 0};
        }
        eu.lister.look(members, now);
        now += Lister::kRipeMs;
        eu.lister.look(members, now);
        const Rows rows = eu.lister.due(eu.list, eu.lead);
        eu.lister.wrote(rows.size());
        written += rows.size();
      }
    };
    show(100);
    CHECK(written >= Lister::kRowsAtOnce);
    CHECK(written <= Lister::kRowsAtOnce + 100);
    CHECK(eu.lister.waits());
    // A member that is asked to lead waits for nobody.
    eu.lister.ask(kNode);
    eu.lister.look({ripe(5)}, now);
    CHECK(eu.lister.due(eu.list, eu.lead) == Rows{{5, 0, kNode}});
  }

  TEST_CASE("formers that name each other in a circle end") {
    ListerWorld eu;
    CHECK(eu.due({ripe(5, 4, {5, 4, 5})}) == Rows{{5, 4, kNode}, {4, 5, {}}});
  }

  TEST_CASE("an origin that another directory writes under is not ended") {
    ListerWorld eu;
    SUBCASE("that of the leader itself") {
      CHECK(eu.due({ripe(5, kLeader)}) == Rows{{5, 0, kNode}});
    }
    SUBCASE("that of another member that is there") {
      ShownMember other = ripe(4);
      other.node = {0, 8};
      other.ripe = false;
      CHECK(eu.due({ripe(5, 4), other}) == Rows{{5, 0, kNode}});
    }
    SUBCASE("but that of a directory that has moved is") {
      ShownMember before = ripe(4);
      before.node = {0, 8};
      before.ripe = false;
      eu.lister.look({before, ripe(5, 4)}, kNow);
      eu.lister.look({before, ripe(5, 4)}, kNow + Lister::kRipeMs);
      CHECK(eu.lister.due(eu.list, eu.lead) == Rows{{5, 4, kNode}});
    }
  }

  TEST_CASE("who goes on under an origin that is over is not listed") {
    ListerWorld eu;
    SUBCASE("it is the leader's") { CHECK(eu.due({ripe(kLeader)}).empty()); }
    SUBCASE("it has ended") {
      eu.open(6, 5);
      CHECK(eu.due({ripe(5)}).empty());
    }
    SUBCASE("it was declared lost") {
      eu.open(5, 0);
      eu.write([](Group& group) {
        group.put(RegionList::retirement_row("eu"),
                  RegionList::retirement_value(Retirement::kLost, {5, 9}));
      });
      eu.list.load(*eu.state.reader());
      CHECK(eu.due({ripe(5, 4, {0})}).empty());
      CHECK(eu.due({ripe(9)}).empty());
    }
    SUBCASE("it is that of another region") {
      eu.write([](Group& group) {
        group.put(RegionList::origin_row("us", 5), RegionList::origin_value(0));
      });
      eu.list.load(*eu.state.reader());
      CHECK(eu.due({ripe(5)}).empty());
    }
  }

  TEST_CASE("no more than 64 origins of a region are waited for by listing members") {
    ListerWorld eu;
    eu.write([](Group& group) {
      for (Origin origin = 100; origin < 100 + Lister::kRowsMax - 1; ++origin) {
        group.put(RegionList::origin_row("eu", origin), RegionList::origin_value(0));
      }
    });
    eu.list.load(*eu.state.reader());
    CHECK(eu.list.waited_for("eu") == Lister::kRowsMax);
    CHECK(eu.due({ripe(5)}).empty());
    eu.open(200, 100);  // It ends one, and is one.
    CHECK(eu.due({ripe(5)}).empty());
    eu.write([](Group& group) {
      group.put(RegionList::retirement_row("eu"),
                RegionList::retirement_value(Retirement::kLost, {101}));
    });
    eu.list.load(*eu.state.reader());
    CHECK(eu.due({ripe(5)}).size() == 1);
  }
}

}  // namespace anabranch::lister_test
