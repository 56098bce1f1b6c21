// The promises of the tables in LMDB about the disk: acknowledged changes are there after any death
// of the process, and a failing disk loses none of them.

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/seed.h"
#include "tests/storage/child.h"
#include "tests/storage/failing_disk.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::lmdb_storage_test {
namespace {

namespace fs = std::filesystem;
using anabranch::test::TempDir;

std::string numbered(std::uint64_t i) { return "k" + std::to_string(i); }

// The i-th change: a key of its own in two tables, and a key that all share.
core::Result<void> apply_number(TablesBelow& tables, std::uint64_t i, std::size_t size = 100) {
  return apply_changes(tables,
                       {put(numbered(i), std::string(size, static_cast<char>(i))),
                        put("shared", std::to_string(i)), put(numbered(i), "1", Table::kCounts)});
}

// Exactly the changes 1 to `last` are there, each whole.
void check_holds(const TablesBelow& tables, std::uint64_t last, std::size_t size = 100) {
  const auto snapshot = tables.tables();
  CHECK(scan(*snapshot).size() == (last == 0 ? 0 : last + 1));
  CHECK(scan(*snapshot, {}, Table::kCounts).size() == last);
  if (last > 0) CHECK(get(*snapshot, "shared") == std::to_string(last));
  for (std::uint64_t i = 1; i <= last; ++i) {
    CAPTURE(i);
    REQUIRE((get(*snapshot, numbered(i)) == std::string(size, static_cast<char>(i))));
  }
}

// Tables in a directory of their own.
class TablesWorld {
 public:
  TablesWorld() : storage_(open_below(directory())) {}
  StorageBelow& storage() { return *storage_; }
  void reopen() {
    storage_.reset();
    storage_ = open_below(directory());
  }

 private:
  [[nodiscard]] std::string directory() const { return (folder_.path() / "data").string(); }

  TempDir folder_;
  std::unique_ptr<StorageBelow> storage_;
};

TEST_CASE("Reopening gives exactly the changes that were made") {
  TablesWorld world;
  for (std::uint64_t i = 1; i <= 20; ++i) REQUIRE(apply_number(world.storage(), i).ok());
  check_holds(world.storage(), 20);
  world.reopen();
  check_holds(world.storage(), 20);
  REQUIRE(apply_number(world.storage(), 21).ok());
  world.reopen();
  check_holds(world.storage(), 21);
}

TEST_CASE("The log beside the tables begins anywhere, is found by its ops, and is trimmed") {
  TablesWorld world;
  REQUIRE(world.storage().append(placed({{7, 1, 3, "a"}, {8, 1, 1, "b"}}, 42)).ok());
  CHECK(world.storage().last_position() == 43);
  world.reopen();
  CHECK(world.storage().last_position() == 43);
  REQUIRE(world.storage().append({}).ok());
  std::vector<LogRecord> many;
  for (std::uint64_t i = 2; i < 2'502; ++i) many.push_back({8, i, i, "b"});
  REQUIRE(world.storage().append(placed(many, 44)).ok());
  CHECK(world.storage().last_position() == 2'543);
  CHECK(world.storage().read_log(0)->bytes == "a");
  CHECK(world.storage().read_log(42)->last == 3);
  CHECK(world.storage().read_log(43)->origin == 8);
  CHECK_FALSE(world.storage().read_log(2'544));
  CHECK(world.storage().find(7, 2) == 42);
  CHECK_FALSE(world.storage().find(7, 4));
  CHECK(world.storage().find(8, 2'501) == 2'543);
  world.reopen();
  REQUIRE(world.storage().trim(2'540).ok());
  CHECK(world.storage().read_log(0)->position == 2'540);
  CHECK_FALSE(world.storage().find(7, 1));
  REQUIRE(world.storage().trim(9'999).ok());
  CHECK_FALSE(world.storage().read_log(0));
  world.reopen();
  CHECK(world.storage().last_position() == 2'543);
}

TEST_CASE("The log beside the tables has holes where it is given them, and at its end") {
  TablesWorld world;
  REQUIRE(world.storage().append(placed({{7, 1, 1, "a"}, {7, 2, 2, "b"}}, 5)).ok());
  REQUIRE(world.storage().append(placed({{7, 3, 3, "c"}}, 20)).ok());
  REQUIRE(world.storage().go_on_behind(30).ok());
  REQUIRE(world.storage().go_on_behind(20).ok());
  for (int openings = 0; openings < 2; ++openings) {
    CHECK(world.storage().last_position() == 30);
    CHECK(world.storage().read_log(1)->position == 5);
    CHECK(world.storage().read_log(7)->position == 20);
    CHECK(world.storage().find(7, 3) == 20);
    CHECK_FALSE(world.storage().read_log(21));
    world.reopen();
  }
  REQUIRE(world.storage().trim(7).ok());
  CHECK(world.storage().read_log(0)->position == 20);
  CHECK(world.storage().last_position() == 30);
}

TEST_CASE("Every acknowledged change survives kill -9") {
  const std::uint64_t seed = anabranch::test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const TempDir folder;
  const std::string directory = (folder.path() / "data").string();
  std::uint64_t last = 0;
  for (int round = 0; round < 4; ++round) {
    Pipe acknowledged;
    Child child([&] {
      const auto storage = open_below(directory);
      for (std::uint64_t i = last + 1; apply_number(*storage, i).ok(); ++i) acknowledged.send(i);
      return 1;
    });
    acknowledged.close_sending();
    const std::uint64_t enough = last + 1 + random() % 60;
    while (last < enough) {
      const auto number = acknowledged.receive();
      REQUIRE(number);
      last = *number;
    }
    child.kill();
    while (const auto number = acknowledged.receive()) last = *number;
    const auto storage = open_below(directory);
    // The change that was under way may be there too, but then whole.
    const std::uint64_t found = storage->tables()->size(Table::kCounts);
    CHECK((found == last || found == last + 1));
    check_holds(*storage, found);
    last = found;
  }
}

TEST_CASE("A process killed while it creates a data directory leaves one that opens") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  fs::create_directories(directory / "creating");
  std::ignore = open_below((folder.path() / "other").string());
  fs::copy(folder.path() / "other" / "data.mdb", directory / "creating" / "data.mdb");
  fs::resize_file(directory / "creating" / "data.mdb", 100);
  const auto storage = open_below(directory.string());
  REQUIRE(apply_number(*storage, 1).ok());
  check_holds(*storage, 1);
  CHECK_FALSE(fs::exists(directory / "creating"));
}

TEST_CASE("A full map refuses the change, keeps the data and closes the tables for writes") {
  for (const std::size_t kib : {128U, 256U, 1024U}) {
    CAPTURE(kib);
    const TempDir folder;
    const std::string directory = (folder.path() / "data").string();
    constexpr std::size_t kSize = 5000;
    auto storage = open_below(directory, kib << 10U);
    std::uint64_t last = 0;
    core::Result<void> done;
    while ((done = apply_number(*storage, last + 1, kSize)).ok()) ++last;
    CHECK(last > 0);
    CHECK(done.failure().code == ErrorCode::kIo);
    CHECK(done.failure().message.find("MDB_MAP_FULL") != std::string::npos);
    CHECK(done.failure().message.find(directory) != std::string::npos);
    check_holds(*storage, last, kSize);
    const core::Result<void> next = apply_changes(*storage, {put("a", "b")});
    CHECK(next.failure().code == ErrorCode::kClosed);
    CHECK(next.failure().message.find("MDB_MAP_FULL") != std::string::npos);
    CHECK(storage->trim(2).failure().code == ErrorCode::kClosed);
    CHECK(storage->append(placed({{1, 1, 1, "x"}})).failure().code == ErrorCode::kClosed);
    check_holds(*storage, last, kSize);
    storage.reset();
    storage = open_below(directory);
    check_holds(*storage, last, kSize);
    CHECK(apply_number(*storage, last + 1, kSize).ok());
  }
}

core::Result<void> apply_on(DiskFault fault, TablesBelow& tables, std::uint64_t i) {
  const FailingDisk disk(fault);
  return apply_number(tables, i);
}

TEST_CASE("A failing disk refuses the change, keeps the data, and reads go on") {
  for (const DiskFault fault : {DiskFault::kPages, DiskFault::kMeta, DiskFault::kSync}) {
    CAPTURE(static_cast<int>(fault));
    TablesWorld world;
    for (std::uint64_t i = 1; i <= 10; ++i) REQUIRE(apply_number(world.storage(), i).ok());
    const auto old = world.storage().tables();
    const core::Result<void> failed = apply_on(fault, world.storage(), 11);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.failure().code == ErrorCode::kIo);
    CHECK(failed.failure().message.find("mdb_txn_commit: ") != std::string::npos);
    CHECK(apply_number(world.storage(), 11).failure().code == ErrorCode::kClosed);
    check_holds(world.storage(), 10);
    std::thread([&world] { check_holds(world.storage(), 10); }).join();
    CHECK(get(*old, "shared") == "10");
  }
}

TEST_CASE("A change that is refused since the files were moved away is not in them") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  const fs::path moved = folder.path() / "moved";
  {
    const auto storage = open_below(directory.string());
    REQUIRE(apply_number(*storage, 1).ok());
    SUBCASE("as a whole") { fs::rename(directory, moved); }
    SUBCASE("without the lock, so that another process may have opened them") {
      fs::remove(directory / "lock");
      fs::create_directory_symlink(directory, moved);
    }
    const core::Result<void> refused = apply_number(*storage, 2);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().code == ErrorCode::kIo);
  }
  check_holds(*open_below(moved.string()), 1);
}

TEST_CASE("Tables that were closed by a failing disk open anew") {
  for (const DiskFault fault : {DiskFault::kPages, DiskFault::kMeta, DiskFault::kSync}) {
    CAPTURE(static_cast<int>(fault));
    TablesWorld world;
    for (std::uint64_t i = 1; i <= 10; ++i) REQUIRE(apply_number(world.storage(), i).ok());
    REQUIRE_FALSE(apply_on(fault, world.storage(), 11).ok());
    world.reopen();
    check_holds(world.storage(), 10);
    CHECK_FALSE(world.storage().place().failed);  // What was acknowledged is in an engine's log.
    REQUIRE(apply_number(world.storage(), 11).ok());
    world.reopen();
    check_holds(world.storage(), 11);
  }
}

// LMDB writes some old data back when it cannot write a meta page, but not all of them: the page
// that nobody uses names pages then that the file may not have.
TEST_CASE(
    "A failed write of a meta page is no damage, however far the change was to grow the file") {
  TablesWorld world;
  REQUIRE(apply_number(world.storage(), 1).ok());
  {
    const FailingDisk disk(DiskFault::kMeta);
    std::vector<Change> changes;
    for (int i = 0; i < 500; ++i) changes.push_back(put(std::to_string(i), std::string(1000, 'x')));
    REQUIRE_FALSE(apply_changes(world.storage(), changes).ok());
  }
  check_holds(world.storage(), 1);
  world.reopen();
  check_holds(world.storage(), 1);
  REQUIRE(apply_number(world.storage(), 2).ok());
  world.reopen();
  check_holds(world.storage(), 2);
}

}  // namespace
}  // namespace anabranch::storage::test::lmdb_storage_test
