// The figures of the status, each against the state that it tells of.

#include "leader/leader_status.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/node.h"
#include "tests/regions/log_records.h"

using namespace anabranch;
using test::Node;

namespace {

constexpr regions::LinkId kLink = 7;

// A transport without links.
class NoTransport final : public transport::Transport {
 public:
  void send(transport::LinkId /*link*/, std::uint8_t /*kind*/, std::string /*body*/) override {}
  std::vector<transport::Event> receive(std::size_t /*bytes_max*/) override { return {}; }
  void reject(transport::LinkId /*link*/) override {}
  [[nodiscard]] int wake_fd() const override { return -1; }
  [[nodiscard]] std::string endpoint() const override { return {}; }
  [[nodiscard]] transport::TransportCounters counters() const override { return {}; }
};

StoreStatus status_of(Node& node) {
  const leader::LinkLog links("eu");
  const rows::Resolvers resolvers{{}};
  const Options options{.path = "unused", .region = "eu"};
  return leader::leader_status(node.replica(), options, node.storage(), NoTransport(), links,
                               resolvers, 0);
}

void put(Node& node, const std::string& value) {
  node.write(1'000, [&](regions::Group& group) { group.put({"\1", "key", "s"}, value); });
}

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
}
