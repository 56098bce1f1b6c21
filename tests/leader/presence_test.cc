// Messages of presence between stores: who hears them, what a slow listener misses, and what is
// refused.

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::presence_test {

using test::code_of;
using test::dialling;
using test::eventually;
using test::knows;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

constexpr std::size_t kBodyBytesMax = 65'536;

// The messages that a listener has heard.
class Heard {
 public:
  PresenceWatch on(Store& store, const std::string& prefix) {
    return store.listen(prefix, [this](const PresenceMessage& message) {
      const std::lock_guard lock(mutex_);
      all_.push_back(message);
    });
  }
  std::vector<PresenceMessage> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  std::size_t size() const { return all().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<PresenceMessage> all_;
};

// Holds the functions of listeners back until it is opened.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await_somebody() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

// Whether a store is connected to so many peers.
bool has_peers(const Store& store, std::size_t count) {
  const StoreStatus status = store.status();
  return static_cast<std::size_t>(std::ranges::count_if(
             status.peers, [](const PeerStatus& peer) { return peer.connected; })) == count;
}

}  // namespace

TEST_SUITE("leader: presence") {
  TEST_CASE("a store hears its own messages, on the channels of the prefix") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Heard board;
    Heard all;
    const PresenceWatch one = board.on(store, "board/");
    const PresenceWatch other = all.on(store, "");
    store.publish("board/7", "here");
    store.publish("chat", std::string("\0\xFF", 2));
    REQUIRE(eventually([&] { return all.size() == 2; }));
    REQUIRE(eventually([&] { return board.size() == 1; }));
    CHECK(board.all()[0].channel == "board/7");
    CHECK(board.all()[0].body == "here");
    CHECK(board.all()[0].region == "eu");
    CHECK_FALSE(board.all()[0].remote);
    CHECK(board.all()[0].missed == 0);
    CHECK(all.all()[1].body == std::string("\0\xFF", 2));
    CHECK(store.status().presence.listeners == 2);
  }

  TEST_CASE("a region behind another, and a follower, hear a message once") {
    const TempDir folder;
    Store us = Store::open(listening(folder, "us"));
    Store eu = Store::open(dialling(folder, "eu", us));
    Options options = dialling(folder, "follower", eu);
    options.region = "eu";
    options.follower = true;
    Store follower = Store::open(options);
    Store ap = Store::open(dialling(folder, "ap", eu));
    REQUIRE(eventually([&] { return has_peers(eu, 3) && has_peers(us, 1) && has_peers(ap, 1); }));
    REQUIRE(eventually([&] { return has_peers(follower, 1); }));
    std::map<std::string, Heard> heard;
    const PresenceWatch at_eu = heard["eu"].on(eu, "c");
    const PresenceWatch at_follower = heard["follower"].on(follower, "c");
    const PresenceWatch at_ap = heard["ap"].on(ap, "c");
    const std::string body(kBodyBytesMax, 'x');
    us.publish("c", body);
    us.publish("c", "last");
    for (auto& entry : heard) {
      CAPTURE(entry.first);
      Heard& each = entry.second;
      REQUIRE(eventually([&] { return each.size() >= 2; }));
      CHECK(each.size() == 2);
      CHECK(each.all()[0].body == body);
      CHECK(each.all()[1].body == "last");
      CHECK(each.all()[0].region == "us");
      CHECK(each.all()[0].remote);
    }
    CHECK(eu.status().presence.heard == 2);
    CHECK(us.status().presence.published == 2);
  }

  TEST_CASE("messages write neither rows nor log") {
    const TempDir folder;
    Store us = Store::open(listening(folder, "us"));
    Store eu = Store::open(dialling(folder, "eu", us));
    Heard heard;
    const PresenceWatch listener = heard.on(eu, "c");
    REQUIRE(eventually([&] { return knows(us, "eu") && knows(eu, "us"); }));
    REQUIRE(eventually([&] { return us.status().digest == eu.status().digest; }));
    const std::uint64_t records = us.status().log_records + eu.status().log_records;
    for (int i = 0; i < 100; ++i) us.publish("c", "place");
    REQUIRE(eventually([&] { return heard.size() == 100; }));
    CHECK(us.status().log_records + eu.status().log_records == records);
  }

  TEST_CASE("a channel or a body of a wrong size is refused") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    CHECK(code_of([&] { store.publish("", "b"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { store.publish(std::string(257, 'c'), "b"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { store.publish("c", std::string(kBodyBytesMax + 1, 'x')); }) ==
          ErrorCode::kTooLarge);
    CHECK(code_of([&] { (void)store.listen("c", {}); }) == ErrorCode::kInvalid);
    store.publish(std::string(256, 'c'), std::string(kBodyBytesMax, 'x'));
    store.publish("c", "");
    CHECK(eventually([&] { return store.status().presence.published == 2; }));
  }

  TEST_CASE("publishing within a transaction waits for nothing, and is no part of it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Heard heard;
    const PresenceWatch listener = heard.on(store, "c");
    CHECK_THROWS_AS(store.transact([&](Transaction&) {
      store.publish("c", "sent");
      CHECK(eventually([&] { return heard.size() == 1; }));
      throw std::runtime_error("undone");
    }),
                    std::runtime_error);
    CHECK(heard.size() == 1);
  }

  TEST_CASE("a slow listener misses the oldest messages, and is told how many") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Gate gate;
    std::mutex mutex;
    std::vector<PresenceMessage> all;
    const PresenceWatch slow = store.listen("c", [&](const PresenceMessage& message) {
      gate.wait();
      const std::lock_guard lock(mutex);
      all.push_back(message);
    });
    store.publish("c", "first");
    gate.await_somebody();
    for (int i = 1; i <= 1'500; ++i) store.publish("c", std::to_string(i));
    CHECK(store.status().presence.missed == 500);
    gate.open();
    REQUIRE(eventually([&] {
      const std::lock_guard lock(mutex);
      return all.size() == 1'001;
    }));
    const std::lock_guard lock(mutex);
    CHECK(all[0].missed == 0);
    CHECK(all[1].body == "501");
    CHECK(all[1].missed == 500);
    CHECK(all[2].missed == 0);
    CHECK(all.back().body == "1500");
  }

  TEST_CASE("the queue of a slow listener is bounded in bytes, too") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Gate gate;
    const PresenceWatch slow = store.listen("c", [&](const PresenceMessage&) { gate.wait(); });
    store.publish("c", "first");
    gate.await_somebody();
    for (int i = 0; i < 20; ++i) store.publish("c", std::string(kBodyBytesMax, 'x'));
    CHECK(store.status().presence.missed == 5);  // A little over 64 KiB each, of a MiB.
    gate.open();
  }

  TEST_CASE("a listener that throws hears the next message") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Heard heard;
    const PresenceWatch listener = heard.on(store, "c");
    const PresenceWatch throws = store.listen("c", [](const PresenceMessage&) { throw 1; });
    store.publish("c", "one");
    store.publish("c", "two");
    CHECK(eventually([&] { return heard.size() == 2; }));
    CHECK(eventually([&] { return store.status().watches.thrown == 2; }));
  }

  TEST_CASE("after the end of a listener its function is not called") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Heard heard;
    Heard other;
    const PresenceWatch stays = other.on(store, "c");
    {
      PresenceWatch listener = heard.on(store, "c");
      store.publish("c", "one");
      REQUIRE(eventually([&] { return heard.size() == 1; }));
      const PresenceWatch moved = std::move(listener);
      store.publish("c", "two");
      REQUIRE(eventually([&] { return heard.size() == 2; }));
    }
    store.publish("c", "three");
    REQUIRE(eventually([&] { return other.size() == 3; }));
    CHECK(heard.size() == 2);
    CHECK(store.status().presence.listeners == 1);
  }

  TEST_CASE("a listener may outlive its store, and end itself") {
    const TempDir folder;
    auto store = std::make_unique<Store>(Store::open(store_options(folder, "eu")));
    Heard heard;
    const PresenceWatch outlives = heard.on(*store, "c");
    std::mutex mutex;
    std::unique_ptr<PresenceWatch> itself;
    bool ended = false;
    {
      const std::lock_guard lock(mutex);
      itself = std::make_unique<PresenceWatch>(store->listen("c", [&](const PresenceMessage&) {
        const std::lock_guard inner(mutex);
        itself.reset();
        ended = true;
      }));
    }
    store->publish("c", "one");
    CHECK(eventually([&] {
      const std::lock_guard lock(mutex);
      return ended;
    }));
    CHECK(eventually([&] { return heard.size() == 1; }));
    store.reset();
  }

  TEST_CASE("threads that publish at once lose no message of the bounds") {
    const TempDir folder;
    Store us = Store::open(listening(folder, "us"));
    Store eu = Store::open(dialling(folder, "eu", us));
    Heard heard;
    const PresenceWatch listener = heard.on(eu, "c");
    REQUIRE(eventually([&] { return knows(us, "eu") && knows(eu, "us"); }));
    constexpr int kThreads = 4;
    constexpr int kEach = 50;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < kEach; ++j) us.publish("c", "body");
      });
    }
    for (std::thread& each : threads) each.join();
    CHECK(eventually([&] { return heard.size() == std::size_t{kThreads} * kEach; }));
    CHECK(us.status().presence.unsent == 0);
  }
}

}  // namespace anabranch::presence_test
