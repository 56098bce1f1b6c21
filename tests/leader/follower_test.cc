// Followers: they have the rows of their leader, take no writes, cost other leaders nothing, and
// can be promoted, also when the leader comes back.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "tests/leader/store_world.h"

namespace anabranch::follower_test {

using namespace std::chrono_literals;
using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::TempDir;

namespace {

using Word = Register<std::string>;

constexpr auto kTimeout = 30'000ms;

// A follower of a store's region, in a directory of its own.
Options following(const TempDir& folder, const Store& leader) {
  Options options = dialling(folder, "follower", leader);
  options.region = leader.status().region;
  options.follower = true;
  return options;
}

std::unique_ptr<Store> opened(const Options& options) {
  return std::unique_ptr<Store>(new Store(Store::open(options)));  // Stores do not move.
}

bool has_peer(const Store& store, bool follower) {
  const StoreStatus status = store.status();
  return std::ranges::any_of(status.peers, [&](const PeerStatus& peer) {
    return peer.connected && peer.follower == follower;
  });
}

bool knows_region(const Store& store, const std::string& region, std::uint64_t leaders) {
  std::uint64_t found = 0;
  for (const AppliedStatus& each : store.status().applied) found += each.region == region ? 1 : 0;
  return found == leaders;
}

}  // namespace

TEST_SUITE("leader: followers") {
  TEST_CASE("a follower reads what its leader wrote, waits for tokens, and refuses to write") {
    const TempDir folder;
    Store leader = Store::open(listening(folder, "eu"));
    Word{leader, "before"}.put("1");
    Store follower = Store::open(following(folder, leader));
    CHECK(follower.status().follower);
    CHECK_FALSE(leader.status().follower);
    Word{leader, "key"}.put("2");
    Session session = follower.session(leader.token(), kTimeout);
    CHECK(Word{session, "before"}.get() == "1");
    CHECK(Word{session, "key"}.get() == "2");
    CHECK(has_peer(leader, true));
    CHECK(has_peer(follower, false));
    std::string message;
    CHECK(code_of([&] { Word{follower, "key"}.put("3"); }, &message) == ErrorCode::kReadOnly);
    CHECK(message.find("promote") != std::string::npos);
    CHECK(code_of([&] { Counter{session, "n"}.add(1); }) == ErrorCode::kReadOnly);
    CHECK(code_of([&] { follower.clear("key"); }) == ErrorCode::kReadOnly);
    CHECK(code_of([&] { follower.transact([](Transaction&) {}); }) == ErrorCode::kReadOnly);
    CHECK(Word{follower, "key"}.get() == "2");
    CHECK(follower.status().digest == leader.status().digest);
  }

  TEST_CASE("a follower logs losers as its leader does, and puts none back") {
    const TempDir folder;
    Store leader = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", leader));
    Store follower = Store::open(following(folder, leader));
    REQUIRE(eventually([&] { return knows_region(us, "eu", 1) && knows_region(leader, "us", 1); }));
    REQUIRE((leader.pause("us") && us.pause("eu")));
    Word{leader, "key"}.put("a");
    Word{us, "key"}.put("b");
    REQUIRE((leader.resume("us") && us.resume("eu")));
    REQUIRE(eventually([&] { return follower.losers().size() == 1; }));
    CHECK(leader.losers().size() == 1);
    const std::string id = follower.losers().front().id;
    CHECK(code_of([&] { follower.put_back(id); }) == ErrorCode::kReadOnly);
    CHECK(Word{follower, "key"}.siblings().size() == 2);
  }

  TEST_CASE("nobody waits for a follower, and no write counts as having reached it") {
    const TempDir folder;
    Store leader = Store::open(listening(folder, "eu"));
    std::unique_ptr<Store> follower;
    follower = opened(following(folder, leader));
    Session writer = leader.session();
    Word{writer, "key"}.put("1");
    (void)follower->session(writer.token(), kTimeout);
    const ReplicationProgress progress = writer.wait({.all = true}, kTimeout);
    CHECK(progress.met);
    CHECK(progress.have == std::vector<std::string>{"eu"});
    CHECK_FALSE(writer.wait({.count = 2}, 50ms).met);
    CHECK(knows_region(*follower, "eu", 1));
    follower.reset();
    Word{writer, "key"}.put("2");
    CHECK(writer.wait({.all = true}, kTimeout).met);
    for (const RegionStatus& region : leader.status().regions) CHECK(region.pinned_bytes == 0);
  }

  TEST_CASE("a promoted follower leads its region, and what it writes reaches the others") {
    const TempDir folder;
    Store us = Store::open(listening(folder, "us"));
    Options of_follower;
    std::unique_ptr<Store> follower;
    {
      Store leader = Store::open(dialling(folder, "eu", us));
      Word{leader, "key"}.put("1");
      of_follower = following(folder, leader);
      of_follower.peers.push_back(us.status().endpoint);
      follower = opened(of_follower);
      (void)follower->session(leader.token(), kTimeout);
    }
    const std::string before = follower->status().origin;
    follower->promote();
    follower->promote();  // Nothing more happens.
    CHECK_FALSE(follower->status().follower);
    CHECK(follower->status().origin != before);
    Word{*follower, "key"}.put("2");
    REQUIRE(eventually([&] { return Word{us, "key"}.get() == "2"; }));
    CHECK(eventually([&] { return !has_peer(us, true); }));
    Session writer = follower->session();
    CHECK(writer.wait({.regions = {"us"}, .level = WriteConcern::Level::kApplied}, kTimeout).met);
    // The leader that was replaced comes back, and writes: nothing is lost.
    Store again = Store::open(dialling(folder, "eu", us));
    Counter{again, "n"}.add(1);
    Counter{*follower, "n"}.add(2);
    REQUIRE(eventually([&] {
      return Counter{us, "n"}.get() == 3 && Counter{again, "n"}.get() == 3 &&
             Counter{*follower, "n"}.get() == 3;
    }));
    CHECK(knows_region(us, "eu", 2));
    follower.reset();
    // An opening decides anew: as a follower it reads, as a leader it goes on.
    follower = opened(of_follower);
    CHECK(code_of([&] { Word{*follower, "key"}.put("3"); }) == ErrorCode::kReadOnly);
    follower.reset();
    of_follower.follower = false;
    follower = opened(of_follower);
    Word{*follower, "key"}.put("4");
    CHECK(eventually([&] { return Word{again, "key"}.get() == "4"; }));
  }

  TEST_CASE("what a leader had written before it was lost comes back from its follower") {
    const TempDir folder;
    Options of_us = listening(folder, "us");
    std::unique_ptr<Store> us;
    us = opened(of_us);
    std::unique_ptr<Store> follower;
    {
      Store leader = Store::open(dialling(folder, "eu", *us));
      REQUIRE(eventually([&] { return has_peer(*us, false); }));
      us.reset();
      follower = opened(following(folder, leader));
      Word{leader, "key"}.put("only eu has it");
      (void)follower->session(leader.token(), kTimeout);
    }  // Gone for good, its disk as well.
    of_us.peers = {follower->status().endpoint};
    us = opened(of_us);
    CHECK(eventually([&] { return Word{*us, "key"}.get() == "only eu has it"; }));
    for (const RegionStatus& region : us->status().regions) {
      CHECK(region.connected == (region.region == "us"));  // A follower is not its region.
    }
    Word{*us, "key"}.put("only us and the follower have it");
    Session reader = follower->session(us->token(), kTimeout);
    CHECK_FALSE(reader.wait({.regions = {"eu"}}, 50ms).met);
  }
}

}  // namespace anabranch::follower_test
