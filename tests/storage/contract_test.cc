// The contract of storage.h, held by both implementations.

#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/storage/world.h"

namespace anabranch::storage::test::contract_test {
namespace {

using core::Origin;

constexpr Origin kAda = 0x0102030405060708;
constexpr Origin kBob = 0xF102030405060708;

TEST_CASE_TEMPLATE("A new storage is empty", World, MemoryWorld, EngineWorld) {
  World world;
  const Storage& storage = world.storage();
  CHECK(storage.last_position() == 0);
  CHECK(storage.durable_position() == 0);
  CHECK_FALSE(get(storage, "a"));
  CHECK(scan(storage).empty());
  CHECK(scan(*storage.snapshot(), {.direction = Direction::kBackward}).empty());
  CHECK(storage.snapshot()->size(Table::kRows) == 0);
  CHECK_FALSE(storage.read_log(0));
  CHECK_FALSE(storage.read_log(1));
  CHECK_FALSE(storage.find(kAda, 1));
}

TEST_CASE_TEMPLATE("A commit sets, replaces and removes keys", World, MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put("b", "1"), put("a", "2"), put("c", "3")});
  CHECK(scan(storage) == Entries{{"a", "2"}, {"b", "1"}, {"c", "3"}});
  commit(storage, {removal("a"), put("b", "longer than before"), removal("never there")});
  CHECK(scan(storage) == Entries{{"b", "longer than before"}, {"c", "3"}});
  CHECK_FALSE(get(storage, "a"));
  commit(storage, {removal("b"), removal("c")});
  CHECK(scan(storage).empty());
}

TEST_CASE_TEMPLATE("Tables do not see each other's keys", World, MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put("k", "row", Table::kRows), put("k", "count", Table::kCounts),
                   put("k", "meta", Table::kMeta)});
  commit(storage, {removal("k", Table::kCounts)});
  CHECK(scan(storage, Table::kRows) == Entries{{"k", "row"}});
  CHECK(scan(storage, Table::kCounts).empty());
  CHECK(scan(storage, Table::kMeta) == Entries{{"k", "meta"}});
}

TEST_CASE_TEMPLATE("An empty commit changes nothing", World, MemoryWorld, EngineWorld) {
  World world;
  CHECK(commit(world.storage(), {}) == 0);
  CHECK(commit(world.storage(), {{kAda, 1, 1, "x"}}, {}) == 1);
  CHECK(commit(world.storage(), {}) == 1);
}

TEST_CASE_TEMPLATE("A commit that was begun is made when it is finished", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  for (core::Seq seq = 1; seq <= 3; ++seq) {
    const std::string value = std::to_string(seq);
    const LogRecord record{kAda, seq, seq, value};
    const std::vector changes{put("a", value)};
    const Changes made = changes;
    const auto begun = storage.begin_commit({&record, 1}, made);
    REQUIRE(begun.ok());
    REQUIRE(storage.finish_commit().ok());
    CHECK(get(storage, "a") == value);
    CHECK(storage.last_position() == seq);
    CHECK(storage.durable_position() == seq);
    CHECK(storage.read_log(seq)->bytes == value);
  }
}

TEST_CASE_TEMPLATE("Scans begin at the right key in both directions", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage,
         {put("b", "1"), put("d", "2"), put(std::string("d\0", 2), "3"), put("\xFF", "4")});
  const auto snapshot = storage.snapshot();
  const auto keys = [&](const KeyRange& range) {
    std::vector<std::string> found;
    for (const auto& [key, value] : scan(*snapshot, range)) found.push_back(key);
    return found;
  };
  const auto from = [&](std::string_view key) { return keys({.from = key}); };
  const auto before = [&](std::string_view key) {
    return keys({.to = key, .direction = Direction::kBackward});
  };
  using Keys = std::vector<std::string>;
  const std::string d0("d\0", 2);
  CHECK(from("") == Keys{"b", "d", d0, "\xFF"});
  CHECK(from("a") == Keys{"b", "d", d0, "\xFF"});
  CHECK(from("b") == Keys{"b", "d", d0, "\xFF"});
  CHECK(from("c") == Keys{"d", d0, "\xFF"});
  CHECK(from(d0) == Keys{d0, "\xFF"});
  CHECK(from("\xFF") == Keys{"\xFF"});
  CHECK(from("\xFF\xFF").empty());
  CHECK(before("") == Keys{"\xFF", d0, "d", "b"});
  CHECK(before("\xFF\xFF") == Keys{"\xFF", d0, "d", "b"});
  CHECK(before("\xFF") == Keys{d0, "d", "b"});
  CHECK(before("d") == Keys{"b"});
  CHECK(before("c") == Keys{"b"});
  CHECK(before("b").empty());
  CHECK(before("a").empty());
}

TEST_CASE_TEMPLATE("Scans end with their range in both directions", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put("b", "1"), put("ba", "2"), put("c", "3")});
  const auto snapshot = storage.snapshot();
  const auto keys = [&](std::string_view from, std::string_view to) {
    std::vector<std::string> found;
    for (const auto& [key, value] : scan(*snapshot, {from, to})) found.push_back(key);
    std::vector<std::string> back;
    for (const auto& [key, value] : scan(*snapshot, {from, to, Direction::kBackward})) {
      back.insert(back.begin(), key);
    }
    CHECK(back == found);
    return found;
  };
  using Keys = std::vector<std::string>;
  CHECK(keys("", "") == Keys{"b", "ba", "c"});
  CHECK(keys("b", "c") == Keys{"b", "ba"});
  CHECK(keys("b", "ba") == Keys{"b"});
  CHECK(keys("ba", "d") == Keys{"ba", "c"});
  CHECK(keys("bb", "").size() == 1);
  CHECK(keys("bb", "c").empty());
  CHECK(keys("b", "b").empty());
  CHECK(keys("c", "b").empty());
  CHECK(keys("d", "").empty());
  CHECK(keys("", "b").empty());
}

// A snapshot with nothing but what each must have.
class PlainSnapshot final : public Snapshot {
 public:
  explicit PlainSnapshot(std::unique_ptr<Snapshot> all) : all_(std::move(all)) {}
  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    return all_->get(table, key);
  }
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override {
    return all_->scan(table, range);
  }
  [[nodiscard]] std::uint64_t size(Table table) const override { return all_->size(table); }

 private:
  const std::unique_ptr<Snapshot> all_;
};

TEST_CASE_TEMPLATE("The first key of a range is found, in each table", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage,
         {put("b", "1"), put("ba", "2"), put("c", "3"), put("bb", "count", Table::kCounts)});
  const auto whole = storage.snapshot();
  const PlainSnapshot plain(storage.snapshot());
  for (const Snapshot* snapshot : std::initializer_list<const Snapshot*>{whole.get(), &plain}) {
    const auto rows = [&](std::string_view from, std::string_view to) {
      return snapshot->first_key(Table::kRows, from, to);
    };
    CHECK(rows("", "") == "b");
    CHECK(rows("a", "b").empty());
    CHECK(rows("b", "") == "b");
    CHECK(snapshot->first_key(Table::kCounts, "b", "c") == "bb");
    CHECK(rows(std::string_view("b\0", 2), "") == "ba");
    CHECK(rows("bb", "") == "c");
    CHECK(rows("bb", "c").empty());
    CHECK(rows("c", "b").empty());
    CHECK(rows("d", "").empty());
    CHECK(snapshot->first_key(Table::kMeta, "", "").empty());
    CHECK(snapshot->first_key(Table::kNextRows, "", "").empty());
    CHECK(snapshot->first_key(Table::kCounts, "", "") == "bb");
  }
  commit(storage, {put("a", "4"), removal("ba")});
  CHECK(whole->first_key(Table::kRows, "", "") == "b");
  CHECK(storage.snapshot()->first_key(Table::kRows, "", "") == "a");
  CHECK(storage.snapshot()->first_key(Table::kRows, "bb", "") == "c");
}

TEST_CASE_TEMPLATE("A scan may begin at a key that is too long to be stored", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put(std::string(kKeySizeMax, 'k'), "1"), put("l", "2")});
  const std::string longer(2 * kKeySizeMax, 'k');
  CHECK_FALSE(get(storage, longer));
  CHECK_FALSE(get(storage, ""));
  CHECK(scan(*storage.snapshot(), {.from = longer}).front().second == "2");
  CHECK(
      scan(*storage.snapshot(), {.to = longer, .direction = Direction::kBackward}).front().second ==
      "1");
}

TEST_CASE_TEMPLATE("Keys of 1 and 511 bytes and values of 0 bytes to 32 MiB come back", World,
                   MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  std::string big(std::size_t{32} << 20U, '\0');
  for (std::size_t i = 0; i < big.size(); i += 1000) big[i] = static_cast<char>(i / 1000);
  const std::string longest(kKeySizeMax, '\xFF');
  commit(storage, {{kAda, 1, 1, big}, {kAda, 2, 2, ""}},
         {put(std::string(1, '\0'), ""), put("one", "1"), put(longest, big)});
  world.reopen();
  const Storage& again = world.storage();
  CHECK(get(again, std::string_view("\0", 1)) == "");
  CHECK(get(again, "one") == "1");
  CHECK((get(again, longest) == big));
  CHECK((again.read_log(1)->bytes == big));
  CHECK(again.read_log(2)->bytes.empty());
  commit(world.storage(), {put(longest, "small")});
  CHECK(get(again, longest) == "small");
}

TEST_CASE_TEMPLATE("A snapshot keeps its state while commits go on", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put("a", "old"), put("b", "old")});
  const auto before = storage.snapshot();
  const auto cursor = before->scan(Table::kRows, {});
  for (int i = 0; i < 100; ++i) {
    commit(storage, {put("a", std::to_string(i)), removal("b"), put("c" + std::to_string(i), "")});
  }
  CHECK(get(*before, "a") == "old");
  CHECK(scan(*before) == Entries{{"a", "old"}, {"b", "old"}});
  cursor->next();
  CHECK(cursor->key() == "b");
  cursor->next();
  CHECK_FALSE(cursor->valid());
  CHECK(get(storage, "a") == "99");
  CHECK(scan(storage).size() == 101);
}

TEST_CASE_TEMPLATE("A snapshot may be used and ended by another thread", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put("a", "old")});
  auto snapshot = storage.snapshot();
  std::optional<std::string> seen;
  std::thread reader([&seen, moved = std::move(snapshot)]() mutable {
    seen = get(*moved, "a");
    moved.reset();
  });
  commit(storage, {put("a", "new")});
  reader.join();
  CHECK(seen == "old");
  CHECK(get(storage, "a") == "new");
}

TEST_CASE_TEMPLATE("The log gives records back by position", World, MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  CHECK(commit(storage, {{kAda, 1, 3, "first"}, {kBob, 1, 1, "second"}}, {}) == 2);
  CHECK(commit(storage, {{kAda, 4, 4, "third"}}, {put("a", "1")}) == 3);
  CHECK(storage.last_position() == 3);
  CHECK(storage.durable_position() == 3);
  const auto first = storage.read_log(0);
  REQUIRE(first);
  CHECK(first->position == 1);
  CHECK(first->origin == kAda);
  CHECK(first->first == 1);
  CHECK(first->last == 3);
  CHECK(first->bytes == "first");
  CHECK(storage.read_log(1)->bytes == "first");
  CHECK(storage.read_log(2)->origin == kBob);
  CHECK(storage.read_log(3)->bytes == "third");
  CHECK_FALSE(storage.read_log(4));
}

TEST_CASE_TEMPLATE("A record is found by any seq that it covers", World, MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {{kAda, 1, 3, ""}, {kBob, 1, 10, ""}, {kAda, 4, 4, ""}, {kAda, 5, 300, ""}}, {});
  CHECK(storage.find(kAda, 0) == 1);
  CHECK(storage.find(kAda, 1) == 1);
  CHECK(storage.find(kAda, 3) == 1);
  CHECK(storage.find(kAda, 4) == 3);
  CHECK(storage.find(kAda, 5) == 4);
  CHECK(storage.find(kAda, 299) == 4);
  CHECK(storage.find(kAda, 300) == 4);
  CHECK_FALSE(storage.find(kAda, 301));
  CHECK(storage.find(kBob, 7) == 2);
  CHECK_FALSE(storage.find(kBob, 11));
  CHECK_FALSE(storage.find(kAda + 1, 1));
  CHECK_FALSE(storage.find(1, 1));
}

TEST_CASE_TEMPLATE("Trimming forgets the records before a position and nothing else", World,
                   MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {{kAda, 1, 3, "1"}, {kBob, 1, 10, "2"}, {kAda, 4, 4, "3"}}, {put("a", "1")});
  REQUIRE(storage.trim(0).ok());
  REQUIRE(storage.trim(1).ok());
  CHECK(storage.read_log(0)->position == 1);
  REQUIRE(storage.trim(3).ok());
  CHECK(storage.read_log(0)->position == 3);
  CHECK(storage.find(kAda, 1) == 3);
  CHECK_FALSE(storage.find(kBob, 1));
  CHECK(storage.last_position() == 3);
  CHECK(get(storage, "a") == "1");
}

TEST_CASE_TEMPLATE("Positions go on after everything was trimmed", World, MemoryWorld,
                   EngineWorld) {
  World world;
  // More records than one slice of trimming takes.
  std::vector<LogRecord> records;
  for (core::Seq seq = 1; seq <= 2500; ++seq) records.push_back({kAda, seq, seq, "x"});
  CHECK(commit(world.storage(), records, {}) == 2500);
  REQUIRE(world.storage().trim(1'000'000).ok());
  CHECK_FALSE(world.storage().read_log(0));
  CHECK_FALSE(world.storage().find(kAda, 1));
  world.reopen();
  CHECK(world.storage().last_position() == 2500);
  CHECK(commit(world.storage(), {{kAda, 2501, 2501, "y"}}, {}) == 2501);
  CHECK(world.storage().read_log(0)->position == 2501);
  CHECK(world.storage().find(kAda, 1) == 2501);
  world.reopen();
  CHECK(world.storage().last_position() == 2501);
}

TEST_CASE_TEMPLATE("A whole snapshot keeps the log of its state while it is written and trimmed",
                   World, MemoryWorld, EngineWorld) {
  World world;
  WholeStorage& storage = world.storage();
  commit(storage, {{kAda, 1, 3, "1"}, {kBob, 1, 10, "2"}}, {put("a", "old")});
  REQUIRE(storage.trim(2).ok());
  const auto before = storage.whole_snapshot();
  commit(storage, {{kAda, 4, 4, "3"}}, {put("a", "new")});
  REQUIRE(storage.trim(4).ok());
  CHECK_FALSE(storage.read_log(0));
  REQUIRE(before->read_log(0));
  CHECK(before->read_log(0)->position == 2);
  CHECK(before->read_log(0)->origin == kBob);
  CHECK(before->read_log(0)->last == 10);
  CHECK(before->read_log(0)->bytes == "2");
  CHECK_FALSE(before->read_log(3));
  CHECK(before->last_position() == 2);
  CHECK(get(*before, "a") == "old");
  const auto after = storage.whole_snapshot();
  CHECK_FALSE(after->read_log(0));
  CHECK(after->last_position() == 3);
}

TEST_CASE_TEMPLATE("The next tables become the current ones at once", World, MemoryWorld,
                   EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {put("a", "old"), put("b", "old"), put("n", "1", Table::kCounts)});
  commit(storage, {put("a", "new", Table::kNextRows), put("n", "2", Table::kNextCounts)});
  CHECK(get(storage, "a") == "old");
  CHECK(get(storage, "a", Table::kNextRows) == "new");
  CHECK(storage.snapshot()->size(Table::kRows) == 2);
  CHECK(storage.snapshot()->size(Table::kNextRows) == 1);
  const auto before = storage.snapshot();
  REQUIRE(storage.swap(std::vector{put("c", "last", Table::kNextRows), put("m", "1", Table::kMeta)})
              .ok());
  CHECK(scan(storage) == Entries{{"a", "new"}, {"c", "last"}});
  CHECK(get(storage, "n", Table::kCounts) == "2");
  CHECK(get(storage, "m", Table::kMeta) == "1");
  CHECK(scan(storage, Table::kNextRows).empty());
  CHECK(scan(storage, Table::kNextCounts).empty());
  CHECK(scan(*before) == Entries{{"a", "old"}, {"b", "old"}});
  commit(storage, {put("b", "newest"), put("z", "next again", Table::kNextRows)});
  CHECK(scan(storage) == Entries{{"a", "new"}, {"b", "newest"}, {"c", "last"}});
  CHECK(scan(storage, Table::kNextRows) == Entries{{"z", "next again"}});
  CHECK(scan(*before) == Entries{{"a", "old"}, {"b", "old"}});
}

TEST_CASE_TEMPLATE("A swap survives reopening, what was not swapped in is gone", World, MemoryWorld,
                   EngineWorld) {
  World world;
  for (int round = 0; round < 5; ++round) {
    const std::string name = std::to_string(round);
    commit(world.storage(), {put("a", name, Table::kNextRows)});
    REQUIRE(world.storage().swap({}).ok());
    const auto between = world.storage().snapshot();
    commit(world.storage(), {put("b", name), put("c", "unfinished", Table::kNextRows),
                             put("c", "unfinished", Table::kNextCounts)});
    CHECK(scan(*between) == Entries{{"a", name}});
    REQUIRE(world.storage().clear_next().ok());
    CHECK(scan(world.storage(), Table::kNextRows).empty());
    CHECK(scan(world.storage(), Table::kNextCounts).empty());
    CHECK(scan(world.storage()) == Entries{{"a", name}, {"b", name}});
  }
  commit(world.storage(), {put("c", "unfinished", Table::kNextRows)});
  world.reopen();
  CHECK(scan(world.storage()) == Entries{{"a", "4"}, {"b", "4"}});
  CHECK(scan(world.storage(), Table::kNextRows).empty());
  CHECK(scan(world.storage(), Table::kNextCounts).empty());
}

TEST_CASE_TEMPLATE("A spool gives back what was appended, at any offset", World, MemoryWorld,
                   EngineWorld) {
  World world;
  auto made = world.storage().make_spool();
  REQUIRE(made.ok());
  Spool& spool = *made.value();
  CHECK(spool.size() == 0);
  CHECK(spool.read(0, 10).value().empty());
  REQUIRE(spool.append("hello ").ok());
  REQUIRE(spool.append("").ok());
  REQUIRE(spool.append(std::string(1'000'000, 'x')).ok());
  CHECK(spool.size() == 1'000'006);
  CHECK(spool.read(0, 7).value() == "hello x");
  CHECK(spool.read(4, 3).value() == "o x");
  CHECK(spool.read(1'000'000, 100).value() == "xxxxxx");
  CHECK(spool.read(1'000'006, 1).value().empty());
  CHECK(spool.read(2'000'000, 1).value().empty());
  const auto other = world.storage().make_spool();
  REQUIRE(other.ok());
  CHECK(other.value()->size() == 0);
}

}  // namespace
}  // namespace anabranch::storage::test::contract_test
