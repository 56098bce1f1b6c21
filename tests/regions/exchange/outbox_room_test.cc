#include "regions/exchange/outbox_room.h"

#include <doctest/doctest.h>

namespace anabranch::outbox_room_test {

using regions::Lane;
using regions::LinkId;
using regions::OutboxRoom;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

struct Room : OutboxRoom {
  std::uint64_t taken = 0;  // In each stream.

  Room() { bound(); }

  // Hands over a body if there is room for it.
  bool hand(LinkId link, std::uint64_t weight, Lane lane = Lane::kBatch) {
    if (!has_room(link, lane, weight, taken)) return false;
    handed(link, {lane, 1, weight});
    return true;
  }
};

}  // namespace

TEST_SUITE("regions: room in the outbox") {
  TEST_CASE("a lane of a link has a MiB, until it has left") {
    Room room;
    CHECK(room.hand(1, kMiB / 2));
    CHECK(room.hand(1, kMiB / 2));
    CHECK_FALSE(room.hand(1, 1));
    CHECK(room.hand(1, kMiB, Lane::kSnapshot));
    CHECK(room.hand(2, kMiB));
    room.left(1, Lane::kBatch, kMiB / 2);
    CHECK(room.waiting(1, Lane::kBatch) == kMiB / 2);
    CHECK(room.hand(1, kMiB / 2));
    CHECK_FALSE(room.hand(1, 1));
    room.forget(1);
    CHECK(room.waiting() == kMiB);
  }

  TEST_CASE("a stream of which much was taken has 8 MiB") {
    Room room;
    room.taken = kMiB;
    CHECK(room.hand(1, 2 * kMiB));
    CHECK_FALSE(room.hand(1, 1));
    room.taken = 100 * kMiB;
    CHECK(room.hand(1, 6 * kMiB));
    CHECK_FALSE(room.hand(1, 1));
  }

  TEST_CASE("many links together have no more than the sum") {
    Room room;
    for (LinkId link = 1; link <= 1000; ++link) {
      while (room.hand(link, kMiB / 64)) continue;
    }
    CHECK(room.waiting() <= OutboxRoom::kSumMax + 1000 * OutboxRoom::kLeastMax);
    for (LinkId link = 1; link <= 1000; ++link) CHECK(room.waiting(link, Lane::kBatch) > 0);
    CHECK_FALSE(room.hand(1000, kMiB / 64));
    for (LinkId link = 1; link <= 1000; ++link) room.forget(link);
    CHECK(room.waiting() == 0);
    CHECK(room.hand(1, kMiB));
  }

  TEST_CASE("a larger one goes alone in its lane, and all of them have a bound") {
    Room room;
    CHECK(room.hand(1, 100 * kMiB));
    CHECK_FALSE(room.hand(1, 1));
    CHECK_FALSE(room.hand(2, 10 * kMiB));
    CHECK(room.hand(3, kMiB / 2));  // Small ones of others go on...
    for (LinkId link = 100; link < 150; ++link) CHECK(room.hand(link, kMiB));  // ...as if alone.
    for (LinkId link = 100; link < 150; ++link) room.forget(link);
    room.left(1, Lane::kBatch, 100 * kMiB);
    for (LinkId link = 1; link <= 2; ++link) CHECK(room.hand(link, 30 * kMiB));
    CHECK_FALSE(room.hand(4, 30 * kMiB));
    CHECK_FALSE(room.hand(3, 2 * kMiB));  // Something waits there.
  }

  TEST_CASE("a large one that never leaves keeps others waiting for a minute only") {
    Room room;
    room.set_time(1000);
    CHECK(room.hand(1, 100 * kMiB));
    CHECK_FALSE(room.hand(2, 100 * kMiB));
    room.set_time(1000 + OutboxRoom::kStuckMs);
    CHECK(room.hand(2, 100 * kMiB));
    CHECK_FALSE(room.hand(3, 100 * kMiB));
  }

  TEST_CASE("without a bound there is always room") {
    OutboxRoom room;
    room.handed(1, {Lane::kBatch, 1, 100 * kMiB});
    CHECK(room.has_room(1, Lane::kBatch, 100 * kMiB, 0));
  }
}

}  // namespace anabranch::outbox_room_test
