// Values in an engine's tables have checksums: a damaged one is an error, never another value, and
// directories from before get theirs when they are opened.

#include "storage/sealed_values.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "storage/engine/open_storage.h"
#include "storage/lmdb_sealing.h"
#include "storage/value_sum.h"
#include "tests/storage/old_directory.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::sealed_values_test {
namespace {

namespace fs = std::filesystem;
using anabranch::test::TempDir;

std::string sealed(std::string_view key, std::string_view value) {
  std::string bytes(value.size() + kValueSumSize, '\0');
  seal_value(bytes, key, value);
  return bytes;
}

std::unique_ptr<WholeStorage> open_dir(const fs::path& directory, bool look = false) {
  auto opened = open_storage({.tables = {.directory = directory.string(), .map_bytes = kMapBytes},
                              .engine = {.overlay_bytes = 1, .look = look}});
  REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.failure().message));
  ready(*opened.value());
  return std::move(opened).value();
}

std::string value_of(int number) { return "<value " + std::to_string(1000 + number) + ">"; }

std::vector<Change> values(int count) {
  std::vector<Change> changes;
  for (int i = 0; i < count; ++i) changes.push_back(put("key" + std::to_string(i), value_of(i)));
  return changes;
}

// Commits values, and returns when all are in the tables alone.
void fill(const fs::path& directory, int count) {
  {
    const auto storage = open_dir(directory);
    commit(*storage, values(count));
    while (storage->engine()->flushes == 0) commit(*storage, {put("m", "1", Table::kMeta)});
  }
  // The tables are left as they are, and the log has nothing that they lack.
  const auto again = open_dir(directory);
  commit(*again, {put("m", "2", Table::kMeta)});
  while (again->engine()->flushes == 0) commit(*again, {put("m", "3", Table::kMeta)});
}

// Changes a byte of the data file at the first place with these bytes. Returns whether there is
// one.
bool flip_in_file(const fs::path& directory, const std::string& bytes, std::size_t at) {
  std::fstream file(directory / "data.mdb", std::ios::in | std::ios::out | std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(file)), {});
  file.clear();
  bool any = false;
  for (auto found = content.find(bytes); found != std::string::npos;
       found = content.find(bytes, found + 1)) {
    any = true;
    file.seekp(static_cast<std::streamoff>(found + at));
    file.put(static_cast<char>(bytes[at] ^ 4));
  }
  return any;
}

ErrorCode code_of_get(const Snapshot& snapshot, const std::string& key) {
  try {
    (void)snapshot.get(Table::kRows, key);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInvalid;
}

TEST_SUITE("storage: sealed values") {
  TEST_CASE("a change of any bit of a key, a value or its checksum is found") {
    const std::string key = "the key";
    const std::string value = "a value of some bytes";
    const std::string whole = sealed(key, value);
    CHECK(unseal_value(key, whole) == value);
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string changed = whole;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      CHECK_FALSE(unseal_value(key, changed));
    }
    for (std::size_t bit = 0; bit < 8 * key.size(); ++bit) {
      std::string changed = key;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      CHECK_FALSE(unseal_value(changed, whole));
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK_FALSE(unseal_value(key, whole.substr(0, size)));
    }
    CHECK(unseal_value("", sealed("", "")) == "");
    CHECK_FALSE(unseal_value("k", sealed("", "")));
  }

  TEST_CASE("a value that was damaged on the disk is an error for its readers alone") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    fill(directory, 50);
    for (const int number : {7, 30}) REQUIRE(flip_in_file(directory, value_of(number), 9));
    const auto storage = open_dir(directory);
    CHECK(storage->engine()->damaged.empty());
    const auto snapshot = storage->snapshot();
    for (int i = 0; i < 50; ++i) {
      CAPTURE(i);
      const std::string key = "key" + std::to_string(i);
      if (i == 7 || i == 30) {
        CHECK((code_of_get(*snapshot, key) == ErrorCode::kCorrupt));
      } else {
        CHECK(get(*snapshot, key) == value_of(i));
      }
    }
    // A walk that looks at values meets it, too; one over keys alone does not.
    const auto cursor = snapshot->scan(Table::kRows, {.from = "key7"});
    CHECK(cursor->key() == "key7");
    CHECK_THROWS_AS((void)cursor->value(), Error);
    cursor->next();
    CHECK(cursor->value() == value_of(8));
    const std::vector<std::string> damaged = storage->engine()->damaged;
    REQUIRE(damaged.size() == 2);
    CHECK(damaged[0] == "the value of \"key7\" in the table rows is damaged on the disk");

    // A new value mends it.
    commit(*storage, {put("key7", "again"), removal("key30")});
    CHECK(get(*storage, "key7") == "again");
    CHECK_FALSE(get(*storage, "key30"));
  }

  TEST_CASE("damage that snapshots from before a swap meet is none of the rows behind it") {
    for (int swaps = 1; swaps <= 4; ++swaps) {
      CAPTURE(swaps);
      const TempDir folder;
      const fs::path directory = folder.path() / "data";
      fill(directory, 50);
      REQUIRE(flip_in_file(directory, value_of(7), 9));
      const auto storage = open_dir(directory);
      const auto before = storage->snapshot();
      for (int i = 0; i < swaps; ++i) {
        commit(*storage, {put("key7", value_of(7), Table::kNextRows)});
        REQUIRE(storage->swap({}).ok());
      }
      CHECK((code_of_get(*before, "key7") == ErrorCode::kCorrupt));
      CHECK(get(*storage, "key7") == value_of(7));
      CHECK(storage->engine()->damaged.empty());
      CHECK_FALSE(storage->engine()->damaged_rows);
    }
  }

  TEST_CASE("a directory from before gets its checksums when an engine opens it") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    make_old(directory, {}, values(50));
    CHECK(get(*open_dir(directory, true), "key3") == value_of(3));
    for (const bool again : {false, true}) {
      CAPTURE(again);
      const auto storage = open_dir(directory);
      for (int i = 0; i < 50; ++i) CHECK(get(*storage, "key" + std::to_string(i)) == value_of(i));
      CHECK(scan(*storage).size() == 50);
    }
    REQUIRE(flip_in_file(directory, value_of(3), 9));
    const auto storage = open_dir(directory);
    CHECK((code_of_get(*storage->snapshot(), "key3") == ErrorCode::kCorrupt));
  }

  TEST_CASE("that is continued where it was interrupted") {
    for (std::size_t slices = 1; slices < 9; ++slices) {
      CAPTURE(slices);
      const TempDir folder;
      const fs::path directory = folder.path() / "data";
      make_old(directory, {}, values(50));
      {
        const LmdbOptions options{
            .directory = directory.string(), .map_bytes = kMapBytes, .look = true};
        auto opened = open_directory(options);
        REQUIRE(opened.ok());
        auto& [lock, env, tables, place] = opened.value();
        CHECK_FALSE(seal_all_values(*env, tables, {.bytes = 100, .slices = slices}).ok());
      }
      const auto refused =
          open_storage({.tables = {.directory = directory.string(), .map_bytes = kMapBytes},
                        .engine = {.look = true}});
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.failure().message.find("interrupted") != std::string::npos);
      const auto storage = open_dir(directory);
      for (int i = 0; i < 50; ++i) CHECK(get(*storage, "key" + std::to_string(i)) == value_of(i));
      CHECK(scan(*storage).size() == 50);
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::test::sealed_values_test
