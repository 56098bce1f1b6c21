// Sessions: the vector that one client has seen goes with it; and the reach of a write.

#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "leader/wait_queue.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::session_test {

using namespace std::chrono_literals;
using test::code_of;
using test::dialling;
using test::eventually;
using test::knows;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Names = std::vector<std::string>;

// Three regions, each linked with each.
struct World {
  TempDir folder;
  Store eu = Store::open(listening(folder, "eu"));
  Store us = Store::open(dialling(folder, "us", eu));
  Store ap = [&] {
    Options options = dialling(folder, "ap", eu);
    options.peers.push_back(us.status().endpoint);
    return Store::open(options);
  }();

  World() {
    REQUIRE(eventually([&] {
      return knows(eu, "us") && knows(eu, "ap") && knows(us, "eu") && knows(us, "ap") &&
             knows(ap, "eu") && knows(ap, "us") && ap.status().regions.size() == 3 &&
             eu.status().regions.size() == 3 && us.status().regions.size() == 3;
    }));
  }
  std::vector<Store*> stores() { return {&eu, &us, &ap}; }
};

// A client that hops from region to region, and writes and reads there.
class Client {
 public:
  Client(std::vector<Store*> stores, int name, std::uint64_t seed)
      : stores_(std::move(stores)), own_("client/" + std::to_string(name)), random_(seed) {}

  // Tries one region; its rows must not be older than those seen before.
  void hop() {
    try {
      Session session = stores_[random_() % stores_.size()]->session(token_, 2ms);
      const int own = Register<int>{session, own_}.get().value_or(0);
      const std::int64_t all = Counter{session, "all"}.get();
      good_ = good_ && own == written_ && all >= read_;
      read_ = all;
      Register<int>{session, own_}.put(++written_);
      Counter{session, "all"}.add(1);
      good_ = good_ && Register<int>{session, own_}.get() == written_;
      token_ = session.token();
      ++visits_;
    } catch (const Error& error) {
      good_ = good_ && error.code() == ErrorCode::kTimeout;
      ++refusals_;
    }
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] int visits() const { return visits_; }
  [[nodiscard]] int refusals() const { return refusals_; }

 private:
  std::vector<Store*> stores_;
  std::string own_;
  std::mt19937_64 random_;
  std::string token_;
  int written_ = 0;
  std::int64_t read_ = 0;
  int visits_ = 0;
  int refusals_ = 0;
  bool good_ = true;
};

// Cuts the regions of each other and joins them again, for as long as it lives.
std::jthread partitions(World& world, std::uint64_t seed) {
  return std::jthread([&world, seed](const std::stop_token& stop) {
    std::mt19937_64 random(seed);
    const Names names = {"eu", "us", "ap"};
    while (!stop.stop_requested()) {
      Store& store = *world.stores()[random() % 3];
      const std::string& other = names[random() % 3];
      (void)(random() % 2 == 0 ? store.pause(other) : store.resume(other));
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
    }
    for (Store* store : world.stores()) {
      for (const std::string& name : names) (void)store->resume(name);
    }
  });
}

}  // namespace

TEST_SUITE("leader: sessions") {
  TEST_CASE("a session finds its writes in another region, as soon as they are there") {
    World world;
    Session here = world.eu.session();
    Set<>{here, "cart"}.insert("book");
    Session there = world.us.session(here.token(), 10s);
    CHECK(Set<>{there, "cart"}.contains("book"));
    there.transact([](Transaction& txn) { Set<>{txn, "cart"}.insert("pen"); });
    Session back = world.eu.session(there.token(), 10s);
    CHECK(Set<>{back, "cart"}.size() == 2);
    CHECK(back.count(Key::all(0)) == 1);
  }

  TEST_CASE("a region that lacks something says of whom, and serves others meanwhile") {
    World world;
    REQUIRE(world.us.pause("eu"));
    REQUIRE(world.ap.pause("eu"));
    Session here = world.eu.session();
    Counter{here, "n"}.add(1);
    Counter{here, "n"}.add(1);
    std::string message;
    CHECK(code_of([&] { (void)world.us.session(here.token(), 20ms); }, &message) ==
          ErrorCode::kTimeout);
    CHECK(message ==
          "this session has seen more than this region has: it still lacks 2 ops of region eu");
    Session other = world.us.session("", 0ms);
    CHECK(Counter{other, "n"}.get() == 0);
    REQUIRE(world.us.resume("eu"));
    Session there = world.us.session(here.token(), 10s);
    CHECK(Counter{there, "n"}.get() == 2);
  }

  TEST_CASE("a token demands what its session has seen, and nothing that came later") {
    World world;
    Session here = world.eu.session();
    Counter{here, "n"}.add(1);
    REQUIRE(here.wait({.all = true}, 10s).met);
    REQUIRE(world.us.pause("eu"));
    REQUIRE(world.ap.pause("eu"));
    Counter{world.eu, "n"}.add(1);
    Session there = world.us.session(here.token(), 0ms);
    CHECK(Counter{there, "n"}.get() == 1);
    CHECK(Counter{here, "n"}.get() == 2);  // Now it has seen it.
    CHECK(code_of([&] { (void)world.us.session(here.token(), 0ms); }) == ErrorCode::kTimeout);
  }

  TEST_CASE("clients that hop during partitions never go back") {
    World world;
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    const int hops = test::long_run() ? 50'000 : 700;
    std::vector<Client> clients;
    for (int i = 0; i < 4; ++i) clients.emplace_back(world.stores(), i, seed + 1 + i);
    {
      const std::jthread weather = partitions(world, seed);
      std::vector<std::jthread> threads;
      for (Client& each : clients) {
        threads.emplace_back([&each, hops] {
          for (int i = 0; i < hops; ++i) each.hop();
        });
      }
    }
    int visits = 0;
    for (const Client& each : clients) {
      CHECK(each.good());
      CHECK(each.refusals() < hops);
      visits += each.visits();
    }
    CHECK(eventually([&] { return Counter{world.ap, "all"}.get() == visits; }));
  }

  TEST_CASE("garbage and tokens of another mesh are refused, and nothing is waited for") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.mesh = "another";
    Store other = Store::open(options);
    Store store = Store::open(store_options(folder, "us"));
    std::string message;
    CHECK(code_of([&] { (void)store.session("garbage", 1h); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "this is no token: give back what token() has returned, unchanged");
    CHECK(code_of([&] { (void)store.session(other.token(), 1h); }, &message) ==
          ErrorCode::kInvalid);
    CHECK(message == "the token is of another mesh");
    CHECK(code_of([&] { (void)store.wait("garbage", {}, 1h); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("writes that died with every copy are named at once, and can be forgotten") {
    const TempDir folder;
    Store us = Store::open(listening(folder, "us"));
    std::string token;
    {
      Store eu = Store::open(dialling(folder, "eu", us));
      Counter{eu, "n"}.add(1);
      REQUIRE(eventually([&] { return Counter{us, "n"}.get() == 1; }));
      REQUIRE(us.pause("eu"));
      Session session = eu.session();
      Counter{session, "n"}.add(1);
      Counter{session, "n"}.add(1);
      token = session.token();
    }
    REQUIRE(us.resume("eu"));
    CHECK(code_of([&] { (void)us.session(token, 0ms); }) == ErrorCode::kTimeout);
    std::filesystem::remove_all(folder.path() / "eu");
    REQUIRE(eventually([&] { return !test::knows(us, "eu"); }));  // Else it is not lost.
    us.retire("eu", Loss::kForGood);
    std::string message;
    CHECK(code_of([&] { (void)us.session(token, 20s); }, &message) == ErrorCode::kInvalid);
    CHECK(message.starts_with("2 ops of region eu that this session has seen are gone"));
    Session session = us.session(token, 0ms, LostWrites::kIgnore);
    CHECK(Counter{session, "n"}.get() == 1);
    Counter{session, "n"}.add(5);
    Session again = us.session(session.token(), 0ms);
    CHECK(Counter{again, "n"}.get() == 6);
  }

  TEST_CASE("closing ends what waits, and lets nobody in") {
    leader::WaitQueue queue(nullptr);
    std::promise<void> entered;
    std::optional<ErrorCode> code;
    std::jthread waiting([&] {
      code = code_of([&] {
        leader::WaitQueue::Waiter waiter(queue, [](const auto&) { return false; });
        entered.set_value();
        waiter.wait(1h);
      });
    });
    entered.get_future().wait();
    queue.close();
    waiting.join();
    CHECK(code == ErrorCode::kClosed);
    CHECK(code_of([&] {
            const leader::WaitQueue::Waiter late(queue, [](const auto&) { return true; });
          }) == ErrorCode::kClosed);
  }
}

TEST_SUITE("leader: how far a write has come") {
  TEST_CASE("the regions that have it are named, and those that have not") {
    World world;
    REQUIRE(world.ap.pause("eu"));
    REQUIRE(world.ap.pause("us"));
    Session session = world.eu.session();
    Counter{session, "n"}.add(1);
    CHECK(session.wait({.count = 1}, 0ms).met);
    CHECK(session.wait({.count = 2}, 10s).met);
    CHECK(session.wait({.regions = {"us"}, .level = WriteConcern::Level::kApplied}, 10s).met);
    const ReplicationProgress progress = session.wait({.count = 3}, 20ms);
    CHECK_FALSE(progress.met);
    CHECK(progress.have == Names{"eu", "us"});
    CHECK(progress.lack == Names{"ap"});
    CHECK_FALSE(session.wait({.regions = {"ap"}}, 0ms).met);
    CHECK_FALSE(session.wait({.all = true}, 0ms).met);
    world.ap.resume("eu");
    CHECK(session.wait({.all = true}, 10s).have == Names{"ap", "eu", "us"});
  }

  TEST_CASE("nobody waits for a retired region, unless it is named") {
    World world;
    world.ap.pause("eu");
    world.ap.pause("us");
    world.eu.retire("ap");
    CHECK(world.eu.wait(world.eu.token(), {.all = true}, 10s).have == Names{"eu", "us"});
    CHECK_FALSE(world.eu.wait(world.eu.token(), {.regions = {"ap"}}, 0ms).met);
    std::string message;
    CHECK(code_of([&] { (void)world.eu.wait("", {.regions = {"xx"}}, 1h); }, &message) ==
          ErrorCode::kInvalid);
    CHECK(message == "there is no region 'xx'");
  }

  TEST_CASE("a region that is reached through another one is seen, too") {
    const TempDir folder;
    Store middle = Store::open(listening(folder, "middle"));
    Store left = Store::open(dialling(folder, "left", middle));
    Store right = Store::open(dialling(folder, "right", middle));
    REQUIRE(eventually([&] { return left.status().regions.size() == 3; }));
    Counter{left, "n"}.add(1);
    const ReplicationProgress progress = left.wait(left.token(), {.all = true}, 20s);
    CHECK(progress.have == Names{"left", "middle", "right"});
    CHECK(Counter{right, "n"}.get() == 1);
  }

  TEST_CASE("waiting within a transaction is refused, for it would wait for itself") {
    World world;
    CHECK(code_of([&] {
            world.eu.transact([&](Transaction&) { (void)world.eu.session("", 1h); });
          }) == ErrorCode::kInvalid);
  }
}

}  // namespace anabranch::session_test
