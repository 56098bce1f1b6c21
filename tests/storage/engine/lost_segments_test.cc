// Files of the log that are removed by others: while the engine is stopped, and while it runs.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "storage/wal/loss_note.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::lost_segments_test {
namespace {

constexpr core::Origin kWriter = 5;

// An engine whose flushes are steps of the test, with segments of a few commits each.
struct Engine {
  MemoryStorage* base = nullptr;
  RecordedFiles* files = nullptr;
  std::unique_ptr<SteppedEngine> storage;
  int asked = 0;

  // `refuses`: a log that is gone, or ends before the tables.
  Engine(std::unique_ptr<MemoryStorage> tables, std::unique_ptr<RecordedFiles> disk,
         bool refuses = false)
      : base(tables.get()), files(disk.get()) {
    EngineOptions options{
        .wal = {.segment_bytes = 2048, .spares = 0}, .overlay_bytes = 1U << 20U, .slice_bytes = 1};
    options.accept_lost_log = [this, refuses](const Snapshot&) {
      ++asked;
      return refuses ? core::Result<void>(core::invalid("refused")) : core::Result<void>();
    };
    storage = make_stepped_engine(std::move(tables), std::move(disk), options);
  }
  Engine() : Engine(std::make_unique<MemoryStorage>(), std::make_unique<RecordedFiles>()) {
    REQUIRE(storage->open().ok());
  }

  core::Result<Position> put(core::Seq seq) {
    const std::string value(400, 'v');
    const LogRecord record{kWriter, seq, seq, value};
    Changes changes;
    changes.put(Table::kRows, "key" + std::to_string(seq), value);
    auto done = storage->commit(std::span(&record, 1), changes);
    while (storage->step()) {
    }
    return done;
  }
  void flush() {
    storage->make_room();
    while (storage->step()) {
    }
  }
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> names = files->list().value();
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("segment-"); });
    return names;
  }
  // The same machine after a kill, with the file of a segment removed.
  [[nodiscard]] std::unique_ptr<Engine> without(const std::string& name,
                                                bool refuses = false) const {
    auto disk = files->clone();
    REQUIRE(disk->remove(name).ok());
    return std::make_unique<Engine>(base->clone(), std::move(disk), refuses);
  }
};

// An engine with `count` commits, of which the tables have `flushed`.
std::unique_ptr<Engine> written(core::Seq count, core::Seq flushed) {
  auto engine = std::make_unique<Engine>();
  for (core::Seq seq = 1; seq <= count; ++seq) {
    REQUIRE(engine->put(seq).ok());
    if (seq == flushed) engine->flush();
  }
  REQUIRE(engine->segments().size() > 3);
  return engine;
}

TEST_SUITE_BEGIN("storage: lost segments");

TEST_CASE("the last segment, removed while the engine is stopped, is missed") {
  const auto engine = written(14, 2);
  const auto left = engine->without(engine->segments().back());
  REQUIRE(left->storage->open().ok());
  REQUIRE(left->storage->losses().size() == 1);
  const LogLoss loss = left->storage->losses().front();
  CHECK(loss.misses_batches());
  CHECK_FALSE(loss.end_known);
  CHECK(loss.first == left->storage->last_position() + 1);
  CHECK(left->asked == 0);
}

TEST_CASE("a segment in the middle that is removed loses what it had, and what came behind") {
  const auto engine = written(14, 2);
  const std::vector<std::string> names = engine->segments();
  const auto left = engine->without(names[names.size() - 2]);
  REQUIRE(left->storage->open().ok());
  REQUIRE(left->storage->losses().size() == 1);
  const LogLoss loss = left->storage->losses().front();
  CHECK(loss.unknown > 0);
  REQUIRE(loss.found.size() == 1);
  CHECK(loss.found.front().last == 14);
  CHECK(loss.found.front().chain == core::chain_hash(std::string(400, 'v')));
  CHECK(loss.end_known);
  CHECK(loss.first + loss.unknown == loss.found.front().first);
  CHECK(std::ranges::count(loss.files, names.back()) == 1);
}

TEST_CASE("an old segment that the tables have is not missed") {
  const auto engine = written(14, 13);
  const auto left = engine->without(engine->segments().front());
  REQUIRE(left->storage->open().ok());
  CHECK(left->storage->losses().empty());
  CHECK(left->storage->last_position() == 14);
}

TEST_CASE("a log that ends before the tables is begun anew only where its owner accepts that") {
  const auto engine = written(14, 14);
  for (const bool refuses : {true, false}) {
    auto disk = engine->files->clone();
    for (const std::string& name : engine->segments()) REQUIRE(disk->remove(name).ok());
    Engine left(engine->base->clone(), std::move(disk), refuses);
    const std::size_t calls = left.files->journal().size();
    const auto opened = left.storage->open();
    CHECK(left.asked == 1);
    CHECK(opened.ok() == !refuses);
    if (refuses) {
      CHECK(opened.failure().message == "refused");
      CHECK(left.files->journal().size() == calls);
    } else {
      REQUIRE(left.storage->losses().size() == 1);
      CHECK(left.storage->losses().front().is_short);
    }
  }
}

TEST_CASE("a segment that is removed while the engine runs closes it") {
  SUBCASE("the open one, with the next commit") {
    const auto engine = written(14, 2);
    REQUIRE(engine->files->remove(engine->segments().back()).ok());
    const auto done = engine->put(15);
    REQUIRE_FALSE(done.ok());
    CHECK(done.failure().message.find("was removed while it was open") != std::string::npos);
  }
  SUBCASE("another one that the tables lack, with the next look") {
    const auto engine = written(14, 2);
    REQUIRE(engine->storage->check_place().ok());
    const std::vector<std::string> names = engine->segments();
    REQUIRE(engine->files->remove(names[names.size() - 2]).ok());
    CHECK_FALSE(engine->storage->check_place().ok());
    CHECK_FALSE(engine->put(15).ok());
  }
  SUBCASE("not one that the tables have") {
    const auto engine = written(14, 13);
    REQUIRE(engine->files->remove(engine->segments().front()).ok());
    CHECK(engine->storage->check_place().ok());
    CHECK(engine->put(15).ok());
  }
}

TEST_CASE("tables that may have a part of what the log has lost are known") {
  Engine engine;
  for (core::Seq seq = 1; seq <= 6; ++seq) REQUIRE(engine.put(seq).ok());
  engine.flush();
  for (core::Seq seq = 7; seq <= 12; ++seq) REQUIRE(engine.put(seq).ok());
  const auto damaged = [&](core::Seq seq) {
    auto disk = engine.files->clone();
    for (const std::string& name : engine.segments()) {
      const std::size_t at = disk->content(name).find("key" + std::to_string(seq));
      if (at != std::string::npos) disk->flip(name, at, 1);
    }
    auto left = std::make_unique<Engine>(engine.base->clone(), std::move(disk));
    REQUIRE(left->storage->open().ok());
    return left;
  };
  CHECK_FALSE(damaged(9)->storage->losses().front().half_flushed);
  engine.storage->make_room();
  REQUIRE(engine.storage->step());  // One slice of some.
  REQUIRE(engine.storage->engine()->flushing);
  for (const core::Seq seq : {9, 12}) {  // The last one, too, was on the disk before.
    const auto left = damaged(seq);
    REQUIRE(left->storage->losses().size() == 1);
    CHECK(left->storage->losses().front().half_flushed);
    // What is written since is not taken for lost, nor for half there.
    REQUIRE(left->put(20).ok());
    Engine again(left->base->clone(), left->files->clone());
    REQUIRE(again.storage->open().ok());
    CHECK(again.storage->losses().empty());
  }
  // Opened again without damage, and damaged then.
  auto opened = std::make_unique<Engine>(engine.base->clone(), engine.files->clone());
  REQUIRE(opened->storage->open().ok());
  CHECK(opened->storage->losses().empty());
  auto disk = opened->files->clone();
  for (const std::string& name : opened->segments()) {
    const std::size_t at = disk->content(name).find("key9");
    if (at != std::string::npos) disk->flip(name, at, 1);
  }
  Engine later(opened->base->clone(), std::move(disk));
  REQUIRE(later.storage->open().ok());
  REQUIRE(later.storage->losses().size() == 1);
  CHECK(later.storage->losses().front().half_flushed);
}

TEST_CASE("a note of losses is read as it was written, and a damaged one is a loss of its own") {
  RecordedFiles files;
  CHECK(noted_losses(files).value().empty());
  const std::vector<LogLoss> losses{
      {.place = 5,
       .first = 2,
       .unknown = 1,
       .end_known = true,
       .found = {{.origin = 3, .first = 4, .last = 9, .chain = {7}, .gaps = 1}},
       .files = {"segment-1"}},
      {.is_short = true, .half_flushed = true}};
  REQUIRE(note_losses(files, losses).ok());
  CHECK(noted_losses(files).value() == losses);
  files.content("commits-missing")[3] ^= 1;
  REQUIRE(noted_losses(files).value().size() == 1);
  CHECK(noted_losses(files).value().front().misses_batches());
  files.content("commits-missing").clear();  // As earlier versions wrote it.
  CHECK(noted_losses(files).value().size() == 1);
  REQUIRE(forget_losses(files).ok());
  CHECK(noted_losses(files).value().empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::storage::test::lost_segments_test
