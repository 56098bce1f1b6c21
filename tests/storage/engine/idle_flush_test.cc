// What rests in the log is written to the tables, by the times that the owner tells.

#include "storage/engine/idle_flush.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::idle_flush_test {
namespace {

constexpr core::Origin kWriter = 5;
constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;

// An engine that is told the time each half second, as by a leader.
class RestingEngine {
 public:
  RestingEngine() { ready(*storage_); }

  void batch() {
    ++seq_;
    commit(*storage_, {{kWriter, seq_, seq_, "batch"}}, {put("row", std::to_string(seq_))});
  }
  void report() { commit(*storage_, {put("report", std::to_string(now_), Table::kMeta)}); }
  // Lets time pass; returns how many flushes have ended meanwhile. `each` is called each second.
  template <typename Function>
  std::uint64_t pass(std::int64_t duration, const Function& each) {
    const std::uint64_t before = flushes();
    for (const std::int64_t end = now_ + duration; now_ < end;) {
      now_ += kSecond / 2;
      if (now_ % kSecond == 0) each(now_);
      storage_->flush_if_idle(now_);
      while (storage_->step()) {
      }
    }
    return flushes() - before;
  }
  std::uint64_t pass(std::int64_t duration) {
    return pass(duration, [](std::int64_t /*now*/) {});
  }
  [[nodiscard]] std::uint64_t flushes() const { return storage_->engine()->flushes; }
  [[nodiscard]] std::uint64_t redo_bytes() const { return storage_->engine()->redo_bytes; }
  [[nodiscard]] SteppedEngine& storage() { return *storage_; }

 private:
  std::unique_ptr<SteppedEngine> storage_ = make_stepped_engine(
      std::make_unique<MemoryStorage>(), std::make_unique<RecordedFiles>(1, Journal::kNone), {});
  core::Seq seq_ = 0;
  std::int64_t now_ = 5 * kMinute;  // Of a clock that began some time ago.
};

TEST_SUITE("storage: idle flush") {
  TEST_CASE("after half a minute without a batch nothing lies in the log alone") {
    RestingEngine engine;
    CHECK(engine.pass(kHour) == 0);  // Nothing was written.
    engine.batch();
    CHECK(engine.pass(29 * kSecond) == 0);
    engine.batch();
    CHECK(engine.pass(29 * kSecond) == 0);
    CHECK(engine.redo_bytes() > 0);
    CHECK(engine.pass(2 * kSecond) == 1);
    CHECK(engine.redo_bytes() == 0);
    CHECK(engine.pass(23 * kHour) == 0);
  }

  TEST_CASE("batches that come all the time wait for ten minutes") {
    RestingEngine engine;
    CHECK(engine.pass(9 * kMinute, [&](std::int64_t) { engine.batch(); }) == 0);
    CHECK(engine.pass(2 * kMinute, [&](std::int64_t) { engine.batch(); }) == 1);
    CHECK(engine.pass(kHour, [&](std::int64_t) { engine.batch(); }) == 6);
  }

  TEST_CASE("between two such flushes there are ten minutes") {
    RestingEngine engine;
    const auto each_minute = [&](std::int64_t now) {
      if (now % kMinute == 0) engine.batch();
    };
    CHECK(engine.pass(kMinute + 31 * kSecond, each_minute) == 1);
    CHECK(engine.pass(9 * kMinute, each_minute) == 0);
    CHECK(engine.pass(24 * kHour, each_minute) == 144);
  }

  TEST_CASE("what comes without batches is flushed once a day") {
    RestingEngine engine;
    const auto reports = [&](std::int64_t now) {
      if (now % kMinute == 0) engine.report();
    };
    CHECK(engine.pass(23 * kHour, reports) == 0);
    CHECK(engine.pass(2 * kHour, reports) == 1);
    CHECK(engine.pass(5 * 24 * kHour, reports) == 5);
    // Nor does it keep batches from resting.
    engine.batch();
    CHECK(engine.pass(31 * kSecond, [&](std::int64_t) { engine.report(); }) == 1);
  }

  TEST_CASE("while somebody reads a state from before the last flush there is one an hour") {
    RestingEngine engine;
    engine.batch();
    const auto before = engine.storage().snapshot();
    CHECK(engine.pass(kMinute) == 1);
    const auto each = [&](std::int64_t) { engine.batch(); };
    CHECK(engine.pass(59 * kMinute, each) == 0);
    CHECK(engine.pass(2 * kMinute, each) == 1);
    CHECK(engine.pass(10 * kHour, each) == 10);
    CHECK(get(*before, "row") == "1");
  }

  TEST_CASE("a reader of a state from behind the last flush hinders none") {
    RestingEngine engine;
    engine.batch();
    CHECK(engine.pass(kMinute) == 1);
    engine.batch();
    const auto behind = engine.storage().snapshot();
    CHECK(engine.pass(10 * kMinute) == 1);
    CHECK(get(*behind, "row") == "2");
  }

  TEST_CASE("another flush begins the wait anew, and is no such flush") {
    RestingEngine engine;
    engine.batch();
    CHECK(engine.pass(25 * kSecond) == 0);
    engine.storage().make_room();
    CHECK(engine.pass(kHour) == 1);  // That one, and nothing is left to do.
    engine.batch();
    CHECK(engine.pass(31 * kSecond) == 1);
  }

  TEST_CASE("what an opening has redone rests from then on") {
    auto base = std::make_unique<MemoryStorage>();
    auto disk = std::make_unique<RecordedFiles>();
    const MemoryStorage& tables = *base;
    const RecordedFiles& files = *disk;
    const auto storage = make_stepped_engine(std::move(base), std::move(disk), {});
    ready(*storage);
    commit(*storage, {{kWriter, 1, 1, "batch"}}, {put("row", "1")});
    const auto again = make_stepped_engine(tables.crash(), files.image(Survival::kNone, 1), {});
    ready(*again);
    again->flush_if_idle(kMinute);
    again->flush_if_idle(kMinute + 29 * kSecond);
    CHECK_FALSE(again->engine()->flushing);
    again->flush_if_idle(kMinute + 30 * kSecond);
    CHECK(again->engine()->flushing);
  }

  TEST_CASE("a closed engine begins no flush") {
    RestingEngine engine;
    engine.batch();
    CHECK_FALSE(engine.storage().close(std::chrono::milliseconds(0)).value());
    CHECK(engine.pass(kHour) == 0);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::idle_flush_test
