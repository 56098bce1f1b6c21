// The faults of the memory implementation: simulations rely on them.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "storage/memory_storage.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::memory_storage_test {
namespace {

std::string numbered(std::uint64_t i) { return "k" + std::to_string(i); }

// The i-th commit: a record, a key of its own, and a key that all share.
core::Result<Position> commit_number(Storage& storage, std::uint64_t i) {
  const std::vector<LogRecord> records = {{1, i, i, "x"}};
  const std::vector<Change> changes = {put(numbered(i), "v"), put("shared", std::to_string(i)),
                                       removal(numbered(i - 1))};
  return storage.commit(records, changes);
}

// Exactly the commits 1 to `last` are there.
void check_holds(const MemoryStorage& storage, std::uint64_t last) {
  CHECK(storage.last_position() == last);
  CHECK_FALSE(storage.read_log(last + 1));
  if (last == 0) {
    CHECK(scan(storage).empty());
    return;
  }
  CHECK(scan(storage) == Entries{{numbered(last), "v"}, {"shared", std::to_string(last)}});
  CHECK(storage.find(1, last) == last);
}

TEST_CASE("The n-th commit fails and the storage is closed for writes, not for reads") {
  for (std::uint64_t n = 1; n <= 4; ++n) {
    CAPTURE(n);
    MemoryStorage storage({.fail_commit = n});
    ready(storage);
    for (std::uint64_t i = 1; i < n; ++i) REQUIRE(commit_number(storage, i).ok());
    CHECK(commit_number(storage, n).failure().code == ErrorCode::kIo);
    check_holds(storage, n - 1);
    CHECK(commit_number(storage, n).failure().code == ErrorCode::kClosed);
    CHECK(storage.trim(n).failure().code == ErrorCode::kClosed);
    check_holds(storage, n - 1);
    const auto reopened = storage.crash();
    ready(*reopened);
    check_holds(*reopened, n - 1);
    CHECK(commit_number(*reopened, n).ok());
  }
}

TEST_CASE("Faults count from when they are set") {
  MemoryStorage storage;
  ready(storage);
  REQUIRE(commit_number(storage, 1).ok());
  storage.set_faults({.fail_commit = 2});
  CHECK(commit_number(storage, 2).ok());
  CHECK_FALSE(commit_number(storage, 3).ok());
  check_holds(storage, 2);
}

TEST_CASE("A crash loses exactly what was not synced") {
  for (std::uint64_t synced = 0; synced <= 5; ++synced) {
    CAPTURE(synced);
    MemoryStorage storage({.durable_at_once = false});
    ready(storage);
    for (std::uint64_t i = 1; i <= 5; ++i) {
      REQUIRE(commit_number(storage, i).ok());
      if (i == synced) storage.sync();
    }
    CHECK(storage.durable_position() == synced);
    const auto after = storage.crash();
    ready(*after);
    check_holds(*after, synced);
    CHECK(after->durable_position() == synced);
    check_holds(storage, 5);
  }
}

TEST_CASE("A crash takes back an unsynced trim") {
  MemoryStorage storage({.durable_at_once = false});
  ready(storage);
  for (std::uint64_t i = 1; i <= 4; ++i) REQUIRE(commit_number(storage, i).ok());
  REQUIRE(storage.trim(2).ok());
  storage.sync();
  REQUIRE(commit_number(storage, 5).ok());
  REQUIRE(storage.trim(6).ok());
  CHECK_FALSE(storage.read_log(0));
  const auto after = storage.crash();
  ready(*after);
  CHECK(after->read_log(0)->position == 2);
  CHECK(after->find(1, 1) == 2);
  check_holds(*after, 4);
}

TEST_CASE("A storage that is durable at once loses nothing in a crash") {
  MemoryStorage storage;
  ready(storage);
  for (std::uint64_t i = 1; i <= 3; ++i) REQUIRE(commit_number(storage, i).ok());
  CHECK(storage.durable_position() == 3);
  const auto after = storage.crash();
  ready(*after);
  check_holds(*after, 3);
}

TEST_CASE("A clone is a storage of its own") {
  MemoryStorage storage({.durable_at_once = false});
  ready(storage);
  REQUIRE(commit_number(storage, 1).ok());
  const auto clone = storage.clone();
  ready(*clone);
  check_holds(*clone, 1);
  REQUIRE(commit_number(storage, 2).ok());
  REQUIRE(commit_number(storage, 3).ok());
  check_holds(*clone, 1);
  REQUIRE(commit_number(*clone, 2).ok());
  check_holds(*clone, 2);
  check_holds(storage, 3);
}

}  // namespace
}  // namespace anabranch::storage::test::memory_storage_test
