// Members of real stores: three leaders and two followers know each other, also while one of them
// waits for its disk.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <anabranch/anabranch.h>

#include "regions/wire/message.h"
#include "regions/wire/reign.h"
#include "tests/leader/members/slow_disk.h"
#include "tests/leader/store_world.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::members_test {

using test::eventually;
using test::TempDir;

namespace {

// Returns the member of a name, as a store shows it; one without a name if it shows none.
MemberStatus member(const Store& store, const std::string& name) {
  const StoreStatus status = store.status();
  const auto at = std::ranges::find(status.members, name, &MemberStatus::name);
  return at == status.members.end() ? MemberStatus() : *at;
}

bool is_fresh(const Store& store, const std::string& name) { return member(store, name).fresh; }

// The greeting of a leader that reads messages of the kinds up to this.
std::string greeting(const std::string& region, std::uint64_t kinds) {
  return regions::encode_message(regions::Greeting{.mesh = core::digest128("anabranch"),
                                                   .region = region,
                                                   .origin = 7,
                                                   .nonce = 8,
                                                   .applied = {},
                                                   .kinds = kinds});
}

// ap - us - eu in a line, with a follower at us and one at eu.
struct World {
  Options of(const std::string& name, const std::string& region, const Store* peer) const {
    Options options = test::listening(folder, name);
    options.region = region;
    options.node_name = name;
    if (peer != nullptr) options.peers = {peer->status().endpoint};
    return options;
  }
  Options follower(const std::string& name, const std::string& region, const Store* peer) const {
    Options options = of(name, region, peer);
    options.follower = true;
    options.zone = "b";
    options.rank = 150;
    options.announce_redis = "127.0.0.1:6400";
    return options;
  }

  TempDir folder;
  Store eu = Store::open(of("eu-1", "eu", nullptr));
  Store us = Store::open(of("us-1", "us", &eu));
  Store ap = Store::open(of("ap-1", "ap", &us));
  Store eu2 = Store::open(follower("eu-2", "eu", &eu));
  Store us2 = Store::open(follower("us-2", "us", &us));
  std::vector<const Store*> all{&eu, &us, &ap, &eu2, &us2};
  std::vector<std::string> names{"eu-1", "us-1", "ap-1", "eu-2", "us-2"};
};

}  // namespace

TEST_SUITE("leader: members") {
  TEST_CASE("all members know each other, also those that no link leads to") {
    World world;
    for (const Store* store : world.all) {
      for (const std::string& name : world.names) {
        CAPTURE(name);
        REQUIRE(eventually([&] { return is_fresh(*store, name); }));
      }
      CHECK(store->status().members.size() == 5);
      CHECK(store->status().members.front().self);
    }
    const MemberStatus far = member(world.ap, "eu-2");
    CHECK(far.role == "follows");
    CHECK(far.region == "eu");
    CHECK(far.zone == "b");
    CHECK(far.rank == 150);
    CHECK(far.announce_redis == "127.0.0.1:6400");
    CHECK(far.hops == 3);
    CHECK(far.fit);
    CHECK(member(world.eu2, "ap-1").role == "leads");
    CHECK(member(world.eu2, "ap-1").node.size() == 32);
    for (const WarningStatus& each : world.eu.status().warnings) {  // Of a busy machine, too.
      CAPTURE(each.text);
      CHECK_FALSE(each.kind.starts_with("member"));
    }
    // A follower has all writes that its leader had made at some moment of the last seconds.
    world.eu.put("key", "value");
    CHECK(eventually([&] {
      const std::int64_t lag = member(world.ap, "eu-2").lag_ms;
      return lag >= 0 && lag < 10'000;
    }));
  }

  TEST_CASE(
      "a member that waits for its disk goes on showing cards, and passes on those of others") {
    World world;
    for (const std::string& name : world.names) {
      REQUIRE(eventually([&] { return is_fresh(world.ap, name) && is_fresh(world.eu2, name); }));
    }
    const std::string folder = (world.folder.path() / "us-1").string();
    auto disk = std::make_unique<test::SlowDisk>(folder + "/");
    std::thread writer([&] { world.us.put("key", "value"); });
    CHECK(eventually([&] { return disk->is_waited_for(); }));
    // Each time that an age falls a newer card has come: of us itself, and of ap behind it.
    for (const std::string name : {"us-1", "ap-1"}) {
      CAPTURE(name);
      int newer = 0;
      std::int64_t age = member(world.eu2, name).age_ms;
      CHECK(eventually([&] {
        const std::int64_t before = std::exchange(age, member(world.eu2, name).age_ms);
        newer += age < before ? 1 : 0;
        return newer >= 4;
      }));
    }
    CHECK(disk->is_waited_for());
    disk.reset();
    writer.join();
    CHECK(world.us.get("key") == "value");
  }

  TEST_CASE("a transaction that does not end is silence, and its end is heard") {
    World world;
    REQUIRE(eventually([&] { return is_fresh(world.eu, "ap-1"); }));
    CHECK(world.eu.status().members.size() >= 2);
    world.ap.transact([&](Transaction& txn) {
      CHECK(eventually([&] { return !is_fresh(world.eu, "ap-1"); }));
      txn.put("key", "value");
    });
    CHECK(eventually([&] { return is_fresh(world.eu, "ap-1"); }));
  }

  TEST_CASE("a peer of a version without cards gets none, and keeps its link") {
    const TempDir folder;
    const Store eu = Store::open(test::listening(folder, "eu"));
    const auto older =
        transport::open_zmq_transport({.listen = {}, .peers = {eu.status().endpoint}})
            .value_or_raise();
    int heartbeats = 0;
    int cards = 0;
    CHECK(eventually([&] {
      for (const transport::Event& event : older->receive(std::size_t{1} << 20U)) {
        if (event.kind == transport::Event::Kind::kUp) {
          older->send(event.link, 1, greeting("us", 16));
        }
        heartbeats += event.message_kind == 2 ? 1 : 0;
        cards += event.message_kind == regions::MemberCards::kKind ? 1 : 0;
      }
      return heartbeats >= 4;
    }));
    CHECK(cards == 0);
    CHECK(test::knows(eu, "us"));
    CHECK(eu.status().cards.sent == 0);
  }

  TEST_CASE("a peer that sends what is no card is given up, and others go on") {
    const TempDir folder;
    const Store eu = Store::open(test::listening(folder, "eu"));
    const Store us = Store::open(test::dialling(folder, "us", eu));
    const auto liar = transport::open_zmq_transport({.listen = {}, .peers = {eu.status().endpoint}})
                          .value_or_raise();
    int downs = 0;
    transport::LinkId link = 0;
    CHECK(eventually([&] {
      for (const transport::Event& event : liar->receive(std::size_t{1} << 20U)) {
        if (event.kind == transport::Event::Kind::kUp) {
          liar->send(event.link, 1, greeting("ap", regions::kMessageKinds));
          link = event.link;
        }
        downs += event.kind == transport::Event::Kind::kDown ? 1 : 0;
      }
      if (link != 0) liar->send(link, regions::MemberCards::kKind, "nonsense");
      return downs > 0;
    }));
    CHECK(eu.status().refused.malformed_frames > 0);
    CHECK(eventually([&] { return eu.status().members.size() == 2; }));
  }

  TEST_CASE("a card that shows a reign far beyond all that is known is not believed") {
    const TempDir folder;
    const Store eu = Store::open(test::listening(folder, "eu"));
    const auto liar = transport::open_zmq_transport({.listen = {}, .peers = {eu.status().endpoint}})
                          .value_or_raise();
    regions::MemberCard card{.node = {0, 7},
                             .opening = 1,
                             .nonce = 7,
                             .number = 1,
                             .region = "eu",
                             .name = "liar",
                             .role = regions::MemberCard::Role::kLeads,
                             .reign = regions::kReignMax,
                             .known = regions::kReignMax};
    transport::LinkId link = 0;
    const auto show_it = [&] {
      for (const transport::Event& event : liar->receive(std::size_t{1} << 20U)) {
        if (event.kind != transport::Event::Kind::kUp) continue;
        link = event.link;
        liar->send(link, 1, greeting("ap", regions::kMessageKinds));
      }
      if (link == 0) return;
      ++card.number;
      const regions::MemberCards cards{.sent_ms = 0,
                                       .cards = {{regions::encode_card(card), {}, 0, 1}}};
      liar->send(link, regions::MemberCards::kKind, regions::encode_message(cards));
    };
    CHECK(eventually([&] { return show_it(), eu.status().cards.forged > 0; }));
    CHECK(member(eu, "liar").name.empty());
    card.reign = card.known = regions::kReignStepMax;
    CHECK(eventually([&] { return show_it(), !member(eu, "liar").name.empty(); }));
  }

  TEST_CASE("a member cannot have a name, zone, rank or address that means nothing") {
    const TempDir folder;
    const auto refusal = [&](const std::function<void(Options&)>& change) {
      Options options = test::store_options(folder, "eu");
      change(options);
      std::string message;
      CHECK(test::code_of([&] { (void)Store::open(options); }, &message) == ErrorCode::kInvalid);
      return message;
    };
    CHECK(refusal([](Options& each) { each.node_name = "two words"; }).starts_with("node_name"));
    CHECK(refusal([](Options& each) { each.zone = "two\nlines"; }).starts_with("zone"));
    CHECK(refusal([](Options& each) { each.rank = 256; }).starts_with("rank"));
    CHECK(
        refusal([](Options& each) { each.announce_redis = "host"; }).starts_with("announce_redis"));
    CHECK(refusal([](Options& each) {
            each.announce_peer = "host:7400";
          }).starts_with("announce_peer"));
    Options right = test::store_options(folder, "eu");
    right.node_name = "host:7400";
    right.announce_peer = "tcp://eu.example:7400";
    right.announce_redis = "[::1]:6400";
    const Store store = Store::open(right);
    CHECK(store.status().members.front().name == "host:7400");
  }
}

}  // namespace anabranch::members_test
