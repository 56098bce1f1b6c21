// A store that was closed needs nothing of its log but its end; one that could not write to its
// tables needs all of it.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/leader/store_world.h"

namespace anabranch::closing_test {

using test::code_of;
using test::store_options;
using test::TempDir;

namespace fs = std::filesystem;

namespace {

constexpr int kKeys = 50;

using Word = Register<std::string>;

std::string name_of(int key) { return "key " + std::to_string(key); }
std::string value_of(int key) { return "what was written to " + std::to_string(key); }

void write(const Options& options) {
  Store store = Store::open(options);
  for (int key = 0; key < kKeys; ++key) Word{store, name_of(key)}.put(value_of(key));
  Counter(store, "sum").add(kKeys);
}

// Changes a byte of each value in all files of the log; returns how many.
int damage_log(const Options& options) {
  int changed = 0;
  for (const auto& each : fs::directory_iterator(fs::path(options.path) / "wal")) {
    std::fstream file(each.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    for (auto at = content.find("what was"); at != content.npos;
         at = content.find("what was", at + 1), ++changed) {
      file.clear();
      file.seekp(static_cast<std::streamoff>(at));
      file.put('W');
    }
  }
  return changed;
}

}  // namespace

TEST_SUITE("leader: closing") {
  TEST_CASE("what a closed store has is there, whatever was damaged in its log") {
    const TempDir folder;
    for (const Durability durability : {Durability::kSync, Durability::kInterval}) {
      Options options = store_options(folder, "eu");
      options.durability = durability;
      write(options);
      CHECK(damage_log(options) >= kKeys);
      Store store = Store::open(options);
      for (int key = 0; key < kKeys; ++key) {
        CHECK(Word{store, name_of(key)}.get() == value_of(key));
      }
      CHECK(Counter(store, "sum").get() % kKeys == 0);
    }
  }

  TEST_CASE("its next opening reads nothing of the log again, and goes on under its origin") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.durability = Durability::kNone;
    std::string origin;
    {
      Store store = Store::open(options);
      origin = store.status().origin;
      Word{store, "large"}.put(std::string(100'000, 'x'));
      CHECK(store.status().storage_redo_bytes > 100'000);
    }
    const Store store = Store::open(options);
    CHECK(store.status().origin == origin);
    CHECK(store.status().storage_redo_bytes < 10'000);
    CHECK(store.status().warnings.empty());
  }

  TEST_CASE(
      "without time for it the log alone has what was written, and the next opening reads it") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.close_flush_ms = 0;
    write(options);
    {
      Store store = Store::open(options);
      CHECK(store.status().storage_redo_bytes > kKeys * value_of(0).size());
      for (int key = 0; key < kKeys; ++key) {
        CHECK(Word{store, name_of(key)}.get() == value_of(key));
      }
    }
    options.close_flush_ms = -1;
    CHECK(code_of([&] { (void)Store::open(options); }) == ErrorCode::kInvalid);
  }
}

}  // namespace anabranch::closing_test
