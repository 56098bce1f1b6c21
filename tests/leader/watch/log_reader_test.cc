// The reader of the log, and a place in it: no change is told twice, and none is missed unless a
// loss is told.

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "leader/leader.h"
#include "leader/scopes/view.h"
#include "leader/watch/log_cursor.h"
#include "leader/watch/log_reader.h"
#include "leader/watch/told.h"
#include "tests/leader/store_world.h"
#include "tests/leader/watch/change_text.h"
#include "tests/log_holes.h"
#include "tests/node.h"
#include "tests/printed.h"

namespace anabranch::log_reader_test {

using leader::LogSource;
using test::eventually;
using test::store_options;
using test::TempDir;
using test::text;

namespace {

using Found = leader::LogCursor::Found;

// Takes all that a reader of the log tells.
class TestListener final : public leader::LogListener {
 public:
  [[nodiscard]] const std::string& prefix() const override { return prefix_; }
  [[nodiscard]] bool is_document() const override { return false; }
  [[nodiscard]] bool take(std::vector<leader::Told>& told) override {
    const std::lock_guard lock(mutex_);
    for (leader::Told& each : told) told_.push_back(std::move(each.changes));
    return true;
  }
  void fall_behind(leader::LogCursor cursor) override { cursor_.emplace(std::move(cursor)); }
  void lose(const std::string& /*token*/) override { ++lost_; }

  std::vector<Changes> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  int lost() const { return lost_; }
  std::optional<leader::LogCursor>& cursor() { return cursor_; }

 private:
  const std::string prefix_ = leader::watched_prefix(0, "");
  mutable std::mutex mutex_;
  std::vector<Changes> told_;
  std::atomic<int> lost_ = 0;
  std::optional<leader::LogCursor> cursor_;
};

// A log that cannot be read until it is repaired.
class BrokenLog final : public regions::LogReader {
 public:
  explicit BrokenLog(const regions::LogReader& log) : log_(log) {}
  void repair() { broken_ = false; }

  [[nodiscard]] std::optional<storage::StoredRecord> read_log(
      storage::Position position) const override {
    if (broken_) throw Error(ErrorCode::kIo, "the disk does not answer");
    return log_.read_log(position);
  }
  [[nodiscard]] std::optional<storage::Position> find(core::Origin origin,
                                                      core::Seq seq) const override {
    return log_.find(origin, seq);
  }
  [[nodiscard]] std::optional<regions::RecordEnds> ends(
      core::Origin origin, core::Seq seq, regions::Wanted wanted,
      regions::ReadAllowance* allowance) const override {
    return log_.ends(origin, seq, wanted, allowance);
  }
  [[nodiscard]] bool lacks(storage::Position from, storage::Position to) const override {
    return log_.lacks(from, to);
  }
  [[nodiscard]] storage::Position last_position() const override { return log_.last_position(); }
  [[nodiscard]] storage::Position durable_position() const override {
    return log_.durable_position();
  }

 private:
  const regions::LogReader& log_;
  std::atomic<bool> broken_ = true;
};

// Listens to all changes while it lives: however a test ends, its reader knows it no longer.
class Listens {
 public:
  Listens(leader::LogReader& reader, TestListener& listener)
      : reader_(reader), listener_(listener) {}
  ~Listens() { reader_.leave(listener_); }
  Listens(const Listens&) = delete;
  Listens& operator=(const Listens&) = delete;

 private:
  leader::LogReader& reader_;
  TestListener& listener_;
};

// Writes a string in a region.
void put(test::Node& node, std::string_view key, const std::string& value) {
  node.write(1'000, [&](regions::Group& group) {
    group.put(leader::path_of(Key(key).of(Type::kString)), value);
  });
}

LogSource source_of(test::Node& node, const std::string& region) {
  return {node.storage(), node.replica().state().log(), node.replica().names(), region, {}};
}

// Has a listener that is behind read until it is with its reader.
void catch_up(leader::LogReader& reader, TestListener& listener) {
  REQUIRE(listener.cursor());
  while (!reader.catch_up(listener, *listener.cursor())) {
  }
}

}  // namespace

TEST_SUITE("leader: reader of the log") {
  TEST_CASE("what a snapshot brings is in no log: who reads it has lost some") {
    test::Node eu("eu", 1);
    test::Node us("us", 2);
    LogSource source{eu.storage(), eu.replica().state().log(), eu.replica().names(), "eu", {}};
    leader::LogCursor cursor = leader::LogCursor::now(source);
    put(eu, "k", "a");
    put(us, "k", "b");
    eu.merge(us);
    put(eu, "k", "c");
    core::Batch batch;
    CHECK(cursor.next(source, UINT64_MAX, batch) == Found::kLost);
    CHECK(cursor.next(source, UINT64_MAX, batch) == Found::kLost);
    cursor = leader::LogCursor::now(source);
    CHECK(cursor.next(source, UINT64_MAX, batch) == Found::kEnd);
    put(eu, "k", "d");
    REQUIRE(cursor.next(source, UINT64_MAX, batch) == Found::kBatch);
    CHECK(text(leader::told_of(batch, "").at(0).changes.all.at(0)) == "put k/s=d");
    CHECK(cursor.next(source, UINT64_MAX, batch) == Found::kEnd);
  }

  TEST_CASE("who reads the log too late has lost some, whatever is left of it") {
    test::Node eu("eu", 1);
    test::Node us("us", 2);
    LogSource source{us.storage(), us.replica().state().log(), us.replica().names(), "us", {}};
    put(us, "k", "a");
    const leader::LogCursor begin = leader::LogCursor::now(source);
    core::VersionVector ahead = begin.seen();
    for (int i = 0; i < 3; ++i) put(us, "k", std::to_string(i));
    put(eu, "k", "b");
    us.deliver(eu, eu.storage().read_log(1)->bytes);
    ahead.set(eu.origin(), eu.vector().at(eu.origin()));
    const storage::Position last = us.storage().last_position();
    core::Batch batch;
    leader::LogCursor in_time = begin;
    for (int i = 0; i < 4; ++i) CHECK(in_time.next(source, UINT64_MAX, batch) == Found::kBatch);
    CHECK(in_time.next(source, UINT64_MAX, batch) == Found::kEnd);
    // The rest was seen elsewhere: the batch still proves nothing about the trimmed ones.
    leader::LogCursor late = leader::LogCursor::behind(source, ahead, last + 1).value();
    REQUIRE(us.storage().trim(last).ok());
    leader::LogCursor too_late = begin;
    CHECK(too_late.next(source, UINT64_MAX, batch) == Found::kLost);
    CHECK(late.next(source, UINT64_MAX, batch) == Found::kLost);
    CHECK_FALSE(leader::LogCursor::behind(source, begin.seen(), last + 1));
    CHECK(in_time.next(source, UINT64_MAX, batch) == Found::kEnd);
    REQUIRE(us.storage().trim(last + 1).ok());
    too_late = begin;
    CHECK(too_late.next(source, UINT64_MAX, batch) == Found::kLost);
    CHECK(in_time.next(source, UINT64_MAX, batch) == Found::kEnd);
  }

  TEST_CASE("the log does not reach back to what a snapshot has brought, whatever follows it") {
    test::Node eu("eu", 1);
    test::Node us("us", 2);
    const LogSource source = source_of(eu, "eu");
    const core::VersionVector before = leader::LogCursor::now(source).seen();
    put(us, "k", "a");
    eu.merge(us);
    const core::VersionVector merged = leader::LogCursor::now(source).seen();
    put(us, "k", "b");
    eu.deliver(us, us.storage().read_log(us.storage().last_position())->bytes);
    REQUIRE(eu.vector().at(us.origin()) == us.vector().at(us.origin()));
    CHECK_FALSE(leader::LogCursor::behind(source, before, UINT64_MAX));
    auto cursor = leader::LogCursor::behind(source, merged, UINT64_MAX);
    REQUIRE(cursor);
    core::Batch batch;
    REQUIRE(cursor->next(source, UINT64_MAX, batch) == Found::kBatch);
    CHECK(text(leader::told_of(batch, "").at(0).changes.all.at(0)) == "put k/s=b");
  }

  TEST_CASE("a hole of the log is no loss, and what was trimmed or is damaged beside one is") {
    test::Node before("eu", 1);
    for (int i = 0; i < 5; ++i) put(before, "k", std::to_string(i));
    test::Node eu("eu", 1, test::with_holes(before.storage()));
    REQUIRE(eu.origin() == 1);
    const LogSource source = source_of(eu, "eu");
    const storage::Position end = eu.storage().last_position() + 1;
    const auto cursor = [&] { return leader::LogCursor::behind(source, {}, end).value(); };
    core::Batch batch;
    leader::LogCursor whole = cursor();
    for (int i = 0; i < 5; ++i) REQUIRE(whole.next(source, end, batch) == Found::kBatch);
    CHECK(whole.next(source, end, batch) == Found::kEnd);
    CHECK(whole.position() == end);  // Also over the one at the end.
    leader::LogCursor begun = cursor();
    REQUIRE(begun.next(source, end, batch) == Found::kBatch);
    leader::LogCursor trimmed = begun;
    leader::LogCursor damaged = begun;
    SUBCASE("a watch with a token is told all, and goes on with the reader") {
      leader::LogReader reader(source, &eu);
      TestListener listener;
      const Listens listens(reader, listener);
      reader.listen(listener, begun.seen());
      catch_up(reader, listener);
      CHECK(listener.told().size() == 4);
      put(eu, "k", "later");
      REQUIRE(eventually([&] { return listener.told().size() == 5; }));
      CHECK(listener.lost() == 0);
      leader::LogCursor later = cursor();
      for (int i = 0; i < 6; ++i) REQUIRE(later.next(source, end + 1, batch) == Found::kBatch);
      CHECK(text(leader::told_of(batch, "").at(0).changes.all.at(0)) == "put k/s=later");
    }
    SUBCASE("trimmed") {
      REQUIRE(eu.storage().trim(test::with_holes(3)).ok());
      CHECK(trimmed.next(source, end, batch) == Found::kLost);
    }
    SUBCASE("trimmed to nothing") {
      REQUIRE(eu.storage().trim(end).ok());
      CHECK(trimmed.next(source, end, batch) == Found::kLost);
    }
    SUBCASE("damaged") {
      constexpr std::size_t kInBatch = 60;
      eu.storage().flip(test::with_holes(2), kInBatch, 1);
      CHECK(damaged.next(source, end, batch) == Found::kLost);
      CHECK(damaged.next(source, end, batch) == Found::kLost);
    }
    SUBCASE("the last one is damaged") {
      constexpr std::size_t kInBatch = 60;
      eu.storage().flip(test::with_holes(5), kInBatch, 1);
      for (int i = 0; i < 3; ++i) REQUIRE(damaged.next(source, end, batch) == Found::kBatch);
      CHECK(damaged.next(source, end, batch) == Found::kLost);
    }
  }

  TEST_CASE("a watch that begins before a snapshot has lost some, although no record follows it") {
    test::Node eu("eu", 1);
    test::Node us("us", 2);
    const LogSource source = source_of(eu, "eu");
    const core::VersionVector before = leader::LogCursor::now(source).seen();
    put(us, "k", "a");
    eu.deliver(us, us.storage().read_log(us.storage().last_position())->bytes);
    put(us, "k", "b");
    eu.merge(us);
    leader::LogReader reader(source, &eu);
    TestListener listener;
    const Listens listens(reader, listener);
    reader.listen(listener, before);
    catch_up(reader, listener);
    CHECK(listener.told().size() == 1);
    CHECK(listener.lost() == 1);
  }

  TEST_CASE("after a loss a watch is told all that comes, also what its token had seen elsewhere") {
    test::Node eu("eu", 1);
    test::Node us("us", 2);
    test::Node de("de", 3);
    put(us, "k", "a");  // Of this eu has heard nothing.
    const LogSource source = source_of(eu, "eu");
    core::VersionVector token = leader::LogCursor::now(source).seen();
    token.set(us.origin(), us.vector().at(us.origin()));
    leader::LogReader reader(source, &eu);
    TestListener listener;
    const Listens listens(reader, listener);
    reader.listen(listener, token);
    catch_up(reader, listener);
    put(de, "k", "b");
    eu.merge(de);
    REQUIRE(eventually([&] { return listener.lost() > 0; }));
    CHECK(listener.told().empty());
    eu.deliver(us, us.storage().read_log(us.storage().last_position())->bytes);
    REQUIRE(eventually([&] { return listener.told().size() == 1; }));
    CHECK(text(listener.told()[0]) == "us remote: put k/s=a");
  }

  TEST_CASE("a log that cannot be read is reported, and a loss when it can be read again") {
    test::Node eu("eu", 1);
    BrokenLog log(eu.replica().state().log());
    const LogSource source{eu.storage(), log, eu.replica().names(), "eu", {}};
    leader::LogReader reader(source, &eu);
    TestListener listener;
    const Listens listens(reader, listener);
    const std::string said = test::printed([&] {
      reader.listen(listener);
      CHECK(eventually([&] { return !reader.counts().failed.empty(); }));
    });
    CHECK(reader.counts().failed == "the disk does not answer");
    CHECK(said.find("eu: watches and open documents cannot be told what changes: the disk does "
                    "not answer") != std::string::npos);
    log.repair();
    put(eu, "k", "a");
    REQUIRE(eventually([&] { return listener.lost() > 0; }));
    CHECK(reader.counts().failed.empty());
  }

  TEST_CASE("the token of a transaction that was committed with others covers none behind it") {
    const TempDir folder;
    const auto leader = leader::Leader::open(store_options(folder, "eu")).value_or_raise();
    leader::LogReader reader(leader->log_source(), leader.get());
    const core::VersionVector before = *leader->seen();
    TestListener with_reader;
    reader.listen(with_reader);
    const auto write = [&](std::string_view key) {
      leader->scope().atomically([&](Scope& txn) { txn.add(Key(key).of(Type::kString), 1); });
    };
    for (const char* key : {"a", "b", "c"}) write(key);
    REQUIRE(leader->commit().ok());
    const core::VersionVector after = *leader->seen();
    REQUIRE(eventually([&] { return with_reader.told().size() == 3; }));
    TestListener behind;
    reader.listen(behind, before);
    catch_up(reader, behind);
    REQUIRE(behind.told().size() == 3);
    for (const TestListener* each : {&with_reader, &behind}) {
      CHECK(each->lost() == 0);
      const std::vector<Changes> told = each->told();
      const auto seen = [&](std::size_t i) {
        return leader->decode_token(told.at(i).token).value_or_raise();
      };
      CHECK(text(told[0]) == "eu: add a/s=1");
      CHECK(text(told[2]) == "eu: add c/s=1");
      CHECK(seen(0) == before);
      CHECK(seen(1) == before);
      CHECK(seen(2) == after);
    }
    reader.leave(with_reader);
    reader.leave(behind);
  }
}

}  // namespace anabranch::log_reader_test
