// Stores that exchange their writes over real links.

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::store_mesh_test {

using test::dialling;
using test::eventually;
using test::knows;
using test::listening;
using test::shown;
using test::store_options;
using test::TempDir;

namespace {

std::string longest(const Conflict& conflict) {
  std::string best;
  for (const Sibling& each : conflict.siblings) {
    if (each.value.size() > best.size()) best = each.value;
  }
  return best;
}

std::vector<PrefixResolver> resolvers() {
  return {{"long/", longest},
          {"long/not/", Resolver::lww()},
          {"throws/", [](const Conflict&) -> std::string { throw std::runtime_error("no"); }},
          {"declines/", [](const Conflict&) { return std::optional<std::string>(); }},
          {"siblings/", Resolver::siblings()},
          {"", [](const Conflict& conflict) { return "default for " + conflict.key; }}};
}

}  // namespace

TEST_SUITE("leader: stores that exchange") {
  TEST_CASE("two stores show the same soon after either was written") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    Register<>{eu, "title"}.put("from eu");
    Counter{us, "n"}.add(2);
    Set<>{us, "tags"}.insert("x");
    Map{eu, "m"}.at<Counter>("f").add(3);
    REQUIRE(eventually([&] { return shown(eu).size() == 4 && shown(us) == shown(eu); }));
    CHECK(Register<>{us, "title"}.get() == "from eu");
    CHECK(Register<>{us, "title"}.siblings()[0].region == "eu");
    CHECK(us.count(Key::all(0)) == 4);
    CHECK(eventually([&] {
      const StoreStatus status = eu.status();
      return status.peers.size() == 1 && status.peers[0].lag_ops == 0 &&
             status.peers[0].behind_ops == 0 && status.held_batches == 0;
    }));
  }

  TEST_CASE("three stores in a line get each other's writes through the middle") {
    const TempDir folder;
    Store middle = Store::open(listening(folder, "middle"));
    Store left = Store::open(dialling(folder, "left", middle));
    Store right = Store::open(dialling(folder, "right", middle));
    for (int i = 0; i < 50; ++i) {
      Counter{left, "n"}.add(1);
      Counter{right, "n"}.add(1);
      Set<int>{left, "s"}.insert(i);
      Set<int>{right, "s"}.insert(-i);
    }
    REQUIRE(eventually([&] {
      return Counter{left, "n"}.get() == 100 && shown(left) == shown(right) &&
             shown(middle) == shown(left);
    }));
    CHECK(Set<int>{left, "s"}.size() == 99);
    CHECK(left.status().peers.size() == 1);
  }

  TEST_CASE("a transaction arrives as a whole") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    for (int i = 1; i <= 200; ++i) {
      eu.transact([&](Transaction& txn) {
        Register<int>{txn, "a"}.put(i);
        Register<int>{txn, "b"}.put(i);
      });
    }
    std::string last;
    bool torn = false;
    REQUIRE(eventually([&] {
      const auto state = shown(us);
      if (state.empty()) return false;
      torn = torn || state.size() != 2 || state.begin()->second != state.rbegin()->second;
      return state.begin()->second == "200";
    }));
    CHECK_FALSE(torn);
  }

  TEST_CASE("a store that was away gets what it missed when it is opened again") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    const Options options = dialling(folder, "us", eu);
    for (std::int64_t round = 1; round <= 3; ++round) {
      for (int i = 0; i < 20; ++i) Counter{eu, "n"}.add(1);
      Store us = Store::open(options);
      Counter{us, "n"}.add(1);
      REQUIRE(eventually([&] {
        return Counter{us, "n"}.get() == 21 * round && Counter{eu, "n"}.get() == 21 * round;
      }));
    }
  }

  TEST_CASE("paused peers write apart, keep all values, and are equal when resumed") {
    const TempDir folder;
    Options eu_options = listening(folder, "eu");
    eu_options.resolvers = resolvers();
    Store eu = Store::open(eu_options);
    Options us_options = dialling(folder, "us", eu);
    us_options.resolvers = resolvers();
    Store us = Store::open(us_options);
    REQUIRE(eventually([&] { return knows(eu, "us") && knows(us, "eu"); }));
    CHECK_FALSE(eu.pause("nobody"));
    REQUIRE(eu.pause("us"));
    CHECK(eu.status().peers[0].paused);
    const std::vector<std::string> keys = {"long/k",     "long/not/k", "throws/k",
                                           "declines/k", "siblings/k", "k"};
    for (const std::string& key : keys) Register<>{eu, key}.put("the longer one");
    for (const std::string& key : keys) Register<>{us, key}.put("newer");
    Counter{eu, "n"}.add(1);
    Counter{us, "n"}.add(2);
    CHECK(Register<>{eu, "k"}.get() == "the longer one");
    CHECK(Counter{us, "n"}.get() == 2);
    REQUIRE(eu.resume("us"));
    REQUIRE(eventually([&] {
      return Counter{eu, "n"}.get() == 3 && Counter{us, "n"}.get() == 3 && shown(eu) == shown(us);
    }));
    for (const std::string& key : keys) CHECK(Register<>{eu, key}.siblings().size() == 2);
    CHECK(Register<>{us, "k"}.siblings()[0].region == "eu");
    CHECK(Register<>{us, "k"}.siblings()[1].region == "us");
    CHECK(Register<>{eu, "long/k"}.get() == "the longer one");
    CHECK(Register<>{eu, "long/not/k"}.get() == "newer");
    CHECK(Register<>{eu, "declines/k"}.get() == "newer");
    CHECK(Register<>{eu, "siblings/k"}.get() == "newer");
    CHECK(Register<>{eu, "k"}.get() == "default for k");
    const std::uint64_t failures = eu.status().resolver_failures;
    CHECK(Register<>{eu, "throws/k"}.get() == "newer");
    CHECK(eu.status().resolver_failures == failures + 1);
    for (const std::string& key : keys) Register<>{us, key}.put("decided");
    CHECK(eventually([&] { return shown(eu) == shown(us); }));
    CHECK(Register<>{eu, "k"}.siblings().size() == 1);
    CHECK(Register<>{eu, "k"}.get() == "decided");
  }

  TEST_CASE("leaders of another mesh are not exchanged with") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Options options = dialling(folder, "us", eu);
    options.mesh = "other";
    Store us = Store::open(options);
    Register<>{eu, "k"}.put("v");
    REQUIRE(eventually([&] {
      const StoreStatus status = us.status();
      return status.peers.size() == 1 && !status.peers[0].note.empty();
    }));
    CHECK(shown(us).empty());
  }

  TEST_CASE("status says why a peer is away, for how long and after how many tries") {
    const TempDir folder;
    Options options = listening(folder, "us");
    std::string address;
    {
      const Store us = Store::open(options);
      address = us.status().endpoint;
    }
    Options here = listening(folder, "eu");
    here.peers = {address};
    const Store eu = Store::open(here);
    const auto only_peer = [&] {
      const StoreStatus status = eu.status();
      REQUIRE(status.peers.size() == 1);
      return status.peers[0];
    };
    REQUIRE(eventually([&] { return !only_peer().away_why.empty(); }));
    CHECK(only_peer().away_why == "connection refused");
    CHECK(only_peer().tries > 0);
    CHECK(only_peer().address == address);
    options.listen = address;
    {
      const Store us = Store::open(options);
      REQUIRE(eventually([&] { return test::knows(eu, "us") && test::knows(us, "eu"); }));
      CHECK(only_peer().away_why.empty());
      CHECK(only_peer().away_ms == 0);
      CHECK(us.status().peers[0].address.empty());
    }
    // It keeps its name and its address, while it is away.
    REQUIRE(eventually([&] { return only_peer().tries > 0 && only_peer().away_ms > 0; }));
    CHECK(only_peer().region == "us");
    CHECK(only_peer().address == address);
  }

  TEST_CASE("status says that a peer which dials does not come back") {
    const TempDir folder;
    const Store eu = Store::open(listening(folder, "eu"));
    {
      const Store us = Store::open(dialling(folder, "us", eu));
      REQUIRE(eventually([&] { return test::knows(eu, "us"); }));
    }
    REQUIRE(eventually([&] { return !test::knows(eu, "us"); }));
    REQUIRE(eventually([&] { return eu.status().peers[0].away_ms > 0; }));
    CHECK(eu.status().peers[0].away_why == "it dials this leader, and has not come back");
  }

  TEST_CASE("status says why a peer is refused") {
    const TempDir folder;
    const Store eu = Store::open(listening(folder, "eu"));
    Options other = dialling(folder, "us", eu);
    other.mesh = "another";
    const Store us = Store::open(other);
    REQUIRE(eventually([&] {
      const StoreStatus status = us.status();
      return status.peers.size() == 1 && status.peers[0].note.find("mesh") != std::string::npos;
    }));
  }
}

}  // namespace anabranch::store_mesh_test
