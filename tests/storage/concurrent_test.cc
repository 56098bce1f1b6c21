// Readers in many threads beside the one writer.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <anabranch/error.h>

#include "core/log.h"
#include "storage/reader_share.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::concurrent_test {
namespace {

constexpr int kReaders = 8;
constexpr int kKeys = 20;

std::vector<Change> all_keys(int value) {
  std::vector<Change> changes;
  changes.reserve(kKeys);
  for (int i = 0; i < kKeys; ++i) changes.push_back(put(std::to_string(i), std::to_string(value)));
  return changes;
}

// The observations of one reader. Checked by the main thread.
struct Seen {
  int rounds = 0;
  bool torn = false;       // A snapshot that showed half of a commit, or changed while it lasted.
  bool backwards = false;  // A snapshot older than the one before.
};

void read_until(const Storage& storage, const std::atomic<bool>& stop, Seen& seen) {
  int newest = 0;
  while (!stop || seen.rounds == 0) {
    const auto snapshot = storage.snapshot();
    const std::string first = *get(*snapshot, "0");
    const Entries entries = scan(*snapshot);
    seen.torn |= entries.size() != kKeys;
    for (const auto& [key, value] : entries) seen.torn |= value != first;
    seen.torn |= *get(*snapshot, "0") != first;
    const int now = std::stoi(first);
    seen.backwards |= now < newest;
    newest = now;
    const auto record = storage.read_log(static_cast<Position>(now));
    seen.torn |= !record || record->position != static_cast<Position>(now);
    ++seen.rounds;
  }
}

TEST_CASE_TEMPLATE("Eight readers see whole commits, in order, while one writer goes on", World,
                   MemoryWorld, EngineWorld) {
  World world;
  Storage& storage = world.storage();
  commit(storage, {{1, 1, 1, "x"}}, all_keys(1));
  const auto old = storage.snapshot();
  std::atomic<bool> stop = false;
  std::vector<Seen> seen(kReaders);
  std::vector<std::thread> readers;
  readers.reserve(kReaders);
  for (Seen& each : seen) {
    readers.emplace_back([&storage, &stop, &each] { read_until(storage, stop, each); });
  }
  constexpr int kCommits = 500;
  for (int i = 2; i <= kCommits; ++i) {
    const auto seq = static_cast<core::Seq>(i);
    commit(storage, {{1, seq, seq, "x"}}, all_keys(i));
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  for (const Seen& each : seen) {
    CHECK(each.rounds > 0);
    CHECK_FALSE(each.torn);
    CHECK_FALSE(each.backwards);
  }
  CHECK(get(*old, "0") == "1");
}

// Guests have two places here.
struct Guests {
  anabranch::test::TempDir folder;
  std::unique_ptr<StorageBelow> storage;

  explicit Guests(std::chrono::milliseconds patience) {
    set_log_level(LogLevel::kError);  // The wait is a warning.
    const std::string path = (folder.path() / "data").string();
    core::Result<std::unique_ptr<StorageBelow>> opened = open_lmdb_storage(
        {.directory = path, .map_bytes = kMapBytes, .readers_max = 2, .reader_patience = patience});
    REQUIRE(opened.ok());
    storage = std::move(opened).value();
    REQUIRE(storage->open_below().ok());
    REQUIRE(apply_changes(*storage, {put("a", "old")}).ok());
  }
  ~Guests() { set_log_level(LogLevel::kWarning); }
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;

  [[nodiscard]] std::unique_ptr<Snapshot> take(ReaderShare share) const {
    const TakesPlacesOf places(share);
    return storage->tables();
  }
};

TEST_CASE("A guest waits while guests have all their places, and nobody else does") {
  const Guests guests(std::chrono::minutes(1));
  auto first = guests.take(ReaderShare::kGuest);
  const auto second = guests.take(ReaderShare::kGuest);
  std::atomic<bool> done = false;
  std::optional<std::string> seen;
  std::thread third([&] {
    seen = get(*guests.take(ReaderShare::kGuest), "a");
    done = true;
  });
  REQUIRE(apply_changes(*guests.storage, {put("a", "new")}).ok());
  std::vector<std::unique_ptr<Snapshot>> own;
  for (int i = 0; i < 60; ++i) own.push_back(guests.take(ReaderShare::kOwn));
  const auto again = guests.take(ReaderShare::kGuestAgain);
  CHECK(get(*again, "a") == "new");
  CHECK_FALSE(done);
  first.reset();
  third.join();
  CHECK(seen == "new");
  CHECK(get(*second, "a") == "old");
}

TEST_CASE("A guest that has waited in vain for a place is refused") {
  const Guests guests(std::chrono::milliseconds(20));
  std::vector<std::unique_ptr<Snapshot>> taken;
  taken.push_back(guests.take(ReaderShare::kGuest));
  taken.push_back(guests.take(ReaderShare::kGuest));
  const auto is_refused = [&](ReaderShare share) {
    try {
      taken.push_back(guests.take(share));
    } catch (const Error& error) {
      return error.code() == ErrorCode::kTimeout;
    }
    return false;
  };
  CHECK(is_refused(ReaderShare::kGuest));
  CHECK_FALSE(is_refused(ReaderShare::kGuestAgain));
  CHECK_FALSE(is_refused(ReaderShare::kGuestAgain));
  CHECK(is_refused(ReaderShare::kGuestAgain));
  CHECK_FALSE(is_refused(ReaderShare::kOwn));
  taken.erase(taken.begin());
  CHECK_FALSE(is_refused(ReaderShare::kGuest));
}

}  // namespace
}  // namespace anabranch::storage::test::concurrent_test
