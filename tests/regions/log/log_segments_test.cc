// The decision how much of the log is kept, from figures alone.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "regions/log/log_segments.h"
#include "storage/memory_storage.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::log_segments_test {

using core::Millis;
using regions::LogLimits;
using regions::LogSegments;
using storage::Position;

namespace {

// A log of records that count 100 bytes each, in segments of 1000 bytes.
constexpr std::uint64_t kRecord = 100;
constexpr LogLimits kLimits{.bytes_min = 2'000, .bytes_max = 16'000, .age_ms_max = 10'000};

struct LogWorld {
  storage::MemoryStorage log;
  LogSegments segments;
  Position last = 0;

  explicit LogWorld(LogLimits limits = kLimits) : segments(limits) { REQUIRE(log.open().ok()); }

  void append(std::size_t records) {
    const std::string bytes(kRecord - LogSegments::kRecordBytes, 'b');
    for (std::size_t i = 0; i < records; ++i) {
      const storage::LogRecord record{1, last + 1, last + 1, bytes};
      segments.append(last, {&record, 1});
      const auto done = log.commit({&record, 1}, segments.take_changes());
      REQUIRE(done.ok());
      last = done.value();
    }
  }
  void trim(Position position) {
    REQUIRE(log.trim(position).ok());
    segments.trimmed(position);
    REQUIRE(log.commit({}, segments.take_changes()).ok());
  }
  // The same, as the next opening finds it.
  [[nodiscard]] LogSegments reopened() const {
    LogSegments again(kLimits);
    REQUIRE(again.load(*log.snapshot(), log).ok());
    return again;
  }
};

std::vector<std::string> rows_of_segments(const storage::Storage& log) {
  std::vector<std::string> rows;
  const auto snapshot = log.snapshot();
  const std::string_view prefix = storage::kSegmentPrefix;
  const auto cursor = snapshot->scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    rows.emplace_back(cursor->key());
  }
  return rows;
}

}  // namespace

TEST_SUITE("regions: log segments") {
  TEST_CASE("what everybody has is forgotten, down to the least that is kept") {
    LogWorld world;
    world.append(100);
    CHECK(world.segments.bytes() == 10'000);
    CHECK(world.segments.keep_from(101) == 81);
    world.append(5);
    CHECK(world.segments.keep_from(106) == 81);
    world.append(5);
    CHECK(world.segments.keep_from(111) == 91);
  }

  TEST_CASE("what somebody lacks is kept") {
    LogWorld world;
    world.append(100);
    CHECK(world.segments.keep_from(1) == 1);
    CHECK(world.segments.keep_from(10) == 1);
    CHECK(world.segments.keep_from(11) == 11);
    CHECK(world.segments.keep_from(45) == 41);
  }

  TEST_CASE("beyond the limit of bytes it is forgotten whoever lacks it") {
    LogWorld world;
    world.append(160);
    CHECK(world.segments.keep_from(1) == 1);
    world.append(1);
    CHECK(world.segments.keep_from(1) == 11);
    world.append(1'000);
    const Position from = world.segments.keep_from(1);
    CHECK(world.segments.bytes_from(from) <= kLimits.bytes_max);
    CHECK(world.segments.bytes_from(from) > kLimits.bytes_max - 1'000);
  }

  TEST_CASE("beyond the limit of age it is forgotten, but for the least that is kept") {
    LogWorld world;
    world.append(50);
    world.segments.pass(10'001);
    world.append(50);
    CHECK(world.segments.keep_from(1) == 41);  // The fifth segment ended when the sixth began.
    world.segments.pass(10'001);
    CHECK(world.segments.keep_from(1) == 81);
    CHECK(world.segments.age_ms(1) == 20'002);
    CHECK(world.segments.age_ms(75) == 10'001);
    CHECK(world.segments.age_ms(101) == 0);
  }

  TEST_CASE("a hold outranks every limit until it is released") {
    LogWorld world;
    world.append(500);
    world.segments.hold("a merge", 35);
    CHECK(world.segments.keep_from(501) == 31);
    world.segments.release("a merge");
    CHECK(world.segments.keep_from(501) == 481);
  }

  TEST_CASE("a log that is empty or a single segment is left alone") {
    LogWorld world;
    CHECK(world.segments.keep_from(1) == 1);
    CHECK(world.segments.bytes() == 0);
    world.append(5);
    CHECK(world.segments.keep_from(6) == 1);
    CHECK(world.segments.bytes() == 500);
    CHECK(world.segments.bytes_from(3) == 300);
    CHECK(world.segments.bytes_from(6) == 0);
  }

  TEST_CASE("one record that is larger than everything else is a segment, and goes as one") {
    LogWorld world;
    world.append(3);
    const std::string huge(100'000, 'h');
    const storage::LogRecord record{1, 4, 4, huge};
    world.segments.append(world.last, {&record, 1});
    world.last = world.log.commit({&record, 1}, world.segments.take_changes()).value();
    CHECK(world.segments.keep_from(1) == 1);  // The segment is still open.
    world.append(1);
    CHECK(world.segments.keep_from(1) == 5);
  }

  TEST_CASE("bytes that are logged beside a record count, until an opening for the open segment") {
    LogWorld world;
    world.append(1);
    const storage::LogRecord record{1, 2, 2, "b"};
    world.segments.append(world.last, {&record, 1}, 10'000);
    world.last = world.log.commit({&record, 1}, world.segments.take_changes()).value();
    CHECK(world.segments.bytes() == kRecord + LogSegments::kRecordBytes + 1 + 10'000);
    CHECK(world.reopened().bytes() == kRecord + LogSegments::kRecordBytes + 1);
    world.append(1);  // Begins a segment, whose row has what is before it.
    CHECK(world.reopened().bytes() == world.segments.bytes());
  }

  TEST_CASE("an opening finds the same figures, however the log was trimmed") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    LogWorld world;
    for (int round = 0; round < 50; ++round) {
      world.append(random.below(40));
      world.segments.pass(random.between(0, 3'000));
      if (random.chance(0.5)) world.trim(world.segments.keep_from(random.below(world.last + 2)));
      LogSegments again = world.reopened();
      CHECK(again.first() == world.segments.first());
      CHECK(again.bytes() == world.segments.bytes());
      CHECK(again.keep_from(world.last + 1) >= world.segments.first());
    }
  }

  TEST_CASE("a directory without any figures is counted from its log") {
    LogWorld world;
    world.append(55);
    storage::MemoryStorage old;
    REQUIRE(old.open().ok());
    for (Position at = 1; at <= 55; ++at) {
      const auto record = world.log.read_log(at);
      const storage::LogRecord copy{record->origin, record->first, record->last, record->bytes};
      REQUIRE(old.commit({&copy, 1}, {}).ok());
    }
    LogSegments counted(kLimits);
    REQUIRE(counted.load(*old.snapshot(), old).ok());
    CHECK(counted.bytes() == world.segments.bytes());
    CHECK(counted.keep_from(56) == world.segments.keep_from(56));
    CHECK_FALSE(counted.take_changes().empty());
  }

  TEST_CASE("what an opening counts can be forgotten again before anything of it is written") {
    LogWorld world;
    world.append(100);
    // Segments of 200 bytes; no row of those of 1000 bytes describes any of them.
    LogSegments counted({.bytes_min = 200, .bytes_max = 3'200, .age_ms_max = 10'000});
    for (const std::string& row : rows_of_segments(world.log)) {
      const storage::Change gone{storage::Table::kMeta, row, std::nullopt};
      REQUIRE(world.log.commit({}, {gone}).ok());
    }
    REQUIRE(counted.load(*world.log.snapshot(), world.log).ok());
    REQUIRE(world.log.trim(51).ok());
    counted.trimmed(51);
    REQUIRE(world.log.commit({}, counted.take_changes()).ok());
    CHECK(rows_of_segments(world.log).front() == storage::segment_key(51));
    CHECK(rows_of_segments(world.log).size() == 25);
  }

  TEST_CASE("of very many segments that go before they are written only the removals are left") {
    constexpr Position kSegments = 30'000;
    constexpr Position kFrom = kSegments - 10;
    LogSegments segments({.bytes_min = kRecord, .bytes_max = 1'600, .age_ms_max = 10'000});
    const std::string bytes(kRecord - LogSegments::kRecordBytes, 'b');
    for (Position at = 1; at <= kSegments; ++at) {  // Each record is a segment.
      const storage::LogRecord record{1, at, at, bytes};
      segments.append(at - 1, {&record, 1});
    }
    segments.trimmed(kSegments / 2);
    segments.trimmed(kFrom);
    Position kept = kFrom;
    Position gone = 0;
    for (const storage::ChangeView& change : segments.take_changes()) {
      REQUIRE((change.key == storage::segment_key(change.value ? kept++ : ++gone)));
      REQUIRE((change.value ? gone == 0 : kept == kSegments + 1));
    }
    CHECK(kept == kSegments + 1);
    CHECK(gone == kFrom - 1);
  }

  TEST_CASE("rows that cannot be read are refused") {
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
             {"segment/x", "y"}, {storage::segment_key(1), "y"}, {"running", "short"}}) {
      storage::MemoryStorage log;
      REQUIRE(log.open().ok());
      const storage::Change change{storage::Table::kMeta, key, value};
      REQUIRE(log.commit({}, {change}).ok());
      LogSegments segments(kLimits);
      CHECK_FALSE(segments.load(*log.snapshot(), log).ok());
    }
  }
}

}  // namespace anabranch::log_segments_test
