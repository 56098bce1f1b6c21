// The trust of leaders with keys in batches that others pass on: no region can be given writes that
// it has not made, and writes that it has made always arrive.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/checksum.h"
#include "tests/regions/delivery/signed_world.h"
#include "tests/write.h"

namespace anabranch::signed_test {
namespace {

using core::Batch;
using regions::BatchMessage;
using regions::Message;
using regions::Replica;
using regions::SignedPosition;
using test::SignedWorld;

constexpr std::size_t kEu = 0;
constexpr std::size_t kUs = 1;
constexpr std::size_t kAp = 2;
constexpr core::Origin kOriginEu = 1;

SignedWorld line() {
  SignedWorld world({"eu", "us", "ap"});
  world.connect(kEu, kUs);
  world.connect(kUs, kAp);
  return world;
}

// The same, where ap follows eu through us already: an origin is offered when it has written.
SignedWorld busy_line() {
  SignedWorld world = line();
  world.put(kEu, "start", "here");
  world.run(2);
  return world;
}

// Loses the signatures that go to ap.
bool without_signatures(std::size_t /*from*/, std::size_t to, const Message& message) {
  return to != kAp || !std::holds_alternative<SignedPosition>(message);
}

// A batch of eu's origin that eu has not made, continuing the vector applied at `at`.
std::string forged(SignedWorld& world, std::size_t at, const std::string& region = "eu") {
  const regions::Head& head = world.replica(at).applied().head(kOriginEu);
  Batch batch;
  batch.origin = kOriginEu;
  batch.previous = head.chain;
  if (head.seq == 0) batch.opening = core::Opening{{1, 1}, region, 1, 1, 0};
  core::Transaction txn;
  txn.first = head.seq + 1;
  txn.hlc = core::Hlc::of(2000, 0);
  txn.ops.emplace_back(core::Put{core::Path{"\1", "key", "s"}, "forged", {}, {}});
  batch.transactions.push_back(txn);
  return core::encode_batch(batch);
}

TEST_SUITE_BEGIN("regions: signed positions");

TEST_CASE("a write that others pass on is applied when its region has signed it and not before") {
  SignedWorld world = busy_line();
  world.filter = without_signatures;
  world.put(kEu, "key", "first");
  world.run();
  CHECK(world.get(kUs, "key") == "first");  // From eu itself.
  CHECK(world.get(kAp, "key").empty());
  CHECK(world.replica(kAp).inbox().proofs().provenance().bytes() > 0);
  world.filter = {};
  world.put(kEu, "other", "second");
  world.run(1);
  CHECK(world.get(kAp, "key") == "first");
  CHECK(world.get(kAp, "other") == "second");
  CHECK(world.replica(kAp).inbox().proofs().provenance().bytes() == 0);
  CHECK(world.alarms.empty());
}

TEST_CASE("a lone write passes a third region without waiting for any time to pass") {
  SignedWorld world = busy_line();
  world.put(kEu, "key", "value");
  world.run();
  CHECK(world.get(kAp, "key") == "value");
}

TEST_CASE("a signature that got lost comes with the next subscription") {
  SignedWorld world = busy_line();
  world.filter = without_signatures;
  world.put(kEu, "key", "value");
  world.run();
  REQUIRE(world.get(kAp, "key").empty());
  world.filter = {};
  world.run(15);
  CHECK(world.get(kAp, "key") == "value");
}

TEST_CASE("a region that has gone is served to others with what it had signed") {
  SignedWorld world({"eu", "us", "ap"});
  world.connect(kEu, kUs);
  world.put(kEu, "key", "value");
  world.run(2);
  world.cut(kEu, kUs);
  world.restart(kUs);
  world.connect(kUs, kAp);
  world.run(1);
  CHECK(world.get(kAp, "key") == "value");
}

TEST_CASE("an invented write in another region's name is never applied") {
  SignedWorld world = line();
  SUBCASE("before anything of it is known") {}
  SUBCASE("behind what is known") {
    world.put(kEu, "key", "true");
    world.run(1);
  }
  const core::Seq before = world.applied(kAp, kOriginEu);
  world.inject(kUs, kAp, BatchMessage{1, forged(world, kAp)});
  world.run(3);
  CHECK(world.applied(kAp, kOriginEu) == before);
  CHECK(world.get(kAp, "key") != "forged");
  // The next real write of eu reveals the lie; its writes then arrive another way.
  world.put(kEu, "key", "later");
  world.run(1);
  CHECK(world.get(kAp, "key") != "forged");
  world.connect(kEu, kAp);
  world.run(2);
  CHECK(world.get(kAp, "key") == "later");
  CHECK(world.replica(kAp).inbox().proofs().provenance().bytes() == 0);
}

TEST_CASE("a leader that changes what it passes on is found out and passed by") {
  SignedWorld world({"eu", "us", "ap", "sa"});
  constexpr std::size_t kSa = 3;
  world.connect(kEu, kUs);
  world.connect(kUs, kAp);
  world.put(kEu, "start", "here");
  world.run(2);
  world.filter = [](std::size_t from, std::size_t to, Message& message) {
    auto* const batch = std::get_if<BatchMessage>(&message);
    if (from != kUs || to != kAp || batch == nullptr) return true;
    const std::size_t at = batch->bytes.find("true");
    if (at == std::string::npos) return true;
    batch->bytes.replace(at, 4, "fake");
    const std::string bare = core::without_checksum(batch->bytes);
    batch->bytes = core::encode_batch(core::decode_batch(bare).value());  // Liars know how.
    return true;
  };
  world.put(kEu, "key", "true");
  world.run();
  CHECK(world.get(kAp, "key").empty());
  CHECK(world.replica(kAp).inbox().proofs().provenance().forged_batches() == 1);
  REQUIRE(world.alarms.size() == 1);
  CHECK(world.alarms[0] ==
        "region us passed on writes of origin 0000000000000001 that do not fit what its region has "
        "signed: they are forged, or the region has signed two histories; they were dropped");
  world.connect(kEu, kSa);
  world.connect(kSa, kAp);
  world.run(3);
  CHECK(world.get(kAp, "key") == "true");
  CHECK(world.applied(kAp, kOriginEu) == world.applied(kEu, kOriginEu));
}

TEST_CASE("a position that another region has signed proves nothing") {
  SignedWorld world = line();
  const std::string batch = forged(world, kAp);
  const regions::KeySignatures us(
      std::make_shared<const transport::Keys>(transport::Keys{world.keys(kUs), {}}));
  SignedPosition position{"eu", kOriginEu, 1, core::chain_hash(batch), {}};
  SUBCASE("in the name of the origin's region") {}
  SUBCASE("in its own name") { position.region = "us"; }
  position.signature = us.sign(regions::signed_bytes({1, 1}, position));
  world.inject(kUs, kAp, position);
  world.inject(kUs, kAp, BatchMessage{1, batch});
  world.inject(kUs, kAp, position);
  world.run(2);
  CHECK(world.applied(kAp, kOriginEu) == 0);
  world.put(kEu, "key", "true");
  world.run(1);
  world.connect(kEu, kAp);
  world.run(2);
  CHECK(world.get(kAp, "key") == "true");
}

TEST_CASE("an origin of a region that greets cannot be taken by another one") {
  SignedWorld world({"eu", "us", "ap"});
  world.connect(kUs, kAp);
  world.connect(kEu, kAp);
  const std::string batch = forged(world, kAp, "us");
  world.inject(kUs, kAp, BatchMessage{1, batch});
  world.run(1);
  CHECK(world.applied(kAp, kOriginEu) == 0);
  world.put(kEu, "key", "true");
  world.run(1);
  CHECK(world.get(kAp, "key") == "true");
}

TEST_CASE("who catches up through others finds signatures in the log") {
  SignedWorld world({"eu", "us", "ap"});
  world.connect(kEu, kUs);
  const std::string large(100'000, 'x');
  for (int i = 0; i < 50; ++i) world.put(kEu, "key" + std::to_string(i), large);
  world.run(1);
  world.filter = without_signatures;
  world.connect(kUs, kAp);
  world.run(1);
  CHECK(world.applied(kAp, kOriginEu) >= 35);
  CHECK(world.applied(kAp, kOriginEu) < 50);
  world.filter = {};
  world.run(15);
  CHECK(world.applied(kAp, kOriginEu) == 50);
}

TEST_CASE("what a region's own leader sends is not applied before it can be proven to others") {
  SignedWorld world({"eu", "us"});
  world.connect(kEu, kUs);
  world.filter = [](std::size_t /*from*/, std::size_t /*to*/, const Message& message) {
    return !std::holds_alternative<SignedPosition>(message);
  };
  world.put(kEu, "key", "first");
  world.run();
  CHECK(world.get(kUs, "key").empty());
  CHECK(world.replica(kUs).inbox().proofs().provenance().bytes() > 0);
  world.filter = {};
  world.run(5);  // It is asked for again.
  CHECK(world.get(kUs, "key") == "first");
  CHECK(world.replica(kUs).inbox().proofs().provenance().bytes() == 0);
  CHECK(world.alarms.empty());
}

TEST_CASE("the last write under an origin that is left while it runs is signed all the same") {
  SignedWorld world = busy_line();
  world.put(kEu, "key", "first");
  world.put(kEu, "key", "last");  // Too soon after the other one to be signed at once.
  regions::Heartbeat boast;
  boast.applied = {{kOriginEu, 1000}};
  world.inject(kUs, kEu, boast);  // Any peer with a valid key can have it begin a new origin.
  REQUIRE(world.replica(kEu).identity().origin != kOriginEu);
  world.put(kEu, "other", "later");
  world.run(40);
  for (const std::size_t at : {kUs, kAp}) {
    CHECK(world.get(at, "key") == "last");
    CHECK(world.get(at, "other") == "later");
    CHECK(world.replica(at).inbox().proofs().unproven().late().empty());
  }
  CHECK(world.alarms.empty());
}

TEST_CASE("a position is not signed before it is durable, whatever arrives meanwhile") {
  SignedWorld world = busy_line();
  std::optional<SignedPosition> news;
  world.filter = [&](std::size_t, std::size_t to, const Message& message) {
    const auto* const position = std::get_if<SignedPosition>(&message);
    if (to == kEu && position != nullptr) news = *position;
    return to != kEu || position == nullptr;
  };
  world.put(kUs, "key", "of us");
  world.run(1);
  REQUIRE(news);
  world.storage(kEu).set_faults({.durable_at_once = false});
  Replica& eu = world.replica(kEu);
  test::write(eu, [](regions::Group& group) { group.put(core::Path{"\1", "key", "s"}, "of eu"); });
  REQUIRE(eu.commit().ok());
  CHECK_FALSE(eu.state().all_durable());
  world.inject(kUs, kEu, *news);
  const auto is_own = [](const regions::Effect& effect) {
    const auto* const send = std::get_if<regions::Send>(&effect);
    const auto* const position = send ? std::get_if<SignedPosition>(&send->message) : nullptr;
    return position != nullptr && position->origin == kOriginEu;
  };
  CHECK(std::ranges::none_of(eu.effects(), is_own));
  world.storage(kEu).sync();
  eu.durable(world.storage(kEu).durable_position(), 10'000);
  CHECK(eu.state().all_durable());
  CHECK(std::ranges::any_of(eu.effects(), is_own));
}

TEST_CASE("writes that nobody signs for 30 s are named, in the log once and while it lasts") {
  SignedWorld world = busy_line();
  world.filter = without_signatures;
  world.put(kEu, "key", "value");
  world.run(29);
  CHECK(world.replica(kAp).inbox().proofs().unproven().late().empty());
  world.run(10);
  REQUIRE(world.replica(kAp).inbox().proofs().unproven().late().size() == 1);
  const std::string late = world.replica(kAp).inbox().proofs().unproven().late().front();
  CHECK(
      late ==
      "writes of region eu, from 2 of origin 0000000000000001 on, received from region us, have "
      "been waiting for a signature of it for over 30 s; nothing that it wrote later is seen here");
  world.run(40);
  CHECK(world.alarms == std::vector<std::string>{late});
  world.filter = {};
  world.run(60);
  CHECK(world.get(kAp, "key") == "value");
  CHECK(world.replica(kAp).inbox().proofs().unproven().late().empty());
  CHECK(world.alarms.size() == 1);
}

TEST_CASE("every batch but the first carries a signature, also what a sweep writes") {
  SignedWorld world({"eu", "us"});
  world.connect(kEu, kUs);
  std::size_t batches = 0;
  std::size_t bare = 0;
  world.filter = [&](std::size_t from, std::size_t /*to*/, const Message& message) {
    const auto* const sent = std::get_if<BatchMessage>(&message);
    if (from != kEu || sent == nullptr) return true;
    const Batch batch = core::decode_batch(sent->bytes).value();
    ++batches;
    bare += batch.first() > 1 && batch.signature.empty() ? 1 : 0;
    return true;
  };
  constexpr int kRows = 1'100;  // So many that a clear is swept.
  test::write(world.replica(kEu), [](regions::Group& group) {
    for (int i = 0; i < kRows; ++i) group.add(core::Path{"\1", std::to_string(i), "n"}, {1});
  });
  REQUIRE(world.replica(kEu).commit().ok());
  world.run();
  test::write(world.replica(kEu), [](regions::Group& group) { group.clear(core::Path{"\1"}); });
  REQUIRE(world.replica(kEu).commit().ok());
  while (world.replica(kEu).background().sweep().value()) {
  }
  world.run(2);
  CHECK(batches > 2);
  CHECK(bare == 0);
  CHECK(world.applied(kUs, kOriginEu) == world.applied(kEu, kOriginEu));
}

TEST_CASE("an applied position stays known, however much is signed beyond it") {
  regions::Applied applied;
  const regions::Identity identity;
  regions::Signer signer(nullptr, identity, applied);
  constexpr core::Seq kEnd = 50;
  applied.set_head(kOriginEu, {.seq = kEnd, .chain = {}, .deps = {}, .hlc = {}, .region = "eu"});
  for (core::Seq seq = kEnd + 1; seq <= 2 * kEnd; ++seq) {
    signer.keep({"eu", kOriginEu, seq, {}, {}});
  }
  signer.keep({"eu", kOriginEu, kEnd, core::ChainHash{1}, {}});  // Of another history.
  CHECK_FALSE(signer.proves_head(kOriginEu));
  signer.keep({"eu", kOriginEu, kEnd, {}, {}});
  CHECK(signer.proves_head(kOriginEu));
}

TEST_CASE("a write before a large clear can be proven while the clear is counted and ever after") {
  regions::ReplicaLimits limits;
  limits.foreign_clear_rows_direct = limits.clear_rows_counted_at_once = 2;
  limits.sweep.looks = 1;
  SignedWorld world({"eu", "us", "ap"}, SignedWorld::Listed::kNo, limits);
  world.connect(kEu, kUs);
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) world.put(kEu, key, "here");
  world.run(1);
  const std::unique_ptr<storage::MemoryStorage> older = world.storage(kEu).clone();
  // Neither the position between the write and the clear is told, nor any batch behind the clear.
  std::vector<Message> of_eu;
  world.filter = [&](std::size_t from, std::size_t /*to*/, Message& message) {
    const bool late = from == kEu && (std::holds_alternative<BatchMessage>(message) ||
                                      std::holds_alternative<SignedPosition>(message));
    if (late) of_eu.push_back(message);
    return !late;
  };
  Replica& eu = world.replica(kEu);
  test::write(eu, [](regions::Group& group) { group.put(core::Path{"", "key", "s"}, "value"); });
  REQUIRE(eu.commit().ok());
  test::write(eu, [](regions::Group& group) { group.clear(core::Path{""}); });
  REQUIRE(eu.commit().ok());
  const core::Seq clear = world.applied(kEu, kOriginEu);
  world.run(1);
  REQUIRE(of_eu.size() == 3);  // Two batches, and the position behind the second one.
  world.filter = {};
  for (const Message& message : of_eu) {
    world.replica(kUs).step(SignedWorld::link(kEu), message, 2000);
  }
  REQUIRE(world.replica(kUs).apply(2000).ok());
  REQUIRE(world.applied(kUs, kOriginEu) == clear - 1);  // The clear is put aside.
  CHECK(world.replica(kUs).inbox().proofs().signer().proves_head(kOriginEu));
  SUBCASE("the region that counts is restarted, and the author is lost") { world.restart(kUs); }
  SUBCASE("the author goes on upon an older copy, under another origin") {
    world.restart(kEu, older->clone());
    world.connect(kEu, kUs);
    world.run(1);
    REQUIRE(world.replica(kEu).identity().origin != kOriginEu);
  }
  world.connect(kUs, kAp);
  world.run(3);
  CHECK(world.applied(kAp, kOriginEu) >= clear - 1);
  CHECK(world.applied(kAp, kOriginEu) == world.applied(kUs, kOriginEu));
  CHECK(world.alarms.empty());
}

TEST_CASE("of two histories that a region has signed the positions of the applied one are kept") {
  regions::Applied applied;
  const regions::Identity identity;
  regions::Signer signer(nullptr, identity, applied);
  constexpr core::Seq kEnd = 18;
  constexpr core::ChainHash kApplied{2};
  const auto go_on = [&](core::Seq seq, const core::ChainHash& chain) {
    const core::Seq before = applied.vector().at(kOriginEu);
    applied.set_head(kOriginEu,
                     {.seq = seq, .chain = chain, .deps = {}, .hlc = {}, .region = "eu"});
    signer.passed(kOriginEu, before + 1);
  };
  for (const core::ChainHash& other : {core::ChainHash{1}, core::ChainHash{3}}) {
    signer.keep({"eu", kOriginEu, kEnd, kApplied, {}});
    signer.keep({"eu", kOriginEu, kEnd - 1, other, {}});  // Where no batch of the other one ends.
    signer.keep({"eu", kOriginEu, kEnd, other, {}});
    signer.keep({"eu", kOriginEu, kEnd + 1, other, {}});
  }
  go_on(kEnd, kApplied);
  REQUIRE(signer.newest(kOriginEu) != nullptr);
  CHECK(signer.newest(kOriginEu)->seq == kEnd);
  CHECK(signer.newest(kOriginEu)->chain == kApplied);
  go_on(kEnd + 2, kApplied);  // A snapshot does not vouch for positions before its end.
  CHECK(signer.newest(kOriginEu)->seq == kEnd);
  CHECK(signer.take_news().size() == 1);
}

TEST_CASE("of two histories that a region has signed the one that comes again is applied") {
  SignedWorld world({"eu", "us", "ap", "sa"});
  constexpr std::size_t kSa = 3;
  world.connect(kEu, kUs);
  world.connect(kUs, kAp);
  world.put(kEu, "start", "here");
  world.run(2);
  REQUIRE(world.applied(kAp, kOriginEu) == 1);
  // Of the other history ap has heard a position alone, where no batch of this one ends.
  const regions::KeySignatures eu(
      std::make_shared<const transport::Keys>(transport::Keys{world.keys(kEu), {}}));
  SignedPosition left{"eu", kOriginEu, 3, core::chain_hash("of the history that is left"), {}};
  left.signature = eu.sign(regions::signed_bytes({1, 1}, left));
  world.inject(kUs, kAp, left);
  test::write(world.replica(kEu), [](regions::Group& group) {  // Its ops 2 to 4 are one batch.
    for (const char* value : {"a", "b", "c"}) group.put(core::Path{"\1", "key", "s"}, value);
  });
  REQUIRE(world.replica(kEu).commit().ok());
  world.run(1);
  world.put(kEu, "key", "d");
  world.run(30);
  CHECK(world.replica(kAp).inbox().proofs().provenance().forged_batches() == 1);
  REQUIRE(world.alarms.size() == 1);  // No peer has lied.
  CHECK(world.alarms[0].find("or the region has signed two histories") != std::string::npos);
  CHECK(world.get(kAp, "key") == "d");
  world.connect(kAp, kSa);
  world.run(5);
  CHECK(world.get(kSa, "key") == "d");
  CHECK(world.replica(kSa).inbox().proofs().provenance().forged_batches() == 0);
}

TEST_CASE("positions that may be of another history are forgotten as far as they are ahead") {
  regions::Applied applied;
  const regions::Identity identity;
  regions::Signer signer(nullptr, identity, applied);
  const auto newest_at = [&](core::Seq seq) {
    applied.set_head(kOriginEu, {.seq = seq, .chain = {}, .deps = {}, .hlc = {}, .region = "eu"});
    const SignedPosition* const newest = signer.newest(kOriginEu);
    return newest == nullptr ? 0 : newest->seq;
  };
  REQUIRE(newest_at(3) == 0);
  for (const core::Seq seq : {3, 5}) signer.keep({"eu", kOriginEu, seq, {}, {}});
  signer.forget_ahead(kOriginEu);
  CHECK(newest_at(9) == 3);
}

TEST_CASE("what waits for its proof is not taken for what had no room, and does not come again") {
  SignedWorld world({"eu", "us", "ap"});
  std::vector<SignedPosition> positions;
  int batches = 0;
  world.filter = [&](std::size_t /*from*/, std::size_t to, const Message& message) {
    const auto* const position = std::get_if<SignedPosition>(&message);
    if (to == kUs && position != nullptr) positions.push_back(*position);
    batches += to == kAp && std::holds_alternative<BatchMessage>(message) ? 1 : 0;
    return to != kAp || position == nullptr;
  };
  world.connect(kEu, kUs);
  constexpr int kWrites = 5;
  for (int i = 0; i < kWrites; ++i) {
    world.put(kEu, "key", std::to_string(i));
    world.run(1);
  }
  world.connect(kUs, kAp);
  REQUIRE(batches == kWrites);
  REQUIRE(world.applied(kAp, kOriginEu) == 0);
  for (const SignedPosition& position : positions) {
    world.inject(kUs, kAp, position);
    world.run();
    CHECK(world.applied(kAp, kOriginEu) == position.seq);
  }
  CHECK(world.get(kAp, "key") == std::to_string(kWrites - 1));
  CHECK(batches == kWrites);
}

TEST_CASE("signatures hold for their region and bytes and as long as the key is known") {
  const transport::OwnKeys eu = transport::make_keys("eu");
  const transport::OwnKeys us = transport::make_keys("us");
  const transport::KnownKey line{.region = "us",
                                 .curve = us.curve_public,
                                 .signing = us.signing_public,
                                 .not_after = 1};  // Its date ends links, not signatures.
  regions::KeySignatures at_eu(
      std::make_shared<const transport::Keys>(transport::Keys{eu, {line}}));
  const regions::KeySignatures at_us(
      std::make_shared<const transport::Keys>(transport::Keys{us, {}}));
  const std::string signature = at_us.sign("bytes");
  CHECK(signature.size() == SignedPosition::kSignatureSize);
  CHECK(at_eu.verify("us", "bytes", signature));
  CHECK(at_us.verify("us", "bytes", signature));
  CHECK_FALSE(at_eu.verify("us", "other bytes", signature));
  CHECK_FALSE(at_eu.verify("eu", "bytes", signature));
  CHECK_FALSE(at_eu.verify("us", "bytes", signature.substr(1)));
  at_eu.use(std::make_shared<const transport::Keys>(transport::Keys{eu, {}}));
  CHECK_FALSE(at_eu.verify("us", "bytes", signature));
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::signed_test
