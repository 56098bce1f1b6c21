// What a member gathers from cards.
#include "leader/members/sightings.h"

#include <memory>
#include <utility>

#include <doctest/doctest.h>

#include "tests/node.h"

namespace anabranch::sightings_test {

using leader::CardTable;
using leader::KnownCard;
using regions::MemberCard;
using test::Node;

namespace {

constexpr core::Origin kFormer = 5;
constexpr core::Origin kPresent = 6;

// A leader whose directory has begun another origin, as a restored one does.
std::unique_ptr<Node> begun_anew() {
  auto storage = std::make_unique<storage::MemoryStorage>();
  const auto options = [](core::Origin origin, bool new_origin) {
    return regions::ReplicaOptions{.mesh = {1, 1},
                                   .region = "eu",
                                   .fresh_origin = origin,
                                   .nonce = origin,
                                   .new_origin = new_origin,
                                   .promote_after_ms = 2'000,
                                   .listens = true};
  };
  auto former = std::make_unique<Node>(options(kFormer, false), std::move(storage), 0);
  auto copy = former->storage().clone();
  return std::make_unique<Node>(options(kPresent, true), std::move(copy), 0);
}

KnownCard leads(core::Origin origin, core::Millis made_ms) {
  MemberCard card;
  card.node = {1, origin};
  card.nonce = origin;
  card.region = "eu";
  card.origin = origin;
  card.role = MemberCard::Role::kLeads;
  card.flags = MemberCard::kFit;
  return {.card = card, .content = {}, .signature = {}, .key = {}, .made_ms = made_ms};
}

}  // namespace

TEST_SUITE("leader: sightings") {
  TEST_CASE("who begins anew is not held back by the cards of its life before") {
    constexpr core::Millis kBegun = 10'000;
    const auto eu = begun_anew();
    REQUIRE(eu->replica().identity().previous == kFormer);
    leader::Sightings sightings;
    const auto leaders = [&](const CardTable& cards, core::Millis now) {
      const auto times = regions::CandidacyTimes::of(2'000, 1);
      return sightings.look(eu->replica(), cards, {.fit = true}, times, now, now).cards.size();
    };
    CardTable cards("eu", 2'000);
    REQUIRE(cards.put(leads(kFormer, kBegun - 500), kBegun) != nullptr);
    CHECK(leaders(cards, kBegun) == 0);
    // Another member counts; and so does the directory of before, where it lives on.
    REQUIRE(cards.put(leads(9, kBegun - 500), kBegun) != nullptr);
    CHECK(leaders(cards, kBegun + 100) == 1);
    REQUIRE(cards.put(leads(kFormer, kBegun + 200), kBegun + 300) != nullptr);
    CHECK(leaders(cards, kBegun + 300) == 2);
  }
}

}  // namespace anabranch::sightings_test
