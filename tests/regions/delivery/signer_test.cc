// The positions that a leader signs, and those that it keeps of others.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "regions/delivery/signer.h"
#include "storage/memory_storage.h"
#include "tests/regions/delivery/named_signatures.h"
#include "tests/regions/origins.h"

namespace anabranch::signer_test {

using core::Origin;
using core::Seq;
using regions::Applied;
using regions::Identity;
using regions::SignedPosition;
using regions::Signer;
using test::kEu;
using test::kUs;

namespace {

core::ChainHash chain_of(Seq seq) {
  core::ChainHash chain{};
  chain.fill(static_cast<std::uint8_t>(seq));
  return chain;
}

struct SignerWorld {
  test::NamedSignatures eu_keys{"eu"};
  test::NamedSignatures us_keys{"us"};
  Applied applied;
  Identity identity{.mesh = {1, 1}, .region = "eu", .origin = kEu};
  Signer signer{&eu_keys, identity, applied};

  void reach(Origin origin, const std::string& region, Seq seq) {
    regions::Head head;
    head.seq = seq;
    head.chain = chain_of(seq);
    head.region = region;
    applied.set_head(origin, head);
  }
  [[nodiscard]] SignedPosition of_us(Seq seq) const {
    SignedPosition position{"us", kUs, seq, chain_of(seq), {}};
    position.signature = us_keys.sign(signed_bytes(identity.mesh, position));
    return position;
  }
  // The seqs of the positions of an origin that are news.
  std::vector<Seq> news(Origin origin) {
    std::vector<Seq> seqs;
    for (const SignedPosition& each : signer.take_news()) {
      CHECK(signer.verify(each));
      if (each.origin == origin) seqs.push_back(each.seq);
    }
    return seqs;
  }
};

using Seqs = std::vector<Seq>;

}  // namespace

TEST_SUITE("regions: signer") {
  TEST_CASE("a lone write is signed at once, a stream of them every few milliseconds") {
    SignerWorld world;
    world.signer.sign_due(0);
    world.reach(kEu, "eu", 1);
    world.signer.sign_due(10);
    CHECK(world.news(kEu) == Seqs{1});
    world.reach(kEu, "eu", 2);
    world.signer.sign_due(11);
    CHECK(world.news(kEu).empty());
    CHECK(world.signer.next_ms() == 10 + Signer::kSignMs);
    world.reach(kEu, "eu", 3);
    world.signer.sign_due(10 + Signer::kSignMs);
    CHECK(world.news(kEu) == Seqs{3});
    CHECK_FALSE(world.signer.next_ms());
  }

  TEST_CASE("the last write of an origin that is left is signed") {
    SignerWorld world;
    world.reach(kEu, "eu", 1);
    world.signer.sign_due(10);
    CHECK(world.news(kEu) == Seqs{1});
    world.reach(kEu, "eu", 2);
    world.identity.previous = kEu;
    world.identity.origin = 9;
    world.signer.sign_due(11);
    CHECK(world.news(kEu) == Seqs{2});
  }

  TEST_CASE("a batch carries the signature of the position before it") {
    SignerWorld world;
    CHECK(world.signer.for_batch().empty());
    world.reach(kEu, "eu", 3);
    SignedPosition before{"eu", kEu, 3, chain_of(3), world.signer.for_batch()};
    CHECK(world.signer.verify(before));
    before.seq = 4;
    CHECK_FALSE(world.signer.verify(before));
    before.seq = 3;
    before.region = "us";
    CHECK_FALSE(world.signer.verify(before));
  }

  TEST_CASE("a position counts when it is reached, and one of another history never") {
    SignerWorld world;
    world.signer.keep(world.of_us(4));
    CHECK(world.signer.newest(kUs) == nullptr);
    CHECK(world.news(kUs).empty());
    SignedPosition other = world.of_us(3);
    other.chain = chain_of(99);
    world.signer.keep(other);
    world.reach(kUs, "us", 3);
    world.signer.passed(kUs, 1);
    CHECK(world.signer.newest(kUs) == nullptr);
    world.reach(kUs, "us", 4);
    world.signer.passed(kUs, 4);
    CHECK(world.news(kUs) == Seqs{4});
    world.signer.keep(world.of_us(2));  // Late.
    CHECK(world.signer.newest(kUs)->seq == 4);
    world.signer.forget(kUs);
    CHECK(world.signer.newest(kUs) == nullptr);
  }

  TEST_CASE("of positions ahead only so many are kept, the nearest and the newest") {
    SignerWorld world;
    for (Seq seq = 1; seq <= 3 * Signer::kAheadMax; ++seq) world.signer.keep(world.of_us(seq));
    world.reach(kUs, "us", 1);
    world.signer.passed(kUs, 1);
    CHECK(world.signer.newest(kUs)->seq == 1);
    world.signer.forget_ahead(kUs);
    world.reach(kUs, "us", 3 * Signer::kAheadMax);
    CHECK(world.signer.newest(kUs)->seq == 1);
  }

  TEST_CASE("the newest position is stored, and outlives a restart") {
    SignerWorld world;
    storage::MemoryStorage storage;
    REQUIRE(storage.open().ok());
    world.reach(kUs, "us", 4);
    world.signer.keep(world.of_us(4));
    REQUIRE(storage.commit({}, world.signer.take_changes()).ok());
    CHECK_FALSE(world.signer.has_changes());
    Signer again(&world.eu_keys, world.identity, world.applied);
    REQUIRE(again.load(*storage.snapshot()).ok());
    REQUIRE(again.newest(kUs) != nullptr);
    CHECK(*again.newest(kUs) == world.of_us(4));
  }

  TEST_CASE("without keys nothing is signed, and no position is believed") {
    SignerWorld world;
    Signer plain(nullptr, world.identity, world.applied);
    world.reach(kEu, "eu", 1);
    plain.sign_due(10);
    CHECK(plain.take_news().empty());
    CHECK(plain.for_batch().empty());
    CHECK_FALSE(plain.verify(world.of_us(1)));
    regions::RegionReport report{.region = "us", .origin = kUs, .number = 1};
    plain.sign(report);
    CHECK(report.signature.empty());
    CHECK(plain.verify(report));
  }
}

}  // namespace anabranch::signer_test
