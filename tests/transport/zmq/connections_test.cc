#include "transport/zmq/connections.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace anabranch::transport::connections_test {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Connections by numbers that are no descriptors: nothing is shut, and all else is as if it were.
struct World {
  explicit World(bool keyed) : connections(3, keyed) {}

  // Opens; returns whether that took one too many.
  bool open(int descriptor) { return connections.open(descriptor, now).has_value(); }
  // Returns whether a connection was told to end.
  bool ended(int descriptor) {
    const auto over = connections.close(descriptor);
    return over && over->gives_way;
  }

  Connections connections;
  Connections::Time now{seconds(1000)};
};

constexpr int kFirst = 10'000;

}  // namespace

TEST_SUITE_BEGIN("transport/zmq: connections");

TEST_CASE("one that has just come ends nobody that has just come") {
  World world(true);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(world.open(kFirst + i));
  world.now += milliseconds(1999);
  CHECK(world.open(kFirst + 3));
  CHECK(world.ended(kFirst + 3));
  world.now += milliseconds(1);
  CHECK(world.open(kFirst + 4));
  CHECK(world.ended(kFirst));
}

TEST_CASE("each that is too many ends another one, though none is over yet") {
  World world(true);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(world.open(kFirst + i));
  world.now += seconds(3);
  for (int i = 3; i < 8; ++i) CHECK(world.open(kFirst + i));
  // The three old ones, and those that had no one to end.
  for (const int each : {0, 1, 2, 6, 7}) CHECK(world.ended(kFirst + each));
  for (const int each : {3, 4, 5}) CHECK_FALSE(world.ended(kFirst + each));
  CHECK(world.connections.empty());
  CHECK_FALSE(world.open(kFirst));
}

TEST_CASE("a link with a key stays, however long it is silent") {
  World world(true);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(world.open(kFirst + i));
  world.connections.hear(kFirst, world.now);
  world.connections.hear(kFirst + 1, world.now);
  world.now += seconds(3);
  CHECK(world.open(kFirst + 3));
  CHECK(world.ended(kFirst + 2));
  world.connections.hear(kFirst + 3, world.now);
  world.now += seconds(60);
  CHECK(world.open(kFirst + 4));
  CHECK(world.ended(kFirst + 4));
}

TEST_CASE("without keys a link that says nothing gives way, behind those that are none") {
  World world(false);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(world.open(kFirst + i));
  world.connections.hear(kFirst, world.now);
  world.now += seconds(3);
  world.connections.hear(kFirst + 1, world.now);
  CHECK(world.open(kFirst + 3));
  CHECK(world.ended(kFirst + 2));
  world.connections.hear(kFirst + 3, world.now);
  CHECK(world.open(kFirst + 4));
  CHECK(world.ended(kFirst));
  CHECK(world.open(kFirst + 5));
  CHECK(world.ended(kFirst + 5));
  CHECK_FALSE(world.ended(kFirst + 1));
}

TEST_CASE("a flood of connections ends no link, however long it is silent") {
  World world(false);
  CHECK_FALSE(world.open(kFirst));
  world.connections.hear(kFirst, world.now);
  world.now += seconds(60);
  for (int i = 1; i < 3; ++i) CHECK_FALSE(world.open(kFirst + i));
  CHECK(world.open(kFirst + 3));
  CHECK(world.ended(kFirst + 3));
  world.now += seconds(2);
  CHECK(world.open(kFirst + 4));
  CHECK(world.ended(kFirst + 1));
  CHECK_FALSE(world.ended(kFirst));
}

TEST_SUITE_END();

}  // namespace anabranch::transport::connections_test
