// The events of a store, told to a function.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::event_watch_test {

using test::dialling;
using test::eventually;
using test::listening;
using test::TempDir;
using Kind = Event::Kind;

namespace {

// Events, as a watch has told them.
class Told {
 public:
  OnEvent listener() {
    return [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      all_.push_back(event);
    };
  }
  // Waits for an event of this kind and region.
  bool has(Kind kind, const std::string& region) {
    return eventually([&] {
      const std::lock_guard lock(mutex_);
      return std::ranges::any_of(
          all_, [&](const Event& event) { return event.kind == kind && event.region == region; });
    });
  }
  std::vector<Event> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<Event> all_;
};

}  // namespace

TEST_SUITE("leader: events of a store") {
  TEST_CASE("a peer that comes, catches up and goes is told, in this order") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Register<>{eu, "title"}.put("of eu");
    Told told;
    const EventWatch watch = eu.events(told.listener());
    {
      Store us = Store::open(dialling(folder, "us", eu));
      CHECK(told.has(Kind::kPeerUp, "us"));
      CHECK(told.has(Kind::kCaughtUp, "us"));
      CHECK(Register<>{us, "title"}.get() == "of eu");
    }
    CHECK(told.has(Kind::kPeerDown, "us"));
    std::vector<Kind> kinds;
    for (const Event& event : told.all()) {
      if (event.region == "us") kinds.push_back(event.kind);
      CHECK(event.missed == 0);
    }
    REQUIRE(kinds.size() >= 3);
    CHECK(kinds[0] == Kind::kPeerUp);
    CHECK(kinds[1] == Kind::kCaughtUp);
    CHECK(kinds[2] == Kind::kPeerDown);
  }

  TEST_CASE("a dialled peer that is gone is told with its address and the reason") {
    const TempDir folder;
    std::optional<Store> us(Store::open(listening(folder, "us")));
    const std::string address = us->status().endpoint;
    const Options options = dialling(folder, "eu", *us);
    us.reset();
    Store eu = Store::open(options);
    Told told;
    const EventWatch watch = eu.events(told.listener());  // Before anybody can be connected.
    Options again = listening(folder, "us");
    again.listen = address;
    us.emplace(Store::open(again));
    REQUIRE(told.has(Kind::kPeerUp, "us"));
    us.reset();
    CHECK(told.has(Kind::kPeerDown, "us"));
    CHECK(eventually([&] {
      const std::vector<Event> all = told.all();
      return std::ranges::any_of(
          all, [&](const Event& event) { return event.address == address && !event.why.empty(); });
    }));
  }

  TEST_CASE("conflicts are told as entries of the log of losers") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Told told;
    const EventWatch watch = eu.events(told.listener());
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(told.has(Kind::kCaughtUp, "us"));
    REQUIRE(us.pause("eu"));
    Register<>{eu, "k"}.put("a");
    Register<>{us, "k"}.put("b");
    REQUIRE(us.resume("eu"));
    CHECK(told.has(Kind::kConflicts, ""));
  }

  TEST_CASE("a watch that is over is not told any more, and one that throws goes on") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    std::atomic<int> told = 0;
    Told other;
    const EventWatch longer = eu.events(other.listener());
    {
      const EventWatch watch = eu.events([&](const Event&) {
        ++told;
        throw std::runtime_error("no");
      });
      const Store us = Store::open(dialling(folder, "us", eu));
      CHECK(eventually([&] { return told >= 2; }));
    }
    const int before = told;
    CHECK(other.has(Kind::kPeerDown, "us"));
    CHECK(told == before);
    CHECK_THROWS_AS((void)eu.events({}), Error);
  }

  TEST_CASE("a watch of events outlives its store in silence") {
    const TempDir folder;
    std::optional<Store> eu(Store::open(listening(folder, "eu")));
    Told told;
    std::optional<EventWatch> watch(eu->events(told.listener()));
    eu.reset();
    watch.reset();
    CHECK(told.all().empty());
  }
}

}  // namespace anabranch::event_watch_test
