// Cards of members: their encoding, their bounds, and bytes that are none.
#include "regions/wire/member_card.h"

#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "core/codec.h"
#include "regions/wire/message.h"
#include "regions/wire/reign.h"
#include "tests/regions/wire/sample_messages.h"

namespace anabranch::member_card_test {

using regions::CardOnWay;
using regions::MemberCard;
using regions::MemberCards;

MemberCard small() { return regions::decode_card(test::small_card()).value(); }

bool is_read(const std::function<void(MemberCard&)>& change) {
  MemberCard card = small();
  change(card);
  return regions::decode_card(regions::encode_card(card)).ok();
}

bool is_taken(const std::function<void(MemberCards&)>& change) {
  MemberCards message{8, {{test::small_card(), {}, 0, 1}}};
  change(message);
  return regions::decode_message(MemberCards::kKind, regions::encode_message(message)).ok();
}

TEST_SUITE("member cards") {
  TEST_CASE("a card survives its encoding, and is some 300 bytes long") {
    const std::string full = test::full_card();
    const auto card = regions::decode_card(full);
    REQUIRE(card.ok());
    CHECK(card.value().name == "eu-2");
    CHECK(card.value().lag_ms == 40);
    CHECK(card.value().end == MemberCard::End{2, 5, 1000, 999});
    CHECK(card.value().has(MemberCard::kReach));
    CHECK_FALSE(card.value().has(MemberCard::kClosed));
    CHECK(regions::encode_card(card.value()) == full);
    CHECK(full.size() < 320);
  }

  TEST_CASE("the longest card that a member may make has room on a link") {
    MemberCard card = small();
    card.region.assign(MemberCard::kNameBytesMax, 'r');
    card.name.assign(MemberCard::kNameBytesMax, 'n');
    card.zone.assign(MemberCard::kNameBytesMax, 'z');
    card.formers.assign(MemberCard::kFormersMax, ~core::Origin{0});
    card.why.assign(MemberCard::kWhyBytesMax, 'w');
    for (std::string* each : {&card.announce_redis, &card.announce_redis_tls,
                              &card.announce_sentinel, &card.announce_peer}) {
      each->assign(MemberCard::kAddressBytesMax, 'a');
    }
    const std::string content = regions::encode_card(card);
    CHECK(regions::decode_card(content).ok());
    CHECK(content.size() <= CardOnWay::kContentBytesMax);
    CHECK(is_taken([&](MemberCards& each) { each.cards.front().content = content; }));
  }

  TEST_CASE("what a newer version appends is skipped, and travels in the bytes") {
    std::string body = test::full_card();
    REQUIRE(body[0] == '\xdc');  // An array of 24, with two bytes of length.
    ++body[2];
    body += '\x07';
    const auto card = regions::decode_card(body);
    REQUIRE(card.ok());
    CHECK(card.value() == regions::decode_card(test::full_card()).value());
    CHECK(is_read([](MemberCard& each) { each.role = static_cast<MemberCard::Role>(9); }));
    CHECK(is_read([](MemberCard& each) { each.flags = ~std::uint64_t{0}; }));
  }

  TEST_CASE("of two cards of a node the greater opening counts, then the greater number") {
    MemberCard older = small();
    older.number = 9;
    MemberCard newer = small();
    newer.number = 10;
    CHECK(newer.is_newer(older));
    CHECK_FALSE(older.is_newer(newer));
    CHECK_FALSE(newer.is_newer(newer));
    older.opening = 1;
    CHECK(older.is_newer(newer));
  }

  TEST_CASE("a card that no member makes is refused") {
    CHECK(is_read([](MemberCard&) {}));
    CHECK_FALSE(is_read([](MemberCard& each) { each.node = {}; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.number = 0; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.region = "two\nlines"; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.name.clear(); }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.name = "two\nlines"; }));
    CHECK_FALSE(
        is_read([](MemberCard& each) { each.name.assign(MemberCard::kNameBytesMax + 1, 'x'); }));
    CHECK_FALSE(
        is_read([](MemberCard& each) { each.zone.assign(MemberCard::kNameBytesMax + 1, 'x'); }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.why = "a\x1B[2J"; }));
    CHECK_FALSE(
        is_read([](MemberCard& each) { each.why.assign(MemberCard::kWhyBytesMax + 1, 'x'); }));
    CHECK_FALSE(is_read([](MemberCard& each) {
      each.announce_peer.assign(MemberCard::kAddressBytesMax + 1, 'x');
    }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.role = static_cast<MemberCard::Role>(0); }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.shards = 0; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.shard = 1; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.rank = MemberCard::kRankMax + 1; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.reign = regions::kReignMax + 1; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.known = regions::kReignMax + 1; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.end.reign = regions::kReignMax + 1; }));
    CHECK(is_read([](MemberCard& each) { each.known = regions::kReignMax; }));
    CHECK_FALSE(is_read([](MemberCard& each) { each.lag_ms = -1; }));
    CHECK_FALSE(
        is_read([](MemberCard& each) { each.promote_after_ms = MemberCard::kTimeMax + 1; }));
    CHECK_FALSE(
        is_read([](MemberCard& each) { each.formers.assign(MemberCard::kFormersMax + 1, 1); }));
    CHECK_FALSE(regions::decode_card("").ok());
    CHECK_FALSE(regions::decode_card("\x90").ok());
  }

  TEST_CASE("a message has bounded cards, of bounded size, from within 16 links") {
    CHECK(is_taken([](MemberCards& each) { each.cards.resize(MemberCards::kCardsMax); }));
    CHECK_FALSE(is_taken([](MemberCards& each) { each.cards.resize(MemberCards::kCardsMax + 1); }));
    CHECK_FALSE(is_taken([](MemberCards& each) {
      each.cards.front().content.assign(CardOnWay::kContentBytesMax + 1, 'x');
    }));
    CHECK_FALSE(is_taken([](MemberCards& each) { each.cards.front().signature = "short"; }));
    CHECK_FALSE(is_taken([](MemberCards& each) { each.cards.front().hops = 0; }));
    CHECK_FALSE(
        is_taken([](MemberCards& each) { each.cards.front().hops = CardOnWay::kHopsMax + 1; }));
    CHECK_FALSE(is_taken([](MemberCards& each) { each.cards.front().age_ms = -1; }));
    CHECK_FALSE(is_taken([](MemberCards& each) { each.sent_ms = MemberCard::kTimeMax + 1; }));
  }

  TEST_CASE("a signature is of one mesh") {
    const std::string card = test::full_card();
    CHECK(regions::signed_card_bytes({1, 2}, card) != regions::signed_card_bytes({1, 3}, card));
  }
}

}  // namespace anabranch::member_card_test
