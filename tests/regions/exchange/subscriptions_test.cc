// Through which peer each origin is followed.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "regions/exchange/subscriptions.h"
#include "tests/crdt/random.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"
#include "tests/seed.h"

namespace anabranch::subscriptions_test {

using core::Origin;
using regions::Subscribe;
using regions::Subscriptions;
using test::kAp;
using test::kEu;
using test::kUs;
using test::Parts;

namespace {

constexpr regions::LinkId kToUs = 1;
constexpr regions::LinkId kToAp = 2;
constexpr Origin kSa = 4;  // Of a region that is no peer.

using Origins = std::vector<Origin>;

struct SubscriptionsWorld : Parts {
  SubscriptionsWorld() : Parts("eu", kEu) {}

  Subscriptions& subscriptions() { return exchange.subscriptions(); }
  [[nodiscard]] const regions::InStream& in(Origin peer) const {
    return exchange.peers().at(peer).in;
  }
  // The subscriptions that were sent since the last call.
  std::vector<Subscribe> sent() {
    std::vector<Subscribe> found;
    for (const regions::Effect& effect : std::exchange(effects, {})) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      if (send == nullptr) continue;
      if (const auto* wanted = std::get_if<Subscribe>(&send->message)) found.push_back(*wanted);
    }
    return found;
  }
};

// Batches of a stream arrive all the time, of which none can be applied. Returns the number of
// subscriptions sent to `us` in some seconds.
std::size_t asked_in(SubscriptionsWorld& eu, core::Millis& now, int seconds) {
  std::size_t asked = 0;
  for (int second = 0; second < seconds; ++second) {
    now += Subscriptions::kStallMs;
    REQUIRE(eu.exchange.step(kToUs, regions::BatchMessage{eu.in(kUs).id, "bytes"}, now));
    eu.subscriptions().set_time(now);
    eu.subscriptions().find_stalls(now);
    eu.subscriptions().renew();
    for (const Subscribe& each : eu.sent()) asked += each.stream == eu.in(kUs).id ? 1 : 0;
  }
  return asked;
}

// The rule, origin by origin and peer by peer: {origin: the peer through which to follow it}.
// Nothing is avoided, nothing forked, and all peers are connected.
std::map<Origin, Origin> ruled(const SubscriptionsWorld& eu, const regions::Peers& before) {
  const core::VersionVector& here = eu.state.applied().vector();
  const regions::Peers& peers = eu.exchange.peers();
  std::set<Origin> offered;
  for (const auto& [name, peer] : peers) {
    offered.insert(name);
    for (const auto& [origin, seq] : peer.applied) offered.insert(origin);
  }
  offered.erase(kEu);
  std::map<Origin, Origin> followed;
  for (const Origin origin : offered) {
    const auto has_more = [&](const regions::Peer& peer) {
      return peer.applied.at(origin) > here.at(origin);
    };
    const bool lacking =
        std::ranges::any_of(peers, [&](const auto& each) { return has_more(each.second); });
    int best = -1;
    for (const auto& [name, peer] : peers) {
      const bool current = before.at(name).in.has(origin);
      const bool direct = name == origin || peer.leads(eu.state.applied().head(origin).region);
      if (!has_more(peer) && !current && !direct) continue;
      if (peer.served_from.at(origin) > here.at(origin) + 1) continue;
      const bool nearer = direct && (name == origin || has_more(peer) || !lacking);
      const int score = (nearer ? 4 : 0) + (current ? 2 : 0) + (has_more(peer) ? 1 : 0);
      if (score <= best) continue;
      best = score;
      followed[origin] = name;
    }
  }
  return followed;
}

std::map<Origin, Origin> followed_by(const SubscriptionsWorld& eu) {
  std::map<Origin, Origin> followed;
  for (const auto& [name, peer] : eu.exchange.peers()) {
    for (const Origin origin : peer.in.origins) CHECK(followed.emplace(origin, name).second);
  }
  return followed;
}

}  // namespace

TEST_SUITE("regions: subscriptions") {
  TEST_CASE("for any vectors of peers each origin is followed as the rule says") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    constexpr Origin kPeers = 6;
    constexpr Origin kLast = 20;  // The peers are 11 to 16; no peer has 17 to 20.
    const std::vector<std::string> regions{"us", "ap", "sa"};
    SubscriptionsWorld eu;
    for (Origin peer = 11; peer < 11 + kPeers; ++peer) {
      eu.greet(peer, regions[peer % 3], peer);
    }
    core::Millis now = 0;
    for (int step = 0; step < 500; ++step) {
      CAPTURE(step);
      const Origin peer = 11 + random.below(kPeers);
      const Origin origin = 11 + random.below(kLast - 10);
      const regions::Peers before = eu.exchange.peers();
      if (random.chance(0.3)) {
        regions::Head head = eu.state.applied().head(origin);
        head.region = regions[origin % 3];
        head.seq += 1 + random.below(5);
        eu.state.applied().set_head(origin, head);
      } else if (random.chance(0.1)) {
        const core::Seq from = eu.state.applied().vector().at(origin) + 1 + random.below(4);
        eu.exchange.step(peer, regions::Trimmed{eu.in(peer).id, {{origin, from}}}, now);
      } else {
        regions::Heartbeat beat;
        beat.applied = {{origin, eu.state.applied().vector().at(origin) + random.below(6)}};
        beat.sender = peer;
        eu.exchange.step(peer, beat, now);
      }
      eu.subscriptions().set_time(now += 100);
      eu.subscriptions().renew();
      REQUIRE(followed_by(eu) == ruled(eu, before));
    }
  }

  TEST_CASE("the more origins are shown the more seldom they are looked at, in time") {
    SubscriptionsWorld eu;
    core::VersionVector many;
    for (Origin origin = 100; origin < 100 + 10 * Subscriptions::kOriginsPerMs; ++origin) {
      many.set(origin, 1);
    }
    eu.greet(kToUs, "us", kUs, many);
    eu.subscriptions().set_time(1'000);
    eu.subscriptions().renew();
    eu.greet(kToAp, "ap", kAp, {{kAp, 5}});
    eu.subscriptions().set_time(1'001);
    eu.subscriptions().renew();
    CHECK_FALSE(eu.in(kAp).has(kAp));
    CHECK(eu.exchange.next_tick_ms() <= 1'010);
    eu.subscriptions().set_time(1'010);
    eu.subscriptions().tick();
    CHECK(eu.in(kAp).has(kAp));
  }

  TEST_CASE("a stream whose bytes come is neither asked for again nor avoided, however slowly") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}});
    eu.greet(kToAp, "ap", kAp, {{kUs, 900}});
    REQUIRE(eu.in(kUs).has(kUs));
    eu.sent();
    core::Millis now = 1000;
    const auto pass = [&](int seconds, bool comes) {
      for (int second = 0; second < seconds; ++second) {
        now += 1000;
        if (comes) eu.exchange.part_came(kToUs, false, now);
        eu.exchange.tick(now, [] { return regions::HeartbeatState{}; });
      }
    };
    pass(100, true);
    CHECK(eu.sent().empty());
    CHECK(eu.subscriptions().avoided() == 0);
    SUBCASE("when nothing comes any more it is asked for again") {
      pass(10, false);
      CHECK_FALSE(eu.sent().empty());
    }
    SUBCASE("when its link is gone, so is what has come of the body") {
      eu.exchange.link_down(kToUs);
      CHECK_FALSE(eu.in(kUs).is_coming(now));
    }
  }

  TEST_CASE("a new subscription waits for the body that is coming, and no longer") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}});
    eu.sent();
    eu.exchange.part_came(kToUs, false, 1);
    eu.exchange.step(kToUs, regions::Ack{0, 0, {{kUs, 5}, {kSa, 1}}, {}, kUs}, 2);
    CHECK(eu.sent().empty());
    CHECK(eu.subscriptions().waiting() == 1);
    CHECK(eu.exchange.next_tick_ms() <= 2 + Subscriptions::kComingMs);
    eu.exchange.part_came(kToUs, true, 3);
    eu.exchange.ask_waiting(3);
    const auto sent = eu.sent();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].from == core::VersionVector{{kUs, 1}, {kSa, 1}});
  }

  TEST_CASE("a leader is followed directly, others through one that has more of them") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}, {kAp, 3}, {kSa, 2}});
    CHECK(eu.in(kUs).origins == Origins{kUs, kAp, kSa});
    eu.greet(kToAp, "ap", kAp, {{kAp, 9}});
    CHECK(eu.in(kUs).origins == Origins{kUs, kSa});
    CHECK(eu.in(kAp).origins == Origins{kAp});
  }

  TEST_CASE("when the direct way is gone another is taken") {
    SubscriptionsWorld eu;
    eu.greet(kToAp, "ap", kAp, {{kAp, 9}});
    eu.greet(kToUs, "us", kUs, {{kUs, 5}, {kAp, 9}});
    CHECK(eu.in(kAp).origins == Origins{kAp});
    eu.exchange.link_down(kToAp);
    CHECK(eu.in(kUs).origins == Origins{kUs, kAp});
  }

  TEST_CASE("a peer whose log no longer has the next batch is no source, but one of a snapshot") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}});
    CHECK_FALSE(eu.subscriptions().snapshot_source({}));
    eu.exchange.step(kToUs, regions::Trimmed{eu.in(kUs).id, {{kUs, 3}}}, 1);
    CHECK(eu.in(kUs).origins.empty());
    CHECK(eu.subscriptions().snapshot_source({}) == kUs);
    CHECK_FALSE(eu.subscriptions().snapshot_source({kUs}));
  }

  TEST_CASE("a peer that has passed on false batches is avoided") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kSa, 5}});
    eu.greet(kToAp, "ap", kAp, {{kSa, 5}});
    REQUIRE(eu.in(kUs).has(kSa));
    CHECK(eu.subscriptions().avoided() == 0);
    eu.subscriptions().avoid_source(kSa, kUs, 0);
    CHECK(eu.subscriptions().avoided() == 1);
    CHECK_FALSE(eu.in(kUs).has(kSa));
    CHECK(eu.in(kAp).has(kSa));
  }

  TEST_CASE("a batch for which there was no room is asked for again when it is next") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}});
    (void)eu.sent();
    eu.subscriptions().dropped(kToUs, eu.in(kUs).id, kUs, 3);
    eu.subscriptions().ask_for_dropped();
    CHECK(eu.sent().empty());
    regions::Head head;
    head.seq = 2;
    eu.state.applied().set_head(kUs, head);
    eu.subscriptions().ask_for_dropped();
    const auto asked = eu.sent();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].from.at(kUs) == 3);
    eu.subscriptions().ask_for_dropped();
    CHECK(eu.sent().empty());
  }

  TEST_CASE("a source that lags far behind another peer for long is left for that") {
    for (const core::Seq more :
         {40, 20}) {  // Beyond what the source has: twice that and 16, or not.
      CAPTURE(more);
      SubscriptionsWorld eu;
      eu.greet(kToUs, "us", kUs, {{kSa, 5}});
      eu.greet(kToAp, "ap", kAp, {{kSa, 5 + more}});
      REQUIRE(eu.in(kUs).has(kSa));
      for (int tick = 1; tick <= Subscriptions::kLagTicksMax; ++tick) {
        CHECK(eu.in(kUs).has(kSa));
        eu.subscriptions().find_stalls(tick);
        eu.subscriptions().renew();
      }
      CHECK(eu.in(kUs).has(kSa) == (more == 20));
      CHECK(eu.in(kAp).has(kSa) == (more == 40));
    }
  }

  TEST_CASE("a source that lags is not left for a peer that is avoided") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kSa, 5}});
    eu.greet(kToAp, "ap", kAp, {{kSa, 500}});
    eu.subscriptions().avoid_source(kSa, kAp, 0);
    for (int tick = 1; tick <= 2 * Subscriptions::kLagTicksMax; ++tick) {
      eu.subscriptions().find_stalls(tick);
      eu.subscriptions().renew();
      REQUIRE(eu.in(kUs).has(kSa));
    }
  }

  TEST_CASE("of what has ended only what is on a disk is asked for, in new subscriptions") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}, {kSa, 5}});
    (void)eu.sent();
    eu.subscriptions().reopen({kSa});
    const auto asked = eu.sent();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].ended == Origins{kSa});
  }

  TEST_CASE("while they are suspended nothing is asked for") {
    SubscriptionsWorld eu;
    eu.subscriptions().suspend(true);
    eu.greet(kToUs, "us", kUs, {{kUs, 5}});
    CHECK(eu.in(kUs).origins.empty());
    eu.subscriptions().suspend(false);
    eu.subscriptions().renew();
    CHECK(eu.in(kUs).origins == Origins{kUs});
  }

  TEST_CASE("not more is asked for at one time than so often") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}});
    (void)eu.sent();
    for (int i = 0; i < 10; ++i) eu.subscriptions().reopen({kSa});
    CHECK(eu.sent().size() < 10);
    const core::Millis next = eu.subscriptions().next_ms();
    eu.subscriptions().set_time(next);
    eu.subscriptions().tick();
    CHECK(eu.sent().size() == 1);
  }

  TEST_CASE("a peer is avoided that is silent twice, and not if batches come in between") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kSa, 5}});
    eu.greet(kToAp, "ap", kAp, {{kSa, 5}});
    const auto look = [&](core::Millis now) {
      eu.subscriptions().set_time(now);
      eu.subscriptions().find_stalls(now);
      eu.subscriptions().renew();
    };
    look(0);
    look(Subscriptions::kStallMs);  // Silent: it is asked again.
    const core::Millis later = Subscriptions::kStallMs + 100;
    REQUIRE(eu.exchange.step(kToUs, regions::BatchMessage{eu.in(kUs).id, "of another"}, later));
    look(later);
    eu.exchange.applied_more(later, true, [](Origin) { return false; });
    look(later + Subscriptions::kStallMs);
    CHECK(eu.in(kUs).has(kSa));
    look(later + 2 * Subscriptions::kStallMs);
    CHECK_FALSE(eu.in(kUs).has(kSa));
    CHECK(eu.in(kAp).has(kSa));
  }

  TEST_CASE("a stream that brings batches is not begun anew for what no log serves") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}, {kSa, 5}});
    eu.greet(kToAp, "ap", kAp, {{kSa, 500}});
    eu.exchange.step(kToAp, regions::Trimmed{eu.in(kAp).id, {{kSa, 300}}}, 1);
    REQUIRE(eu.in(kUs).has(kSa));
    (void)eu.sent();
    regions::Head head;
    head.seq = 5;
    eu.state.applied().set_head(kSa, head);
    eu.state.applied().set_head(kUs, head);
    REQUIRE(eu.subscriptions().snapshot_source({}) == kAp);
    core::Millis now = 0;
    CHECK(asked_in(eu, now, 60) == 0);
  }

  TEST_CASE("a stream that brings nothing to be applied is begun anew ever more rarely") {
    SubscriptionsWorld eu;
    eu.greet(kToUs, "us", kUs, {{kUs, 5}, {kSa, 5}});
    (void)eu.sent();
    core::Millis now = 0;
    const std::size_t first = asked_in(eu, now, 60);
    CHECK(first >= 2);
    const auto pause =
        static_cast<int>(regions::InStream::kPatienceMaxMs / Subscriptions::kStallMs);
    (void)asked_in(eu, now, 4 * pause);
    CHECK(asked_in(eu, now, 10 * pause) <= 10);
    CHECK(asked_in(eu, now, 2 * pause) >= 1);  // A batch may have been lost.
    regions::Head head;
    head.seq = 1;
    eu.state.applied().set_head(kSa, head);
    CHECK(asked_in(eu, now, 60) >= first);  // It has brought something.
  }
}

}  // namespace anabranch::subscriptions_test
