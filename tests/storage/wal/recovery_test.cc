// The five rules of opening, and the verdicts. plants_main.cc shows that each test fails without
// its rule.

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "storage/wal/wal_record.h"
#include "storage/wal/wal_segment.h"
#include "tests/storage/wal/test_log.h"

namespace anabranch::storage::test::recovery_test {
namespace {

using Strings = std::vector<std::string>;

// Returns the content of the files that an opening has set aside.
std::string set_aside(const TestLog& log) {
  std::string content;
  const auto names = log.disk->list();
  for (const std::string& name : names.value()) {
    if (name.starts_with("damaged-segment-")) content += log.disk->content(name);
  }
  return content;
}

// Text of which two commits fill a segment.
std::string large(char letter) { return std::string(900, letter); }

TEST_CASE("an empty folder is a log without commits that was closed") {
  TestLog log;
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK(log.opened.closed);
  CHECK_EQ(log.wal->last().position, 0);
  CHECK_EQ(log.wal->opening(), 1);
  CHECK(log.batches().empty());
}

TEST_CASE("rule 1: the number of an opening is on disk when the opening returns") {
  TestLog log;
  log.append_synced("one");
  log.open();
  const std::uint64_t opening = log.wal->opening();
  log.lose_power(Survival::kNone);
  log.open();
  CHECK_GT(log.wal->opening(), opening);
  CHECK_EQ(log.redone(), Strings{"one"});
}

TEST_CASE("rule 2: a bad record that was on disk is damage, told of, and redoing stops there") {
  TestLog log;
  log.append_synced("one");
  log.append_synced("two");
  log.append_synced("three");
  log.damage("two");
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  CHECK_EQ(log.redone(), Strings{"one"});
  CHECK_EQ(log.batches(), Strings{"one"});
  CHECK(set_aside(log).find("three") != std::string::npos);
  log.append_synced("four");
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK_EQ(log.redone(), Strings{"one", "four"});
}

TEST_CASE("rule 2: damage in a segment before the last one is told of, and the rest is cut") {
  TestLog log;
  for (char letter = 'a'; letter <= 'f'; ++letter) log.append_synced(large(letter));
  REQUIRE_GT(log.segments().size(), 2);
  log.damage(large('c'));
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  CHECK_EQ(log.redone(), Strings{large('a'), large('b')});
  log.append_synced("on");
  CHECK_EQ(log.batches(), Strings{large('a'), large('b'), "on"});
  CHECK(set_aside(log).find(large('f')) != std::string::npos);
}

TEST_CASE("rule 2: a bad header of a segment is told by its records") {
  for (std::size_t segment = 0; segment < 3; ++segment) {
    for (std::size_t byte = 0; byte < kSegmentHeaderSize; ++byte) {
      TestLog log;
      for (char letter = 'a'; letter <= 'f'; ++letter) log.append_synced(large(letter));
      const Strings before = log.batches();
      REQUIRE_GE(log.segments().size(), 3);
      const std::string name = log.segments().at(segment);
      log.disk->flip(name, byte, 1);
      log.lose_power(Survival::kNone);
      log.open();
      CHECK(log.opened.verdict == WalVerdict::kWhole);
      CHECK(log.opened.losses.empty());
      const bool is_checked = byte < 4 || byte >= 8;  // Four bytes are zero, and nobody reads them.
      CHECK_EQ(log.opened.headers.size(), is_checked ? 1 : 0);
      CHECK_EQ(log.redone(), before);
      CHECK_EQ(log.batches(), before);
      log.append_synced("on");
      log.open();
      CHECK(log.opened.verdict == WalVerdict::kWhole);
      const std::vector<std::string> left = log.segments();
      if (std::ranges::count(left, name) == 0) continue;  // It was copied into that of the opening.
      CHECK(open_segment(*log.disk, *SegmentName::parse(name)).value().sound);
    }
  }
}

TEST_CASE("rule 2: a bad header and a bad record before it are damage") {
  TestLog log;
  for (char letter = 'a'; letter <= 'f'; ++letter) log.append_synced(large(letter));
  log.damage(large('b'));
  log.disk->flip(log.segments().at(1), 20, 1);
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  CHECK_EQ(log.redone(), Strings{large('a')});
}

TEST_CASE("rule 2: a bad header behind a segment that is gone is damage") {
  TestLog log;
  for (char letter = 'a'; letter <= 'f'; ++letter) log.append_synced(large(letter));
  const std::vector<std::string> names = log.segments();
  REQUIRE_GE(names.size(), 3);
  REQUIRE(log.disk->remove(names.at(1)).ok());
  log.disk->flip(names.at(2), 20, 1);
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  CHECK_LT(log.redone().size(), 6);
}

TEST_CASE("rule 2: a bad record that nothing calls synced is the end") {
  TestLog log;
  log.append_synced("one");
  log.append("two");
  log.append("three");
  log.damage("two");
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kCut);
  CHECK_EQ(log.redone(), Strings{"one"});
  CHECK_EQ(log.batches(), Strings{"one"});
  CHECK_EQ(set_aside(log), "");
}

TEST_CASE("rule 3: a record behind the end never turns valid again") {
  TestLog log;
  log.append_synced("one");
  log.append("two");
  log.append("three");
  log.damage("two");
  log.open();
  log.append_synced("2nd");  // As long as the one that got lost.
  CHECK_EQ(log.batches(), Strings{"one", "2nd"});
  log.open();
  CHECK_EQ(log.redone(), Strings{"one", "2nd"});
}

TEST_CASE("rule 4: what was read after a failed sync is on disk before it counts as such") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestLog log;
    log.disk = std::make_unique<RecordedFiles>(seed);
    log.open();
    log.append_synced("one");
    log.append(large('b'));
    log.disk->fail(DiskCall::kSync, 1);
    CHECK_FALSE(log.wal->sync().ok());
    log.open();  // The process was killed, the machine was not.
    const Strings redone = log.redone();
    CHECK_EQ(redone, Strings{"one", large('b')});
    log.append_synced("three");
    log.lose_power(Survival::kNone);
    log.open();
    CHECK_EQ(log.redone(), Strings{"one", large('b'), "three"});
  }
}

TEST_CASE("rule 5: segments before one that is missing are removed") {
  TestLog log;
  for (char letter = 'a'; letter <= 'h'; ++letter) log.append_synced(large(letter));
  const WalBase base = log.base_here();
  log.opened.wal.reset();
  const Strings names = log.segments();
  REQUIRE_EQ(names.size(), 4);
  REQUIRE(log.disk->remove(names[1]).ok());
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK_EQ(log.batches(), Strings{large('e'), large('f'), large('g'), large('h')});
  CHECK_EQ(log.wal->spans().front().first, 5);
}

TEST_CASE("rule 5: a log that ends before the tables is told of and goes on behind them") {
  TestLog log;
  log.append_synced("one");
  auto old = log.disk->copy();
  log.append_synced("two");
  const WalBase base = log.base_here();
  log.opened.wal.reset();
  log.disk = std::move(old);
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kShort);
  CHECK(log.redone().empty());
  CHECK_GE(log.wal->last().ticket, base.ticket);
  CHECK_EQ(log.wal->last().position, base.position);
  log.append_synced("three");
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK_EQ(log.redone(), Strings{"three"});
}

TEST_CASE("a missing segment behind the tables is damage") {
  TestLog log;
  for (char letter = 'a'; letter <= 'h'; ++letter) log.append_synced(large(letter));
  log.opened.wal.reset();
  REQUIRE(log.disk->remove(log.segments()[1]).ok());
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  CHECK_EQ(log.redone(), Strings{large('a'), large('b')});
}

TEST_CASE("a log without its begin is damaged for tables that need it") {
  TestLog log;
  for (char letter = 'a'; letter <= 'd'; ++letter) log.append_synced(large(letter));
  log.opened.wal.reset();
  REQUIRE(log.disk->remove(log.segments()[0]).ok());
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  CHECK(log.redone().empty());
  CHECK_EQ(log.wal->last().position, 0);
}

TEST_CASE("a log that is gone is too short for its tables") {
  TestLog log;
  log.append_synced("one");
  const WalBase base = log.base_here();
  log.opened.wal.reset();
  log.disk = std::make_unique<RecordedFiles>();
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kShort);
  CHECK_GT(log.wal->opening(), base.opening);
  CHECK_EQ(log.wal->last().position, 1);
}

TEST_CASE("damage in what the tables have hinders no opening") {
  TestLog log;
  log.append_synced("one");
  log.append_synced("two");
  const WalBase base = log.base_here();
  log.append_synced("three");
  log.damage("two");
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK((log.opened.passed == std::vector<Position>{2}));
  CHECK_EQ(log.redone(), Strings{"three"});
  CHECK_EQ(log.batches(), Strings{"one", "Two", "three"});
}

TEST_CASE("damage among batches that count as trimmed, and are not in the tables, is a loss") {
  TestLog log;
  log.append_synced("one");
  WalBase base = log.base_here();
  base.given = 20;
  Position missing = 2;
  SUBCASE("before an opening has left positions out") {}
  SUBCASE("behind one that has") {
    log.open(base);
    missing = 21;
  }
  log.append_synced("two");
  log.append_synced("three");
  log.damage("two");
  log.open(base);
  CHECK(log.opened.verdict == WalVerdict::kDamaged);
  REQUIRE_EQ(log.opened.losses.size(), 1);
  const LogLoss& loss = log.opened.losses.front();
  CHECK(loss.misses_ops());
  CHECK(loss.end_known);
  CHECK_EQ(loss.first, missing);
  CHECK_EQ(loss.unknown, 1);
  REQUIRE_EQ(loss.found.size(), 1);
  CHECK_EQ(loss.found.front().last, 3);
  CHECK_GE(log.wal->last().position, 20);
}

// Four commits in one segment, all in the tables but the last.
struct DamagedLog {
  DamagedLog() {
    for (const char* const bytes : {"one", "two", "three"}) log.append_synced(bytes);
    base = log.base_here();
    log.append_synced("four");
  }
  // Changes a byte of a header; the first record is that of the opening.
  void damage_header(int record) {
    std::string& content = log.disk->content(log.segments().front());
    std::size_t at = content.find(kRecordMagic);
    for (; record > 0; --record) at = content.find(kRecordMagic, at + 1);
    content[at + kRecordHeaderSize - 1] ^= 1;
  }
  [[nodiscard]] std::vector<std::optional<Position>> found() const {
    std::vector<std::optional<Position>> all;
    for (core::Seq seq = 1; seq <= 4; ++seq) all.push_back(log.wal->find(7, seq).value());
    return all;
  }
  TestLog log;
  WalBase base;
};

TEST_CASE("a damaged record hides no other one, also after openings") {
  using Found = std::vector<std::optional<Position>>;
  DamagedLog damaged;
  TestLog& log = damaged.log;
  SUBCASE("in a batch: it is shown as it is") {
    log.damage("two");
    const Strings all{"one", "Two", "three", "four"};
    CHECK_EQ(log.batches(), all);
    for (int openings = 0; openings < 2; ++openings) {
      log.open(openings == 0 ? damaged.base : log.base_here());
      CHECK_EQ(log.batches(), all);
      CHECK((damaged.found() == Found{1, 2, 3, 4}));
    }
  }
  SUBCASE("in its header: its batch has no bytes") {
    damaged.damage_header(2);
    const Strings all{"one", "", "three", "four"};
    CHECK_EQ(log.batches(), all);
    for (int openings = 0; openings < 2; ++openings) {
      log.open(openings == 0 ? damaged.base : log.base_here());
      if (openings == 0) CHECK((log.opened.passed == std::vector<Position>{2}));
      CHECK_EQ(log.batches(), all);
      CHECK((damaged.found() == Found{1, 3, 3, 4}));
    }
  }
  SUBCASE("in the last header: its batch has no bytes") {
    damaged.damage_header(4);
    CHECK_EQ(log.batches(), Strings{"one", "two", "three", ""});
    log.append_synced("five");
    CHECK_EQ(log.batches(), Strings{"one", "two", "three", "", "five"});
  }
}

// Returns the positions of all batches.
std::vector<Position> positions(const TestLog& log) {
  std::vector<Position> all;
  const auto batches = batches_of(*log.wal);
  REQUIRE(batches.ok());
  for (const StoredRecord& batch : batches.value()) all.push_back(batch.position);
  return all;
}

TEST_CASE("positions go on behind what is kept: a lost end leaves no hole") {
  for (const bool on_disk : {false, true}) {
    CAPTURE(on_disk);
    TestLog log;
    log.append_synced("one");
    for (const char* const bytes : {"two", "three", "four"}) log.append(bytes);
    if (on_disk) REQUIRE(log.wal->sync().ok());
    if (on_disk) log.append_synced("five");  // It says that those before it were on disk.
    log.damage("two");
    log.open();
    CHECK(log.opened.verdict == (on_disk ? WalVerdict::kDamaged : WalVerdict::kCut));
    CHECK_EQ(log.wal->last().position, 1);
    log.append_synced("2nd");
    CHECK((positions(log) == std::vector<Position>{1, 2}));
    log.open();
    CHECK((positions(log) == std::vector<Position>{1, 2}));
  }
}

TEST_CASE("positions go on behind those that the tables name") {
  TestLog log;
  log.append_synced("one");
  WalBase base = log.base_here();
  base.position = 9;
  log.open(base);
  CHECK_EQ(log.wal->last().position, 9);
}

TEST_CASE("a log with holes, as earlier versions have left them, is read, found in and trimmed") {
  TestLog log;
  log.append_synced("one");
  std::vector<Position> all{1};
  for (Position passed = 20; passed < 100; passed += 20) {
    log.open({.ticket = {}, .position = passed, .opening = 0});
    for (char letter = 'a'; letter <= 'c'; ++letter) {  // More than a segment.
      log.append_synced(large(letter));
      all.push_back(log.wal->last().position);
    }
  }
  REQUIRE(all.back() == 83);
  for (int openings = 0; openings < 3; ++openings) {
    CHECK(positions(log) == all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(log.wal->find(7, i + 1).value() == all[i]);
      const auto from = batches_of(*log.wal, all[i] + 1).value();
      CHECK(from.size() == all.size() - i - 1);
    }
    log.open();
    CHECK(log.opened.verdict == WalVerdict::kWhole);
    CHECK_EQ(log.wal->last().position, all.back());
  }
  REQUIRE(log.wal->trim(50, log.wal->last().ticket).ok());  // In a hole.
  const std::vector<Position> left = positions(log);
  CHECK(left.size() < all.size());
  CHECK((std::ranges::count(left, 61) == 1 && std::ranges::count(left, 83) == 1));
}

TEST_CASE("a rolled segment is on disk before the first record of the next one") {
  TestLog log;
  log.append(large('a'));
  log.append(large('b'));
  log.append(large('c'));
  REQUIRE_EQ(log.segments().size(), 2);
  log.lose_power(Survival::kNone);
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK_EQ(log.redone(), Strings{large('a'), large('b')});
}

TEST_CASE("a segment has its name on disk before its first record") {
  TestLog log;
  for (char letter = 'a'; letter <= 'c'; ++letter) log.append_synced(large(letter));
  log.lose_power(Survival::kNone);
  log.open();
  CHECK_EQ(log.redone(), Strings{large('a'), large('b'), large('c')});
}

TEST_CASE("an opening is told whether the one before it ended well") {
  TestLog log;
  log.append("one");
  REQUIRE(log.wal->close().ok());
  CHECK_FALSE(log.wal->sync().ok());
  log.lose_power(Survival::kNone);
  log.open();
  CHECK(log.opened.closed);
  CHECK_EQ(log.redone(), Strings{"one"});
  log.open();
  CHECK_FALSE(log.opened.closed);
}

TEST_CASE("spare files of a log without a segment are not used again: they have old records") {
  TestLog log;
  for (char letter = 'a'; letter <= 'f'; ++letter) log.append_synced(large(letter));
  REQUIRE_EQ(log.segments().size(), 3);
  REQUIRE(log.wal->trim(log.wal->last().position, log.wal->last().ticket).ok());
  REQUIRE_EQ(log.segments().size(), 1);
  REQUIRE_EQ(log.disk->list().value().size(), 3);
  REQUIRE(log.disk->remove(log.segments().front()).ok());
  log.open();  // It has the number of the first opening again, and begins at the same place.
  REQUIRE_EQ(log.wal->opening(), 1);
  CHECK_EQ(log.disk->list().value().size(), 1);
  for (char letter = 'A'; letter <= 'C'; ++letter) log.append_synced(large(letter));
  log.open();
  CHECK_EQ(log.redone(), Strings{large('A'), large('B'), large('C')});
}

TEST_CASE("the closing record says that all before it was on disk, also what nobody had synced") {
  for (const std::string bad : {"one", "two"}) {
    TestLog log;
    log.append("one");
    log.append("two");
    REQUIRE(log.wal->close().ok());
    log.damage(bad);
    log.open();
    CHECK(log.opened.verdict == WalVerdict::kDamaged);
    CHECK(log.opened.losses.size() == 1);
  }
}

TEST_CASE("a redo that fails ends the opening and changes nothing") {
  TestLog log;
  log.append_synced("one");
  log.opened.wal.reset();
  const std::size_t calls = log.disk->journal().size();
  const auto opened = open_wal(*log.disk, log.options, {}, [](Ticket, std::string_view) {
    return core::Result<void>(core::invalid("no"));
  });
  REQUIRE_FALSE(opened.ok());
  CHECK_EQ(opened.failure().message, "no");
  CHECK_EQ(log.disk->journal().size(), calls);
}

// A log with all that an opening has to do: a tail that is copied, a bad record, an old segment.
TestLog log_to_open() {
  TestLog log;
  log.append_synced(large('a'));
  log.append_synced(large('b'));
  log.append_synced("c");
  log.append("d");
  log.append("eeee");
  log.append("f");
  log.damage("eeee");
  return log;
}

TEST_CASE("an opening survives a loss of power at each of its calls") {
  const Strings all{large('a'), large('b'), "c", "d"};
  for (std::size_t calls = 0;; ++calls) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const auto survival = seed == 0 ? Survival::kNone : Survival::kRandom;
      CAPTURE(calls);
      CAPTURE(seed);
      TestLog log = log_to_open();
      log.opened.wal.reset();
      log.disk = log.disk->copy();
      log.disk->cut_after(calls);
      const Opening opening(*log.disk, log.options);
      const bool is_through = !log.disk->is_cut();
      log.lose_power(survival, seed);
      log.open();
      CHECK(log.opened.verdict != WalVerdict::kDamaged);
      CHECK_EQ(log.redone(), all);
      log.append_synced("more");
      log.open();
      CHECK_EQ(log.redone().size(), 5);
      if (is_through) return;
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::test::recovery_test
