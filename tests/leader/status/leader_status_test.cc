// The figures of the status, each against the state that it tells of.

#include "leader/leader_status.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/regions/linked_nodes.h"
#include "tests/regions/log_records.h"
#include "tests/temp_dir.h"

namespace anabranch::leader_status_test {

using test::LinkedNodes;
using test::Node;

namespace {

constexpr regions::LinkId kLink = 7;

// A transport without links, that dials in vain.
class NoTransport final : public transport::Transport {
 public:
  explicit NoTransport(std::vector<transport::DialStatus> dials = {}) : dials_(std::move(dials)) {}
  void send(transport::LinkId /*link*/, std::uint8_t /*kind*/, std::string /*body*/,
            transport::Turn /*turn*/) override {}
  void drop(transport::LinkId /*link*/, transport::Lane /*lane*/,
            std::uint64_t /*before*/) override {}
  std::vector<transport::Event> receive(std::size_t /*bytes_max*/) override { return {}; }
  void reject(transport::LinkId /*link*/, std::string /*why*/) override {}
  [[nodiscard]] int wake_fd() const override { return -1; }
  [[nodiscard]] std::string endpoint() const override { return {}; }
  [[nodiscard]] transport::TransportCounters counters() const override { return {}; }
  [[nodiscard]] std::vector<transport::DialStatus> dials() const override { return dials_; }

 private:
  std::vector<transport::DialStatus> dials_;
};

// What a leader has beside its replica.
struct Beside {
  leader::LinkLog links{"eu"};
  leader::Lag lag{"eu", 0};
  std::vector<transport::DialStatus> dials;
  std::string path = "unused";

  StoreStatus status(Node& node, core::Millis now) {
    links.look(node.replica().exchange(), node.vector(), now);
    lag.look(node.replica(), now);
    const rows::Resolvers resolvers{{}};
    const Options options{.path = path, .region = "eu"};
    return leader::leader_status(node.replica(), options, node.storage(), NoTransport(dials), links,
                                 lag, resolvers, now);
  }
};

StoreStatus status_of(Node& node) { return Beside().status(node, 0); }

void put(Node& node, const std::string& value) {
  node.write(1'000, [&](regions::Group& group) { group.put({"\1", "key", "s"}, value); });
}

// Two regions that have met and have everything, and what the first one tells of the other.
struct Pair {
  Pair() {
    world.mesh(2);
    put(world.at(0), "begin");
    REQUIRE(world.run_until_equal(10'000));
    world.run(3'000);
  }
  void write() {
    world.write(0, [](regions::Group& group) { group.put({"\1", "key", "s"}, "value"); });
  }
  PeerStatus peer() {
    const StoreStatus status = beside.status(world.at(0), world.now());
    REQUIRE(status.peers.size() == 1);
    return status.peers[0];
  }

  LinkedNodes world;
  Beside beside;
};

}  // namespace

TEST_SUITE("leader: status") {
  TEST_CASE("it has the number of records that were ever written") {
    Node eu("eu", 1);
    const std::uint64_t before = status_of(eu).log_records;
    for (const char* value : {"a", "b", "c"}) put(eu, value);
    CHECK(status_of(eu).log_records == before + 3);
    REQUIRE(eu.storage().trim(eu.storage().last_position()).ok());
    CHECK(status_of(eu).log_records == before + 3);
  }

  TEST_CASE("it names damaged records of the log, and at most twenty of them") {
    constexpr std::size_t kHeader = 24;  // Of a stored record, before its bytes.
    Node eu("eu", 1);
    const auto damage = [&](storage::Position position) {
      const auto record = eu.storage().read_log(position);
      REQUIRE(record);
      eu.storage().flip(position, kHeader + record->bytes.size() - 1, 1);
      (void)eu.replica().state().log().read_log(position);  // Reads it, and finds the damage.
    };
    for (int i = 0; i < 30; ++i) put(eu, std::to_string(i));
    CHECK(status_of(eu).log_damage.empty());
    damage(3);
    const StoreStatus one = status_of(eu);
    REQUIRE(one.log_damage.size() == 1);
    CHECK(one.log_damage[0].find("the log is damaged at position 3") != std::string::npos);
    for (storage::Position position = 4; position < 29; ++position) damage(position);
    CHECK(status_of(eu).log_damage.size() == 20);
  }

  TEST_CASE("it has the number of origins whose source is avoided") {
    Node eu("eu", 1);
    eu.replica().link_up(kLink, {}, 0);
    eu.replica().step(
        kLink, regions::Greeting{regions::Greeting::kProtocol, {1, 1}, "us", 2, 2, {{9, 1}}}, 0);
    CHECK(status_of(eu).avoided_sources == 0);
    for (core::Millis now = 0; now < 20'000; now += 1000) eu.replica().tick(now);
    CHECK(status_of(eu).avoided_sources == 1);
  }

  TEST_CASE("it has the number of peers whose subscription waits") {
    Node eu("eu", 1);
    eu.replica().link_up(kLink, {}, 0);
    eu.replica().step(kLink,
                      regions::Greeting{regions::Greeting::kProtocol, {1, 1}, "us", 2, 2, {}}, 0);
    CHECK(status_of(eu).waiting_subscriptions == 0);
    // Each shows another origin, and they come at once.
    for (core::Origin origin = 10; origin < 30; ++origin) {
      eu.replica().step(kLink, regions::Ack{0, 0, {{origin, 1}}, {}}, 0);
    }
    CHECK(status_of(eu).waiting_subscriptions == 1);
    eu.replica().tick(regions::InStream::kAskMs);
    CHECK(status_of(eu).waiting_subscriptions == 0);
  }

  TEST_CASE("an address where nobody was found has its tries and the time to the next") {
    Node eu("eu", 1);
    Beside beside;
    beside.dials = {{.address = "tcp://us:1",
                     .connected = false,
                     .why = "connection refused",
                     .tries = 3,
                     .away_ms = 900,
                     .next_try_ms = 250}};
    const StoreStatus status = beside.status(eu, 0);
    REQUIRE(status.peers.size() == 1);
    CHECK(status.peers[0].tries == 3);
    CHECK(status.peers[0].next_try_ms == 250);
    CHECK(status.peers[0].round_trip_ms == -1);
    CHECK(status.peers[0].equal_ago_ms == -1);
  }

  TEST_CASE(
      "a peer that has gone has the tries and the next of its address, and none once it is back") {
    Node eu("eu", 1);
    Beside beside;
    const auto meet = [&](regions::LinkId link) {
      eu.replica().link_up(link, "tcp://us:1", 0);
      eu.replica().step(link,
                        regions::Greeting{regions::Greeting::kProtocol, {1, 1}, "us", 2, 2, {}}, 0);
    };
    meet(kLink);
    beside.dials = {{.address = "tcp://us:1", .connected = true}};
    CHECK(beside.status(eu, 0).peers[0].next_try_ms == -1);
    eu.replica().link_down(kLink);
    beside.dials = {{.address = "tcp://us:1",
                     .connected = false,
                     .why = "no answer",
                     .tries = 7,
                     .away_ms = 900,
                     .next_try_ms = 0}};
    const PeerStatus gone = beside.status(eu, 100).peers[0];
    CHECK(gone.tries == 7);
    CHECK(gone.next_try_ms == 0);
    meet(kLink + 1);
    const PeerStatus back = beside.status(eu, 200).peers[0];
    CHECK(back.tries == 0);
    CHECK(back.next_try_ms == -1);
  }

  TEST_CASE("ops are told as sent where they are written, and as received where they come") {
    Pair pair;
    const std::uint64_t sent = pair.peer().sent_ops;
    const std::uint64_t received = pair.peer().received_ops;
    for (int i = 0; i < 3; ++i) pair.write();
    pair.world.run(2'000);
    CHECK(pair.peer().sent_ops == sent + 3);
    CHECK(pair.peer().received_ops == received);
    Beside other;
    const StoreStatus there = other.status(pair.world.at(1), pair.world.now());
    REQUIRE(there.peers.size() == 1);
    CHECK(there.peers[0].received_ops >= 3);
  }

  TEST_CASE("what is sent and not acknowledged is queued, and nothing while nobody is connected") {
    Pair pair;
    CHECK(pair.peer().queued_bytes == 0);
    pair.world.lose(regions::kind_of(regions::Ack{}), 1'000);
    pair.write();
    const std::uint64_t once = pair.peer().queued_bytes;
    CHECK(once > 0);
    pair.write();
    CHECK(pair.peer().queued_bytes > once);
    pair.world.disconnect(0, 1);
    CHECK(pair.peer().queued_bytes == 0);
  }

  TEST_CASE("what a peer has applied and can lose is not durable there, and how long") {
    Pair pair;
    CHECK(pair.peer().not_durable_ops == 0);
    CHECK(pair.peer().not_durable_ms == 0);
    pair.world.at(1).storage().set_faults({.durable_at_once = false});
    pair.write();
    (void)pair.peer();  // The time of the write is noted.
    pair.world.run(4'000);
    const PeerStatus lost = pair.peer();
    CHECK(lost.lag_ops == 0);
    CHECK(lost.behind_ms == 0);
    CHECK(lost.not_durable_ops == 1);
    CHECK(lost.not_durable_ms == 4'000);
    pair.world.at(1).storage().sync();
    pair.world.run(2'000);
    CHECK(pair.peer().not_durable_ops == 0);
    CHECK(pair.peer().not_durable_ms == 0);
  }

  TEST_CASE("equal is as of the last comparison, and a round trip is of a connection") {
    Pair pair;
    CHECK(pair.peer().round_trip_ms == 0);  // Messages come at once there.
    CHECK(pair.peer().equal_ago_ms >= 0);
    CHECK(pair.peer().equal_ago_ms <= regions::Exchange::kHeartbeatMs);
    pair.world.disconnect(0, 1);
    const std::int64_t before = pair.peer().equal_ago_ms;
    pair.write();
    pair.world.run(60'000);
    CHECK(pair.peer().equal_ago_ms == before + 60'000);
    CHECK(pair.peer().round_trip_ms == -1);
    pair.world.connect(0, 1);
    REQUIRE(pair.world.run_until_equal(10'000));
    pair.world.run(3'000);
    CHECK(pair.peer().equal_ago_ms <= regions::Exchange::kHeartbeatMs);
  }

  TEST_CASE("it has the memory of the process, and the disk of the directory with its reserve") {
    const test::TempDir dir;
    std::ofstream(dir.path() / "data") << std::string(100'000, 'x') << std::flush;
    Node eu("eu", 1);
    Beside beside;
    CHECK(beside.status(eu, 0).disk_bytes == 0);  // There is no such directory.
    beside.path = dir.path();
    const StoreStatus status = beside.status(eu, 0);
    CHECK(status.memory_bytes > 1'000'000);
    CHECK(status.disk_bytes >= 100'000);
    CHECK(status.disk_bytes < 1'000'000);
    CHECK(status.disk_free_bytes > 0);
    CHECK(status.disk_reserve_bytes == Options().reserve_bytes);
  }
}

}  // namespace anabranch::leader_status_test
