// Batches that wait for their proof and, where there is no room for them, their links of the chain.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/batch.h"
#include "regions/delivery/provenance.h"

namespace anabranch::provenance_test {

using core::Batch;
using regions::HeldBatch;
using regions::Provenance;
using regions::SignedPosition;

namespace {

using Firsts = std::vector<core::Seq>;
constexpr core::Origin kOrigin = 1;

std::string signature_at(core::Seq seq) {
  return std::string(SignedPosition::kSignatureSize, static_cast<char>(seq));
}

// Batches of one op each, one after the other, of region eu; each with the signature of the
// position before it.
struct Chain {
  core::ChainHash end{};
  core::Seq seq = 0;

  HeldBatch next(const std::string& value, core::Origin from = 7) {
    Batch batch;
    batch.origin = kOrigin;
    batch.previous = end;
    if (seq == 0) batch.opening = core::Opening{{1, 1}, "eu", 1, 1, 0};
    if (seq > 0) batch.signature = signature_at(seq);
    core::Transaction& txn = batch.transactions.emplace_back();
    txn.first = ++seq;
    txn.ops.emplace_back(core::Put{core::Path{"\1", "key", "s"}, value, {}, {}});
    std::string bytes = core::encode_batch(batch);
    end = core::chain_hash(bytes);
    return {std::move(bytes), std::move(batch), from, true};
  }
  [[nodiscard]] SignedPosition position() const {
    return {"eu", kOrigin, seq, end, signature_at(seq)};
  }
};

Firsts firsts(const Provenance::Outcome& outcome) {
  Firsts firsts;
  for (const HeldBatch& held : outcome.proven) firsts.push_back(held.batch.first());
  return firsts;
}

}  // namespace

TEST_SUITE("regions: provenance") {
  TEST_CASE("a batch without room leaves its link, and is known to be true when it comes again") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    const std::vector<HeldBatch> batches{chain.next("a"), chain.next("b"), chain.next("c")};
    CHECK(firsts(provenance.take(batches[0], "eu")).empty());
    CHECK(firsts(provenance.take(batches[1], "eu", Provenance::Room::kLink)).empty());
    CHECK(firsts(provenance.take(batches[2], "eu", Provenance::Room::kLink)).empty());
    CHECK(provenance.bytes() == batches[0].bytes.size());
    CHECK(firsts(provenance.take(chain.position())) == Firsts{1});
    CHECK(provenance.bytes() == 0);
    CHECK_FALSE(provenance.holds(kOrigin));
    CHECK(firsts(provenance.take(batches[1], "eu")) == Firsts{2});
    const Provenance::Outcome last = provenance.take(batches[2], "eu");
    CHECK(firsts(last) == Firsts{3});
    CHECK(last.proven.front().end_signature == chain.position().signature);
    CHECK(provenance.forged_batches() == 0);
  }

  TEST_CASE("each proven batch has the signature of its end, of a position or the batch behind") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    (void)provenance.take(chain.next("a"), "eu");
    const SignedPosition known = chain.position();
    (void)provenance.take(chain.next("b"), "eu");
    (void)provenance.take(chain.next("c"), "eu");
    std::vector<std::string> ends;
    for (const SignedPosition& position : {known, chain.position()}) {
      for (const HeldBatch& held : provenance.take(position).proven) {
        ends.push_back(held.end_signature);
      }
    }
    CHECK(ends == std::vector{signature_at(1), signature_at(2), signature_at(3)});
  }

  TEST_CASE("nothing but what left a link is taken in its place, and only when it is proven") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    (void)provenance.take(chain.next("a"), "eu");
    Chain other = chain;
    const HeldBatch good = chain.next("b");
    const HeldBatch bad = other.next("forged", 8);
    (void)provenance.take(good, "eu", Provenance::Room::kLink);
    CHECK(firsts(provenance.take(good, "eu")).empty());  // Nothing is proven yet.
    const SignedPosition end = chain.position();
    SUBCASE("before it is proven") {
      CHECK(firsts(provenance.take(bad, "eu")).empty());
      CHECK(firsts(provenance.take(end)).empty());
    }
    SUBCASE("afterwards") {
      CHECK(firsts(provenance.take(end)) == Firsts{1, 2});
      CHECK(firsts(provenance.take(bad, "eu")).empty());
    }
  }

  TEST_CASE("a link that the signed chain does not have is a lie") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    (void)provenance.take(chain.next("a"), "eu");
    Chain other = chain;
    (void)provenance.take(other.next("forged", 8), "eu", Provenance::Room::kLink);
    (void)chain.next("b");
    const Provenance::Outcome outcome = provenance.take(chain.position());
    CHECK(outcome.proven.empty());
    REQUIRE(outcome.forged.size() == 1);
    CHECK(outcome.forged.front().peers.size() == 2);  // This leader cannot tell which one lied.
    CHECK(provenance.forged_batches() == 1);
    CHECK(provenance.bytes() == 0);
  }

  // As a region does that ran twice on copies of one directory, until one of both gave way.
  TEST_CASE("where two histories of an origin are signed, the one that comes again is taken") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    const HeldBatch first = chain.next("a");
    Chain left = chain;
    (void)left.next("of the history that is left");
    const HeldBatch second = chain.next("b");
    const HeldBatch third = chain.next("c");
    (void)provenance.take(left.position());
    (void)provenance.take(first, "eu");
    CHECK(provenance.take(second, "eu").forged.size() == 1);
    for (const HeldBatch& again : {first, second, third}) {
      CHECK(firsts(provenance.take(again, "eu")).empty());
    }
    CHECK(firsts(provenance.take(chain.position())) == Firsts{1, 2, 3});
    CHECK(provenance.forged_batches() == 1);
  }

  TEST_CASE("more links than are kept are followed to what is signed all the same") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    std::vector<HeldBatch> batches;
    for (std::size_t i = 0; i < 2 * Provenance::kLinksMax; ++i) batches.push_back(chain.next("v"));
    Firsts proven;
    for (int round = 0; round < 3; ++round) {
      const auto take = [&](const Provenance::Outcome& outcome) {
        for (const core::Seq first : firsts(outcome)) proven.push_back(first);
      };
      take(provenance.take(chain.position()));
      for (const HeldBatch& held : batches) {
        const core::Seq done = proven.empty() ? 0 : proven.back();
        const core::Seq first = held.batch.first();
        if (first <= done) continue;  // As if it were applied.
        const auto room = first == done + 1 ? Provenance::Room::kWhole : Provenance::Room::kLink;
        take(provenance.take(held, "eu", room));
      }
    }
    CHECK(proven.size() == batches.size());
    CHECK(std::ranges::is_sorted(proven));
    CHECK(provenance.bytes() == 0);
  }

  TEST_CASE("a signed position at the last batch before a gap proves all when the gap is closed") {
    const regions::Applied applied;
    Provenance provenance(applied);
    Chain chain;
    std::vector<HeldBatch> batches;
    constexpr std::size_t kGap = Provenance::kLinksMax + 50;
    for (std::size_t i = 0; i < kGap; ++i) batches.push_back(chain.next("v"));
    const SignedPosition signed_there = chain.position();
    const HeldBatch behind = chain.next("v");
    (void)provenance.take(signed_there);
    (void)provenance.take(behind, "eu");  // It came before, through another peer.
    Firsts proven;
    for (const HeldBatch& held : batches) {
      const auto room =
          held.batch.first() == 1 ? Provenance::Room::kWhole : Provenance::Room::kLink;
      for (const core::Seq first : firsts(provenance.take(held, "eu", room))) {
        proven.push_back(first);
      }
    }
    CHECK(proven == Firsts{1});
    CHECK(provenance.forged_batches() == 0);
    CHECK(provenance.bytes() == behind.bytes.size());
  }
}

}  // namespace anabranch::provenance_test
