// Snapshots between leaders: how long one is waited for, and the status of one under way.

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::snapshots_test {

using core::Path;
using regions::SnapshotLimits;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr core::Millis kTimeoutMs = SnapshotLimits().timeout_ms;
constexpr std::size_t kForEver = 1'000'000;

void put(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  nodes.write(index, [&](regions::Group& group) { group.put(Path{"\1", key, "s"}, "v"); });
}

constexpr std::uint64_t kRows = 200;
constexpr std::uint64_t kChunk = 500;
constexpr std::uint64_t kWindow = 2'000;
const std::uint8_t kChunks = regions::kind_of(regions::SnapshotChunk{});

// 0 has rows whose batches no log has any more, and 1 takes a snapshot of them: the first chunks
// arrive and the rest is lost until lose_no_more().
struct HalfSent : LinkedNodes {
  static constexpr std::uint64_t kArrive = 2;
  core::Millis begun = 0;

  HalfSent() {
    SnapshotLimits limits;
    limits.slice_rows_max = 10;
    limits.chunk_bytes = kChunk;
    limits.window_bytes = kWindow;
    for (const char* region : {"eu", "us"}) {
      add(std::make_unique<Node>(region, size() + 1, nullptr, false, limits));
    }
    for (std::uint64_t i = 0; i < kRows; ++i) put(*this, 0, "key" + std::to_string(1'000 + i));
    REQUIRE(at(0).storage().trim(at(0).storage().last_position() + 1).ok());
    lose(kChunks, kForEver, kArrive);
    connect(0, 1);
    while (!at(1).replica().background().snapshots().receiving()) run(100);
    begun = now() - 100;
    run(5'000);
  }
  void lose_no_more() { lose(kChunks, 0); }
  SnapshotStatus status(std::size_t index, core::Millis after) {
    const auto all = at(index).replica().background().snapshots().status(begun + after);
    REQUIRE(all.size() == 1);
    return all.front();
  }
  bool idle(std::size_t index) {
    return at(index).replica().background().snapshots().status(now()).empty();
  }
};

}  // namespace

TEST_SUITE("regions: snapshots") {
  TEST_CASE("who receives a snapshot knows from whom, how far it is and how long it will take") {
    HalfSent nodes;
    const SnapshotStatus status = nodes.status(1, 10'000);
    CHECK(status.region == "eu");
    CHECK(status.stage == "receiving");
    CHECK(status.rows > 0);
    CHECK(status.rows < kRows / 2);
    CHECK(status.rows_total == kRows);
    CHECK(status.bytes == HalfSent::kArrive * kChunk);
    CHECK(status.rows_per_second == status.rows / 10);
    REQUIRE(status.rows_per_second > 0);
    const std::uint64_t left = (kRows - status.rows) / status.rows_per_second;
    CHECK(status.seconds_left == static_cast<std::int64_t>(left));
    // Nothing is known at once, nor when it goes so slowly.
    for (const core::Millis after : {0, 10'000'000}) {
      CHECK(nodes.status(1, after).rows_per_second == 0);
      CHECK(nodes.status(1, after).seconds_left == -1);
    }
  }

  TEST_CASE("who sends a snapshot knows to whom, and what of it has been sent") {
    HalfSent nodes;
    const SnapshotStatus status = nodes.status(0, 5'000);
    CHECK(status.region == "us");
    CHECK(status.stage == "sending");
    CHECK(status.rows == kRows);  // Spooled.
    CHECK(status.rows_total == kRows);
    CHECK(status.bytes == HalfSent::kArrive * kChunk + kWindow);
    CHECK(status.bytes_total > status.bytes);
    CHECK(status.seconds_left == -1);
    nodes.disconnect(0, 1);
    nodes.run(kTimeoutMs);
    CHECK_FALSE(nodes.idle(1));
    CHECK(nodes.idle(0));  // No peer asks for the rest.
  }

  TEST_CASE("who merges a snapshot has all of it, and knows how many rows are merged") {
    HalfSent nodes;
    const std::uint64_t bytes = nodes.status(0, 5'000).bytes_total;
    nodes.lose_no_more();
    while (!nodes.at(1).replica().background().snapshots().merging()) nodes.run(100);
    const SnapshotStatus status = nodes.status(1, 10'000);
    CHECK(status.stage == "merging");
    CHECK(status.rows < kRows);
    CHECK(status.rows_total == kRows);
    CHECK(status.bytes == bytes);
    CHECK(status.bytes_total == bytes);
    CHECK(nodes.idle(0));
    REQUIRE(nodes.run_until_equal(10'000));
    CHECK(nodes.idle(1));
  }

  TEST_CASE(
      "dead slots that come with a snapshot are dropped, if looked for while it is merged too") {
    constexpr std::uint64_t kCounters = 100;
    SnapshotLimits limits;
    limits.slice_rows_max = 10;
    LinkedNodes nodes;
    for (const char* region : {"eu", "us", "ap"}) {
      nodes.add(std::make_unique<Node>(region, nodes.size() + 1, nullptr, false, limits));
    }
    const auto counter = [](std::uint64_t i) { return Path{"\1", "n" + std::to_string(i), "s"}; };
    const auto each = [&](const auto& function) {
      for (std::uint64_t i = 0; i < kCounters; ++i) function(counter(i));
    };
    nodes.connect(0, 1);
    nodes.write(0,
                [&](regions::Group& group) { each([&](const Path& row) { group.add(row, 5); }); });
    nodes.run(1'000);
    REQUIRE(nodes.at(1).vector() == nodes.at(0).vector());
    nodes.disconnect(0, 1);
    nodes.write(1,
                [&](regions::Group& group) { each([&](const Path& row) { group.reset(row); }); });
    REQUIRE(nodes.at(1).storage().trim(nodes.at(1).storage().last_position() + 1).ok());
    nodes.connect(1, 2);
    regions::Replica& ap = nodes.at(2).replica();
    for (int i = 0; i < 1'000 && !ap.background().snapshots().merging(); ++i) nodes.run(1);
    REQUIRE(ap.background().snapshots().merging());
    while (ap.background().snapshots().merging()) {
      REQUIRE(ap.background().collect().ok());
      nodes.run(1);
    }
    const auto slots = [&] {
      std::size_t all = 0;
      each([&](const Path& row) { all += ap.reader()->row(row).tally.slots.size(); });
      return all;
    };
    REQUIRE(ap.background().collect().ok());
    CHECK(slots() == kCounters);  // eu has not seen the resets.
    nodes.connect(0, 1);
    REQUIRE(nodes.run_until_equal(10'000));
    put(nodes, 0, "other");
    REQUIRE(nodes.run_until_equal(10'000));
    REQUIRE(ap.background().collect().ok());
    CHECK(slots() == 0);
  }

  TEST_CASE("the log says what becomes of a snapshot, and how far it is every ten seconds") {
    HalfSent nodes;
    nodes.run(6'000);
    using Lines = std::vector<std::string>;
    const SnapshotStatus status = nodes.status(1, 10'000);
    const std::string asks = "asks region eu for a snapshot: no log has what is lacking here";
    const std::string report = "snapshot of region eu, receiving: " + std::to_string(status.rows) +
                               " of 200 rows, 1000 bytes, " +
                               std::to_string(status.rows_per_second) + " rows per second, " +
                               std::to_string(status.seconds_left) + " s left";
    CHECK(nodes.notices(1) == Lines{asks, report});
    const std::uint64_t bytes = nodes.status(0, 10'000).bytes_total;
    nodes.lose_no_more();
    REQUIRE(nodes.run_until_equal(10'000));
    const std::string whole =
        "a snapshot of region eu: 200 rows, " + std::to_string(bytes) + " bytes";
    REQUIRE(nodes.notices(1).size() == 4);
    CHECK(nodes.notices(1)[2] == "merges " + whole);
    CHECK(nodes.notices(1)[3].starts_with("merged a snapshot of region eu: 200 rows, "));
    CHECK(nodes.notices(0).empty());
  }

  TEST_CASE("a source that gives way is avoided for a while, without an alarm") {
    for (const bool passing : {false, true}) {
      CAPTURE(passing);
      HalfSent nodes;
      const regions::LinkId link =
          nodes.at(1).replica().exchange().peers().begin()->second.links.front();
      for (std::uint64_t stream = 1; stream < 20; ++stream) {  // One of them is the newest.
        const regions::SnapshotRefusal refusal{stream, "its leader gives way", passing};
        nodes.at(1).replica().step(link, refusal, nodes.now());
      }
      nodes.lose_no_more();
      nodes.run(100);
      CHECK_FALSE(nodes.at(1).replica().background().snapshots().receiving());
      CHECK(nodes.alarms(1).empty() == passing);
      const std::string end = "the snapshot of region eu has ended: its leader gives way";
      CHECK((nodes.notices(1).back() == end) == passing);
      REQUIRE(nodes.run_until_equal(2 * kTimeoutMs));  // It is asked again.
    }
  }

  TEST_CASE("a silent source is not waited for any more when all that it has has come otherwise") {
    LinkedNodes nodes;
    nodes.mesh(2);
    nodes.run(3'000);
    nodes.lose(kChunks, kForEver);
    nodes.at(1).replica().background().ask_for_snapshot(nodes.at(0).origin(), nodes.now());
    SUBCASE("all that it has has come") {
      put(nodes, 0, "k");
      nodes.run(kTimeoutMs - 5'000);
      REQUIRE(nodes.at(1).vector() == nodes.at(0).vector());
      CHECK(nodes.at(1).replica().background().snapshots().receiving());
      nodes.run(10'000);
      CHECK_FALSE(nodes.at(1).replica().background().snapshots().receiving());
    }
    SUBCASE("something has not") {
      nodes.lose(regions::kind_of(regions::BatchMessage{}), kForEver);
      put(nodes, 0, "k");
      nodes.run(2 * kTimeoutMs);
      REQUIRE(nodes.at(1).vector() != nodes.at(0).vector());
      CHECK(nodes.at(1).replica().background().snapshots().receiving());
    }
  }

  TEST_CASE("each peer is asked for all rows before one that was silent is asked again") {
    constexpr std::size_t kPeers = 3;
    LinkedNodes nodes;
    nodes.mesh(1 + kPeers);
    put(nodes, 0, "k");
    REQUIRE(nodes.run_until_equal(10'000));
    nodes.lose(kChunks, kForEver);
    nodes.at(0).replica().background().take_rows_again(true);
    nodes.run(2 * kPeers * kTimeoutMs);
    std::vector<std::string> asked;
    for (const std::string& notice : nodes.notices(0)) {
      if (notice.starts_with("asks region ")) asked.push_back(notice);
    }
    REQUIRE(asked.size() > kPeers);
    const std::set<std::string> first(asked.begin(), asked.begin() + kPeers);
    CHECK(first.size() == kPeers);
    CHECK(asked[kPeers] == asked[0]);
  }
}

}  // namespace anabranch::snapshots_test
