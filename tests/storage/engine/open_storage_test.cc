// Data directories: new ones, those from before the engine, and tools that look at them.

#include "storage/engine/open_storage.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/storage/child.h"
#include "tests/storage/old_directory.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::open_storage_test {
namespace {

namespace fs = std::filesystem;
using anabranch::test::TempDir;

std::unique_ptr<WholeStorage> open(const fs::path& directory, bool look = false) {
  auto opened = open_storage({.tables = {.directory = directory.string(), .map_bytes = kMapBytes},
                              .engine = {.look = look}});
  REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.failure().message));
  ready(*opened.value());
  return std::move(opened).value();
}

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      names.insert(entry.path().filename().string() + " " + std::to_string(entry.file_size()));
    }
  }
  return names;
}

// Flips a byte in the first place of the log's files with these bytes.
void damage(const fs::path& directory, const std::string& bytes) {
  for (const auto& entry : fs::directory_iterator(directory / "wal")) {
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), {});
    const auto at = content.find(bytes);
    if (at == std::string::npos) continue;
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(bytes.front() ^ 1));
    return;
  }
  FAIL("the log has no such bytes");
}

TEST_SUITE("storage: directories of the engine") {
  TEST_CASE("a new directory has a log for its owner alone") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    commit(*open(directory), {put("key", "1")});
    CHECK(fs::is_directory(directory / "wal"));
    CHECK(fs::status(directory / "wal").permissions() == fs::perms::owner_all);
    CHECK(get(*open(directory), "key") == "1");
  }

  TEST_CASE("a directory from before the engine goes on, and its log does") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    make_old(directory, {{7, 1, 3, "first"}}, {put("a", "1")});
    {
      const auto storage = open(directory);
      CHECK(get(*storage, "a") == "1");
      CHECK(commit(*storage, {{7, 4, 4, "second"}}, {put("b", "2")}) == 2);
      CHECK(storage->read_log(1)->bytes == "first");
      CHECK(storage->find(7, 4) == 2);
    }
    const auto storage = open(directory);
    CHECK(scan(*storage).size() == 2);
    CHECK(storage->read_log(2)->bytes == "second");
    CHECK(storage->place().lost.empty());
  }

  TEST_CASE("a failed commit from before the engine is told until a commit has succeeded") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    make_old(directory, {{7, 1, 3, "first"}}, {put("a", "1")});
    std::ofstream(directory / "lock") << "123 failed                     \n";
    CHECK(open(directory, true)->place().failed);
    CHECK(open(directory)->place().failed);
    {
      const auto storage = open(directory);
      CHECK(storage->place().failed);
      commit(*storage, {put("a", "2")});
      CHECK_FALSE(storage->place().failed);
    }
    CHECK_FALSE(open(directory)->place().failed);
  }

  TEST_CASE("a tool sees a directory from before the engine, and leaves it what it is") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    make_old(directory, {{7, 1, 3, "first"}}, {put("a", "1")});
    const auto before = files_in(directory);
    for (int times = 0; times < 2; ++times) {
      const auto storage = open(directory, true);
      CHECK(get(*storage, "a") == "1");
      CHECK(storage->whole_snapshot()->read_log(0)->bytes == "first");
      CHECK(storage->whole_snapshot()->last_position() == 1);
      CHECK(storage->find(7, 2) == 1);
      CHECK(storage->place().lost.empty());
      CHECK_FALSE(storage->commit({}, std::vector{put("a", "other")}).ok());
    }
    CHECK(files_in(directory) == before);
    CHECK_FALSE(fs::exists(directory / "wal"));
    CHECK(get(*open(directory), "a") == "1");
  }

  TEST_CASE("a process that is killed has lost nothing that was acknowledged") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    Pipe from_child;
    Child child([&] {
      const auto storage = open(directory);
      for (int i = 0;; ++i) {
        commit(*storage, {put("key", std::to_string(i))});
        from_child.send(static_cast<char>(i % 100));
      }
      return 0;
    });
    from_child.close_sending();
    int last = -1;
    for (int i = 0; i < 250; ++i) {
      REQUIRE(from_child.receive());
      last = i;
    }
    child.kill();
    while (from_child.receive()) ++last;
    const auto storage = open(directory);
    CHECK(std::stoi(get(*storage, "key").value_or("-1")) >= last);
    CHECK(storage->place().lost.empty());
    CHECK_FALSE(storage->place().failed);
  }

  TEST_CASE("a tool sees all that a killed process has left, and changes nothing") {
    const TempDir folder;
    const fs::path directory = folder.path() / "data";
    Pipe from_child;
    Child child([&] {
      const auto storage = open(directory);
      commit(*storage, {{7, 1, 1, "batch"}}, {put("key", "value")});
      from_child.send(1);
      return ::pause();
    });
    from_child.close_sending();
    REQUIRE(from_child.receive());
    child.kill();
    const auto before = files_in(directory);
    for (int times = 0; times < 2; ++times) {
      const auto storage = open(directory, true);
      CHECK(get(*storage, "key") == "value");
      CHECK(storage->whole_snapshot()->read_log(1)->bytes == "batch");
      CHECK_FALSE(storage->commit({}, std::vector{put("key", "other")}).ok());
    }
    CHECK(files_in(directory) == before);
  }

  TEST_CASE("a log that is damaged or gone is told, by a tool and by each opening until a commit") {
    for (const bool gone : {false, true}) {
      CAPTURE(gone);
      const TempDir folder;
      const fs::path directory = folder.path() / "data";
      {
        const auto storage = open(directory);
        commit(*storage, {put("a", "first")});
        commit(*storage, {put("a", "second")});
        commit(*storage, {put("a", "third")});
      }
      if (gone) {
        // The tables have noted how far the log goes only once something was flushed.
        std::vector<Change> large{put("large", std::string(1 << 20, 'x'))};
        auto opened =
            open_storage({.tables = {.directory = directory.string(), .map_bytes = kMapBytes},
                          .engine = {.overlay_bytes = 1 << 20}});
        REQUIRE(opened.ok());
        ready(*opened.value());
        while (opened.value()->engine()->flushes == 0) commit(*opened.value(), large);
        opened.value().reset();
        fs::remove_all(directory / "wal");
      } else {
        damage(directory, "second");
      }
      const std::string said = gone ? "ends before its tables" : "is damaged";
      CHECK(open(directory, true)->place().lost.find(said) != std::string::npos);
      CHECK_FALSE(open(directory)->place().lost.empty());
      const auto storage = open(directory);
      CHECK_FALSE(storage->place().lost.empty());
      CHECK(get(*storage, "a") == (gone ? "third" : "first"));
      commit(*storage, {put("a", "fourth")});
      CHECK(storage->place().lost.empty());
    }
  }

  TEST_CASE("a log that is gone before anything was flushed is told, too, also after an upgrade") {
    for (const bool upgraded : {false, true}) {
      CAPTURE(upgraded);
      const TempDir folder;
      const fs::path directory = folder.path() / "data";
      if (upgraded) make_old(directory, {{7, 1, 1, "old"}}, {put("b", "")});
      commit(*open(directory), {{7, 2, 2, "new"}}, {put("a", "1")});
      CHECK(open(directory)->place().lost.empty());
      fs::remove_all(directory / "wal");
      const auto storage = open(directory);
      CHECK(storage->place().lost.find("ends before its tables") != std::string::npos);
      CHECK_FALSE(get(*storage, "a"));
      CHECK(get(*storage, "b").has_value() == upgraded);
      CHECK(commit(*storage, {{7, 3, 3, "next"}}, {}) == (upgraded ? 2 : 1));
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::test::open_storage_test
