// The exchange of cards: the ones that are taken, their ways and times, and their bounds.
#include "leader/members/cards.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "leader/members/leader_lag.h"
#include "regions/wire/message.h"

namespace anabranch::cards_test {

using core::Millis;
using leader::CardLink;
using leader::Cards;
using leader::CardTable;
using regions::CardOnWay;
using regions::MemberCard;
using regions::MemberCards;
using transport::LinkId;

namespace {

constexpr Millis kNow = 1'000'000;

MemberCard card(std::uint64_t node, const std::string& region, std::uint64_t number = 1) {
  return {.node = {0, node},
          .opening = 1,
          .nonce = node,
          .number = number,
          .region = region,
          .name = region + std::to_string(node),
          .role = MemberCard::Role::kFollows,
          .flags = MemberCard::kFit};
}

CardOnWay on_way(const MemberCard& card, Millis age_ms = 0, std::uint64_t hops = 1) {
  return {regions::encode_card(card), {}, age_ms, hops};
}

Cards::Proof believe(const MemberCard& /*card*/, const CardOnWay& /*way*/) { return {}; }

// The cards of member 1 of eu, with links to 2 of eu, 3 of us and 4 of ap, under those numbers.
struct World {
  World() {
    cards.see(links, kNow);
    (void)cards.due(nullptr, kNow);
  }

  bool take(LinkId link, const MemberCard& each, Millis now, Millis age_ms = 0,
            std::uint64_t hops = 1) {
    return cards.take(link, {.sent_ms = now, .cards = {on_way(each, age_ms, hops)}}, believe, now);
  }
  // The links that the card of a node goes over now.
  std::vector<LinkId> goes(std::uint64_t node, Millis now) {
    std::vector<LinkId> over;
    for (const Cards::Sent& sent : cards.due(nullptr, now)) {
      for (const CardOnWay& each : sent.message.cards) {
        const MemberCard read = regions::decode_card(each.content).value();
        if (read.node.low == node) over.push_back(sent.link);
      }
    }
    return over;
  }

  Cards cards{{.node = {0, 1}, .nonce = 1, .region = "eu", .opened_ms = kNow}};
  std::vector<CardLink> links{{2, "eu", 2, true}, {3, "us", 3, true}, {4, "ap", 4, true}};
};

using Over = std::vector<LinkId>;

}  // namespace

TEST_SUITE("members: cards") {
  TEST_CASE(
      "the own card goes over all links that read cards, with all that is new in one message") {
    World world;
    world.links.push_back({5, "us", 5, false});
    world.cards.see(world.links, kNow);
    const CardOnWay own = on_way(card(1, "eu"));
    REQUIRE(world.take(3, card(3, "us"), kNow));
    const auto sent = world.cards.due(&own, kNow);
    REQUIRE(sent.size() == 3);
    for (const Cards::Sent& each : sent) {
      CHECK(each.link != 5);
      CHECK(each.message.cards.front() == own);
      CHECK(each.message.cards.size() == (each.link == 3 ? 1 : 2));
      CHECK(each.message.sent_ms == kNow);
    }
  }

  TEST_CASE("a card of the own region goes to its other members at once, each time") {
    World world;
    world.links.push_back({5, "eu", 5, true});
    world.cards.see(world.links, kNow);
    (void)world.cards.due(nullptr, kNow);
    for (std::uint64_t number = 1; number < 5; ++number) {
      const Millis now = kNow + static_cast<Millis>(number);
      REQUIRE(world.take(2, card(2, "eu", number), now));
      CHECK(world.cards.next_ms() <= now);
      const Over over = world.goes(2, now);
      CHECK(over == (number == 1 ? Over{3, 4, 5} : Over{5}));
    }
  }

  TEST_CASE("to and from other regions a card of a node goes at intervals, and a change at once") {
    World world;
    REQUIRE(world.take(3, card(3, "us", 1), kNow));
    CHECK(world.goes(3, kNow) == Over{2, 4});
    REQUIRE(world.take(3, card(3, "us", 2), kNow + 1000));
    CHECK(world.goes(3, kNow + 1000).empty());
    CHECK(world.cards.next_ms() == kNow + Cards::kPassMs);
    CHECK(world.goes(3, kNow + Cards::kPassMs - 1).empty());
    CHECK(world.goes(3, kNow + Cards::kPassMs) == Over{2, 4});
    MemberCard leads = card(3, "us", 3);
    leads.role = MemberCard::Role::kLeads;
    REQUIRE(world.take(3, leads, kNow + Cards::kPassMs + 1));
    CHECK(world.goes(3, kNow + Cards::kPassMs + 1) == Over{2, 4});
    leads.number = 4;
    leads.flags = 0;  // Not fit any more.
    REQUIRE(world.take(3, leads, kNow + Cards::kPassMs + 2));
    CHECK(world.goes(3, kNow + Cards::kPassMs + 2) == Over{2, 4});
  }

  TEST_CASE("no card goes back over links that brought it, nor to its own member") {
    World world;
    REQUIRE(world.take(3, card(7, "sa"), kNow));
    REQUIRE(world.take(4, card(7, "sa"), kNow));
    CHECK(world.cards.counts().taken == 1);
    CHECK(world.cards.counts().repeated == 1);
    CHECK(world.goes(7, kNow) == Over{2});
    REQUIRE(world.take(4, card(3, "us"), kNow));
    CHECK(world.goes(3, kNow) == Over{2});
  }

  TEST_CASE("an older card changes nothing, and is not passed on") {
    World world;
    REQUIRE(world.take(3, card(3, "us", 5), kNow));
    (void)world.goes(3, kNow);
    REQUIRE(world.take(4, card(3, "us", 4), kNow + 5000));
    CHECK(world.goes(3, kNow + 5000).empty());
    CHECK(world.cards.table().rows().begin()->second.card.number == 5);
  }

  TEST_CASE("ages add up, and what is too old, or from too far, goes nowhere") {
    World world;
    REQUIRE(world.take(3, card(7, "sa"), kNow, 300, 4));
    bool found = false;
    for (const Cards::Sent& sent : world.cards.due(nullptr, kNow + 50)) {
      for (const CardOnWay& each : sent.message.cards) {
        found = true;
        CHECK(each.age_ms == 350);
        CHECK(each.hops == 5);
      }
    }
    CHECK(found);
    REQUIRE(world.take(3, card(8, "sa"), kNow, CardTable::kAgeMsMax + 1));
    CHECK(world.cards.counts().old == 1);
    REQUIRE(world.take(3, card(9, "sa"), kNow, 0, CardOnWay::kHopsMax));
    CHECK(world.goes(9, kNow).empty());
    CHECK(world.cards.table().rows().size() == 2);
  }

  TEST_CASE("a message that waited on its link is as old as it is late") {
    World world;
    REQUIRE(world.take(3, card(3, "us", 1), kNow));
    // Sent 10 ms after the first one, and here 4 s after it.
    REQUIRE(world.cards.take(3, {.sent_ms = kNow + 10, .cards = {on_way(card(3, "us", 2))}},
                             believe, kNow + 4000));
    CHECK(world.cards.table().rows().begin()->second.age_ms(kNow + 4000) == 3990);
  }

  TEST_CASE("a new connection begins with all fresh cards") {
    World world;
    REQUIRE(world.take(3, card(3, "us"), kNow));
    REQUIRE(world.take(4, card(4, "ap"), kNow, CardTable::kFreshMs + 1));
    (void)world.cards.due(nullptr, kNow);
    world.links.push_back({9, "sa", 9, true});
    world.cards.see(world.links, kNow + 1);
    CHECK(world.cards.next_ms() <= kNow + 1);
    CHECK(world.goes(3, kNow + 1) == Over{9});
    CHECK(world.goes(3, kNow + 2).empty());
    // So does the same peer where its process is another one.
    world.links.back().nonce = 10;
    world.cards.see(world.links, kNow + 3);
    CHECK(world.goes(3, kNow + 3) == Over{9});
  }

  TEST_CASE("a card without the proof of its region is dropped, and the next one may be taken") {
    World world;
    const auto doubt = [](const MemberCard&, const CardOnWay&) { return Cards::Proof{false, {}}; };
    REQUIRE(
        world.cards.take(3, {.sent_ms = kNow, .cards = {on_way(card(3, "us", 9))}}, doubt, kNow));
    CHECK(world.cards.counts().forged == 1);
    CHECK(world.cards.table().rows().empty());
    REQUIRE(world.take(3, card(3, "us", 1), kNow));
    CHECK(world.cards.counts().taken == 1);
  }

  TEST_CASE("bytes that are no card cost their sender the link, unknown links nothing") {
    World world;
    CHECK_FALSE(
        world.cards.take(3, {.sent_ms = kNow, .cards = {{"nonsense", {}, 0, 1}}}, believe, kNow));
    CHECK(world.cards.hears(3));
    CHECK_FALSE(world.cards.hears(77));
    CHECK(world.cards.counts().strange == 1);
    CHECK(world.cards.table().rows().empty());
  }

  TEST_CASE("who sends cards without end is heard as far as its bound, and others go on") {
    World world;
    const MemberCard one = card(3, "us");
    for (std::uint64_t i = 0; i < 3 * Cards::kIn.messages; ++i) {
      MemberCard each = card(100 + i, "us" + std::to_string(i % 50));
      REQUIRE(world.take(3, each, kNow));
    }
    CHECK(world.cards.counts().excess >= 2 * Cards::kIn.messages);
    CHECK(world.cards.table().rows().size() <= Cards::kIn.messages);
    REQUIRE(world.take(4, card(4, "ap"), kNow));
    CHECK(world.cards.counts().taken == world.cards.table().rows().size());
    // A link is sent no more than its bound.
    std::size_t sent = 0;
    for (const Cards::Sent& each : world.cards.due(nullptr, kNow)) {
      sent += each.link == 2 ? each.message.cards.size() : 0;
      CHECK(each.message.cards.size() <= MemberCards::kCardsMax);
      CHECK(regions::encode_message(each.message).size() <= MemberCards::kBodyBytesMax);
    }
    CHECK(sent <= Cards::kOut.messages);
    CHECK(world.cards.counts().held_up > 0);
    CHECK(world.take(3, one, kNow + 60'000));
  }

  TEST_CASE("a card of the own node is that of a copy, unless it is of the last life") {
    World world;
    MemberCard mine = card(1, "eu", 9);
    REQUIRE(world.take(3, mine, kNow + 60'000));
    CHECK_FALSE(world.cards.copy().has_value());
    mine.nonce = 99;
    REQUIRE(world.take(3, mine, kNow + 60'000, 60'000));
    CHECK_FALSE(world.cards.copy().has_value());
    REQUIRE(world.take(3, mine, kNow + 60'000, 500));
    CHECK(world.cards.copy().has_value());
    CHECK(world.cards.table().rows().empty());
    CHECK(world.goes(1, kNow + 60'000).empty());
  }

  TEST_CASE("beats and intervals follow the time after which the region promotes") {
    World world;
    CHECK(world.cards.beat_ms() == Cards::kBeatMs);
    MemberCard abroad = card(3, "us");
    abroad.promote_after_ms = 2000;
    REQUIRE(world.take(2, abroad, kNow));
    CHECK(world.cards.beat_ms() == 500);  // Its members hear somebody within half of that time.
    MemberCard fast = card(2, "eu");
    fast.promote_after_ms = 2000;
    REQUIRE(world.take(2, fast, kNow));
    CHECK(world.cards.beat_ms() == 250);
    for (std::uint64_t node = 20; node < 28; ++node) {
      REQUIRE(world.take(2, card(node, "eu"), kNow));
    }
    CHECK(world.cards.beat_ms() == 500);
    CHECK(world.cards.table().fresh_ms("eu") == 2000);
  }

  TEST_CASE("the lag of a follower is the age of the newest card that is covered") {
    leader::LeaderLag lag;
    const auto hear = [&](core::Origin origin, core::Seq applied, Millis made_ms) {
      regions::MemberCard card;
      card.origin = origin;
      card.end = {.origin = origin, .applied = applied, .durable = applied};
      lag.hear(card, made_ms);
    };
    CHECK_FALSE(lag.lag_ms(kNow).has_value());
    hear(7, 100, kNow);
    lag.look({{7, 99}});
    CHECK_FALSE(lag.lag_ms(kNow + 10).has_value());
    hear(7, 200, kNow + 1000);
    lag.look({{7, 150}});
    CHECK(lag.lag_ms(kNow + 1500) == 1500);
    lag.look({{7, 200}});
    CHECK(lag.lag_ms(kNow + 1500) == 500);
    hear(8, 5, kNow + 2000);  // Another leader.
    CHECK_FALSE(lag.lag_ms(kNow + 2000).has_value());
    for (core::Seq seq = 0; seq < 1000; ++seq) {
      hear(8, seq, kNow + 2000 + static_cast<Millis>(seq));
    }
    lag.look({{8, 1000}});
    CHECK(lag.lag_ms(kNow + 3000).value_or(0) >= 900);  // Not all were kept.
  }
}

}  // namespace anabranch::cards_test
