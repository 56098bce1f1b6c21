// The promises of the LMDB implementation about the disk: acknowledged commits are there after any
// death of the process, and a failing disk loses none of them.

#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/seed.h"
#include "tests/storage/child.h"
#include "tests/storage/failing_disk.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test {
namespace {

namespace fs = std::filesystem;
using anabranch::test::TempDir;

std::string numbered(std::uint64_t i) { return "k" + std::to_string(i); }

// The i-th commit: a record, a key of its own in two tables, and a key that all share.
core::Result<Position> commit_number(Storage& storage, std::uint64_t i, std::size_t size = 100) {
  const std::string bytes(size, static_cast<char>(i));
  const std::vector<LogRecord> records = {{1, i, i, bytes}};
  const std::vector<Change> changes = {put(numbered(i), bytes), put("shared", std::to_string(i)),
                                       put(numbered(i), "1", Table::kCounts)};
  return storage.commit(records, changes);
}

// Exactly the commits 1 to `last` are there, each whole.
void check_holds(const Storage& storage, std::uint64_t last, std::size_t size = 100) {
  CHECK(storage.last_position() == last);
  CHECK(scan(storage).size() == (last == 0 ? 0 : last + 1));
  CHECK(scan(storage, Table::kCounts).size() == last);
  CHECK_FALSE(storage.read_log(last + 1));
  const auto snapshot = storage.snapshot();
  if (last > 0) CHECK(get(*snapshot, "shared") == std::to_string(last));
  for (std::uint64_t i = 1; i <= last; ++i) {
    CAPTURE(i);
    const std::string bytes(size, static_cast<char>(i));
    REQUIRE((get(*snapshot, numbered(i)) == bytes));
    REQUIRE((storage.read_log(i)->bytes == bytes));
    REQUIRE(storage.find(1, i) == i);
  }
}

TEST_CASE("Reopening gives exactly what was committed") {
  LmdbWorld world;
  for (std::uint64_t i = 1; i <= 20; ++i) REQUIRE(commit_number(world.storage(), i).ok());
  check_holds(world.storage(), 20);
  world.reopen();
  check_holds(world.storage(), 20);
  REQUIRE(commit_number(world.storage(), 21).ok());
  world.reopen();
  check_holds(world.storage(), 21);
}

TEST_CASE("Every acknowledged commit survives kill -9") {
  const std::uint64_t seed = anabranch::test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const TempDir folder;
  const std::string directory = (folder.path() / "data").string();
  std::uint64_t last = 0;
  for (int round = 0; round < 4; ++round) {
    Pipe acknowledged;
    Child child([&] {
      const auto storage = open_lmdb(directory);
      for (std::uint64_t i = last + 1; commit_number(*storage, i).ok(); ++i) acknowledged.send(i);
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
    const auto storage = open_lmdb(directory);
    // The commit that was under way may be there too, but then whole.
    const Position found = storage->last_position();
    CHECK((found == last || found == last + 1));
    check_holds(*storage, found);
    last = found;
  }
}

TEST_CASE("A process killed while it creates a data directory leaves one that opens") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  fs::create_directories(directory / "creating");
  std::ignore = open_lmdb((folder.path() / "other").string());
  fs::copy(folder.path() / "other" / "data.mdb", directory / "creating" / "data.mdb");
  fs::resize_file(directory / "creating" / "data.mdb", 100);
  const auto storage = open_lmdb(directory.string());
  REQUIRE(commit_number(*storage, 1).ok());
  check_holds(*storage, 1);
  CHECK_FALSE(fs::exists(directory / "creating"));
}

TEST_CASE("A full map refuses the commit, keeps the data and closes the storage for writes") {
  for (const std::size_t kib : {128U, 256U, 1024U}) {
    CAPTURE(kib);
    const TempDir folder;
    const std::string directory = (folder.path() / "data").string();
    constexpr std::size_t kSize = 5000;
    auto storage = open_lmdb(directory, kib << 10U);
    std::uint64_t last = 0;
    core::Result<Position> done = 0;
    while ((done = commit_number(*storage, last + 1, kSize)).ok()) ++last;
    CHECK(last > 0);
    CHECK(done.failure().code == ErrorCode::kIo);
    CHECK(done.failure().message.find("MDB_MAP_FULL") != std::string::npos);
    CHECK(done.failure().message.find(directory) != std::string::npos);
    check_holds(*storage, last, kSize);
    const core::Result<Position> next = storage->commit({}, std::vector{put("a", "b")});
    CHECK(next.failure().code == ErrorCode::kClosed);
    CHECK(next.failure().message.find("MDB_MAP_FULL") != std::string::npos);
    CHECK(storage->trim(2).failure().code == ErrorCode::kClosed);
    check_holds(*storage, last, kSize);
    storage.reset();
    storage = open_lmdb(directory, kMapBytes);
    check_holds(*storage, last, kSize);
    CHECK(commit_number(*storage, last + 1, kSize).ok());
  }
}

core::Result<Position> commit_on(DiskFault fault, Storage& storage, std::uint64_t i) {
  const FailingDisk disk(fault);
  return commit_number(storage, i);
}

TEST_CASE("A failing disk refuses the commit, keeps the data, and reads go on") {
  for (const DiskFault fault : {DiskFault::kPages, DiskFault::kMeta, DiskFault::kSync}) {
    CAPTURE(static_cast<int>(fault));
    LmdbWorld world;
    for (std::uint64_t i = 1; i <= 10; ++i) REQUIRE(commit_number(world.storage(), i).ok());
    const auto old = world.storage().snapshot();
    const core::Result<Position> failed = commit_on(fault, world.storage(), 11);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.failure().code == ErrorCode::kIo);
    CHECK(failed.failure().message.find("mdb_txn_commit: ") != std::string::npos);
    CHECK(commit_number(world.storage(), 11).failure().code == ErrorCode::kClosed);
    check_holds(world.storage(), 10);
    std::thread([&world] { check_holds(world.storage(), 10); }).join();
    CHECK(get(*old, "shared") == "10");
  }
}

TEST_CASE("A commit that is refused since the files were moved away is not in them") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  const fs::path moved = folder.path() / "moved";
  {
    const auto storage = open_lmdb(directory.string());
    REQUIRE(commit_number(*storage, 1).ok());
    SUBCASE("as a whole") { fs::rename(directory, moved); }
    SUBCASE("without the lock, so that another process may have opened them") {
      fs::remove(directory / "lock");
      fs::create_directory_symlink(directory, moved);
    }
    const core::Result<Position> refused = commit_number(*storage, 2);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().code == ErrorCode::kIo);
  }
  check_holds(*open_lmdb(moved.string()), 1);
}

TEST_CASE("A storage that was closed by a failing disk opens anew") {
  for (const DiskFault fault : {DiskFault::kPages, DiskFault::kMeta, DiskFault::kSync}) {
    CAPTURE(static_cast<int>(fault));
    LmdbWorld world;
    for (std::uint64_t i = 1; i <= 10; ++i) REQUIRE(commit_number(world.storage(), i).ok());
    CHECK_FALSE(world.storage().place().failed);
    REQUIRE_FALSE(commit_on(fault, world.storage(), 11).ok());
    world.reopen();
    check_holds(world.storage(), 10);
    CHECK(world.storage().place().failed);
    world.reopen();
    CHECK(world.storage().place().failed);
    REQUIRE(commit_number(world.storage(), 11).ok());
    CHECK_FALSE(world.storage().place().failed);
    world.reopen();
    CHECK_FALSE(world.storage().place().failed);
    check_holds(world.storage(), 11);
  }
}

// LMDB writes some old data back when it cannot write a meta page, but not all of them: the page
// that nobody uses names pages then that the file may not have.
TEST_CASE(
    "A failed write of a meta page is no damage, however far the commit was to grow the file") {
  LmdbWorld world;
  REQUIRE(commit_number(world.storage(), 1).ok());
  {
    const FailingDisk disk(DiskFault::kMeta);
    std::vector<Change> changes;
    for (int i = 0; i < 500; ++i) changes.push_back(put(std::to_string(i), std::string(1000, 'x')));
    REQUIRE_FALSE(world.storage().commit({}, changes).ok());
  }
  check_holds(world.storage(), 1);
  world.reopen();
  check_holds(world.storage(), 1);
  REQUIRE(commit_number(world.storage(), 2).ok());
  world.reopen();
  check_holds(world.storage(), 2);
}

}  // namespace
}  // namespace anabranch::storage::test
