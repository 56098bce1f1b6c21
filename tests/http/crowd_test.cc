// The order in which connections of the HTTP port give way, and that new ones always find room.

#include "http/crowd.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

struct lws {
  int number = 0;
};

namespace anabranch::crowd_test {

using http::Crowd;
using State = Crowd::State;

namespace {

constexpr std::size_t kMax = 256;
constexpr std::size_t kFull = 240;

struct World {
  std::vector<lws> connections = std::vector<lws>(2000);
  std::map<std::uint64_t, State> states;
  std::vector<lws*> ended;
  Crowd crowd{kMax,
              [this](std::uint64_t number, Crowd::Clock::time_point) { return states.at(number); },
              [this](lws* each) { ended.push_back(each); }};
  std::size_t come = 0;

  // A connection that asks, if it comes in; whether it does.
  bool enter(State state = State::kNoRequest) {
    if (!crowd.has_room()) return false;
    lws* const next = &connections.at(come++);
    crowd.came(next);
    if (state == State::kNoRequest) return true;
    states[come] = state;
    crowd.asked(next, come);
    return true;
  }
  void end_all() {
    for (lws* each : ended) crowd.gone(each);
    ended.clear();
  }
};

}  // namespace

TEST_SUITE("http: crowd") {
  TEST_CASE("from 240 of 256 on each new connection has one that gives way, the oldest first") {
    World world;
    for (std::size_t i = 0; i < kFull; ++i) REQUIRE(world.enter());
    CHECK(world.ended.empty());
    for (std::size_t i = 0; i < 1000; ++i) {
      REQUIRE(world.enter());
      REQUIRE(world.ended == std::vector<lws*>{&world.connections.at(i)});
      world.end_all();
      REQUIRE(world.crowd.size() == kFull);
    }
    CHECK(world.crowd.ended() == 1000);
  }

  TEST_CASE("the idle give way before streams and slow readers, and those that just came last") {
    World world;
    for (const State state : {State::kNoRequest, State::kUnread, State::kStream, State::kIdle}) {
      REQUIRE(world.enter(state));
    }
    while (world.crowd.size() < kFull) REQUIRE(world.enter(State::kStays));
    for (const std::size_t next : {3, 2, 1, 0}) {
      REQUIRE(world.enter(State::kStays));
      REQUIRE(world.ended == std::vector<lws*>{&world.connections.at(next)});
      world.end_all();
    }
    while (world.crowd.size() < kMax) REQUIRE(world.enter(State::kStays));
    CHECK(world.ended.empty());
    CHECK_FALSE(world.enter());  // All of them are being answered.
  }

  TEST_CASE("one that is about to end gives way once") {
    World world;
    for (std::size_t i = 0; i < kFull + 10; ++i) REQUIRE(world.enter());
    CHECK(world.ended.size() == 10);
    std::ranges::sort(world.ended);
    CHECK(std::ranges::adjacent_find(world.ended) == world.ended.end());
    CHECK(world.crowd.gives_way(world.ended.front()));
    CHECK_FALSE(world.crowd.gives_way(&world.connections.at(kFull)));
  }
}

}  // namespace anabranch::crowd_test
