// Requests in places of their own: sessions with a token of another region, functions of watches,
// followers.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/leader/store_world.h"

namespace anabranch::request_places_test {

using namespace std::chrono_literals;
using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::TempDir;

namespace {

constexpr auto kTimeout = 30'000ms;

void add_five(Scope& scope) { Counter{scope, "balance"}.add(5); }
void push_and_add(Scope& scope) {
  List<std::string>{scope, "list"}.push_back("a");
  add_five(scope);
}

// Two connected regions.
struct Pair {
  TempDir folder;
  Store eu = Store::open(listening(folder, "eu"));
  Store us = Store::open(dialling(folder, "us", eu));

  Pair() {
    REQUIRE(eventually([&] { return test::knows(eu, "us") && test::knows(us, "eu"); }));
  }
  void part() { REQUIRE((eu.pause("us") && us.pause("eu"))); }
  void meet() { REQUIRE((eu.resume("us") && us.resume("eu"))); }
  bool both_show(std::int64_t balance) {
    return Counter{eu, "balance"}.get() == balance && Counter{us, "balance"}.get() == balance;
  }
};

}  // namespace

TEST_SUITE("leader: requests in sessions, watches and followers") {
  TEST_CASE("a session with a token of the region that executed a request knows it") {
    Pair pair;
    Session first = pair.eu.session();
    CHECK(first.once("any", add_five));
    CHECK(first.once("one", push_and_add, OnceIn::kOneRegion));
    // The token came by way of the caller, to another region.
    Session second = pair.us.session(first.token(), kTimeout);
    CHECK_FALSE(second.once("any", add_five));
    CHECK_FALSE(second.once("one", push_and_add, OnceIn::kOneRegion));
    CHECK(List<std::string>{second, "list"}.size() == 1);
    CHECK(Counter{second, "balance"}.get() == 10);
    CHECK(eventually([&] { return pair.both_show(10); }));
    CHECK(List<std::string>{pair.eu, "list"}.size() == 1);
  }

  TEST_CASE("a session with an older token executes a request anew, and it counts once") {
    Pair pair;
    Session first = pair.eu.session();
    Counter{first, "balance"}.add(100);
    const std::string older = first.token();
    Session second = pair.us.session(older, kTimeout);
    pair.part();
    CHECK(first.once("id", add_five));
    CHECK(second.once("id", add_five));
    CHECK(Counter{second, "balance"}.get() == 105);
    pair.meet();
    (void)pair.us.session(first.token(), kTimeout);
    (void)pair.eu.session(second.token(), kTimeout);
    CHECK(pair.both_show(105));
    CHECK_FALSE(second.once("id", add_five));
    CHECK(pair.both_show(105));
  }

  TEST_CASE("functions of watches in two regions execute a request for one change once") {
    Pair pair;
    const auto pays = [](Store& store) {
      return [&store](const Changes& changes) {
        for (const Change& each : changes.all) {
          if (each.kind == Change::Kind::kPut) store.once("for " + each.key, add_five);
        }
      };
    };
    const Watch in_eu = pair.eu.watch("orders/", pays(pair.eu));
    const Watch in_us = pair.us.watch("orders/", pays(pair.us));
    for (int i = 0; i < 20; ++i) {
      Register<>{i % 2 == 0 ? pair.eu : pair.us, "orders/" + std::to_string(i)}.put("new");
    }
    CHECK(eventually([&] { return pair.both_show(100); }));
    // Each region comes to know the requests of the other one.
    for (int i = 0; i < 20; ++i) {
      const std::string id = "for orders/" + std::to_string(i);
      CHECK_FALSE(pair.eu.once(id, add_five));
      CHECK_FALSE(pair.us.once(id, add_five));
    }
    Session session = pair.us.session(pair.eu.token(), kTimeout);
    CHECK(Counter{session, "balance"}.get() == 100);
  }

  TEST_CASE("a follower refuses requests with a sentence, also those that it has") {
    Pair pair;
    Options options = dialling(pair.folder, "follower", pair.eu);
    options.region = "eu";
    options.follower = true;
    Store follower = Store::open(options);
    CHECK(pair.eu.once("known", add_five));
    Session session = follower.session(pair.eu.token(), kTimeout);
    for (const std::string id : {"known", "new"}) {
      std::string message;
      CHECK(code_of([&] { follower.once(id, add_five); }, &message) == ErrorCode::kReadOnly);
      CHECK(message.find("this store follows the leader of region eu") != std::string::npos);
      CHECK(code_of([&] { session.once(id, add_five); }) == ErrorCode::kReadOnly);
    }
    CHECK(Counter{session, "balance"}.get() == 5);
    CHECK(follower.status().digest == pair.eu.status().digest);
  }
}

}  // namespace anabranch::request_places_test
