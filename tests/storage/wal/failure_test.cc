// A disk that fails once, and one that changes a byte.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "storage/wal/wal_reader.h"
#include "tests/storage/wal/test_log.h"

namespace anabranch::storage::test::failure_test {
namespace {

constexpr WalOptions kSmall{.segment_bytes = 2048, .spares = 2};

// Writes with all that can fail, until something does; keeps account of what was acknowledged.
class Work {
 public:
  explicit Work(Wal& wal) : wal_(wal) {}

  // Returns the first failure.
  core::Result<void> run() {
    for (int i = 0; i < 30; ++i) {
      if (auto done = commit(i); !done.ok()) return done;
      if (i % 7 == 3) {
        if (auto done = wal_.trim(wal_.last().position / 2, {}); !done.ok()) return done;
      }
    }
    return {};
  }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] const std::vector<std::string>& all() const { return all_; }

 private:
  core::Result<void> commit(int i) {
    const std::string changes = std::to_string(i) + std::string(200, 'c');
    const LogRecord batch{3, static_cast<core::Seq>(i + 1), static_cast<core::Seq>(i + 1), "b"};
    all_.push_back(changes);
    if (auto done = wal_.append(std::span(&batch, 1), changes); !done.ok()) return done.failure();
    if (i % 3 != 0) return {};
    if (auto done = wal_.sync(); !done.ok()) return done.failure();
    acknowledged_ = all_.size();
    return {};
  }

  Wal& wal_;
  std::vector<std::string> all_;
  std::size_t acknowledged_ = 0;
};

void check_closed(Wal& wal, const core::Failure& why) {
  const auto appended = wal.append({}, "more");
  REQUIRE_FALSE(appended.ok());
  CHECK_EQ(appended.failure().message, why.message);
  const auto synced = wal.sync();
  REQUIRE_FALSE(synced.ok());
  CHECK_EQ(synced.failure().message, why.message);
  CHECK_FALSE(wal.trim(100, wal.last().ticket).ok());
  CHECK_FALSE(wal.prepare().ok());
  CHECK_FALSE(wal.close().ok());
  CHECK(batches_of(wal).ok());
}

void check_kept(TestLog& log, const Work& work) {
  const auto redone = log.redone();
  CHECK_GE(redone.size(), work.acknowledged());
  REQUIRE_LE(redone.size(), work.all().size());
  CHECK(std::equal(redone.begin(), redone.end(), work.all().begin()));
}

TEST_CASE("after any call that fails the log is closed and nothing acknowledged is lost") {
  for (const DiskCall call : {DiskCall::kWrite, DiskCall::kSync, DiskCall::kTruncate,
                              DiskCall::kCreate, DiskCall::kRename, DiskCall::kSyncFolder}) {
    std::size_t failures = 0;
    for (std::size_t n = 1;; ++n) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(n);
      TestLog log(kSmall);
      log.disk->fail(call, n);
      Work work(*log.wal);
      const auto done = work.run();
      if (!log.disk->failed()) break;
      ++failures;
      if (done.ok()) {  // A file ahead of use could not be made: the log does without.
        REQUIRE(log.wal->sync().ok());
      } else {
        CHECK_EQ(done.failure().message, "the disk fails");
        check_closed(*log.wal, done.failure());
      }
      if (n % 2 == 0) log.lose_power(Survival::kNone);
      log.open();
      CHECK(log.opened.verdict != WalVerdict::kDamaged);
      check_kept(log, work);
    }
    CHECK_EQ(failures > 0, call != DiskCall::kTruncate);
  }
}

TEST_CASE("an opening that fails at any call can be tried again") {
  for (const DiskCall call :
       {DiskCall::kWrite, DiskCall::kSync, DiskCall::kTruncate, DiskCall::kCreate,
        DiskCall::kRename, DiskCall::kRemove, DiskCall::kSyncFolder}) {
    for (std::size_t n = 1;; ++n) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(n);
      TestLog log(kSmall);
      Work work(*log.wal);
      REQUIRE(work.run().ok());
      log.opened.wal.reset();
      log.disk->fail(call, n);
      const Opening opening(*log.disk, kSmall);
      const bool through = !log.disk->failed();
      log.disk->no_failure();
      if (!through) {
        REQUIRE_FALSE(opening.opened.ok());
        CHECK_EQ(opening.opened.failure().message, "the disk fails");
      }
      if (n % 2 == 0) log.lose_power(Survival::kNone);
      log.open();
      CHECK(log.opened.verdict != WalVerdict::kDamaged);
      check_kept(log, work);
      if (through) break;
    }
  }
}

TEST_CASE("after a loss of power at any call all is there that was acknowledged") {
  for (std::size_t calls = 0;; ++calls) {
    bool is_through = false;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const auto survival = seed == 0   ? Survival::kNone
                            : seed == 1 ? Survival::kAll
                                        : Survival::kRandom;
      CAPTURE(calls);
      CAPTURE(seed);
      TestLog log(kSmall);
      log.disk->cut_after(calls);
      Work work(*log.wal);
      is_through = work.run().ok();
      log.lose_power(survival, seed);
      log.open();
      CHECK(log.opened.verdict != WalVerdict::kDamaged);
      check_kept(log, work);
    }
    if (is_through) break;
  }
}

// Commits of which the last one alone is not known to be on disk.
std::vector<std::string> fill(TestLog& log) {
  std::vector<std::string> all;
  for (char letter = 'a'; letter <= 'f'; ++letter) {
    all.push_back(std::string(90, letter));
    log.append_synced(all.back());
    if (letter == 'c') log.open();
  }
  all.push_back("last");
  log.append(all.back());
  log.opened.wal.reset();
  return all;
}

void check_flipped(TestLog& log, const std::vector<std::string>& all) {
  log.open();
  const auto redone = log.redone();
  REQUIRE_LE(redone.size(), all.size());
  CHECK(std::equal(redone.begin(), redone.end(), all.begin()));
  const bool lost = redone.size() + 1 < all.size();
  CHECK_EQ(lost, log.opened.verdict == WalVerdict::kDamaged);
  CHECK(log.opened.verdict != WalVerdict::kShort);
  const auto read = batches_of(*log.wal);
  REQUIRE(read.ok());
  CHECK_EQ(read.value().size(), redone.size());
}

TEST_CASE("a changed byte in a log is never content and never a crash") {
  TestLog log({.segment_bytes = 1024, .spares = 2});
  const auto all = fill(log);
  const auto sound = log.disk->copy();
  const auto names = sound->list();
  CHECK_GT(names.value().size(), 2);
  for (const std::string& name : names.value()) {
    for (std::size_t i = 0; i < sound->content(name).size(); ++i) {
      CAPTURE(name);
      CAPTURE(i);
      log.disk = sound->copy();
      char& byte = log.disk->content(name)[i];
      byte = static_cast<char>(byte ^ (1U << i % 8));
      check_flipped(log, all);
    }
  }
}

TEST_CASE("a changed byte in a part that the tables have changes one batch at most") {
  TestLog log({.segment_bytes = 1024, .spares = 2});
  const auto all = fill(log);
  log.open();
  const WalBase base = log.base_here();
  const auto sound = log.disk->copy();
  const auto names = sound->list();
  for (const std::string& name : names.value()) {
    for (std::size_t i = 0; i < sound->content(name).size(); ++i) {
      CAPTURE(name);
      CAPTURE(i);
      log.disk = sound->copy();
      char& byte = log.disk->content(name)[i];
      byte = static_cast<char>(byte ^ (1U << i % 8));
      log.open(base);
      CHECK(log.redone().empty());
      CHECK_GE(log.wal->last().ticket, base.ticket);
      WalReader reader = log.wal->read(0);
      Position behind = 0;
      for (auto next = reader.next(); next.ok() && next.value(); next = reader.next()) {
        const PlacedBatch& placed = *next.value();
        REQUIRE_LE(placed.position, all.size());
        CHECK((behind == 0 || placed.position == behind));
        behind = placed.position + 1;
        if (placed.sound) CHECK_EQ(placed.batch.bytes, all[placed.position - 1]);
      }
      CHECK((behind == 0 || behind == all.size() + 1));
      const auto found = log.wal->find(7, 3);
      if (found.ok() && found.value()) CHECK_GE(*found.value(), 3);
    }
  }
}

TEST_CASE("a file of a log that ends early is never content and never a crash") {
  TestLog log({.segment_bytes = 1024, .spares = 2});
  const auto all = fill(log);
  const auto sound = log.disk->copy();
  const auto names = sound->list();
  for (const std::string& name : names.value()) {
    for (std::size_t size = 0; size < sound->content(name).size(); size += 7) {
      CAPTURE(name);
      CAPTURE(size);
      log.disk = sound->copy();
      log.disk->content(name).resize(size);
      log.open();
      const auto redone = log.redone();
      REQUIRE_LE(redone.size(), all.size());
      CHECK(std::equal(redone.begin(), redone.end(), all.begin()));
      log.append_synced("on");
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::test::failure_test
