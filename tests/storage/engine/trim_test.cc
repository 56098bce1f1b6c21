// What a trim leaves: all that somebody holds, whichever log it lies in, and a note of the last one
// that was told.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/engine/reach.h"
#include "storage/memory_storage.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::engine_trim_test {
namespace {

constexpr core::Origin kWriter = 5;

std::string text_of(Position position) { return "batch " + std::to_string(position); }

// Commits batches, whose positions are those of their numbers.
void write(Storage& storage, Position from, Position to) {
  for (Position each = from; each <= to; ++each) {
    const std::string text = text_of(each);
    commit(storage, {{kWriter, each, each, text}}, {put("row", text)});
  }
}

void work(SteppedEngine& engine) {
  while (engine.step()) {
  }
}

// Returns the positions that a whole state shows, each of which must have its own batch.
std::vector<Position> held_in(const WholeSnapshot& snapshot) {
  std::vector<Position> found;
  for (Position at = 1;;) {
    const auto record = snapshot.read_log(at);
    if (!record) return found;
    REQUIRE(record->bytes == text_of(record->position));
    found.push_back(record->position);
    at = record->position + 1;
  }
}

TEST_SUITE("storage: engine trims") {
  TEST_CASE("a trim that is told while another one is noted is noted, too") {
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage& tables = *base;
    auto opened = open_engine_storage(std::move(base), std::make_unique<RecordedFiles>());
    REQUIRE(opened.ok());
    WholeStorage& storage = *opened.value();
    ready(storage);
    write(storage, 1, 5);
    std::atomic<bool> notes = false;
    std::atomic<bool> may_note = false;
    tables.set_faults({.before_apply = [&] {
      notes = true;
      notes.notify_all();
      may_note.wait(false);
    }});
    REQUIRE(storage.trim(2).ok());
    notes.wait(false);
    REQUIRE(storage.trim(4).ok());
    may_note = true;
    may_note.notify_all();
    REQUIRE(storage.close(std::chrono::hours(1)).value());
    CHECK(decode_reach(tables.reach().value()).value().trimmed == 4);
  }

  TEST_CASE("a trim keeps what is held in the write-ahead log, and removes it afterwards") {
    constexpr Position kBatches = 60;
    const auto engine =
        make_stepped_engine(std::make_unique<MemoryStorage>(), std::make_unique<RecordedFiles>(),
                            {.wal = {.segment_bytes = 1'000, .first_bytes = 1'000, .spares = 0}});
    ready(*engine);
    write(*engine, 1, kBatches);
    REQUIRE(engine->trim(11).ok());
    const std::uint64_t before = engine->engine()->log_bytes;
    auto held = engine->whole_snapshot();
    engine->make_room();
    work(*engine);  // All of it is in the tables, so that nothing else holds it.
    REQUIRE(engine->trim(kBatches + 1).ok());
    work(*engine);
    CHECK_FALSE(engine->read_log(1));
    const std::vector<Position> found = held_in(*held);
    REQUIRE(found.size() == kBatches - 10);
    CHECK(found.front() == 11);
    CHECK(found.back() == kBatches);
    // Another one, which begins at the end, does not end the hold of the first.
    (void)engine->whole_snapshot();
    REQUIRE(engine->trim(kBatches + 1).ok());
    CHECK(held_in(*held).size() == kBatches - 10);
    held.reset();
    REQUIRE(engine->trim(kBatches + 1).ok());
    CHECK(engine->engine()->log_bytes < before / 2);
  }

  TEST_CASE("and what is held in the log that the tables have of their own") {
    MemoryStorage old;
    ready(old);
    write(old, 1, 20);
    auto base = old.crash();
    const MemoryStorage& tables = *base;
    const auto engine = make_stepped_engine(std::move(base), std::make_unique<RecordedFiles>(), {});
    ready(*engine);
    write(*engine, 21, 25);
    auto held = engine->whole_snapshot();
    REQUIRE(engine->trim(23).ok());
    work(*engine);
    CHECK(engine->read_log(1)->position == 23);
    CHECK(held_in(*held).size() == 25);
    held.reset();
    REQUIRE(engine->trim(23).ok());
    work(*engine);
    CHECK_FALSE(tables.read_log(1));
  }
}

}  // namespace
}  // namespace anabranch::storage::test::engine_trim_test
