// Logs with more than one block of the index and one piece of the read-ahead in a segment.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "storage/wal/wal_reader.h"
#include "tests/seed.h"
#include "tests/storage/wal/test_log.h"

namespace anabranch::storage::test::large_log_test {
namespace {

constexpr WalOptions kLarge{.segment_bytes = std::uint64_t{1} << 20U, .spares = 1};

// Appends batches of three origins, the third one seldom; some are larger than the read-ahead.
std::vector<StoredRecord> fill(Wal& wal, Random& random, int commits) {
  std::vector<StoredRecord> all;
  std::vector<core::Seq> seqs(4, 0);
  for (int i = 0; i < commits; ++i) {
    const core::Origin origin = random() % 30 == 0 ? 3 : 1 + random() % 2;
    const std::size_t size = random() % 40 == 0 ? 300'000 : random() % 8'000;
    const core::Seq first = seqs[origin] + 1;
    seqs[origin] += 1 + random() % 4;
    all.push_back({wal.last().position + 1, origin, first, seqs[origin],
                   std::string(size, static_cast<char>(random()))});
    const LogRecord batch{origin, first, seqs[origin], all.back().bytes};
    REQUIRE(wal.append(std::span(&batch, 1), "abr1 is no record").ok());
  }
  REQUIRE(wal.sync().ok());
  return all;
}

void check_all(const Wal& wal, const std::vector<StoredRecord>& all) {
  const auto read = batches_of(wal);
  REQUIRE(read.ok());
  REQUIRE_EQ(read.value().size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK((read.value()[i].bytes == all[i].bytes));
    WalReader reader = wal.read(all[i].position);
    const auto next = reader.next();
    REQUIRE(next.ok());
    CHECK_EQ(next.value()->position, all[i].position);
    CHECK_EQ(next.value()->batch.first, all[i].first);
    CHECK((wal.find(all[i].origin, all[i].first).value() == all[i].position));
    CHECK((wal.find(all[i].origin, all[i].last).value() == all[i].position));
  }
}

TEST_CASE("all batches of a large log are read and found, also after an opening") {
  Random random(anabranch::test::seed());
  TestLog log(kLarge);
  const auto all = fill(*log.wal, random, 600);
  CHECK_GT(log.segments().size(), 2);
  check_all(*log.wal, all);
  const WalBase base = log.base_here();
  log.open(base);
  CHECK(log.redone().empty());
  check_all(*log.wal, all);
  log.open();
  CHECK_EQ(log.redone().size(), all.size());
  check_all(*log.wal, all);
}

TEST_CASE("an index has few entries for a large segment") {
  TestLog log(kLarge);
  for (int i = 0; i < 9'000; ++i) log.append("small");
  const auto stretch = log.wal->stretch_at(log.wal->last().ticket.end - 1);
  REQUIRE(stretch.has_value());
  CHECK_LE(stretch->segment->index.entries().size(), 17);
  CHECK((log.wal->find(7, 8'888).value() == Position{8'888}));
}

TEST_CASE("damage is told from an end however far the next sound record is") {
  Random random(anabranch::test::seed());
  for (int i = 0; i < 30; ++i) {
    TestLog log(kLarge);
    log.append_synced("before");
    log.append(std::string(random() % 400'000, 'd'));
    const std::uint64_t damaged = log.wal->last().ticket.end - 1 - random() % 20;
    log.append_synced("behind");
    log.append("the last one");
    log.opened.wal.reset();
    char& byte = log.disk->content(log.segments().front())[64 + damaged];
    byte = static_cast<char>(byte ^ 4);
    log.open();
    CHECK(log.opened.verdict == WalVerdict::kDamaged);
    CHECK_EQ(log.redone(), std::vector<std::string>{"before"});
  }
}

TEST_CASE("the bytes of a log in a commit are never taken for records") {
  TestLog log;
  log.append_synced("one");
  log.append_synced("two");
  const std::string copy = log.disk->content(log.segments().front()).substr(0, 600);
  log.append_synced(copy);
  log.append(copy + copy);
  log.open();
  CHECK_EQ(log.redone(), std::vector<std::string>{"one", "two", copy, copy + copy});
  log.append(copy);
  log.append("end");
  log.damage("end");
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kCut);
  CHECK_EQ(log.redone().size(), 5);
}

}  // namespace
}  // namespace anabranch::storage::test::large_log_test
