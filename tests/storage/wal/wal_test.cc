#include "storage/wal/wal.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>

#include <string>
#include <thread>
#include <vector>

#include "storage/wal/posix_files.h"
#include "storage/wal/wal_reader.h"
#include "tests/storage/wal/test_log.h"
#include "tests/temp_dir.h"

namespace anabranch::storage::test::wal_test {
namespace {

using Strings = std::vector<std::string>;

// Text of which two commits fill a segment.
std::string half(char letter) { return std::string(900, letter); }

std::size_t count(const RecordedFiles& disk, DiskCall call) {
  std::size_t calls = 0;
  for (const JournalEntry& entry : disk.journal()) calls += entry.call == call ? 1 : 0;
  return calls;
}

TEST_CASE("tickets and positions are those of the commits") {
  TestLog log;
  const Ticket begin = log.wal->last().ticket;
  CHECK(log.wal->durable().ticket == begin);
  const Ticket one = log.append("one");
  CHECK_GT(one, begin);
  CHECK_EQ(log.wal->last().position, 1);
  CHECK(log.wal->durable().ticket == begin);
  const auto empty = log.wal->append({}, "no batch");
  REQUIRE(empty.ok());
  CHECK_GT(empty.value(), one);
  CHECK_EQ(log.wal->last().position, 1);
  const auto synced = log.wal->sync();
  REQUIRE(synced.ok());
  CHECK(synced.value() == empty.value());
  CHECK(log.wal->durable().ticket == empty.value());
  CHECK_EQ(log.wal->durable().position, 1);
}

TEST_CASE("a sync without anything new asks nothing of the disk") {
  TestLog log;
  log.append_synced("one");
  const std::size_t calls = log.disk->journal().size();
  REQUIRE(log.wal->sync().ok());
  CHECK_EQ(log.disk->journal().size(), calls);
}

TEST_CASE("the disk begins with each mebibyte of a log that nobody syncs") {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
  TestLog log({.segment_bytes = 4 * kMebibyte, .first_bytes = 4 * kMebibyte});
  const std::string tenth(kMebibyte / 20, 'x');  // Once as a batch, once as a change.
  for (int i = 0; i < 25; ++i) log.append(tenth);
  REQUIRE_EQ(log.disk->begun().size(), 2);
  const BegunSync first = log.disk->begun().front();
  const BegunSync second = log.disk->begun().back();
  CHECK_EQ(second.offset, first.offset + first.size);
  for (const BegunSync& each : {first, second}) {
    CHECK(each.size >= kMebibyte);
    CHECK(each.size < 2 * kMebibyte);
    CHECK(each.name == first.name);
  }
  REQUIRE(log.wal->sync().ok());
  for (int i = 0; i < 50; ++i) log.append_synced(tenth);
  CHECK_EQ(log.disk->begun().size(), 2);
  REQUIRE_EQ(log.segments().size(), 2);
  for (int i = 0; i < 30; ++i) log.append(tenth);
  REQUIRE(log.segments().size() > 2);
  const BegunSync& last = log.disk->begun().back();
  CHECK(last.name != first.name);
  CHECK(last.offset >= kSegmentHeaderSize);
  CHECK(last.offset + last.size <= 4 * kMebibyte + tenth.size());
}

TEST_CASE("an append into a segment changes no size") {
  TestLog log;
  const std::string name = log.segments().front();
  const std::size_t size = log.disk->content(name).size();
  CHECK_EQ(size, log.options.segment_bytes);
  log.append_synced(half('a'));
  CHECK_EQ(log.disk->content(name).size(), size);
}

TEST_CASE("a reader goes on behind what it has read") {
  TestLog log;
  WalReader reader = log.wal->read(1);
  CHECK_FALSE(reader.next().value().has_value());
  for (char letter = 'a'; letter <= 'g'; ++letter) {
    log.append(half(letter));
    const auto next = reader.next();
    REQUIRE(next.ok());
    REQUIRE(next.value().has_value());
    CHECK_EQ(next.value()->batch.bytes, half(letter));
    CHECK_EQ(next.value()->position, log.wal->last().position);
    CHECK_FALSE(reader.next().value().has_value());
  }
}

TEST_CASE("a record that is larger than a segment has one of its own") {
  TestLog log;
  const std::string large(20'000, 'x');
  log.append("before");
  log.append_synced(large);
  log.append_synced("behind");
  CHECK_EQ(log.segments().size(), 3);
  CHECK_EQ(log.batches(), Strings{"before", large, "behind"});
  log.lose_power(Survival::kNone);
  log.open();
  CHECK_EQ(log.redone(), Strings{"before", large, "behind"});
}

TEST_CASE("a batch is found by its origin and its last seq") {
  TestLog log;
  std::vector<LogRecord> batches;
  for (core::Seq seq = 1; seq <= 400; seq += 2) {
    batches.assign({{1 + seq % 4, seq, seq + 1, "batch"}, {50, seq * 10, seq * 10, ""}});
    REQUIRE(log.wal->append(batches, std::string(600, 'c')).ok());
  }
  const auto check = [&] {
    for (core::Seq seq = 1; seq <= 400; ++seq) {
      const core::Seq first = seq - (seq + 1) % 2;
      CHECK((log.wal->find(1 + first % 4, seq).value() == Position{first}));
    }
    CHECK((log.wal->find(50, 11).value() == Position{4}));
    CHECK((log.wal->find(50, 0).value() == Position{2}));
    CHECK_FALSE(log.wal->find(50, 4000).value().has_value());
    CHECK_FALSE(log.wal->find(3, 1).value().has_value());
  };
  check();
  REQUIRE(log.wal->sync().ok());
  log.open(log.base_here());
  check();
  // Without footers.
  for (const std::string& name : log.segments()) {
    std::string& content = log.disk->content(name);
    for (auto at = content.find("abf1"); at != content.npos; at = content.find("abf1", at)) {
      content[at] = 'x';
    }
  }
  log.open(log.base_here());
  check();
}

TEST_CASE("a large batch is found without being read") {
  TestLog log({.segment_bytes = 8 << 20U, .spares = 2});
  const std::string small = "small";
  const std::string large(2'000'000, 'x');
  for (const std::string& bytes : {small, large, small}) log.append_synced(bytes);
  const std::vector<LogRecord> batches = {{9, 1, 1, small}, {9, 2, 2, large}, {9, 3, 3, small}};
  REQUIRE(log.wal->append(batches, "").ok());
  const std::vector<LogRecord> behind = {{9, 4, 4, small}};
  REQUIRE(log.wal->append(behind, large).ok());
  REQUIRE(log.wal->sync().ok());
  const auto check = [&] {
    const std::uint64_t before = log.disk->read_bytes();
    CHECK((log.wal->find(7, 2).value() == Position{2}));
    CHECK((log.wal->find(9, 2).value() == Position{5}));
    CHECK((log.wal->find(9, 4).value() == Position{7}));
    CHECK(log.disk->read_bytes() - before < 500'000);
  };
  check();
  log.open(log.base_here());
  check();
}

TEST_CASE("trimming removes whole segments below both floors and uses their files again") {
  TestLog log;
  for (char letter = 'a'; letter <= 'h'; ++letter) log.append_synced(half(letter));
  const auto spans = log.wal->spans();
  REQUIRE_EQ(spans.size(), 4);
  CHECK_EQ(spans[0].first, 1);
  CHECK_EQ(spans[1].first, 3);
  REQUIRE(log.wal->trim(5, Ticket{0}).ok());
  CHECK_EQ(log.wal->spans().size(), 4);
  REQUIRE(log.wal->trim(0, log.wal->last().ticket).ok());
  CHECK_EQ(log.wal->spans().size(), 4);
  REQUIRE(log.wal->trim(4, log.wal->last().ticket).ok());
  CHECK_EQ(log.wal->spans().front().first, 3);
  REQUIRE(log.wal->trim(100, log.wal->last().ticket).ok());
  CHECK_EQ(log.batches(), Strings{half('g'), half('h')});
  CHECK_FALSE(log.wal->find(7, 100).value().has_value());
  CHECK((log.wal->find(7, 1).value() == Position{7}));
  CHECK_EQ(log.disk->list().value().size(), 3);
  const std::size_t created = count(*log.disk, DiskCall::kCreate);
  for (char letter = 'i'; letter <= 'l'; ++letter) log.append_synced(half(letter));
  CHECK_EQ(count(*log.disk, DiskCall::kCreate), created);
  const WalBase base{log.wal->last().ticket, log.wal->last().position, 1};
  log.lose_power(Survival::kNone);
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK_EQ(log.batches().size(), 6);
}

TEST_CASE("a trim that fails closes the log and loses nothing that is needed") {
  for (const DiskCall call : {DiskCall::kRename, DiskCall::kRemove, DiskCall::kSyncFolder}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(seed);
      TestLog log;
      for (char letter = 'a'; letter <= 'h'; ++letter) log.append_synced(half(letter));
      const WalBase base = log.base_here();
      log.append_synced("last");
      log.disk->fail(call, 1);
      CHECK_FALSE(log.wal->trim(100, base.ticket).ok());
      CHECK_FALSE(log.wal->append({}, "more").ok());
      log.lose_power(Survival::kRandom, seed);
      log.open(base);
      CHECK(log.opened.verdict == WalVerdict::kWhole);
      CHECK_EQ(log.redone(), Strings{"last"});
      CHECK_EQ(log.batches().back(), "last");
      // Without a gap, however much of the trim survived.
      const auto left = batches_of(*log.wal).value();
      CHECK_EQ(left.back().position - left.front().position + 1, left.size());
    }
  }
}

TEST_CASE("a file that a reader holds is not used again") {
  TestLog log;
  for (char letter = 'a'; letter <= 'd'; ++letter) log.append_synced(half(letter));
  WalReader reader = log.wal->read(1);
  REQUIRE(reader.next().ok());
  REQUIRE(log.wal->trim(3, log.wal->last().ticket).ok());
  CHECK_EQ(log.disk->list().value().size(), 1);
  const auto next = reader.next();
  REQUIRE(next.ok());
  CHECK_EQ(next.value()->position, 3);
}

TEST_CASE("a segment that is prepared is taken without being filled") {
  TestLog log;
  REQUIRE(log.wal->prepare().ok());
  const std::size_t created = count(*log.disk, DiskCall::kCreate);
  REQUIRE(log.wal->prepare().ok());
  for (char letter = 'a'; letter <= 'c'; ++letter) log.append(half(letter));
  CHECK_EQ(count(*log.disk, DiskCall::kCreate), created);
  CHECK_EQ(log.segments().size(), 2);
}

TEST_CASE("a log with no room to prepare a segment stays open") {
  TestLog log;
  log.disk->fail(DiskCall::kWrite, 1, ENOSPC);
  CHECK_FALSE(log.wal->prepare().ok());
  log.append_synced("one");
  REQUIRE(log.wal->prepare().ok());
}

TEST_CASE("on a nearly full disk no file is made ahead of use, and spare ones are given back") {
  TestLog log;
  REQUIRE(log.wal->prepare().ok());
  const std::size_t files = log.disk->list().value().size();
  REQUIRE(log.wal->give_back_spares().ok());
  CHECK_EQ(log.disk->list().value().size(), files - 1);
  CHECK_GT(log.wal->room_ahead(), 0);

  log.disk->set_free_bytes(1000);
  REQUIRE(log.wal->prepare().ok());
  CHECK_EQ(log.disk->list().value().size(), files - 1);
  for (char letter = 'a'; letter <= 'c'; ++letter) log.append_synced(half(letter));
  CHECK_EQ(log.segments().size(), 2);
  CHECK_GT(log.wal->room_ahead(), 0);
  REQUIRE(log.wal->trim(3, log.wal->last().ticket).ok());
  CHECK_EQ(log.disk->list().value().size(), 1);
}

TEST_CASE("the real disk keeps a log") {
  const anabranch::test::TempDir folder;
  const auto files = posix_files(folder.path());
  const WalOptions options{.segment_bytes = 8192};
  const std::string bytes(500, 'b');
  std::string all;
  for (int life = 0; life < 4; ++life) {
    Opening opening(*files, options);
    REQUIRE(opening.opened.ok());
    std::string redone;
    for (const Redone& each : opening.redone) redone += each.changes;
    CHECK_EQ(redone, all);
    Wal& wal = *opening.opened.value().wal;
    for (int i = 0; i < 30; ++i) {
      const std::string text = std::to_string(life) + ":" + std::to_string(i) + " ";
      const LogRecord batch{5, static_cast<core::Seq>(life * 100 + i + 1),
                            static_cast<core::Seq>(life * 100 + i + 1), bytes};
      REQUIRE(wal.append(std::span(&batch, 1), text).ok());
      all += text;
    }
    REQUIRE(wal.sync().ok());
    CHECK((wal.find(5, static_cast<core::Seq>(life * 100 + 1)).value() == Position(life * 30 + 1)));
    CHECK_EQ(batches_of(wal).value().size(), static_cast<std::size_t>(life * 30 + 30));
  }
}

TEST_CASE("syncs and readers on other threads see commits in order") {
  const anabranch::test::TempDir folder;
  const auto files = posix_files(folder.path());
  Opening opening(*files, {.segment_bytes = 16'384});
  REQUIRE(opening.opened.ok());
  Wal& wal = *opening.opened.value().wal;
  std::atomic<bool> ended = false;
  std::thread syncer([&] {
    while (!ended && wal.sync().ok()) std::this_thread::yield();
  });
  std::thread reading([&] {
    Position last = 0;
    WalReader reader = wal.read(1);
    while (last < 500) {
      const auto next = reader.next();
      if (next.ok() && !next.value()) continue;
      REQUIRE(next.ok());
      CHECK_GT(next.value()->position, last);
      last = next.value()->position;
    }
  });
  const std::string bytes(300, 'b');
  for (core::Seq seq = 1; seq <= 500; ++seq) {
    const LogRecord batch{5, seq, seq, bytes};
    REQUIRE(wal.append(std::span(&batch, 1), "changes").ok());
    if (seq % 50 == 0) CHECK(wal.prepare().ok());
  }
  reading.join();
  ended = true;
  syncer.join();
  CHECK(wal.sync().value() == wal.last().ticket);
}

}  // namespace
}  // namespace anabranch::storage::test::wal_test
