// What an opening has set aside is found again there, as far as it is proven: and bytes that only
// look like records prove nothing, also those of a client's value.

#include "storage/wal/set_aside.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/batch.h"
#include "storage/wal/loss_note.h"
#include "storage/wal/wal_recovery.h"
#include "tests/storage/wal/recorded_files.h"

namespace anabranch::set_aside_test {
namespace {

using storage::LogLoss;
using storage::Position;
using storage::test::RecordedFiles;

constexpr core::Origin kOrigin = 7;

std::string batch_of(core::Seq seq, const core::ChainHash& previous, const std::string& value) {
  core::Batch batch;
  batch.origin = kOrigin;
  batch.previous = previous;
  batch.transactions = {{seq, {}, {core::Put{{"\1", "key", "s"}, value, {}, {}}}}};
  return core::encode_batch(batch);
}

struct Found {
  Position position = 0;
  bool proven = false;
  std::string bytes;
};

// A log with a batch in each record.
struct Log {
  RecordedFiles disk;
  storage::WalOptions options{.segment_bytes = 4096, .spares = 0};
  storage::OpenedWal opened;
  core::Seq seq = 0;
  core::ChainHash chain{};

  Log() { open(); }
  void open() {
    opened = {};
    auto result = storage::open_wal(
        disk, options, {}, [](storage::Ticket, std::string_view) { return core::Result<void>(); });
    REQUIRE(result.ok());
    opened = std::move(result).value();
  }
  void append(const std::string& value) {
    const std::string bytes = batch_of(++seq, chain, value);
    chain = core::chain_hash(bytes);
    const storage::LogRecord record{kOrigin, seq, seq, bytes};
    REQUIRE(opened.wal->append(std::span(&record, 1), "changes of " + value).ok());
    REQUIRE(opened.wal->sync().ok());
  }
  // Where a value lies: the segment and the offset.
  std::pair<std::string, std::size_t> find(const std::string& value) {
    const std::vector<std::string> names = disk.list().value();
    for (const std::string& name : names) {
      const std::size_t at = disk.content(name).find(value);
      if (name.starts_with("segment-") && at != std::string::npos) return {name, at};
    }
    FAIL("no segment has ", value);
    return {};
  }
  // Changes a bit in the header of the record with a value.
  void damage(const std::string& value) {
    const auto [name, at] = find(value);
    const std::size_t header = disk.content(name).rfind(storage::kRecordMagic, at);
    disk.flip(name, header + 40, 4);
  }
  // Opens it again, and reads what is set aside then.
  std::vector<Found> lose() {
    open();
    std::vector<Found> all;
    const std::vector<LogLoss> losses = storage::losses_set_aside(disk).value();
    for (const LogLoss& loss : losses) {
      CHECK(std::ranges::count(opened.losses, loss) == 1);
      const auto found = storage::SetAside::open(disk, loss).value();
      storage::StretchSearch search(found.segments, loss);
      while (search.step().value()) continue;
      storage::StretchReader reader(found.segments, search.stretches());
      while (const auto record = reader.next().value()) {
        if (record->header.batches == 0) continue;
        all.push_back({record->header.first, record->proven, std::string(record->body)});
      }
    }
    return all;
  }
};

std::size_t proven(const std::vector<Found>& all) {
  return static_cast<std::size_t>(std::ranges::count(all, true, &Found::proven));
}

// Two records, one behind the other, for a place of a log.
std::string forged(std::uint64_t place, std::uint64_t opening, Position first, core::Seq seq) {
  std::string all;
  core::ChainHash chain{};
  for (int i = 0; i < 2; ++i) {
    const std::string bytes = batch_of(seq + i, chain, "evil");
    chain = core::chain_hash(bytes);
    const storage::LogRecord record{kOrigin, seq + i, seq + i, bytes};
    storage::RecordHeader header{
        .place = place + all.size(), .opening = opening, .first = first + i};
    std::string encoded;
    REQUIRE(storage::encode_record(encoded, header, std::span(&record, 1), "c").ok());
    all += encoded;
  }
  return all;
}

}  // namespace

TEST_SUITE("wal: set aside") {
  TEST_CASE("records behind damage are proven by the next one of their origin") {
    Log log;
    for (const char* value : {"one", "two", "three", "four", "five", "six"}) log.append(value);
    log.damage("three");
    const auto found = log.lose();
    REQUIRE(found.size() == 3);
    CHECK(proven(found) == 3);
    CHECK(found.front().position == 4);
    CHECK(storage::bytes_set_aside(log.disk).value() > 0);
    REQUIRE(storage::remove_set_aside(log.disk).ok());
    CHECK(storage::bytes_set_aside(log.disk).value() == 0);
    CHECK(storage::losses_set_aside(log.disk).value().empty());
  }

  TEST_CASE("a single last one behind a hole is listed, and not proven") {
    Log log;
    for (const char* value : {"one", "two", "three", "four"}) log.append(value);
    log.damage("three");
    const auto found = log.lose();
    REQUIRE(found.size() == 1);
    CHECK(proven(found) == 0);
    // Where the header of the damaged record is sound it is known where the next one begins.
    Log known;
    for (const char* value : {"one", "two", "three", "four"}) known.append(value);
    const auto [name, at] = known.find("three");
    known.disk.flip(name, at, 4);
    const auto next = known.lose();
    REQUIRE(next.size() == 1);
    CHECK(proven(next) == 1);
  }

  TEST_CASE("a segment with a bad header is read by its name") {
    Log log;
    for (int i = 0; i < 30; ++i)
      log.append("value" + std::to_string(100 + i) + std::string(300, 'v'));
    const auto [name, at] = log.find("value110");
    log.disk.flip(name, 20, 1);
    log.damage("value101");  // Else the records tell the header.
    const auto found = log.lose();
    CHECK(found.size() == proven(found));
    CHECK(std::ranges::any_of(
        found, [](const Found& each) { return each.bytes.find("value110") != std::string::npos; }));
    CHECK(std::ranges::any_of(
        found, [](const Found& each) { return each.bytes.find("value129") != std::string::npos; }));
  }

  TEST_CASE("records in a client's value prove nothing") {
    for (const bool two : {false, true}) {
      CAPTURE(two);
      Log log;
      log.append("one");
      const std::size_t size = forged(0, 1, 1, 1).size();
      log.append(std::string(size, 'x'));
      if (two) log.append("two");
      for (const char* value : {"three", "four", "five"}) log.append(value);
      const auto [name, at] = log.find(std::string(size, 'x'));
      const std::uint64_t start = storage::SegmentName::parse(name)->start;
      const std::uint64_t place = start + at - storage::kSegmentHeaderSize;
      const std::string evil = forged(place, storage::SegmentName::parse(name)->opening, 2, 2);
      REQUIRE(evil.size() == size);
      log.damage(std::string(size, 'x'));
      if (two) log.damage("two");
      log.disk.content(name).replace(at, size, evil);
      const auto found = log.lose();
      CHECK(found.size() >= 3);
      for (const Found& each : found) {
        CAPTURE(each.position);
        CHECK_FALSE((each.proven && each.bytes.find("evil") != std::string::npos));
      }
    }
  }
}

}  // namespace anabranch::set_aside_test
