// Backups of a leader that is open, and directories restored from them.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <anabranch/anabranch.h>

#include "leader/backup/backups.h"
#include "leader/backup/restore.h"
#include "leader/backup/verify.h"
#include "leader/leader.h"
#include "storage/lmdb_storage.h"
#include "tests/leader/store_world.h"

namespace anabranch::backups_test {

using leader::Backups;
using leader::BackupState;
using leader::Leader;
using test::store_options;
using test::TempDir;
using Word = Register<std::string>;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMapBytes = std::size_t{1} << 30U;

core::Result<void> go_on(const leader::BackupProgress& /*progress*/) { return {}; }

std::unique_ptr<Leader> open(const TempDir& dir, const std::string& region = "eu") {
  auto opened = Leader::open(store_options(dir, region));
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  REQUIRE(out.flush());
}

// One commit of a key and a counter.
void write(Leader& leader, int i) {
  Word(leader.scope(), "key/" + std::to_string(i)).put(std::string(300, 'v'));
  Counter(leader.scope(), "count").add(1);
  REQUIRE(leader.commit().ok());
}

// Writes on until the backup has ended.
BackupState finish(Leader& leader, int& written) {
  while (leader.backups().state().kind == BackupState::Kind::kRunning) write(leader, written++);
  return leader.backups().state();
}

leader::Restoration restore(const fs::path& folder, const fs::path& directory) {
  auto done =
      leader::restore_backup(folder.string(), directory.string(), nullptr, go_on, kMapBytes);
  REQUIRE(done.ok());
  return std::move(done).value();
}

}  // namespace

TEST_SUITE("leader: backups") {
  TEST_CASE("a backup while writes go on is one state, and its restoration begins a new origin") {
    const TempDir dir;
    const std::string folder = (dir.path() / "b").string();
    std::string origin;
    leader::BackupRun run;
    int written = 0;
    {
      const auto eu = open(dir);
      origin = eu->status().origin;
      while (written < 300) write(*eu, written++);
      REQUIRE(eu->backups().start(folder).value());
      const BackupState state = finish(*eu, written);
      REQUIRE_MESSAGE(state.kind == BackupState::Kind::kDone, state.why);
      run = *state.run;
      write(*eu, written++);
    }
    CHECK(run.report.damaged + run.report.faults == 0);
    fs::create_directory(dir.path() / "copy");
    const leader::Restoration done = restore(folder, dir.path() / "copy" / "eu");
    CHECK(done.check.wrong == 0);
    CHECK(done.check.digest == run.report.manifest.digest);
    Options options = store_options(dir, "eu");
    options.path = (dir.path() / "copy" / "eu").string();
    Store copy = Store::open(options);
    CHECK(copy.status().origin != origin);
    CHECK(copy.status().origin_why == "its data were copied or restored");
    const auto count = Counter(copy, "count").get();
    CHECK(count >= 300);
    CHECK(count < written);
    int keys = 0;
    while (Word(copy, "key/" + std::to_string(keys)).get()) ++keys;
    CHECK(keys == count);
  }

  TEST_CASE("one backup runs at a time, and the same one is joined") {
    const TempDir dir;
    const auto eu = open(dir);
    int written = 0;
    while (written < 100) write(*eu, written++);
    Backups& backups = eu->backups();
    CHECK(backups.state().kind == BackupState::Kind::kNone);
    const std::string folder = (dir.path() / "b").string();
    REQUIRE(backups.start(folder).value());
    const auto same = backups.start(folder);
    const auto other = backups.start(folder + "2");
    if (backups.state().kind == BackupState::Kind::kRunning) {
      REQUIRE(same.ok());
      CHECK_FALSE(same.value());
      CHECK_FALSE(other.ok());
    }
    CHECK(finish(*eu, written).kind != BackupState::Kind::kRunning);
  }

  TEST_CASE("the last verified backup is in the status, also after a restart") {
    const TempDir dir;
    const std::string folder = (dir.path() / "b").string();
    Options options = store_options(dir, "eu");
    options.backup_alarm_ms = std::int64_t{7} * 24 * 3600 * 1000;
    BackupStatus made;
    const auto warned = [](const StoreStatus& status) {
      return std::ranges::any_of(status.warnings,
                                 [](const auto& each) { return each.kind == "backup"; });
    };
    {
      auto opened = Leader::open(options);
      REQUIRE(opened.ok());
      Leader& eu = *opened.value();
      int written = 0;
      write(eu, written++);
      CHECK(eu.status().backup.made_ms == 0);
      CHECK(warned(eu.status()));
      REQUIRE(eu.backups().start(folder).ok());
      REQUIRE(finish(eu, written).kind == BackupState::Kind::kDone);
      made = eu.status().backup;
      CHECK(made.made_ms > 0);
      CHECK(made.rows > 0);
      CHECK(made.bytes > 0);
      CHECK(made.path == folder);
      CHECK(made.stage.empty());
      CHECK_FALSE(warned(eu.status()));
      REQUIRE(eu.backups().start(folder).ok());
      REQUIRE(finish(eu, written).kind == BackupState::Kind::kFailed);
      CHECK(eu.status().backup.made_ms == made.made_ms);
    }
    auto opened = Leader::open(options);
    REQUIRE(opened.ok());
    const BackupStatus later = opened.value()->status().backup;
    CHECK(later.made_ms == made.made_ms);
    CHECK(later.digest == made.digest);
    CHECK(later.path == folder);
    CHECK(opened.value()->backups().status(0).overdue == false);
    CHECK_FALSE(opened.value()->backups().status(options.backup_alarm_ms).overdue);
    write_text(dir.path() / "eu" / "backup",
               "anabranch last backup 1\nbegun 1\nrows 1\n"
               "bytes 1\ndigest d\npath /b\n");
    opened.value().reset();
    opened = Leader::open(options);
    REQUIRE(opened.ok());
    CHECK(warned(opened.value()->status()));
  }

  TEST_CASE("a backup that cannot be written says why, and the next one works") {
    const TempDir dir;
    const auto eu = open(dir);
    int written = 0;
    write(*eu, written++);
    REQUIRE(eu->backups().start((dir.path() / "eu" / "inside").string()).ok());
    BackupState state = finish(*eu, written);
    CHECK(state.kind == BackupState::Kind::kFailed);
    CHECK(state.why.find("lies in the data directory") != std::string::npos);
    CHECK_FALSE(fs::exists(dir.path() / "eu" / "inside"));
    REQUIRE(eu->backups().start("/dev/null/b").ok());
    state = finish(*eu, written);
    CHECK(state.kind == BackupState::Kind::kFailed);
    CHECK(state.why.find("cannot create the folder /dev/null/b") != std::string::npos);
    REQUIRE(eu->backups().start((dir.path() / "b").string()).ok());
    CHECK(finish(*eu, written).kind == BackupState::Kind::kDone);
  }

  TEST_CASE("the last verified backup is known, also after a restart and a failure") {
    const TempDir dir;
    const std::string folder = (dir.path() / "b").string();
    std::optional<leader::BackupRecord> made;
    {
      const auto eu = open(dir);
      int written = 0;
      write(*eu, written++);
      CHECK_FALSE(eu->backups().last());
      REQUIRE(eu->backups().start(folder).ok());
      REQUIRE(finish(*eu, written).kind == BackupState::Kind::kDone);
      made = eu->backups().last();
      REQUIRE(made);
      CHECK(made->begun_ms > 0);
      CHECK(made->rows > 0);
      CHECK(made->bytes > 0);
      CHECK(made->path == folder);
      REQUIRE(eu->backups().start(folder).ok());
      REQUIRE(finish(*eu, written).kind == BackupState::Kind::kFailed);
      CHECK(eu->backups().last() == made);
    }
    CHECK(open(dir)->backups().last() == made);
  }

  TEST_CASE("a directory with contents is not restored to, an unfinished restoration is") {
    const TempDir dir;
    const std::string folder = (dir.path() / "b").string();
    {
      const auto eu = open(dir);
      int written = 0;
      write(*eu, written++);
      REQUIRE(eu->backups().start(folder).ok());
      REQUIRE(finish(*eu, written).kind == BackupState::Kind::kDone);
    }
    const auto refused =
        leader::restore_backup(folder, (dir.path() / "eu").string(), nullptr, go_on, kMapBytes);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().message.find("is not empty") != std::string::npos);
    const fs::path target = dir.path() / "new";
    const auto stopped = leader::restore_backup(
        folder, target.string(), nullptr,
        [](const leader::BackupProgress& at) {
          if (at.stage != "restoring") return core::Result<void>();
          return core::Result<void>(core::Failure{ErrorCode::kClosed, "stopped"});
        },
        kMapBytes);
    REQUIRE_FALSE(stopped.ok());
    CHECK(fs::exists(target / "restoring"));
    Options options = store_options(dir, "new");
    options.region = "eu";
    std::string why;
    CHECK(test::code_of([&] { (void)Store::open(options); }, &why) == ErrorCode::kInvalid);
    CHECK(why.find("restoring") != std::string::npos);
    CHECK(restore(folder, target).anew);
    CHECK_FALSE(fs::exists(target / "restoring"));
    Store store = Store::open(options);
    CHECK(Word(store, "key/0").get().has_value());
  }

  TEST_CASE("a program makes a backup of its store by one call, and opens what is restored of it") {
    const TempDir dir;
    const std::string folder = (dir.path() / "b").string();
    Options options = store_options(dir, "eu");
    {
      Store store = Store::open(options);
      CHECK(store.region() == "eu");
      Word{store, "key"}.put("kept");
      const Backup made = store.backup_to(folder);
      CHECK(made.path == folder);
      CHECK(made.begun_ms > 0);
      CHECK(made.rows > 0);
      CHECK(made.bytes > 0);
      CHECK(made.findings.empty());
      CHECK(made.digest.size() == 32);
      CHECK(store.status().backup.digest == made.digest);
      // Not over another one, and within no transaction.
      std::string why;
      CHECK(test::code_of([&] { (void)store.backup_to(folder); }, &why) == ErrorCode::kInvalid);
      CHECK(why.starts_with("the backup to " + folder + " failed: "));
      CHECK(test::code_of([&] { (void)store.backup_to(""); }) == ErrorCode::kInvalid);
      CHECK(test::code_of([&] { (void)store.backup_to((dir.path() / "no/b").string()); }) ==
            ErrorCode::kIo);
      const std::string other = (dir.path() / "other").string();
      CHECK(test::code_of([&] {
              store.transact([&](Transaction&) { (void)store.backup_to(other); });
            }) == ErrorCode::kInvalid);
      CHECK_FALSE(fs::exists(other));
      Word{store, "key"}.put("later");
      CHECK(store.backup_to(other).digest != made.digest);
    }
    const fs::path target = dir.path() / "new";
    restore(folder, target);
    options.path = target.string();
    Store restored = Store::open(options);
    CHECK(Word(restored, "key").get() == "kept");
  }

  TEST_CASE("callers that want the same backup at once wait for one, and for another are refused") {
    const TempDir dir;
    Store store = Store::open(store_options(dir, "eu"));
    store.transact([](Transaction& txn) {
      for (int i = 0; i < 20'000; ++i) Word{txn, std::to_string(i)}.put(std::string(300, 'v'));
    });
    const std::string folder = (dir.path() / "b").string();
    auto first = std::async(std::launch::async, [&] { return store.backup_to(folder).digest; });
    REQUIRE(test::eventually([&] {
      const BackupStatus backup = store.status().backup;
      return !backup.stage.empty() || backup.made_ms > 0;
    }));
    auto second = std::async(std::launch::async, [&] {
      try {
        return store.backup_to(folder).digest;
      } catch (const Error& error) {
        return std::string(to_string(error.code()));
      }
    });
    std::string outcome = "done";
    try {
      (void)store.backup_to((dir.path() / "other").string());
    } catch (const Error& error) {
      outcome = to_string(error.code());
    }
    const std::string digest = first.get();
    CHECK(digest.size() == 32);
    // On a machine so busy that the first one was over before, the folder is taken.
    const std::string same = second.get();
    CHECK((same == digest || same == "invalid"));
    CHECK((outcome == "busy" || outcome == "done"));
  }
}

}  // namespace anabranch::backups_test
