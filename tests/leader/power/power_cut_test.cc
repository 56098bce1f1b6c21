// A directory after a loss of power is like any other: with each durability, and with holes in its
// log. It is checked, backed up, verified, restored, read through, opened, written, watched from an
// older token, compared with a peer that takes all of it, and repaired from there.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <anabranch/anabranch.h>

#include "core/wall_clock.h"
#include "leader/backup/backups.h"
#include "leader/backup/restore.h"
#include "leader/backup/run.h"
#include "leader/backup/verify.h"
#include "leader/leader.h"
#include "leader/scrub/scrub.h"
#include "regions/state/sound_log.h"
#include "regions/verify/directory_check.h"
#include "storage/engine/open_storage.h"
#include "storage/log_hole.h"
#include "tests/leader/power/power_life.h"
#include "tests/leader/store_world.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"
#include "tests/temp_dir.h"

namespace anabranch::power_cut_test {

using leader::Leader;
using storage::LogHole;
using test::PowerCut;
using test::PowerLife;
using test::TempDir;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMapBytes = std::size_t{1} << 30U;

core::Result<void> go_on(const leader::BackupProgress& /*progress*/) { return {}; }

Options options_of(const fs::path& data, const std::string& region) {
  return {.path = data.string(),
          .region = region,
          .listen = "tcp://127.0.0.1:0",
          .control = false,
          .map_bytes = kMapBytes,
          .scrub_ms = 0};
}

// The storage of a directory that nobody has open, to be read.
std::unique_ptr<storage::WholeStorage> look_at(const fs::path& data) {
  auto opened = storage::open_storage(
      {.tables = {.directory = data.string(), .map_bytes = kMapBytes}, .engine = {.look = true}});
  REQUIRE(opened.ok());
  REQUIRE(opened.value()->open().ok());
  return std::move(opened).value();
}

struct Log {
  std::vector<std::pair<storage::Position, std::string>> records;
  std::vector<LogHole> holes;
  storage::Position last = 0;
};

Log log_of(const storage::Storage& storage) {
  Log log{.records = {}, .holes = {}, .last = storage.last_position()};
  storage::HoleFinder finder;
  const auto note = [&](const auto& hole) {
    if (hole) log.holes.push_back(*hole);
  };
  for (const storage::StoredRecord& record : test::log_records(storage)) {
    note(finder.next(record.position));
    log.records.emplace_back(record.position, record.bytes);
  }
  note(finder.end(log.last));
  return log;
}

// Reads all that is stored, which must be sound.
void scrub(const storage::Storage& storage) {
  const regions::SoundLog log(storage);
  leader::Scrub scrub(storage, log, {});
  while (scrub.slice()) continue;
  CHECK(scrub.damaged() == 0);
  CHECK(log.damage().empty());
}

void check(const fs::path& data) {
  const auto report = regions::check_directory(data.string(), [](auto&&...) {});
  REQUIRE(report.ok());
  for (const std::string& finding : report.value().findings) FAIL_CHECK(finding);
  CHECK(report.value().wrong == 0);
}

void check_backup(const leader::BackupReport& report) {
  for (const std::string& finding : report.findings) FAIL_CHECK(finding);
  CHECK(report.damaged + report.faults == 0);
}

// Backs a directory up, verifies and restores that; returns the holes of its log.
std::vector<LogHole> back_up_and_restore(const fs::path& data, const fs::path& work) {
  const core::SystemClock clock;
  const std::string backup = (work / "backup").string();
  const auto storage = look_at(data);
  scrub(*storage);
  const Log log = log_of(*storage);
  const auto run = leader::run_backup(*storage, data.string(), backup, clock, go_on);
  REQUIRE_MESSAGE(run.ok(), (run.ok() ? "" : run.failure().message));
  CHECK(run.value().report.manifest.holes == log.holes);
  const auto verified = leader::verify_backup(backup, nullptr, go_on);
  REQUIRE(verified.ok());
  check_backup(verified.value());
  const fs::path copy = work / "copy";
  const auto restored = leader::restore_backup(backup, copy.string(), nullptr, go_on, kMapBytes);
  REQUIRE_MESSAGE(restored.ok(), (restored.ok() ? "" : restored.failure().message));
  check_backup(restored.value().backup);
  CHECK(restored.value().check.wrong == 0);
  const Log there = log_of(*look_at(copy));
  CHECK(there.records == log.records);
  CHECK(there.holes == log.holes);
  CHECK(there.last == log.last);
  fs::remove_all(copy);
  fs::remove_all(backup);
  return log.holes;
}

// Returns the number of the last write that a store shows; it must show a prefix of them.
int last_write(Scope& scope) {
  const int last = std::stoi(Register<>{scope, PowerLife::kLast}.get().value_or("0"));
  CHECK(Counter{scope, PowerLife::kCount}.get() == last);
  const auto written = [&](int n) {
    return Register<>{scope, "write/" + std::to_string(n)}.get().has_value();
  };
  for (int n = 1; n <= last; ++n) CHECK(written(n));
  CHECK_FALSE(written(last + 1));
  return last;
}

int check_shown(Scope& scope, const PowerCut& cut) {
  const int last = last_write(scope);
  CHECK(last <= cut.begun);
  if (cut.durability == Durability::kSync) CHECK(last >= cut.acknowledged);
  return last;
}

// Nothing is missing that was on the disk.
void check_nothing_lost(const fs::path& data) {
  for (const auto& each : fs::directory_iterator(data / "wal")) {
    const std::string name = each.path().filename().string();
    CAPTURE(name);
    CHECK_FALSE(name.starts_with("damaged-"));
    CHECK(name != "commits-missing");
  }
}

// Values of the key "last" as a watch is told of them.
class Diary {
 public:
  OnChanges function() {
    return [this](const Changes& changes) {
      const std::lock_guard lock(mutex_);
      resync_ = resync_ || changes.resync;
      for (const Change& each : changes.all) told_.push_back(each.value);
    };
  }
  [[nodiscard]] std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] bool resync() const {
    const std::lock_guard lock(mutex_);
    return resync_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
  bool resync_ = false;
};

// A watch that begins with the token of write number `seen` is told all later ones, and those to
// come, and of no loss.
void watch(const PowerCut& cut, const PowerLife& life, std::mt19937_64& random) {
  Store store = Store::open(options_of(cut.data, "eu"));
  CHECK(store.status().log_lost.empty());
  const int last = check_shown(store, cut);
  const int seen = static_cast<int>(random() % static_cast<unsigned>(last + 1));
  std::vector<std::string> expected;
  for (int n = seen + 1; n <= last; ++n) expected.push_back(std::to_string(n));
  expected.emplace_back("end");
  Diary diary;
  const Watch watch = store.watch(PowerLife::kLast, life.token(seen), diary.function());
  Register<>{store, std::string(PowerLife::kLast) + " of all"}.put("end");
  REQUIRE(test::eventually([&] {
    const auto told = diary.told();
    return !told.empty() && told.back() == "end";
  }));
  const std::vector<std::string> told = diary.told();
  CHECK_FALSE(diary.resync());
  // Of the transactions that were committed with write number `seen` some may come once more.
  REQUIRE(told.size() >= expected.size());
  CHECK(std::equal(expected.rbegin(), expected.rend(), told.rbegin()));
}

// Both take their turns until a condition holds.
template <typename Condition>
[[nodiscard]] bool turn_until(Leader& one, Leader& other, const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    const auto pause = std::min(one.turn(), other.turn());
    std::this_thread::sleep_for(std::min(pause, std::chrono::milliseconds(1)));
  }
  return true;
}

// The directory's leader is open, backed up, and compared with a new region, which takes all of it;
// then it takes its rows from there, and puts its own log on top.
void meet_a_peer(const fs::path& data, const PowerCut& cut, const fs::path& work) {
  const auto eu = Leader::open(options_of(data, "eu")).value_or_raise();
  CHECK(eu->status().log_lost.empty());
  (void)check_shown(eu->scope(), cut);
  Register<>(eu->scope(), "of now").put("eu");
  REQUIRE(eu->commit().ok());
  Options options = options_of(work / "ap", "ap");
  options.peers = {eu->status().endpoint};
  const auto ap = Leader::open(options).value_or_raise();
  Register<>(ap->scope(), "of ap").put("ap");
  REQUIRE(ap->commit().ok());
  const auto equal = [&] {
    return eu->digest() == ap->digest() && Register<>(eu->scope(), "of ap").get().has_value();
  };
  REQUIRE(turn_until(*eu, *ap, equal));
  (void)check_shown(ap->scope(), cut);
  using State = regions::Verdict::State;
  REQUIRE(eu->verify({}).ok());
  const auto state = [&] {
    const auto verdicts = eu->verdicts();
    return verdicts.empty() ? State::kRunning : verdicts.front().state;
  };
  REQUIRE(turn_until(*eu, *ap, [&] { return state() != State::kRunning; }));
  CHECK((state() == State::kEqual || state() == State::kSame));
  const std::string backup = (work / "running").string();
  REQUIRE(eu->backups().start(backup).value());
  const auto backed_up = [&] {
    return eu->backups().state().kind != leader::BackupState::Kind::kRunning;
  };
  REQUIRE(turn_until(*eu, *ap, backed_up));
  REQUIRE_MESSAGE(eu->backups().state().kind == leader::BackupState::Kind::kDone,
                  eu->backups().state().why);
  eu->repair(true);
  REQUIRE_FALSE(eu->status().rows_again.empty());
  REQUIRE(turn_until(*eu, *ap, [&] { return eu->status().rows_again.empty() && equal(); }));
  (void)check_shown(eu->scope(), cut);
  CHECK(eu->status().forks.empty());
  fs::remove_all(backup);
}

// Returns how many holes the log has.
std::size_t live_on(PowerLife& life, bool hole, std::mt19937_64& random) {
  const TempDir folder(test::memory_folder());
  const fs::path work = folder.path() / "work";
  fs::create_directory(work);
  const PowerCut cut = life.cut(folder.path() / "image", hole);
  CAPTURE(cut.begun);
  CAPTURE(cut.hole);
  check(cut.data);
  (void)back_up_and_restore(cut.data, work);
  check_nothing_lost(cut.data);
  watch(cut, life, random);
  check(cut.data);
  const std::vector<LogHole> holes = back_up_and_restore(cut.data, work);
  meet_a_peer(cut.data, cut, work);
  check(cut.data);
  check(work / "ap");
  CHECK(back_up_and_restore(cut.data, work) == holes);
  CHECK(holes.empty() == (cut.hole == 0));
  return holes.size();
}

}  // namespace

TEST_SUITE("leader: losses of power") {
  TEST_CASE("a directory after a loss of power is like any other, also with holes in its log") {
    const std::size_t images = test::long_run() ? 200 : 24;
    constexpr std::size_t kOfEachLife = 4;
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    constexpr std::array kDurabilities{Durability::kInterval, Durability::kNone, Durability::kSync};
    std::size_t holed = 0;
    for (std::size_t made = 0; made < images;) {
      const Durability durability = kDurabilities[made / kOfEachLife % kDurabilities.size()];
      PowerLife life(durability, random());
      for (std::size_t i = 0; i < kOfEachLife && made < images; ++i, ++made) {
        CAPTURE(made);
        const bool hole = i % 2 == 0;
        if (live_on(life, hole, random) > 0) ++holed;
      }
    }
    CHECK(holed >= images / 2);
    MESSAGE("images: " << images << ", with holes: " << holed);
  }
}

}  // namespace anabranch::power_cut_test
