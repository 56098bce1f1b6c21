// Readers in many threads beside the one writer.

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/log.h"
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

TEST_CASE("A reader waits while all places for readers are taken") {
  set_log_level(LogLevel::kError);  // The wait is a warning.
  const anabranch::test::TempDir folder;
  const auto storage = open_below((folder.path() / "data").string(), kMapBytes, 2);
  REQUIRE(apply_changes(*storage, {put("a", "old")}).ok());
  auto first = storage->tables();
  const auto second = storage->tables();
  std::atomic<bool> done = false;
  std::optional<std::string> seen;
  std::thread third([&] {
    seen = get(*storage->tables(), "a");
    done = true;
  });
  REQUIRE(apply_changes(*storage, {put("a", "new")}).ok());
  CHECK_FALSE(done);
  first.reset();
  third.join();
  CHECK(seen == "new");
  CHECK(get(*second, "a") == "old");
  set_log_level(LogLevel::kWarning);
}

}  // namespace
}  // namespace anabranch::storage::test::concurrent_test
