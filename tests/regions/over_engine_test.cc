// A replica over the storage engine, whose log has the changes of each commit: how large it takes
// its log to be, and that what rests there is written to the tables, as its owner's ticks tell.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/wall_clock.h"
#include "regions/replica.h"
#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/write.h"

namespace anabranch::over_engine_test {

using core::Millis;
using regions::Replica;

namespace {

constexpr std::uint64_t kReserve = std::uint64_t{64} << 20U;
constexpr Millis kMinute = 60'000;

// A lone region whose leader ticks each half second.
class LoneRegion {
 public:
  LoneRegion() {
    auto base = std::make_unique<storage::MemoryStorage>();
    tables_ = base.get();
    engine_ = storage::make_stepped_engine(
        std::move(base),
        std::make_unique<storage::test::RecordedFiles>(1, storage::test::Journal::kNone), {});
    auto opened = Replica::open(*engine_, clock_,
                                {.mesh = {1, 1},
                                 .region = "eu",
                                 .fresh_origin = 7,
                                 .nonce = 7,
                                 .limits = {.reserve_bytes = kReserve}});
    REQUIRE(opened.ok());
    replica_ = std::move(opened).value();
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
  void leave_room(std::uint64_t bytes) { tables_->set_faults({.room = {.outside = bytes}}); }
  [[nodiscard]] std::uint64_t flushes() const { return engine_->engine()->flushes; }
  [[nodiscard]] Replica& replica() { return *replica_; }

 private:
  storage::MemoryStorage* tables_ = nullptr;
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

  TEST_CASE("but not below the reserve of the disk") {
    LoneRegion eu;
    eu.pass(11 * kMinute);
    const std::uint64_t before = eu.flushes();
    eu.put("key", "value");
    eu.leave_room(kReserve - 1);
    eu.pass(30 * kMinute);
    CHECK(eu.flushes() == before);
    eu.leave_room(2 * kReserve);
    eu.pass(kMinute);
    CHECK(eu.flushes() == before + 1);
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
