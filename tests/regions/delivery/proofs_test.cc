// Batches that others pass on wait for a position that their region has signed.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "tests/regions/delivery/named_signatures.h"
#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::proofs_test {

using regions::SignedPosition;
using test::kAp;
using test::kEu;
using test::kUs;
using test::NamedSignatures;
using test::Parts;
using test::Receiver;

namespace {

constexpr regions::LinkId kToUs = 1;
constexpr regions::LinkId kToAp = 2;

const NamedSignatures kKeys("eu");

// Follows us through ap.
struct ProofsWorld : Receiver {
  NamedSignatures us_keys{"us"};
  Parts us{"us", kUs};

  ProofsWorld() : Receiver("eu", kEu, {}, {.signatures = &kKeys}) {
    greet(kToAp, "ap", kAp, {{kUs, 9}});
  }
  // The newest position of us, as a region has signed it.
  [[nodiscard]] SignedPosition position(const NamedSignatures& signer) const {
    const regions::Head& head = us.state.applied().head(kUs);
    SignedPosition position{"us", kUs, head.seq, head.chain, {}};
    position.signature = signer.sign(signed_bytes({1, 1}, position));
    return position;
  }
};

}  // namespace

TEST_SUITE("regions: proofs") {
  TEST_CASE("what is passed on waits until it is proven, and is applied then") {
    ProofsWorld eu;
    eu.receive(eu.us.put("k", "v"), kToAp);
    CHECK_FALSE(eu.inbox.count_deferred_clears().value());
    CHECK(eu.inbox.holds(kUs));
    CHECK(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 0));
    eu.apply();
    CHECK(eu.get("k") == "v");
    CHECK_FALSE(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 0));  // No news.
  }

  TEST_CASE("what its own leader sends waits for its position, too") {
    ProofsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 9}});
    eu.receive(eu.us.put("k", "v"), kToUs);
    CHECK_FALSE(eu.inbox.count_deferred_clears().value());
    CHECK(eu.inbox.proofs().on(kToUs, eu.position(eu.us_keys), 0));
    eu.apply();
    CHECK(eu.get("k") == "v");
  }

  TEST_CASE("what nobody asked a peer for is dropped, unless it is the peer's own") {
    ProofsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 9}});  // From now on followed directly.
    const std::string bytes = eu.us.put("k", "v");
    eu.receive(bytes, kToAp);
    CHECK_FALSE(eu.inbox.holds(kUs));
    eu.receive(bytes, kToUs);
    CHECK(eu.inbox.holds(kUs));
  }

  TEST_CASE("a position that another has signed proves nothing, and raises one alarm") {
    ProofsWorld eu;
    eu.receive(eu.us.put("k", "v"), kToAp);
    const NamedSignatures liar("ap");
    CHECK_FALSE(eu.inbox.proofs().on(kToAp, eu.position(liar), 0));
    CHECK_FALSE(eu.inbox.proofs().on(kToAp, eu.position(liar), 0));
    CHECK(eu.alarms_raised() == 1);
    CHECK_FALSE(eu.inbox.count_deferred_clears().value());
  }

  TEST_CASE("a forged batch is dropped when the true position comes, and its peer distrusted") {
    ProofsWorld eu;
    Parts forger("us", kUs);
    eu.receive(forger.put("k", "forged"), kToAp);
    (void)eu.us.put("k", "v");
    CHECK(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 0));
    CHECK_FALSE(eu.inbox.count_deferred_clears().value());
    CHECK_FALSE(eu.inbox.holds(kUs));
    CHECK(eu.alarms_raised() == 1);
  }

  TEST_CASE("a missing proof of what is applied is asked for, with more and more patience") {
    ProofsWorld eu;
    eu.receive(eu.us.put("k", "v"), kToAp);
    CHECK(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 0));
    eu.apply();
    const auto asked_at = [&](core::Millis now) {
      eu.exchange.subscriptions().set_time(now);
      eu.effects.clear();
      eu.inbox.proofs().ask_for_missing(now);
      eu.exchange.subscriptions().renew();
      return std::ranges::any_of(eu.effects, [](const regions::Effect& effect) {
        const auto* const send = std::get_if<regions::Send>(&effect);
        return send != nullptr && std::holds_alternative<regions::Subscribe>(send->message);
      });
    };
    CHECK_FALSE(asked_at(100'000));
    eu.inbox.proofs().signer().forget(kUs);  // As after a snapshot.
    CHECK(asked_at(200'000));
    CHECK_FALSE(asked_at(201'000));
    int asked = 0;  // Within an hour, where it can never be proven.
    for (core::Millis now = 300'000; now < 3'900'000; now += 1'000) asked += asked_at(now) ? 1 : 0;
    CHECK(asked > 3);
    CHECK(asked < 20);
    CHECK(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 4'000'000));
    CHECK_FALSE(asked_at(4'100'000));
  }

  TEST_CASE("a branch that is written again can be proven wherever its applying stops") {
    ProofsWorld eu;
    bool is_true = false;
    SUBCASE("true signatures come beside the batches") { is_true = true; }
    SUBCASE("false ones are not kept") {}
    const NamedSignatures others("ap");
    std::vector<std::string> batches;
    std::vector<std::string> signatures;  // Of the position before each batch.
    for (const char* key : {"a", "b", "c"}) {
      signatures.push_back(eu.position(is_true ? eu.us_keys : others).signature);
      batches.push_back(eu.us.put(key, "v"));
    }
    signatures.front().clear();
    for (std::size_t i = 0; i < batches.size(); ++i) {
      auto batch = core::decode_batch(batches[i]);
      REQUIRE(batch.value().signature.empty());
      eu.inbox.on(kToAp, {0, batches[i], signatures[i]}, std::move(batch).value(), 0);
    }
    CHECK(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 0));
    for (core::Seq applied = 1; applied <= 3; ++applied) {
      CAPTURE(applied);
      eu.apply(1);
      REQUIRE(eu.state.applied().vector().at(kUs) == applied);
      CHECK(eu.inbox.proofs().signer().proves_head(kUs) == (is_true || applied == 3));
    }
    // For others that ask this leader.
    for (core::Seq first = 1; first <= 3; ++first) {
      const auto record = eu.state.log().read_log(*eu.state.log().find(kUs, first));
      CHECK(eu.state.log().signature_before(*record) == (is_true ? signatures[first - 1] : ""));
    }
  }

  TEST_CASE("a slice checks few signatures that came beside batches") {
    constexpr core::Seq kBatches = 200;
    constexpr std::size_t kOpsMax = 1000;
    ProofsWorld eu;
    for (core::Seq i = 0; i < kBatches; ++i) {
      const std::string before = i == 0 ? "" : eu.position(eu.us_keys).signature;
      const std::string bytes = eu.us.put("k" + std::to_string(i), "v");
      eu.inbox.on(kToAp, {0, bytes, before}, core::decode_batch(bytes).value(), 0);
    }
    CHECK(eu.inbox.proofs().on(kToAp, eu.position(eu.us_keys), 0));
    eu.apply(kOpsMax);
    CHECK(eu.state.applied().vector().at(kUs) < kBatches / 2);
    while (eu.state.applied().vector().at(kUs) < kBatches) eu.apply(kOpsMax);
  }

  TEST_CASE("the own position is signed once it is durable, and passed on") {
    ProofsWorld eu;
    eu.storage.set_faults({.durable_at_once = false});
    eu.put("own", "v");
    eu.effects.clear();
    eu.inbox.proofs().sign_and_pass_on(10);
    CHECK(eu.effects.empty());
    eu.storage.sync();
    eu.state.durable(eu.storage.durable_position());
    eu.inbox.proofs().sign_and_pass_on(10);
    REQUIRE(eu.effects.size() == 1);
    const auto& sent = std::get<regions::Send>(eu.effects[0]);
    CHECK(std::get<SignedPosition>(sent.message).seq == 1);
    CHECK(eu.inbox.proofs().wants_keeping(10));
    REQUIRE(eu.inbox.proofs().keep(eu.writer.close_group(), 10).ok());
    CHECK_FALSE(eu.inbox.proofs().wants_keeping(11));
  }

  TEST_CASE("signatures are stored by themselves while there is room, and not on a full disk") {
    constexpr std::uint64_t kReserve = std::uint64_t{64} << 20U;
    constexpr core::Millis kLate = 1'000'000;
    for (const bool full : {false, true}) {
      CAPTURE(full);
      Parts eu("eu", kEu);
      regions::Reserve reserve(eu.storage, kReserve);
      regions::Inbox inbox({eu.state, eu.exchange, eu.alarms, eu.effects, eu.writer, reserve},
                           {.signatures = &kKeys});
      eu.state.join(inbox);
      eu.put("own", "v");
      if (full) eu.storage.set_faults({.room = {.outside = 0, .inside = 0}});
      reserve.look();
      REQUIRE(reserve.full() == full);
      inbox.sign_and_pass_on(10);
      REQUIRE(inbox.proofs().signer().newest(kEu) != nullptr);
      CHECK(inbox.proofs().wants_keeping(kLate) == full);
    }
  }
}

}  // namespace anabranch::proofs_test
