// The exchange with a peer whose messages a test makes: what is shown to it, and what is asked of
// it again.

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "regions/exchange/exchange.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::exchange_test {

using core::Millis;
using core::VersionVector;
using regions::Ack;
using regions::Exchange;
using regions::Greeting;
using regions::History;
using regions::Message;
using regions::Subscribe;
using regions::Subscriptions;
using test::kAp;
using test::kEu;
using test::kLink;
using test::kUs;
using test::Parts;

namespace {

regions::Head head_at(core::Seq seq) {
  regions::Head head;
  head.seq = seq;
  head.chain.fill(1);
  return head;
}

struct ExchangeWorld : Parts {
  ExchangeWorld() : Parts("eu", kEu) {}

  // The messages of one kind that were sent since the last call.
  template <typename Kind>
  std::vector<Kind> sent() {
    std::vector<Kind> found;
    for (const regions::Effect& effect : std::exchange(effects, {})) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      if (send == nullptr) continue;
      if (const auto* kind = std::get_if<Kind>(&send->message)) found.push_back(*kind);
    }
    return found;
  }
  // A peer greets that has applied so much.
  void meet(const VersionVector& applied, std::vector<core::ChainHash> chains = {},
            bool follows = false) {
    exchange.link_up(kLink, {}, 0, {});
    Greeting greeting{Greeting::kProtocol, {1, 1}, "us", kUs, 7, applied, std::move(chains)};
    greeting.follows = follows;
    exchange.step(kLink, std::move(greeting), 0);
  }
  void tick(Millis now) {
    exchange.tick(now, [] { return regions::HeartbeatState{}; });
  }
};

}  // namespace

TEST_SUITE("regions: exchange") {
  TEST_CASE("of many subscriptions of a peer few are begun at once, and the newest counts") {
    ExchangeWorld eu;
    for (int i = 0; i < 20; ++i) eu.put("k", std::string(1000, 'v'));
    eu.exchange.log_grew(20, 0);
    eu.meet({});
    eu.effects.clear();
    constexpr std::uint64_t kEndless = std::uint64_t{1} << 63U;
    const auto ask = [&](std::uint64_t stream, Millis now) {
      eu.exchange.step(kLink, Subscribe{stream, kEndless, {{kEu, 1}}}, now);
    };
    for (std::uint64_t stream = 1; stream <= 2000; ++stream) ask(stream, 1);
    CHECK(eu.sent<regions::BatchMessage>().size() == 20);
    eu.put("k", "v");
    eu.exchange.log_grew(21, 1);
    CHECK(eu.sent<regions::BatchMessage>().empty());  // The next stream brings it.
    CHECK(eu.exchange.next_tick_ms() <= 11);
    eu.tick(11);
    const auto batches = eu.sent<regions::BatchMessage>();
    REQUIRE(batches.size() == 21);
    CHECK(batches.front().stream == 2000);
    ask(1999, 30);
    ask(2000, 50);
    CHECK(eu.sent<regions::BatchMessage>().empty());
  }

  TEST_CASE("subscriptions for which nothing is read or sent are begun four in 10 ms") {
    ExchangeWorld eu;
    eu.meet({});
    for (std::uint64_t stream = 1; stream <= 10; ++stream) {
      eu.exchange.step(kLink, Subscribe{stream, 1, {{kEu, 1}}}, 1);
    }
    CHECK(eu.exchange.peers().at(kUs).out.id() == 4);
    eu.tick(11);
    CHECK(eu.exchange.peers().at(kUs).out.id() == 10);
  }

  TEST_CASE("a stream is served in slices, one in a turn, and peers take turns") {
    ExchangeWorld eu;
    for (int i = 0; i < 6000; ++i) eu.put("k", std::string(1000, 'v'));
    eu.exchange.log_grew(6000, 0);
    eu.meet({});
    eu.exchange.link_up(kLink + 1, {}, 0, {});
    eu.exchange.step(kLink + 1, Greeting{Greeting::kProtocol, {1, 1}, "ap", kAp, 8, {}}, 0);
    eu.effects.clear();
    constexpr std::uint64_t kEndless = std::uint64_t{1} << 63U;
    // Returns how many batches each of the two peers was sent since the last call.
    const auto sent = [&] {
      std::pair<int, int> counts;
      for (const regions::Effect& effect : std::exchange(eu.effects, {})) {
        const auto* const send = std::get_if<regions::Send>(&effect);
        if (send == nullptr || !std::holds_alternative<regions::BatchMessage>(send->message)) {
          continue;
        }
        ++(send->link == kLink ? counts.first : counts.second);
      }
      return counts;
    };
    eu.exchange.step(kLink, Subscribe{1, kEndless, {{kEu, 1}}}, 1);
    const auto [first, none] = sent();
    CHECK(first > 1000);
    CHECK(first < 2100);
    CHECK(none == 0);
    eu.exchange.step(kLink + 1, Subscribe{1, kEndless, {{kEu, 1}}}, 1);
    CHECK(sent() == std::pair(0, first));
    eu.exchange.log_grew(6000, 1);
    eu.exchange.step(kLink, Ack{1, 0, {}, {}}, 1);
    CHECK(sent() == std::pair(0, 0));
    std::pair<int, int> all{first, first};
    for (int turn = 0; eu.exchange.next_tick_ms() <= 1; ++turn) {
      REQUIRE(turn < 20);
      eu.tick(1);
      const auto [one, other] = sent();
      CHECK(one * other == 0);
      CHECK(std::abs((all.first += one) - (all.second += other)) <= first);
    }
    CHECK(all == std::pair(6000, 6000));
  }

  TEST_CASE("what waits in the outbox for a replaced subscription is taken back") {
    ExchangeWorld eu;
    eu.put("k", "v");
    eu.exchange.log_grew(1, 0);
    eu.meet({});
    eu.effects.clear();
    eu.exchange.step(kLink, Subscribe{7, 1000, {{kEu, 1}}}, 1);
    std::vector<regions::Unsend> found;
    for (const regions::Effect& effect : eu.effects) {
      if (const auto* each = std::get_if<regions::Unsend>(&effect)) found.push_back(*each);
    }
    REQUIRE(found.size() == 1);
    CHECK(found[0].link == kLink);
    CHECK(found[0].before == 7);
  }

  TEST_CASE("a peer that takes nothing has no more than the bound waiting for it") {
    ExchangeWorld eu;
    eu.exchange.room().bound();
    for (int i = 0; i < 30; ++i) eu.put("k", std::string(100'000, 'v'));
    eu.exchange.log_grew(30, 0);
    eu.meet({});
    eu.effects.clear();
    eu.exchange.step(kLink, Subscribe{1, std::uint64_t{1} << 63U, {{kEu, 1}}}, 1);
    std::size_t sent = eu.sent<regions::BatchMessage>().size();
    CHECK(sent == 10);
    eu.exchange.log_grew(30, 2);
    CHECK(eu.sent<regions::BatchMessage>().empty());
    std::uint64_t left = 0;
    while (sent < 30) {
      left += 250'000;
      eu.exchange.bodies_left(kLink, regions::Lane::kBatch, left);
      eu.exchange.log_grew(30, 3);
      const std::size_t more = eu.sent<regions::BatchMessage>().size();
      REQUIRE(more > 0);
      sent += more;
    }
    CHECK(eu.exchange.room().waiting() <= regions::OutboxRoom::kFirstMax);
  }

  TEST_CASE("an ack shows what is applied here, and no more") {
    ExchangeWorld eu;
    eu.put("k", "v");
    eu.meet({{kUs, 5}});
    const auto asked = eu.sent<Subscribe>();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].from == VersionVector{{kUs, 1}});
    REQUIRE(eu.exchange.step(kLink, regions::BatchMessage{asked[0].stream, "bytes"}, 1));
    eu.exchange.applied_more(1, true, [](core::Origin) { return false; });
    const auto acks = eu.sent<Ack>();
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].taken == 5);
    CHECK(acks[0].applied == VersionVector{{kEu, 1}});
    CHECK(acks[0].durable == VersionVector{{kEu, 1}});
  }

  TEST_CASE("a peer rests while all that it can send has no room, and waits for other origins") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}, {kAp, 5}});
    const std::uint64_t stream = eu.sent<Subscribe>().at(0).stream;
    std::set<core::Origin> waiting;
    const auto acks = [&] {
      eu.exchange.step(kLink, regions::BatchMessage{stream, "bytes"}, 1);
      eu.exchange.applied_more(1, true, [&](core::Origin each) { return waiting.contains(each); });
      return eu.sent<Ack>().size();
    };
    waiting = {kUs, kAp};
    CHECK(acks() == 1);  // Nothing was dropped: there is room for what comes.
    eu.exchange.subscriptions().dropped(kLink, stream, kUs, 3);
    CHECK(acks() == 0);
    waiting = {kUs};  // The next batch of the other origin may come, and be what is waited for.
    CHECK(acks() == 1);
    waiting = {kUs, kAp};
    CHECK(acks() == 0);
    eu.state.applied().set_head(kAp, head_at(5));  // The peer has no more of it.
    waiting = {kUs};
    CHECK(acks() == 0);
    waiting = {};
    CHECK(acks() == 1);
  }

  TEST_CASE("a stream whose place another one is about to take gets no ack") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}});
    std::uint64_t stream = eu.sent<Subscribe>().at(0).stream;
    // A batch comes for which there was no room, and which is the next one by now.
    const auto come = [&] {
      eu.exchange.step(kLink, regions::BatchMessage{stream, "bytes"}, 1);
      eu.exchange.subscriptions().dropped(kLink, stream, kUs, 1);
      eu.exchange.applied_more(1, true, [](core::Origin) { return false; });
    };
    for (int asked = 1; asked < regions::InStream::kAsksMax; ++asked) {
      come();
      REQUIRE(eu.effects.size() == 1);
      stream = eu.sent<Subscribe>().at(0).stream;
    }
    come();
    CHECK(eu.effects.empty());  // It has to wait for its turn to ask.
    eu.tick(1 + regions::InStream::kAskMs);
    CHECK(eu.sent<Subscribe>().size() == 1);
  }

  TEST_CASE("nothing is called durable before the whole log is") {
    ExchangeWorld eu;
    eu.storage.set_faults({.durable_at_once = false});
    eu.put("k", "v");
    eu.meet({{kUs, 5}});
    eu.exchange.merged(0);
    auto acks = eu.sent<Ack>();
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].durable.empty());
    eu.storage.sync();
    eu.exchange.merged(0);
    acks = eu.sent<Ack>();
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].durable == VersionVector{{kEu, 1}});
  }

  TEST_CASE("what does not arrive is asked for again") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}});
    CHECK(eu.sent<Subscribe>().size() == 1);
    bool again = false;
    for (Millis now = 0; now <= 4 * Subscriptions::kStallMs && !again; now += 100) {
      eu.tick(now);
      again = !eu.sent<Subscribe>().empty();
    }
    CHECK(again);
  }

  TEST_CASE("nothing is asked for again while there is no room for it") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}});
    (void)eu.sent<Subscribe>();
    eu.exchange.subscriptions().pause_requests(true);
    for (Millis now = 0; now <= 4 * Subscriptions::kStallMs; now += 100) eu.tick(now);
    CHECK(eu.sent<Subscribe>().empty());
  }

  TEST_CASE("a signed position comes with a subscription, and once if many follow at once") {
    ExchangeWorld eu;
    eu.meet({});
    const auto told = [&](core::Seq seq, Millis now) {
      eu.exchange.tell(kLink, {"ap", kAp, seq, {}, {}}, now);
      return !eu.sent<regions::SignedPosition>().empty();
    };
    constexpr Millis kTellMs = regions::OutStream::kTellMs;
    static_assert(kTellMs <= Subscriptions::kStallMs);  // What got lost is asked for after that.
    CHECK(told(5, 2 * kTellMs));
    CHECK_FALSE(told(5, 3 * kTellMs - 1));
    CHECK(told(6, 3 * kTellMs - 1));
    CHECK_FALSE(told(6, 3 * kTellMs - 1));
    CHECK(told(6, 3 * kTellMs));
    eu.exchange.link_down(kLink);
    eu.meet({});
    CHECK(told(6, 3 * kTellMs));  // It may have been lost with the link.
  }

  TEST_CASE("a follower is a peer, and no leader") {
    for (const bool follows : {false, true}) {
      ExchangeWorld eu;
      eu.meet({}, {}, follows);
      REQUIRE(eu.exchange.peers().contains(kUs));
      CHECK(regions::leaders(eu.exchange.peers()).size() == (follows ? 0 : 1));
    }
  }

  TEST_CASE("where histories part is said until the peer has heard it") {
    ExchangeWorld eu;
    eu.put("k", "v");
    core::ChainHash other{};
    other.fill(9);
    SUBCASE("of its own origin the history is in doubt") {
      eu.meet({{kEu, 1}}, {other});
      CHECK_FALSE(eu.exchange.origin_conflict().empty());
      eu.exchange.forget_origin_conflict();
      CHECK(eu.exchange.origin_conflict().empty());
    }
    SUBCASE("of another origin both are told") {
      eu.state.applied().set_head(kAp, head_at(4));
      eu.meet({{kAp, 4}}, {other});
      CHECK(eu.exchange.fork_with(kUs) == kAp);
      CHECK(eu.sent<History>().size() == 1);
      for (Millis now = 0; now < 3 * Exchange::kHeartbeatMs; now += Exchange::kHeartbeatMs) {
        eu.tick(now);
        const auto said = eu.sent<History>();
        REQUIRE(said.size() == 1);
        CHECK(said[0].origin == kAp);
        CHECK(said[0].asks);
      }
    }
  }

  TEST_CASE("a paused peer gets nothing, and what it has is asked for when it is resumed") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}});
    const auto asked = eu.sent<Subscribe>();
    REQUIRE(asked.size() == 1);
    CHECK(eu.exchange.pause("us"));
    CHECK_FALSE(eu.exchange.pause("ap"));
    CHECK_FALSE(eu.exchange.step(kLink, regions::BatchMessage{asked[0].stream, "bytes"}, 1));
    CHECK_FALSE(eu.exchange.send_to(kUs, regions::Refusal{"eu", "a test"}));
    CHECK(eu.exchange.resume("us"));
    CHECK(eu.sent<Subscribe>().size() == 1);
    CHECK(eu.exchange.send_to(kUs, regions::Refusal{"eu", "a test"}));
  }

  TEST_CASE("a link where another origin is heard is greeted, whatever else comes there") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}});
    const std::uint64_t stream = eu.sent<Subscribe>().at(0).stream;
    const auto greetings = [&](core::Origin sender, Millis now) {
      Message beat = regions::Heartbeat{};
      regions::set_sender(beat, sender);
      const bool dropped = eu.exchange.of_other_origin(kLink, beat);
      CHECK(dropped == (sender != kUs));
      eu.exchange.step(kLink, regions::BatchMessage{stream, "bytes"}, now);
      eu.tick(now);
      return eu.sent<Greeting>().size();
    };
    CHECK(greetings(kUs, 1'000) == 0);
    CHECK(greetings(kUs, 2'000) == 0);
    CHECK(greetings(kAp, 3'000) == 1);
    CHECK(greetings(kAp, 4'000) == 1);
    CHECK(greetings(kUs, 5'000) == 0);
  }

  TEST_CASE("since when a peer lacks something is noted as soon as the log grows") {
    ExchangeWorld eu;
    eu.meet({});
    const regions::Peer& us = eu.exchange.peers().at(kUs);
    REQUIRE(us.behind_since_ms == -1);
    eu.put("k", "v");
    eu.exchange.log_grew(eu.storage.durable_position(), 5);
    CHECK(us.behind_since_ms == 5);
    eu.exchange.step(kLink, Ack{0, 0, {{kEu, 1}}, {}}, 6);
    CHECK(us.behind_since_ms == -1);
  }

  TEST_CASE("a heartbeat notes that a peer lacks what has come without a record of the log") {
    ExchangeWorld eu;
    eu.meet({});
    const regions::Peer& us = eu.exchange.peers().at(kUs);
    eu.state.applied().set_head(kAp, head_at(4));
    REQUIRE(us.behind_since_ms == -1);
    eu.tick(3'000);
    CHECK(us.behind_since_ms == 3'000);
  }

  TEST_CASE("after a merge what comes behind it is asked for at once") {
    ExchangeWorld eu;
    eu.meet({{kUs, 5}});
    (void)eu.sent<Subscribe>();
    eu.state.applied().set_head(kUs, head_at(5));
    eu.exchange.merged(1);
    const auto asked = eu.sent<Subscribe>();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].from == VersionVector{{kUs, 6}});
  }

  TEST_CASE("a peer that leaves out the settled origins is known to have them") {
    constexpr core::Origin kFormer = 9;  // Before that of us.
    ExchangeWorld eu;
    eu.write([](regions::Group& group) {
      using regions::RegionList;
      group.put(RegionList::origin_row("eu", kEu), RegionList::origin_value(0));
      group.put(RegionList::origin_row("us", kFormer), RegionList::origin_value(0));
      group.put(RegionList::origin_row("us", kUs), RegionList::origin_value(kFormer));
    });
    eu.list.load(*eu.state.reader());
    eu.state.applied().set_head(kFormer, head_at(4));
    regions::RegionReports reports;
    for (const auto& [region, origin] : {std::pair("eu", kEu), std::pair("us", kUs)}) {
      REQUIRE(reports.take({.region = region,
                            .origin = origin,
                            .number = 1,
                            .list = eu.list.hash(),
                            .durable = {{kFormer, 4}}}));
    }
    eu.settled.look(eu.list, reports);
    REQUIRE(eu.settled.all() == VersionVector{{kFormer, 4}});
    eu.exchange.link_up(kLink, {}, 0, {});
    const VersionVector& applied = eu.state.applied().vector();
    Greeting greeting{Greeting::kProtocol,        {1, 1}, "us", kUs, 7, eu.settled.without(applied),
                      eu.settled.chains_without()};
    greeting.settled = eu.settled.hash();
    greeting.left_out = true;
    eu.exchange.step(kLink, std::move(greeting), 0);
    const regions::Peer& us = eu.exchange.peers().at(kUs);
    CHECK(us.applied == applied);
    CHECK(us.behind_since_ms == -1);
  }
}

}  // namespace anabranch::exchange_test
