// A peer that is authenticated and means harm, or is broken: its messages are refused, its claims
// cost little, and the writes of others still arrive.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/codec.h"
#include "core/wire.h"
#include "regions/wire/alarms.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"

namespace anabranch::hostile_peer_test {
namespace {

using core::Batch;
using core::Origin;
using core::Seq;
using regions::BatchMessage;
using regions::Greeting;
using regions::Message;
using test::Node;

constexpr regions::LinkId kLink = 7;
constexpr regions::LinkId kHonest = 8;

Message greeting(const std::string& region, Origin origin, core::VersionVector applied = {}) {
  return Greeting{Greeting::kProtocol, {1, 1}, region, origin, origin, std::move(applied)};
}

// A leader with a hostile peer, region us with origin 2, on kLink.
struct HostilePeerWorld {
  Node eu{"eu", 1};

  HostilePeerWorld() {
    eu.replica().link_up(kLink, {}, 0);
    hear(greeting("us", 2));
  }
  regions::Replica& replica() { return eu.replica(); }
  void hear(Message message, regions::LinkId link = kLink) {
    replica().step(link, std::move(message), 0);
    while (replica().apply(0).value()) {
    }
  }
  // Hears a batch that its sender shows to have.
  void hear_batch(const Batch& batch, regions::LinkId link = kLink) {
    hear(regions::Ack{0, 0, {{batch.origin, batch.last()}}, {}}, link);
    hear(BatchMessage{0, core::encode_batch(batch)}, link);
  }
  template <typename Kind>
  std::size_t count() {
    return static_cast<std::size_t>(std::ranges::count_if(
        replica().effects(), [](const auto& each) { return std::holds_alternative<Kind>(each); }));
  }
};

Batch batch_of(Origin origin, Seq first, std::size_t ops, core::ChainHash previous = {}) {
  Batch batch;
  batch.origin = origin;
  batch.previous = previous;
  if (first == 1) batch.opening = core::Opening{{1, 1}, "us", 1, origin, 0};
  core::Transaction txn;
  txn.first = first;
  txn.hlc = core::Hlc::of(1000, 0);
  for (std::size_t i = 0; i < ops; ++i) {
    txn.ops.emplace_back(core::Put{core::Path{"\1", "key", "s"}, "value", {}, {}});
  }
  batch.transactions.push_back(std::move(txn));
  return batch;
}

core::Path row(const std::string& key) { return {"\1", key, "s"}; }

TEST_SUITE_BEGIN("regions: hostile peers");

TEST_CASE("bytes that are no batch cost the link and nothing else") {
  HostilePeerWorld world;
  const Batch batch = batch_of(2, 1, 3);
  const std::string good = core::encode_batch(batch);
  std::string truncated = good.substr(0, good.size() - 1);
  std::string longer = good + '\xc0';
  for (const std::string& bytes : {std::string(), std::string("rubbish"), truncated, longer}) {
    world.replica().effects().clear();
    world.hear(BatchMessage{0, bytes});
    CHECK(world.count<regions::Reject>() == 1);
  }
  CHECK(world.eu.vector().empty());
  CHECK(world.replica().inbox().held().size() == 0);
  world.hear_batch(batch);
  CHECK(world.eu.vector().at(2) == 3);
}

TEST_CASE("a batch with a gap before it waits and is not applied") {
  HostilePeerWorld world;
  world.hear_batch(batch_of(2, 5, 1));
  CHECK(world.eu.vector().empty());
  CHECK(world.replica().inbox().held().size() == 1);
}

TEST_CASE("a batch that overlaps what is applied or rewrites the chain is named and dropped") {
  HostilePeerWorld world;
  const Batch three = batch_of(2, 1, 3);
  const std::string first = core::encode_batch(three);
  world.hear_batch(three);
  const auto before = world.eu.visible();
  world.replica().effects().clear();
  SUBCASE("overlapping") { world.hear_batch(batch_of(2, 2, 4)); }
  SUBCASE("another chain") { world.hear_batch(batch_of(2, 4, 1)); }
  CHECK(world.count<regions::Alarm>() == 1);
  CHECK(world.eu.vector().at(2) == 3);
  CHECK(world.eu.visible() == before);
  // Of an origin with two histories no more batches are taken from the peer with the other one.
  world.hear_batch(batch_of(2, 4, 1, core::chain_hash(first)));
  CHECK(world.eu.vector().at(2) == 3);
  world.hear_batch(batch_of(7, 1, 1));
  CHECK(world.eu.vector().at(7) == 1);
}

TEST_CASE("a batch that nobody has asked for and its sender does not show to have is not taken") {
  HostilePeerWorld world;
  const Batch batch = batch_of(2, 1, 3);
  world.hear(BatchMessage{0, core::encode_batch(batch)});
  CHECK(world.eu.vector().empty());
  CHECK(world.replica().inbox().held().size() == 0);
  world.hear_batch(batch);
  CHECK(world.eu.vector().at(2) == 3);
}

TEST_CASE("what waits for a gap is bounded") {
  HostilePeerWorld world;
  Batch large = batch_of(2, 2, 1);
  std::get<core::Put>(large.transactions[0].ops[0]).value = std::string(1U << 20U, 'x');
  for (Seq seq = 2; seq < 200; ++seq) {
    large.transactions[0].first = seq;
    world.hear_batch(large);
  }
  CHECK(world.replica().inbox().held().bytes() <= regions::HoldBackQueue::kBytesMax);
}

TEST_CASE("next batches of invented origins fill only so much, and others go on") {
  HostilePeerWorld world;
  Batch large = batch_of(100, 1, 1);
  std::get<core::Put>(large.transactions[0].ops[0]).value = std::string(4U << 20U, 'x');
  large.deps_changed.set(77, 1);
  for (; large.origin < 160; ++large.origin) {
    large.opening->number = large.origin;
    world.hear_batch(large);
    world.replica().effects().clear();
  }
  constexpr std::size_t kMost =
      regions::HoldBackQueue::kBytesMax + regions::HoldBackQueue::kNextBytesMax;
  CHECK(world.replica().inbox().held().bytes() > regions::HoldBackQueue::kBytesMax);
  CHECK(world.replica().inbox().held().bytes() < kMost + (5U << 20U));
  world.replica().link_up(kHonest, {}, 0);
  world.hear(greeting("ap", 3), kHonest);
  Batch batch = batch_of(3, 1, 1);
  batch.opening->region = "ap";
  world.hear_batch(batch, kHonest);
  CHECK(world.eu.vector().at(3) == 1);
}

TEST_CASE("a flood of greetings as ever new leaders is bounded and others go on") {
  HostilePeerWorld world;
  for (Origin origin = 10; origin < 10 + 3 * regions::Links::kPeersMax; ++origin) {
    world.hear(greeting("r" + std::to_string(origin), origin));
    world.replica().effects().clear();
  }
  CHECK(world.replica().exchange().peers().size() <= regions::Links::kPeersMax);
  world.replica().link_up(kHonest, {}, 0);
  world.hear(greeting("ap", 3), kHonest);
  Batch batch = batch_of(3, 1, 1);
  batch.opening->region = "ap";
  world.hear_batch(batch, kHonest);
  CHECK(world.eu.vector().at(3) == 1);
}

TEST_CASE("questions about large batches read no more of the log than a peer is allowed") {
  constexpr std::size_t kLarge = 200'000;
  HostilePeerWorld world;
  for (int i = 0; i < 50; ++i) {
    world.eu.write(1000,
                   [](regions::Group& group) { group.put(row("k"), std::string(kLarge, 'v')); });
  }
  const std::uint64_t before = world.eu.storage().log_bytes_read();
  for (Seq seq = 2; seq < 50; ++seq) {
    regions::History history{.origin = 1, .differs = seq, .links = {}};
    for (Seq each = seq; each > 0; --each) history.links.push_back({each, core::chain_hash("x")});
    history.asks = true;
    history.wanted = seq;
    for (int i = 0; i < 20; ++i) world.hear(history);
  }
  CHECK(world.eu.storage().log_bytes_read() - before <
        static_cast<std::uint64_t>(regions::ReadAllowance::kBytesAtFirst) + 2 * kLarge);
  CHECK(world.count<regions::Reject>() == 0);
}

TEST_CASE("alarms that a peer can provoke end at some number") {
  HostilePeerWorld world;
  for (Origin origin = 10; origin < 10 + 2 * regions::Alarms::kMax; ++origin) {
    Batch batch = batch_of(origin, 1, 1);
    world.hear_batch(batch);
    batch.transactions[0].ops.push_back(batch.transactions[0].ops[0]);
    world.hear_batch(batch);
  }
  CHECK(world.count<regions::Alarm>() == regions::Alarms::kMax);
}

TEST_CASE("acks beyond what was sent and subscriptions to nonsense send nothing more") {
  HostilePeerWorld world;
  world.eu.write(1000, [](regions::Group& group) { group.put(row("a"), "1"); });
  world.replica().durable(world.eu.storage().durable_position(), 0);
  world.hear(regions::Subscribe{1, 1000, {{1, 1}}});
  CHECK(world.count<regions::Send>() >= 1);
  world.replica().effects().clear();
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  world.hear(regions::Ack{1, kMost, {{1, kMost}}, {{1, kMost}, {99, kMost}}});
  world.hear(regions::Subscribe{2, kMost, {{1, kMost}, {77, kMost}}});
  world.hear(regions::Subscribe{1, kMost, {{1, 1}}});  // Of before.
  const auto is_batch = [](const regions::Effect& effect) {
    const auto* const send = std::get_if<regions::Send>(&effect);
    return send != nullptr && std::holds_alternative<BatchMessage>(send->message);
  };
  CHECK(std::ranges::none_of(world.replica().effects(), is_batch));
  world.hear(regions::Subscribe{kMost, kMost, {{1, 1}}});
  CHECK(std::ranges::count_if(world.replica().effects(), is_batch) == 1);
}

TEST_CASE("a subscription that names forks without end is answered for some of them") {
  HostilePeerWorld world;
  std::vector<Origin> forked(16'384);
  for (std::size_t i = 0; i < forked.size(); ++i) forked[i] = 100 + i;
  world.replica().effects().clear();
  world.hear(regions::Subscribe{1, 1000, {{1, 1}}, std::move(forked)});
  CHECK(world.count<regions::Send>() >= 1);
  CHECK(world.count<regions::Send>() <= 64);
}

TEST_CASE("a subscription of a process that is gone does not outnumber those of the next one") {
  HostilePeerWorld world;
  world.eu.write(1000, [](regions::Group& group) { group.put(row("a"), "1"); });
  world.replica().durable(world.eu.storage().durable_position(), 0);
  world.replica().effects().clear();
  world.hear(regions::Subscribe{5000, 1000, {{1, 1}}, {}, {}, 77});
  CHECK(world.count<regions::Send>() == 0);
  world.hear(regions::Subscribe{1, 1000, {{1, 1}}, {}, {}, 2});  // As it has greeted.
  CHECK(world.count<regions::Send>() == 1);
}

TEST_CASE("who shows ever more origins at once is asked for some, and for the rest after a wait") {
  HostilePeerWorld world;
  const regions::Subscriptions& subscriptions = world.replica().exchange().subscriptions();
  const auto subscribed = [&] {
    return std::ranges::count_if(world.replica().effects(), [](const regions::Effect& effect) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      return send != nullptr && std::holds_alternative<regions::Subscribe>(send->message);
    });
  };
  CHECK(subscriptions.waiting() == 0);
  for (Origin origin = 10; origin < 30; ++origin) {
    world.hear(regions::Ack{0, 0, {{origin, 1}}, {}});
  }
  CHECK(subscribed() == regions::InStream::kAsksMax);
  CHECK(subscriptions.waiting() == 1);
  world.replica().tick(regions::InStream::kAskMs - 1);
  CHECK(subscriptions.waiting() == 1);
  world.replica().tick(regions::InStream::kAskMs);
  CHECK(subscriptions.waiting() == 0);
  CHECK(subscribed() == regions::InStream::kAsksMax + 1);
}

TEST_CASE("who shows origins without end is heard no more, and costs no more memory") {
  for (const bool beats : {false, true}) {
    CAPTURE(beats);
    HostilePeerWorld world;
    const auto shown = [&] {
      const auto& peers = world.replica().exchange().peers();
      return peers.contains(2) ? peers.at(2).applied.size() : 0;
    };
    world.hear(regions::Subscribe{1, 1'000, {{1, 1}}, {}, {}, 2});
    std::size_t most = 0;
    for (Origin begin = 100; begin < 100'000; begin += 1'000) {
      core::VersionVector next;
      for (Origin origin = begin; origin < begin + 1'000; ++origin) next.set(origin, 1);
      if (beats) {
        regions::Heartbeat beat;
        beat.applied = beat.durable = beat.clocks = next;
        beat.chains.resize(next.size());
        world.hear(beat);
      } else {
        world.hear(regions::Ack{1, 0, next, next});
      }
      most = std::max(most, shown());
    }
    CHECK(most > 1'000);
    CHECK(most <= core::VersionVector::kEntriesMax);
    CHECK(shown() == 0);
    CHECK(world.count<regions::Reject>() == 1);
    CHECK(world.replica().exchange().forks().entries() == 0);
    world.replica().tick(1'000);
    CHECK_FALSE(world.replica().broken());
  }
}

TEST_CASE("the vectors of ever new leaders are bounded in sum, and an honest one is heard") {
  HostilePeerWorld world;
  world.replica().link_up(kHonest, {}, 0);
  world.hear(greeting("ap", 3), kHonest);
  const regions::Forks& forks = world.replica().exchange().forks();
  core::VersionVector many;
  for (Origin origin = 1'000; origin < 1'000 + core::VersionVector::kEntriesMax; ++origin) {
    many.set(origin, 1);
  }
  const auto all_shown = [&] {
    std::size_t all = 0;
    for (const auto& [origin, peer] : world.replica().exchange().peers()) {
      all += peer.origins_shown();
    }
    return all;
  };
  const auto greet = [&](Origin peer, regions::LinkId link) {
    Greeting shows = std::get<Greeting>(greeting("r" + std::to_string(peer), peer, many));
    shows.chains.resize(many.size());
    world.hear(std::move(shows), link);
    CHECK(all_shown() <= regions::Exchange::kShownMax);
    CHECK(forks.entries() <= 3 * regions::Exchange::kShownMax);
    world.replica().effects().clear();
  };
  constexpr Origin kPeers = 40;
  const auto is_up = [&](Origin peer) {
    const auto& peers = world.replica().exchange().peers();
    return peers.contains(peer) && !peers.at(peer).endless;
  };
  SUBCASE("that go") {
    for (Origin peer = 10; peer < 10 + kPeers; ++peer) {
      world.replica().link_up(100 + peer, {}, 0);
      greet(peer, 100 + peer);
      CHECK(is_up(peer));
      world.replica().link_down(100 + peer);
    }
  }
  SUBCASE("that stay") {
    for (Origin peer = 10; peer < 10 + kPeers; ++peer) {
      world.replica().link_up(100 + peer, {}, 0);
      greet(peer, 100 + peer);
    }
  }
  CHECK(all_shown() > regions::Exchange::kShownMax / 2);
  CHECK(is_up(3));
  Batch batch = batch_of(3, 1, 1);
  batch.opening->region = "ap";
  world.hear_batch(batch, kHonest);
  CHECK(world.eu.vector().at(3) == 1);
}

TEST_CASE("clocks of origins that nobody needs are not kept") {
  HostilePeerWorld world;
  for (Origin begin = 100; begin < 50'000; begin += 1'000) {
    regions::Heartbeat beat;
    for (Origin origin = begin; origin < begin + 1'000; ++origin) {
      beat.clocks.set(origin, core::Hlc::of(1, 0).bits);
    }
    world.hear(beat);
  }
  world.replica().effects().clear();
  world.replica().tick(2'000);
  std::size_t shown = 0;
  for (const auto& each : world.replica().effects()) {
    const auto* const sent = std::get_if<regions::Send>(&each);
    const auto* const beat =
        sent == nullptr ? nullptr : std::get_if<regions::Heartbeat>(&sent->message);
    if (beat != nullptr) shown = std::max(shown, beat->clocks.size());
  }
  CHECK(shown <= 2);
}

TEST_CASE("who claims to have what it does not deliver is passed by for who does") {
  HostilePeerWorld world;
  world.replica().link_up(kHonest, {}, 0);
  world.hear(greeting("us", 2, {{3, 1000}}));
  world.hear(greeting("sa", 4, {{3, 1}}), kHonest);
  const auto followed_through = [&](Origin peer) {
    return world.replica().exchange().peers().at(peer).in.has(3);
  };
  CHECK(followed_through(2));
  core::Millis now = 0;
  while (!followed_through(4) && now < 60'000) world.replica().tick(now += 1000);
  CHECK(now <= 20'000);
  Batch batch = batch_of(3, 1, 1);
  batch.opening->region = "ap";
  world.hear_batch(batch, kHonest);
  CHECK(world.eu.vector().at(3) == 1);
}

TEST_CASE("who keeps snapshots busy keeps nobody else from one") {
  HostilePeerWorld world;
  world.eu.write(1000, [](regions::Group& group) { group.put(row("a"), "1"); });
  world.replica().link_up(kHonest, {}, 0);
  world.hear(greeting("ap", 3), kHonest);
  // Asks for a snapshot and gives the id of the one that is sent; 0 for none.
  const auto ask = [&](regions::LinkId link, std::uint64_t stream, core::Millis now,
                       std::uint64_t snapshot = 0, regions::ChainMarks newest = {}) {
    const regions::SnapshotRequest request{stream, snapshot, 0, 1'000'000, std::move(newest),
                                           {},     {}};
    world.replica().effects().clear();
    world.replica().step(link, request, now);
    while (world.replica().background().work(now).value()) {
    }
    std::uint64_t id = 0;
    for (const auto& effect : world.replica().effects()) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      if (send == nullptr || send->link != link) continue;
      if (const auto* part = std::get_if<regions::SnapshotChunk>(&send->message)) {
        id = part->snapshot;
      }
    }
    return id;
  };
  const std::uint64_t first = ask(kLink, 1, 0);
  REQUIRE(first != 0);
  const regions::ChainMarks all{world.eu.vector(), {world.replica().applied().head(1).chain}};
  const std::uint64_t second = ask(kLink, 2, 70'000, 0, all);
  REQUIRE(second != first);
  core::Millis now = 80'000;
  for (std::uint64_t stream = 3; now < 200'000; now += 10'000) {
    CHECK(ask(kLink, stream++, now, first) == first);
    CHECK(ask(kLink, stream++, now, second) == second);
  }
  // All of both was sent long ago: one makes room for a newer one.
  const std::uint64_t third = ask(kHonest, 1, now);
  CHECK(third != 0);
  CHECK((third != first && third != second));
}

TEST_CASE("names that are none and vectors without end are refused by the decoders") {
  const auto refused = [](const Message& message) {
    return !regions::decode_message(regions::kind_of(message), regions::encode_message(message))
                .ok();
  };
  CHECK_FALSE(refused(greeting("us", 2)));
  CHECK(refused(greeting(std::string(65, 'x'), 2)));
  CHECK(refused(greeting("two\nlines", 2)));
  CHECK(refused(greeting("", 2)));
  CHECK(refused(greeting("us", 0)));
  core::VersionVector vector;
  for (Origin origin = 1; origin <= core::VersionVector::kEntriesMax; ++origin) {
    vector.set(origin, 1);
  }
  CHECK_FALSE(refused(greeting("us", 2, vector)));
  vector.set(~Origin{0}, 1);
  CHECK(refused(greeting("us", 2, vector)));
  Batch batch = batch_of(2, 1, 1);
  batch.opening->region = std::string(65, 'x');
  CHECK_FALSE(core::decode_batch(core::encode_batch(batch)).ok());
  batch.opening->region = "us";
  batch.deps_changed = vector;
  batch.deps_changed.set(2, 0);
  CHECK(core::decode_batch(core::encode_batch(batch)).ok());
  batch.deps_changed.set(~Origin{0} - 1, 1);
  CHECK_FALSE(core::decode_batch(core::encode_batch(batch)).ok());
  regions::SignedPosition position{"eu", 1, 1, {}, std::string(64, 's')};
  CHECK_FALSE(refused(position));
  position.signature += 's';
  CHECK(refused(position));
}

TEST_CASE("a few bytes cannot make a decoder take much memory or stack") {
  for (std::uint8_t kind = 0; kind < 20; ++kind) {
    CHECK_FALSE(regions::decode_message(kind, "\xdd\xff\xff\xff\xff").ok());
    CHECK_FALSE(regions::decode_message(kind, std::string(100'000, '\x91')).ok());
    CHECK_FALSE(regions::decode_message(kind, std::string(100'000, '\xc0')).ok());
  }
  CHECK_FALSE(core::decode_batch("\xdd\xff\xff\xff\xff").ok());
  CHECK_FALSE(core::decode_batch(std::string(100'000, '\x91')).ok());
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::hostile_peer_test
