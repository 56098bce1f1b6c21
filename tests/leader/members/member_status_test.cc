// The members in the status, and warnings about two of them.
#include "leader/members/member_status.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace anabranch::member_status_test {

using leader::Cards;
using leader::KnownCard;
using regions::CardOnWay;
using regions::MemberCard;

namespace {

constexpr core::Millis kNow = 1'000'000;

MemberCard card(std::uint64_t node, const std::string& region, const std::string& name) {
  return {.node = {0, node},
          .opening = 1,
          .nonce = node,
          .number = 1,
          .region = region,
          .name = name,
          .role = MemberCard::Role::kFollows,
          .flags = MemberCard::kFit};
}

// The status of member 1 of eu, with these cards in its table.
StoreStatus status_with(const std::vector<MemberCard>& others, const Cards::Prove& prove,
                        std::optional<transport::Key> key = {}, core::Millis later = 0) {
  Cards cards({.node = {0, 1}, .nonce = 1, .region = "eu", .opened_ms = kNow - 60'000});
  cards.see({{2, "us", 2, true}}, kNow);
  for (const MemberCard& each : others) {
    REQUIRE(cards.take(2, {.sent_ms = kNow, .cards = {{regions::encode_card(each), {}, 0, 1}}},
                       prove, kNow));
  }
  KnownCard self;
  self.card = card(1, "eu", "eu-1");
  self.card.role = MemberCard::Role::kLeads;
  self.card.lag_ms = 0;
  self.key = key;
  self.made_ms = kNow + later;
  StoreStatus status;
  leader::tell_members(status, self, cards, kNow + later);
  return status;
}

Cards::Proof believe(const MemberCard& /*card*/, const CardOnWay& /*way*/) { return {}; }

const WarningStatus* warning(const StoreStatus& status, const std::string& kind) {
  const auto at = std::ranges::find(status.warnings, kind, &WarningStatus::kind);
  return at == status.warnings.end() ? nullptr : &*at;
}

}  // namespace

TEST_SUITE("members: status") {
  TEST_CASE("this member comes first, then all others by region and name") {
    MemberCard other = card(2, "eu", "eu-2");
    other.lag_ms = 40;
    other.zone = "b";
    other.rank = 7;
    const StoreStatus status =
        status_with({card(4, "us", "us-1"), other, card(3, "ap", "ap-1")}, believe);
    REQUIRE(status.members.size() == 4);
    CHECK(status.members[0].self);
    CHECK(status.members[0].role == "leads");
    CHECK(status.members[0].lag_ms == 0);
    CHECK(status.members[1].name == "ap-1");
    CHECK(status.members[1].lag_ms == -1);
    CHECK(status.members[2].name == "eu-2");
    CHECK(status.members[2].zone == "b");
    CHECK(status.members[2].rank == 7);
    CHECK(status.members[2].lag_ms == 40);
    CHECK(status.members[2].role == "follows");
    CHECK(status.members[2].fresh);
    CHECK(status.members[3].name == "us-1");
    CHECK(status.warnings.empty());
  }

  TEST_CASE("two members of a region with one name are told of once, with a remedy") {
    const StoreStatus status = status_with({card(2, "eu", "eu-1"), card(3, "us", "eu-1")}, believe);
    REQUIRE(status.warnings.size() == 1);
    CHECK(status.warnings[0].kind == "member_name");
    CHECK(status.warnings[0].text == "two members of region eu have the name eu-1");
    CHECK(status.warnings[0].what_to_do.find("node_name") != std::string::npos);
    CHECK_FALSE(status.members[0].note.empty());
    // A member that is gone has left its name.
    CHECK(status_with({card(2, "eu", "eu-1")}, believe, {}, 60'000).warnings.empty());
  }

  TEST_CASE("two members that lead one region are told of, though they hear each other by others") {
    MemberCard other = card(2, "eu", "eu-2");
    other.role = MemberCard::Role::kLeads;
    const StoreStatus status = status_with({other}, believe);
    const WarningStatus* const told = warning(status, "member_leads");
    REQUIRE(told != nullptr);
    CHECK(told->text == "two members of region eu, eu-1 and eu-2, lead it");
    CHECK(told->what_to_do.find("stop one of them") != std::string::npos);
    CHECK(warning(status_with({other}, believe, {}, 60'000), "member_leads") == nullptr);
    other.promote_after_ms = 2'000;
    const StoreStatus choosing = status_with({other}, believe);
    CHECK(warning(choosing, "member_leads")->what_to_do.find("gives way") != std::string::npos);
    other.region = "us";
    CHECK(status_with({other}, believe).warnings.empty());
  }

  TEST_CASE("two different times of promotion are told of, unless one of them is never") {
    const auto told = [&](core::Millis mine, core::Millis others) {
      MemberCard other = card(2, "eu", "eu-2");
      MemberCard third = card(3, "eu", "eu-3");
      other.promote_after_ms = others;
      third.promote_after_ms = mine;
      return warning(status_with({other, third}, believe), "member_promotes") != nullptr;
    };
    CHECK(told(1'000, 2'000));
    CHECK_FALSE(told(2'000, 2'000));
    CHECK_FALSE(told(0, 2'000));
  }

  TEST_CASE("two members with one file of keys are told of once, as no fault of their links") {
    const transport::Key mine{1};
    const auto of_mine = [&](const MemberCard&, const CardOnWay&) {
      return Cards::Proof{true, mine};
    };
    const StoreStatus status =
        status_with({card(2, "eu", "eu-2"), card(3, "us", "us-1")}, of_mine, mine);
    REQUIRE(status.warnings.size() == 1);
    CHECK(status.warnings[0].kind == "member_key");
    CHECK_FALSE(status.warnings[0].critical);
    CHECK(status.warnings[0].what_to_do.find("anabranch keys new") != std::string::npos);
    const auto of_own = [](const MemberCard& each, const CardOnWay&) {
      return Cards::Proof{true, transport::Key{static_cast<std::uint8_t>(each.node.low)}};
    };
    CHECK(status_with({card(2, "eu", "eu-2")}, of_own, mine).warnings.empty());
  }

  TEST_CASE(
      "of very many pairs of members in trouble the first are told of, and the others counted") {
    std::vector<MemberCard> others;
    for (std::uint64_t node = 2; node <= 60; ++node) {
      others.push_back(card(node, "eu", "eu-" + std::to_string(node)));
      others.back().policies = node;
    }
    const StoreStatus status = status_with(others, believe);
    CHECK(status.members.size() == 60);
    const auto is_of_policies = [](const WarningStatus& each) {
      return each.kind == "member_policies";
    };
    CHECK(std::ranges::count_if(status.warnings, is_of_policies) == 9);
    CHECK(status.warnings.back().text ==
          "1762 more pairs of members of region eu have the same trouble");
    for (const MemberStatus& each : status.members) CHECK(!each.note.empty());
  }

  TEST_CASE("a directory that runs twice is a critical warning") {
    MemberCard copy = card(1, "eu", "eu-9");
    copy.nonce = 77;
    const StoreStatus status = status_with({copy}, believe);
    const WarningStatus* const told = warning(status, "member_copy");
    REQUIRE(told != nullptr);
    CHECK(told->critical);
    CHECK(told->text.find("eu-9") != std::string::npos);
    CHECK(status.members[0].note == told->text);
    CHECK(status.members.size() == 1);
  }

  TEST_CASE("members of a region that propose different policies are told of") {
    MemberCard other = card(2, "eu", "eu-2");
    other.policies = 5;
    CHECK(warning(status_with({other}, believe), "member_policies") != nullptr);
    other.region = "us";
    CHECK(status_with({other}, believe).warnings.empty());
  }
}

}  // namespace anabranch::member_status_test
