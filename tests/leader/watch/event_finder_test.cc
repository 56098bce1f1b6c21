// The events between two states of a leader.

#include "leader/watch/event_finder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace anabranch::event_finder_test {

using leader::events_between;
using Kind = Event::Kind;

namespace {

PeerStatus peer(std::string region, bool connected) {
  PeerStatus status;
  status.origin = "origin of " + region;
  status.region = std::move(region);
  status.connected = connected;
  return status;
}

StoreStatus with_peers(std::vector<PeerStatus> peers) {
  StoreStatus status;
  status.peers = std::move(peers);
  return status;
}

StoreStatus with_snapshot(std::string stage, std::uint64_t bytes, std::uint64_t rows) {
  StoreStatus status;
  status.snapshots.push_back({.region = "us",
                              .stage = std::move(stage),
                              .rows = rows,
                              .rows_total = 70,
                              .bytes = bytes,
                              .bytes_total = 700});
  return status;
}

std::vector<Kind> kinds(const std::vector<Event>& events) {
  std::vector<Kind> kinds;
  for (const Event& event : events) kinds.push_back(event.kind);
  return kinds;
}

}  // namespace

TEST_SUITE("leader: events") {
  TEST_CASE("equal states have no events between them") {
    const StoreStatus status = with_peers({peer("us", true), peer("jp", false)});
    CHECK(events_between(status, status).empty());
    CHECK(events_between({}, {}).empty());
  }

  TEST_CASE("a peer comes, catches up, and goes with a reason") {
    const StoreStatus away = with_peers({peer("us", false)});
    StoreStatus catching = with_peers({peer("us", true)});
    catching.peers.front().catching_up = true;
    const StoreStatus equal = with_peers({peer("us", true)});
    StoreStatus gone = away;
    gone.peers.front().away_why = "the connection broke";
    CHECK(kinds(events_between(away, catching)) == std::vector{Kind::kPeerUp});
    CHECK(kinds(events_between(catching, catching)).empty());
    CHECK(kinds(events_between(catching, equal)) == std::vector{Kind::kCaughtUp});
    CHECK(kinds(events_between(away, equal)) == std::vector{Kind::kPeerUp, Kind::kCaughtUp});
    const std::vector<Event> left = events_between(equal, gone);
    REQUIRE(kinds(left) == std::vector{Kind::kPeerDown});
    CHECK(left.front().region == "us");
    CHECK(left.front().why == "the connection broke");
  }

  TEST_CASE("why a peer is away is told once for each reason") {
    StoreStatus never;
    PeerStatus dialled;
    dialled.address = "tcp://127.0.0.1:1";
    const StoreStatus silent = with_peers({dialled});
    dialled.away_why = "connection refused";
    dialled.tries = 1;
    const StoreStatus refused = with_peers({dialled});
    dialled.tries = 2;
    const StoreStatus again = with_peers({dialled});
    dialled.note = "it is refused, since it belongs to another mesh";
    const StoreStatus other = with_peers({dialled});
    CHECK(events_between(never, silent).empty());
    const std::vector<Event> events = events_between(silent, refused);
    REQUIRE(kinds(events) == std::vector{Kind::kPeerAway});
    CHECK(events.front().address == "tcp://127.0.0.1:1");
    CHECK(events.front().why == "connection refused");
    CHECK(events_between(refused, again).empty());
    CHECK(kinds(events_between(again, other)) == std::vector{Kind::kPeerAway});
  }

  TEST_CASE("a peer that was known by its address alone is the same when it has an origin") {
    PeerStatus dialled;
    dialled.address = "tcp://127.0.0.1:1";
    PeerStatus met = peer("us", true);
    met.address = dialled.address;
    const auto events = events_between(with_peers({dialled}), with_peers({met}));
    CHECK(kinds(events) == std::vector{Kind::kPeerUp, Kind::kCaughtUp});
    CHECK(events_between(with_peers({met}), with_peers({peer("us", true)})).empty());
  }

  TEST_CASE("a change of the role is told") {
    StoreStatus leads;
    StoreStatus follows;
    follows.follower = true;
    const std::vector<Event> lost = events_between(leads, follows);
    REQUIRE(kinds(lost) == std::vector{Kind::kRole});
    CHECK(lost.front().why == "follows");
    CHECK(events_between(follows, leads).front().why == "leads");
  }

  TEST_CASE("a connected peer that is not listed any more has gone") {
    CHECK(kinds(events_between(with_peers({peer("us", true)}), {})) ==
          std::vector{Kind::kPeerDown});
    CHECK(events_between(with_peers({peer("us", false)}), {}).empty());
  }

  TEST_CASE("a snapshot is told with its progress, in bytes and then in rows, and its end") {
    const StoreStatus some = with_snapshot("receiving", 100, 10);
    const StoreStatus merging = with_snapshot("merging", 700, 20);
    const std::vector<Event> begun = events_between({}, some);
    REQUIRE(kinds(begun) == std::vector{Kind::kSnapshot});
    CHECK(begun.front().why == "receiving");
    CHECK(begun.front().done == 100);
    CHECK(begun.front().total == 700);
    CHECK(events_between(some, some).empty());
    const std::vector<Event> later = events_between(some, merging);
    REQUIRE(kinds(later) == std::vector{Kind::kSnapshot});
    CHECK(later.front().done == 20);
    CHECK(later.front().total == 70);
    CHECK(kinds(events_between(merging, {})) == std::vector{Kind::kSnapshotOver});
    const StoreStatus sending = with_snapshot("sending", 1, 1);
    CHECK(kinds(events_between(some, sending)) ==
          std::vector{Kind::kSnapshot, Kind::kSnapshotOver});
  }

  TEST_CASE("a full disk, a free one, a closed store and a fork are told once") {
    StoreStatus full;
    full.full = true;
    StoreStatus closed;
    closed.writable = false;
    StoreStatus forked;
    forked.forks.emplace_back();
    forked.forks.front().origin = "1234";
    forked.forks.front().region = "us";
    CHECK(kinds(events_between({}, full)) == std::vector{Kind::kDiskFull});
    CHECK(kinds(events_between(full, {})) == std::vector{Kind::kDiskFree});
    CHECK(kinds(events_between({}, closed)) == std::vector{Kind::kClosed});
    CHECK(events_between(closed, closed).empty());
    const std::vector<Event> fork = events_between({}, forked);
    REQUIRE(kinds(fork) == std::vector{Kind::kFork});
    CHECK(fork.front().why == "1234");
    CHECK(events_between(forked, forked).empty());
  }
}

}  // namespace anabranch::event_finder_test
