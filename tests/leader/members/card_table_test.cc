// The table of cards: its bounds, and the one that leads.
#include "leader/members/card_table.h"

#include <doctest/doctest.h>

namespace anabranch::card_table_test {

using core::Millis;
using leader::CardTable;
using leader::KnownCard;
using regions::MemberCard;

namespace {

constexpr Millis kNow = 1'000'000;

KnownCard known(std::uint64_t node, const std::string& region, Millis made_ms = kNow) {
  KnownCard each;
  each.card.node = {0, node};
  each.card.number = 1;
  each.card.region = region;
  each.card.name = "n";
  each.made_ms = made_ms;
  return each;
}

}  // namespace

TEST_SUITE("members: table") {
  TEST_CASE("a region has at most 64 rows, and the stalest gives way unless it is fresh") {
    CardTable table;
    for (std::uint64_t node = 1; node <= CardTable::kOfRegionMax; ++node) {
      REQUIRE(table.put(known(node, "eu", kNow - static_cast<Millis>(node)), kNow) != nullptr);
    }
    CHECK(table.put(known(1000, "eu"), kNow) == nullptr);
    CHECK(table.put(known(1000, "us"), kNow) != nullptr);
    CHECK(table.put(known(5, "eu"), kNow) != nullptr);  // One that is there.
    const Millis later = kNow + CardTable::kFreshMs;
    CHECK(table.put(known(1000, "eu", later), later) == nullptr);  // It is another region's.
    CHECK(table.put(known(1001, "eu", later), later) != nullptr);
    CHECK(table.find({0, CardTable::kOfRegionMax}) == nullptr);
    CHECK(table.count("eu") == CardTable::kOfRegionMax);
  }

  TEST_CASE("all regions have at most 1024 rows, and all are forgotten after ten minutes") {
    CardTable table;
    for (std::uint64_t node = 1; node <= CardTable::kMax; ++node) {
      REQUIRE(table.put(known(node, "r" + std::to_string(node % 100)), kNow) != nullptr);
    }
    CHECK(table.put(known(5000, "other"), kNow) == nullptr);
    CHECK(table.rows().size() == CardTable::kMax);
    table.forget_old(kNow + CardTable::kAgeMsMax);
    CHECK(table.rows().size() == CardTable::kMax);
    table.forget_old(kNow + CardTable::kAgeMsMax + 1);
    CHECK(table.rows().empty());
  }

  TEST_CASE("the leader is the fresh one with the greatest reign, not blind, of the least rank") {
    CardTable table;
    const auto leads = [&](std::uint64_t node, std::uint64_t reign, std::uint64_t rank,
                           std::uint64_t flags = 0) {
      KnownCard each = known(node, "eu");
      each.card.role = MemberCard::Role::kLeads;
      each.card.reign = reign;
      each.card.rank = rank;
      each.card.flags = flags;
      REQUIRE(table.put(std::move(each), kNow) != nullptr);
      return table.leader("eu", kNow)->card.node.low;
    };
    REQUIRE(table.put(known(1, "eu"), kNow) != nullptr);
    CHECK(table.leader("eu", kNow) == nullptr);
    CHECK(leads(9, 0, 100) == 9);
    CHECK(leads(8, 0, 100) == 8);
    CHECK(leads(7, 0, 200) == 8);
    CHECK(leads(6, 1, 200, MemberCard::kBlind) == 6);
    CHECK(leads(5, 1, 255) == 5);
    CHECK(table.leader("us", kNow) == nullptr);
    CHECK(table.leader("eu", kNow + CardTable::kFreshMs + 1) == nullptr);
  }

  TEST_CASE("a card that shows an endless time to promote keeps no row for ever") {
    CardTable table;
    KnownCard liar = known(1, "eu");
    liar.card.promote_after_ms = MemberCard::kTimeMax;
    REQUIRE(table.put(std::move(liar), kNow) != nullptr);
    CHECK(table.fresh_ms("eu") <= CardTable::kAgeMsMax);
  }

  TEST_CASE("a card that shows no time to promote makes nobody hurry") {
    CardTable table;
    KnownCard hasty = known(1, "eu");
    hasty.card.promote_after_ms = 1;
    REQUIRE(table.put(std::move(hasty), kNow) != nullptr);
    CHECK(table.promote_after_ms("eu") == CardTable::kPromoteMsMin);
    CHECK(table.promote_after_ms("us") == 0);
    CHECK(table.least_promote_after_ms(5'000) == CardTable::kPromoteMsMin);
  }
}

}  // namespace anabranch::card_table_test
