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
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_segment.h"
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
  CHECK(loss.misses_ops());
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

// The records of the log, in order: the file, where it lies there, and its header.
struct Record {
  std::string file;
  std::size_t offset = 0;
  RecordHeader header;
};

std::vector<Record> records_of(Engine& engine) {
  std::vector<Record> all;
  for (const std::string& name : engine.segments()) {
    const auto segment = open_segment(*engine.files, SegmentName::parse(name).value());
    REQUIRE(segment.ok());
    SegmentScan scan(segment.value());
    for (std::uint64_t place = segment.value().start();;) {
      const auto found = scan.at(place);
      if (!found.ok() || !found.value().whole()) break;
      all.push_back({name, segment.value().offset(place), found.value().header});
      place = found.value().header.end();
    }
  }
  return all;
}

// The same machine after a kill, with a byte changed in a record of the log.
std::unique_ptr<Engine> with_flip(Engine& engine, const Record& record, std::size_t at) {
  auto disk = engine.files->clone();
  disk->flip(record.file, record.offset + at, 1);
  auto left = std::make_unique<Engine>(engine.base->clone(), std::move(disk));
  REQUIRE(left->storage->open().ok());
  return left;
}

TEST_CASE("merged tables that a damaged log may have lost are missed") {
  constexpr std::size_t kInHeader = 20;
  constexpr std::size_t kInBody = kRecordHeaderSize + 2;
  for (const bool with_rows : {true, false}) {
    CAPTURE(with_rows);
    Engine engine;
    REQUIRE(engine.put(1).ok());
    Changes row;
    row.put(Table::kMeta, "row", "value");
    REQUIRE(engine.storage->commit({}, row).ok());
    const Record without_next = records_of(engine).back();
    for (int i = 0; i < 2; ++i) REQUIRE(engine.storage->commit({}, row).ok());
    for (const std::size_t at : {kInHeader, kInBody}) {
      const auto left = with_flip(engine, without_next, at);
      REQUIRE(left->storage->losses().size() == 1);
      CHECK_FALSE(left->storage->losses().front().misses_ops());  // No next tables had begun.
    }
    Changes next;
    next.put(Table::kNextRows, "key", "merged");
    if (with_rows) REQUIRE(engine.storage->commit({}, next).ok());
    REQUIRE(engine.storage->swap(row).ok());
    const std::vector<Record> all = records_of(engine);
    for (int i = 0; i < 2; ++i) REQUIRE(engine.storage->commit({}, row).ok());
    const Record& swap = all.back();
    const Record& before = all[all.size() - 2];
    for (const Record* const each : {&swap, &before}) {
      for (const std::size_t at : {kInHeader, kInBody}) {
        const auto left = with_flip(engine, *each, at);
        REQUIRE(left->storage->losses().size() == 1);
        CHECK(left->storage->losses().front().tables);
        CHECK(left->storage->losses().front().misses_ops());
      }
    }
  }
}

TEST_CASE("the note of a loss stands until the tables have all that its owner has noted") {
  Engine engine;
  for (core::Seq seq = 1; seq <= 6; ++seq) REQUIRE(engine.put(seq).ok());
  const auto left = with_flip(engine, records_of(engine)[2], kRecordHeaderSize + 2);
  REQUIRE(left->storage->losses().size() == 1);
  CHECK(noted_losses(*left->files).value() == left->storage->losses());
  Changes note;  // As its owner does.
  note.put(Table::kMeta, "lost", "noted");
  REQUIRE(left->storage->commit({}, note).ok());
  CHECK(left->storage->losses().empty());
  CHECK(noted_losses(*left->files).value().empty());
  CHECK(left->base->snapshot()->get(Table::kMeta, "lost") == "noted");
}

TEST_CASE("tables that refuse for now hold up no owner that notes a loss: its log has the note") {
  Engine engine;
  for (core::Seq seq = 1; seq <= 6; ++seq) REQUIRE(engine.put(seq).ok());
  const auto left = with_flip(engine, records_of(engine)[2], kRecordHeaderSize + 2);
  REQUIRE(left->storage->losses().size() == 1);
  left->base->set_faults({.refuse = 1});
  Changes note;
  note.put(Table::kMeta, "lost", "noted");
  REQUIRE(left->storage->commit({}, note).ok());
  CHECK(left->storage->losses().empty());
  CHECK_FALSE(left->base->snapshot()->get(Table::kMeta, "lost"));  // It was refused.
  Engine after_kill(left->base->clone(), left->files->clone());
  REQUIRE(after_kill.storage->open().ok());
  CHECK(after_kill.storage->snapshot()->get(Table::kMeta, "lost") == "noted");
  while (left->storage->step()) {
  }
  CHECK(left->base->snapshot()->get(Table::kMeta, "lost") == "noted");
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
      {.is_short = true, .half_flushed = true, .tables = true}};
  REQUIRE(note_losses(files, losses).ok());
  CHECK(noted_losses(files).value() == losses);
  files.content("commits-missing")[3] ^= 1;
  REQUIRE(noted_losses(files).value().size() == 1);
  CHECK(noted_losses(files).value().front().misses_ops());
  files.content("commits-missing").clear();  // As earlier versions wrote it.
  CHECK(noted_losses(files).value().size() == 1);
  REQUIRE(forget_losses(files).ok());
  CHECK(noted_losses(files).value().empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::storage::test::lost_segments_test
