// A replica over the storage engine, whose log has the changes of each commit: how large it takes
// its log to be, and that what rests there is written to the tables, as its owner's ticks tell.

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/wall_clock.h"
#include "regions/replica.h"
#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "tests/disk.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/write.h"

namespace anabranch::over_engine_test {

using core::Millis;
using regions::Replica;

namespace {

constexpr std::uint64_t kReserve = std::uint64_t{64} << 20U;
constexpr Millis kMinute = 60'000;

std::unique_ptr<Replica> open_lone(storage::Storage& storage, const core::ManualClock& clock) {
  auto opened = Replica::open(storage, clock,
                              {.mesh = {1, 1},
                               .region = "eu",
                               .fresh_origin = 7,
                               .nonce = 7,
                               .limits = {.reserve_bytes = kReserve}});
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

// Counts how often it is asked to write what rests.
struct ToldStorage final : test::Disk {
  using Disk::Disk;
  void flush_if_idle(std::int64_t /*now_ms*/) override { ++asked; }
  void sync() override {}
  [[nodiscard]] std::unique_ptr<Disk> crash() const override { return nullptr; }
  [[nodiscard]] std::unique_ptr<Disk> clone() const override { return nullptr; }
  void set_faults(const storage::MemoryFaults& /*faults*/) override {}
  void set_place(storage::Place /*place*/) override {}
  bool flip(storage::Position /*position*/, std::size_t /*offset*/,
            std::uint8_t /*bits*/) override {
    return false;
  }
  bool rot(storage::Table /*table*/, std::string_view /*key*/) override { return false; }

  int asked = 0;
};

// A lone region whose leader ticks each half second.
class LoneRegion {
 public:
  LoneRegion() {
    engine_ = storage::make_stepped_engine(
        std::make_unique<storage::MemoryStorage>(),
        std::make_unique<storage::test::RecordedFiles>(1, storage::test::Journal::kNone), {});
    replica_ = open_lone(*engine_, clock_);
  }

  void put(const std::string& key, const std::string& value) {
    test::write(*replica_, [&](regions::Group& group) { group.put({"\1", key, "s"}, value); });
    REQUIRE(replica_->commit().ok());
  }
  void pass(Millis duration) {
    for (const Millis end = now_ + duration; now_ < end;) {
      now_ += 500;
      clock_.set(now_);
      replica_->tick(now_);
      replica_->effects().clear();
      while (engine_->step()) {
      }
    }
  }
  [[nodiscard]] std::uint64_t flushes() const { return engine_->engine()->flushes; }
  [[nodiscard]] Replica& replica() { return *replica_; }

 private:
  std::unique_ptr<storage::SteppedEngine> engine_;
  core::ManualClock clock_{1'000};
  std::unique_ptr<Replica> replica_;
  Millis now_ = 1'000;
};

}  // namespace

TEST_SUITE("regions: over the engine") {
  TEST_CASE("what rests in the log is written to the tables within a minute") {
    LoneRegion eu;
    eu.pass(kMinute);
    const std::uint64_t before = eu.flushes();
    eu.pass(10 * kMinute);
    eu.put("key", "value");
    eu.pass(20'000);
    CHECK(eu.flushes() == before);
    eu.pass(20'000);
    CHECK(eu.flushes() == before + 1);
    eu.pass(60 * kMinute);
    CHECK(eu.flushes() == before + 1);  // Clocks and reports wait for a day.
  }

  TEST_CASE("below the reserve of the disk the storage is not asked to") {
    auto memory = std::make_unique<storage::MemoryStorage>();
    storage::MemoryStorage& room = *memory;
    ToldStorage told(std::move(memory));
    core::ManualClock clock(1'000);
    const auto eu = open_lone(told, clock);
    Millis now = 0;
    const auto asked = [&](std::uint64_t outside) {
      room.set_faults({.room = {.outside = outside}});
      eu->tick(now += 500);  // This one may have been due before it is known how much is left.
      const int before = told.asked;
      for (int i = 0; i < 20; ++i) eu->tick(now += 500);
      return told.asked - before;
    };
    CHECK(asked(2 * kReserve) >= 5);
    CHECK(asked(kReserve - 1) == 0);
    CHECK(asked(2 * kReserve) >= 5);
  }

  TEST_CASE("the changes of commits count as bytes of the log") {
    constexpr std::uint64_t kPuts = 20;
    LoneRegion eu;
    const std::uint64_t before = eu.replica().keeper().segments().bytes();
    const std::string value(10'000, 'v');
    for (std::uint64_t i = 0; i < kPuts; ++i) eu.put("key", value);
    const std::uint64_t bytes = eu.replica().keeper().segments().bytes() - before;
    CHECK(bytes > 2 * kPuts * value.size());  // The batch, and the row.
    CHECK(bytes < 2 * kPuts * (value.size() + 2'000));
  }
}

}  // namespace anabranch::over_engine_test
