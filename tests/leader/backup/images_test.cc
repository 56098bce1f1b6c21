// Backups and restorations that lose their power, or whose process is killed, after any system
// call.

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "leader/backup/folder.h"
#include "leader/backup/restore.h"
#include "leader/backup/verify.h"
#include "leader/backup/write.h"
#include "storage/lmdb_storage.h"
#include "tests/node.h"
#include "tests/seed.h"
#include "tests/storage/images/disk_replay.h"
#include "tests/storage/images/system_calls.h"
#include "tests/temp_dir.h"

namespace anabranch::images_test {

using core::Path;
using leader::BackupFolder;
using regions::Group;
using storage::Table;
using storage::test::DiskReplay;
using storage::test::RecordedFiles;
using storage::test::Survival;
using storage::test::SystemCall;
using storage::test::SystemCalls;
using test::Node;
using test::TempDir;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMapBytes = std::size_t{1} << 28U;
constexpr core::Millis kBegun = 1'700'000'000'123;

core::Result<void> go_on(const leader::BackupProgress& /*progress*/) { return {}; }

// A region with some rows and a log.
Node make_node() {
  Node node("eu", 1);
  for (int i = 0; i < 20; ++i) {
    node.write(1000, [&](Group& group) {
      group.put(Path{"\1", "key" + std::to_string(i), "s"}, std::string(100, 'v'));
    });
  }
  return node;
}

core::Result<void> back_up(const storage::WholeSnapshot& snapshot, const fs::path& path) {
  const auto folder = BackupFolder::take(path.string(), "/nowhere");
  if (!folder.ok()) return folder.failure();
  const auto manifest = leader::write_backup(snapshot, kBegun, folder.value(), go_on);
  if (!manifest.ok()) return manifest.failure();
  return folder.value().finish(manifest.value());
}

// Returns whether there is a whole backup; what claims to be one must be whole.
bool is_backup(const fs::path& path) {
  const auto report = leader::verify_backup(path.string(), nullptr, go_on);
  if (!report.ok()) return false;
  CHECK(report.value().damaged == 0);
  return true;
}

std::vector<SystemCall> recorded(const fs::path& folder, const std::function<void()>& work) {
  const SystemCalls calls(folder.string());
  work();
  return calls.journal();
}

// For each of the calls, and for none, calls `check` with the disk that a killed process, or a loss
// of power, leaves behind it; with a folder that has the files of this disk; and with whether that
// was the last call.
using Check = std::function<void(const fs::path& folder, const RecordedFiles& disk, bool all)>;
void after_each(const std::vector<SystemCall>& journal, const fs::path& parent,
                const Check& check) {
  DiskReplay replay;
  for (std::size_t cut = 0; cut <= journal.size(); ++cut) {
    if (cut > 0) replay.apply(journal[cut - 1]);
    for (std::uint64_t kind = 0; kind < 3; ++kind) {
      CAPTURE(cut);
      CAPTURE(kind);
      const bool is_killed = kind == 2 && (cut == journal.size() || !journal[cut].within);
      const Survival survival = kind == 0 ? Survival::kNone : Survival::kRandom;
      const auto disk = is_killed ? replay.killed() : replay.image(survival, test::seed() + cut);
      const fs::path folder = parent / "image";
      storage::test::write_files(*disk, folder.string());
      check(folder, *disk, cut == journal.size());
      fs::remove_all(folder);
    }
  }
}

// Requires that a loss of power behind the calls leaves what `check` looks for.
void require_after_loss(const RecordedFiles& disk, const std::vector<SystemCall>& journal,
                        const fs::path& folder, const std::function<bool(const fs::path&)>& check) {
  DiskReplay replay(disk);
  for (const SystemCall& call : journal) replay.apply(call);
  storage::test::write_files(*replay.image(Survival::kNone, 1), folder.string());
  REQUIRE(check(folder));
  fs::remove_all(folder);
}

std::map<std::string, std::string> rows_of(const storage::Snapshot& snapshot) {
  std::map<std::string, std::string> rows;
  const auto cursor = snapshot.scan(Table::kRows, {});
  for (; cursor->valid(); cursor->next()) rows.emplace(cursor->key(), cursor->value());
  return rows;
}

std::map<std::string, std::string> rows_in(const fs::path& directory) {
  const auto opened =
      storage::open_lmdb_storage({.directory = directory.string(), .map_bytes = kMapBytes});
  if (!opened.ok()) return {};
  REQUIRE(opened.value()->open_below().ok());
  return rows_of(*opened.value()->tables());
}

}  // namespace

TEST_SUITE("leader: backups") {
  TEST_CASE("a loss of power or a killed process leaves a whole backup, or none and a new try") {
    const Node node = make_node();
    const auto snapshot = node.storage().whole_snapshot();
    const TempDir dir(test::memory_folder());
    const fs::path made = dir.path() / "made";
    fs::create_directory(made);
    const auto journal = recorded(made, [&] { REQUIRE(back_up(*snapshot, made / "b").ok()); });
    REQUIRE(journal.size() > 20);
    after_each(journal, dir.path(),
               [&](const fs::path& folder, const RecordedFiles& disk, bool all) {
                 if (is_backup(folder / "b")) return;
                 REQUIRE_FALSE(all);
                 const auto again =
                     recorded(folder, [&] { REQUIRE(back_up(*snapshot, folder / "b").ok()); });
                 REQUIRE(is_backup(folder / "b"));
                 require_after_loss(disk, again, dir.path() / "later",
                                    [](const fs::path& later) { return is_backup(later / "b"); });
               });
  }

  TEST_CASE("a loss of power or a killed process leaves all that is restored, or nothing") {
    const Node node = make_node();
    const TempDir dir(test::memory_folder());
    const std::string backup = (dir.path() / "b").string();
    REQUIRE(back_up(*node.storage().whole_snapshot(), backup).ok());
    const auto restore = [&](const fs::path& directory) {
      return leader::restore_backup(backup, directory.string(), nullptr, go_on, kMapBytes);
    };
    const auto is_whole = [&](const fs::path& folder) {
      return rows_in(folder / "d") == rows_of(*node.storage().snapshot());
    };
    const fs::path made = dir.path() / "made";
    fs::create_directory(made);
    const auto journal = recorded(made, [&] { REQUIRE(restore(made / "d").ok()); });
    after_each(
        journal, dir.path(), [&](const fs::path& folder, const RecordedFiles& disk, bool all) {
          const auto again = recorded(folder, [&] {
            const auto done = restore(folder / "d");
            CHECK((done.ok() || done.failure().message.find("is not empty") != std::string::npos));
            if (all) CHECK_FALSE(done.ok());
            REQUIRE(is_whole(folder));
          });
          require_after_loss(disk, again, dir.path() / "later", is_whole);
        });
  }
}

}  // namespace anabranch::images_test
