// The room that is kept for removing.

#include <doctest/doctest.h>

#include <string>

#include "regions/state/reserve.h"
#include "storage/memory_storage.h"

namespace anabranch::reserve_test {

using regions::Reserve;

namespace {

constexpr std::uint64_t kReserve = std::uint64_t{64} << 20U;

struct ReserveWorld {
  storage::MemoryStorage storage;
  Reserve reserve;

  explicit ReserveWorld(std::uint64_t bytes = kReserve) : reserve(storage, bytes) {}
  void leave(std::uint64_t outside, std::uint64_t inside = 0) {
    storage.set_faults({.room = {outside, inside}});
    reserve.look();
  }
};

}  // namespace

TEST_SUITE("regions: reserve") {
  TEST_CASE("it is full below its size, and until a quarter more is free") {
    ReserveWorld world;
    world.leave(2 * kReserve);
    CHECK_FALSE(world.reserve.full());
    CHECK(world.reserve.news().empty());
    world.leave(kReserve - 1);
    CHECK(world.reserve.full());
    CHECK(world.reserve.allows_removing());
    CHECK_FALSE(world.reserve.holds(1));
    CHECK(world.reserve.news().find("nearly full") != std::string::npos);
    CHECK(world.reserve.news().empty());
    world.leave(kReserve);
    CHECK(world.reserve.full());
    world.leave(kReserve + kReserve / 4);
    CHECK_FALSE(world.reserve.full());
    CHECK(world.reserve.news().find("room on the disk again") != std::string::npos);
  }

  TEST_CASE("room inside the storage counts, if a quarter is free outside") {
    ReserveWorld world;
    world.leave(kReserve / 4, kReserve);
    CHECK_FALSE(world.reserve.full());
    world.leave(kReserve / 4 - 1, 2 * kReserve);
    CHECK(world.reserve.full());
  }

  TEST_CASE("at the brim nothing is removed, either") {
    ReserveWorld world;
    world.leave(kReserve / 8 - 1);
    CHECK_FALSE(world.reserve.allows_removing());
    CHECK(world.reserve.news().find("to the brim") != std::string::npos);
  }

  TEST_CASE("each byte that is added takes several") {
    ReserveWorld world;
    world.leave(2 * kReserve);
    CHECK(world.reserve.holds(2 * kReserve / Reserve::kBytesPerByte));
    CHECK_FALSE(world.reserve.holds(2 * kReserve / Reserve::kBytesPerByte + 1));
  }

  TEST_CASE("a reserve of nothing never runs out") {
    ReserveWorld world(0);
    world.leave(0);
    CHECK_FALSE(world.reserve.full());
    CHECK(world.reserve.holds(kReserve));
    CHECK(world.reserve.allows_removing());
  }
}

}  // namespace anabranch::reserve_test
