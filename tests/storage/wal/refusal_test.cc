// Causes that may pass: what needs something of the system besides writes and syncs is refused,
// changes nothing, and goes through when the cause has passed.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "storage/wal/wal_reader.h"
#include "tests/storage/wal/test_log.h"

namespace anabranch::storage::test::refusal_test {
namespace {

constexpr std::array kPassing{EMFILE, ENFILE, ENOSPC, EDQUOT, EINTR, ENOMEM, EAGAIN, EACCES};
constexpr WalOptions kSmall{.segment_bytes = 2048, .spares = 1};

// Writes, syncs and trims; what is refused is done again at once.
class Work {
 public:
  explicit Work(TestLog& log) : log_(log) {}

  // Returns whether the log is open at the end.
  bool run() {
    for (int i = 0; i < 30 && !log_.wal->failure(); ++i) {
      commit(i);
      if (i % 3 == 0 && log_.wal->sync().ok()) synced_ = all_.size();
      if (i % 7 == 3) trim();
    }
    return !log_.wal->failure();
  }
  [[nodiscard]] int refused() const { return refused_; }
  // How many commits the tables have, and how far those are.
  [[nodiscard]] std::size_t in_tables() const { return in_tables_; }
  [[nodiscard]] const WalBase& base() const { return base_; }
  [[nodiscard]] std::size_t synced() const { return synced_; }
  [[nodiscard]] const std::vector<std::string>& all() const { return all_; }

 private:
  void commit(int i) {
    const std::string changes = std::to_string(i) + std::string(200, 'c');
    const auto seq = static_cast<core::Seq>(i + 1);
    const LogRecord batch{3, seq, seq, "b"};
    const Wal::Reach before = log_.wal->last();
    auto done = log_.wal->append(std::span(&batch, 1), changes);
    if (!done.ok() && done.failure().passes) {
      ++refused_;
      REQUIRE_FALSE(log_.wal->failure());
      CHECK(log_.wal->last().ticket == before.ticket);
      CHECK_EQ(log_.wal->last().position, before.position);
      done = log_.wal->append(std::span(&batch, 1), changes);
      REQUIRE(done.ok());
    }
    all_.push_back(changes);  // It may be there also when the log is closed by it.
  }

  // As if the tables had all that is on the disk.
  void trim() {
    if (!log_.wal->sync().ok()) return;
    base_ = log_.base_here();
    in_tables_ = synced_ = all_.size();
    if (log_.wal->trim(base_.position / 2, base_.ticket).ok()) {
      REQUIRE(log_.wal->trim_again().ok());
    }
  }

  TestLog& log_;
  std::vector<std::string> all_;
  std::size_t synced_ = 0;
  std::size_t in_tables_ = 0;
  WalBase base_;
  int refused_ = 0;
};

// All that was synced is there, and of the others the first ones.
void check_kept(const TestLog& log, const Work& work) {
  const auto redone = log.redone();
  const std::size_t size = work.in_tables() + redone.size();
  CHECK_GE(size, work.synced());
  REQUIRE_LE(size, work.all().size());
  const auto behind = work.all().begin() + static_cast<std::ptrdiff_t>(work.in_tables());
  CHECK(std::equal(redone.begin(), redone.end(), behind));
}

// No file is left but segments and spare ones.
std::size_t files_beside_segments(const TestLog& log) {
  return log.disk->list().value().size() - log.wal->spans().size();
}

// Runs with the n-th call of a kind failing, for each n until there are no more.
template <typename Check>
void for_each_failure(DiskCall call, int error, const Check& check) {
  for (std::size_t n = 1;; ++n) {
    CAPTURE(static_cast<int>(call));
    CAPTURE(error);
    CAPTURE(n);
    TestLog log(kSmall);
    log.disk->fail(call, n, error);
    Work work(log);
    const bool open = work.run();
    if (!log.disk->failed()) break;
    log.disk->no_failure();
    check(log, work, open);
    log.lose_power(n % 2 == 0 ? Survival::kNone : Survival::kRandom, n);
    log.open(work.base());
    CHECK(log.opened.verdict != WalVerdict::kDamaged);
    CHECK(log.opened.verdict != WalVerdict::kShort);
    check_kept(log, work);
  }
}

TEST_CASE("each call of a roll and of a trim that fails once refuses once, and closes nothing") {
  int refused = 0;
  for (const int error : kPassing) {
    for (const DiskCall call : {DiskCall::kOpen, DiskCall::kCreate, DiskCall::kRename,
                                DiskCall::kRemove, DiskCall::kSize}) {
      for_each_failure(call, error, [&](TestLog& log, const Work& work, bool open) {
        REQUIRE(open);
        CHECK_EQ(work.all().size(), 30);
        refused += work.refused();
        CHECK_LE(files_beside_segments(log), 2);
        REQUIRE(log.wal->sync().ok());
        CHECK_EQ(log.wal->last().position, 30);
      });
    }
  }
  CHECK_GT(refused, 8 * 3);
}

TEST_CASE("a write or a sync of a segment closes, whatever it returns, and loses nothing") {
  for (const int error : kPassing) {
    for (const DiskCall call : {DiskCall::kWrite, DiskCall::kSync, DiskCall::kSyncFolder}) {
      std::size_t closed = 0;
      for_each_failure(call, error, [&](TestLog& log, const Work& work, bool open) {
        if (open) {  // It was a spare file's, which is made anew.
          CHECK(call != DiskCall::kSyncFolder);
          CHECK_EQ(work.all().size(), 30);
          return;
        }
        ++closed;
        CHECK_FALSE(log.wal->failure()->passes);
        const auto appended = log.wal->append({}, "more");
        REQUIRE_FALSE(appended.ok());
        CHECK_FALSE(appended.failure().passes);
      });
      CHECK_GT(closed, 0);
    }
  }
}

TEST_CASE("an error of the disk closes wherever it comes") {
  for (const DiskCall call : {DiskCall::kOpen, DiskCall::kCreate, DiskCall::kRename,
                              DiskCall::kRemove, DiskCall::kSize, DiskCall::kSync}) {
    for_each_failure(call, EIO, [](TestLog& log, const Work& /*work*/, bool open) {
      CHECK_FALSE(open);
      CHECK_FALSE(log.wal->failure()->passes);
    });
  }
}

std::string half(char letter) { return std::string(900, letter); }

TEST_CASE("a cause that lasts refuses as long, leaves no files, and the next append goes through") {
  for (const DiskCall call : {DiskCall::kCreate, DiskCall::kRename}) {
    TestLog log;
    log.append(half('a'));
    log.append_synced(half('b'));
    const std::size_t files = log.disk->list().value().size();
    const Wal::Reach before = log.wal->last();
    log.disk->fail_all(call, EMFILE);
    for (int i = 0; i < 10; ++i) {
      const auto refused = log.wal->append({}, half('c'));
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.failure().passes);
      CHECK_EQ(refused.failure().message, "the disk fails");
      CHECK_LE(log.disk->list().value().size(), files + 1);
    }
    log.append_synced("small");  // It fits.
    CHECK_EQ(log.wal->last().position, before.position + 1);
    log.disk->no_failure();
    log.append_synced(half('c'));
    log.lose_power(Survival::kNone);
    log.open();
    CHECK_EQ(log.redone(), std::vector<std::string>{half('a'), half('b'), "small", half('c')});
  }
}

TEST_CASE("a segment is begun in an order that is safe at any place") {
  TestLog log;
  log.append(half('a'));
  log.append(half('b'));
  const std::size_t begin = log.disk->journal().size();
  log.append(half('c'));
  const auto& journal = log.disk->journal();
  std::vector<std::pair<DiskCall, std::string>> calls;
  for (std::size_t i = begin; i < journal.size(); ++i) {
    calls.emplace_back(journal[i].call, journal[i].name);
  }
  const auto segments = log.segments();
  REQUIRE_EQ(segments.size(), 2);
  // Files are named as when they were opened.
  const std::string old = "new";
  const std::string& spare = calls.front().second;
  CHECK(SpareFiles::is_name(spare));
  const std::vector<std::pair<DiskCall, std::string>> expected{
      {DiskCall::kCreate, spare},       {DiskCall::kWrite, spare},   {DiskCall::kSync, spare},
      {DiskCall::kSync, old},           {DiskCall::kWrite, spare},   {DiskCall::kSync, spare},
      {DiskCall::kRename, segments[1]}, {DiskCall::kSyncFolder, ""}, {DiskCall::kWrite, old},
      {DiskCall::kWrite, spare},
  };
  CHECK(calls == expected);
}

TEST_CASE("where a file of the usual size has no room a smaller one is made") {
  TestLog log({.segment_bytes = std::uint64_t{4} << 20U, .first_bytes = 4096, .spares = 0});
  log.append(half('a'));
  log.append(half('b'));
  log.disk->fail(DiskCall::kWrite, 3, EDQUOT);  // Of the zeros of the next file.
  log.append(half('c'));
  REQUIRE(log.disk->failed());
  CHECK_EQ(log.disk->content(log.segments().back()).size(), std::size_t{1} << 20U);
  log.append_synced(half('d'));
  CHECK_EQ(log.segments().size(), 2);
}

TEST_CASE("a record that is larger than was said is written behind the room") {
  TestLog log;
  REQUIRE(log.wal->make_ready(100, 1).ok());
  const LogRecord batch{7, 1, 1, "one"};
  log.disk->fail_all(DiskCall::kCreate, EMFILE);
  REQUIRE(log.wal->append(std::span(&batch, 1), std::string(10'000, 'x')).ok());
  CHECK_EQ(log.segments().size(), 1);
  CHECK_EQ(log.wal->room_ahead(), 0);
  const auto refused = log.wal->append({}, "more");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.failure().passes);
  log.disk->no_failure();
  REQUIRE(log.wal->append({}, "more").ok());
  REQUIRE(log.wal->sync().ok());
  CHECK_EQ(log.segments().size(), 2);
  log.lose_power(Survival::kNone);
  log.open();
  CHECK_EQ(log.redone(), std::vector<std::string>{std::string(10'000, 'x'), "more"});
}

TEST_CASE("a segment without a record makes way for a larger one in its place") {
  TestLog log;
  log.append(half('a'));
  log.append_synced(half('b'));
  for (const std::uint64_t bytes :
       {std::uint64_t{1'000}, std::uint64_t{5'000}, std::uint64_t{9'000}}) {
    REQUIRE(log.wal->make_ready(bytes, 1).ok());
    CHECK_EQ(log.segments().size(), 2);
    CHECK_EQ(log.wal->spans().size(), 2);
    CHECK_EQ(log.wal->spans().back().first, 3);
  }
  CHECK_EQ(log.batches().size(), 2);
  log.append_synced(std::string(4'000, 'x'));
  log.append_synced(half('c'));
  log.lose_power(Survival::kNone);
  log.open();
  CHECK(log.opened.verdict == WalVerdict::kWhole);
  CHECK_EQ(log.redone(),
           std::vector<std::string>{half('a'), half('b'), std::string(4'000, 'x'), half('c')});
}

TEST_CASE("a segment that cannot be removed keeps its name, and goes later") {
  for (const DiskCall call : {DiskCall::kSize, DiskCall::kRename, DiskCall::kRemove}) {
    TestLog log({.segment_bytes = 4096, .spares = call == DiskCall::kRemove ? 0U : 2U});
    for (char letter = 'a'; letter <= 'h'; ++letter) log.append_synced(half(letter));
    REQUIRE_EQ(log.segments().size(), 4);
    log.disk->fail(call, 2, EACCES);
    REQUIRE(log.wal->trim(100, log.wal->last().ticket).ok());
    REQUIRE(log.disk->failed());
    CHECK_EQ(log.segments().size(), 3);
    CHECK_EQ(log.wal->spans().size(), 3);
    CHECK_EQ(log.batches().size(), 6);
    REQUIRE(log.wal->trim_again().ok());
    CHECK_EQ(log.segments().size(), 1);
    CHECK_EQ(log.batches(), std::vector<std::string>{half('g'), half('h')});
    const std::size_t calls = log.disk->journal().size();
    REQUIRE(log.wal->trim_again().ok());
    CHECK_EQ(log.disk->journal().size(), calls);
  }
}

TEST_CASE("a disk that another thread waits for is not waited for by a trim") {
  TestLog log({.segment_bytes = 4096, .spares = 2});
  for (char letter = 'a'; letter <= 'h'; ++letter) log.append_synced(half(letter));
  log.append("not on disk");
  std::binary_semaphore held(0);
  std::binary_semaphore goes_on(0);
  std::atomic<bool> waits = true;
  log.disk->before_sync([&] {
    if (!waits.exchange(false)) return;
    held.release();
    goes_on.acquire();
  });
  std::thread syncer([&] { CHECK(log.wal->sync().ok()); });
  held.acquire();
  const std::size_t all = log.segments().size();
  REQUIRE(log.wal->trim(100, log.wal->last().ticket).ok());
  REQUIRE(log.wal->trim_again().ok());
  REQUIRE(log.wal->give_back_spares().ok());
  CHECK_EQ(log.segments().size(), all);
  goes_on.release();
  syncer.join();
  log.disk->before_sync({});
  REQUIRE(log.wal->trim_again().ok());
  CHECK_EQ(log.segments().size(), 1);
}

}  // namespace
}  // namespace anabranch::storage::test::refusal_test
