// The token of each transaction that a watch is told: a watch that goes on behind it misses
// nothing, also where several transactions were committed together.

#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::watch_token_test {

using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

struct Told {
  std::string value;  // Of the one register that the transaction has put.
  std::string token;
};

// The notes of a watch, in order.
class Diary {
 public:
  OnChanges function() {
    return [this](const Changes& changes) {
      const std::lock_guard lock(mutex_);
      for (const Change& each : changes.all) told_.push_back({each.value, changes.token});
    };
  }
  [[nodiscard]] std::vector<Told> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] bool ends_with(const std::string& value) const {
    const std::lock_guard lock(mutex_);
    return !told_.empty() && told_.back().value == value;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Told> told_;
};

// Several threads write at once, so that many transactions are committed with others.
void write_at_once(Store& store, int round) {
  constexpr int kThreads = 6;
  constexpr int kWrites = 10;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&store, round, thread] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string name = std::to_string(round) + "." + std::to_string(thread);
        Register<>{store, "key"}.put(name + "." + std::to_string(i));
      }
    });
  }
}

// The place of the first transaction that was committed with the one before it; 0 if there is none.
std::size_t find_group(const std::vector<Told>& told) {
  for (std::size_t i = 2; i < told.size(); ++i) {
    // Within a batch all but the last are told with the token of the batch before it.
    if (told[i - 1].token == told[i - 2].token) return i;
  }
  return 0;
}

}  // namespace

TEST_SUITE("leader: tokens of watches") {
  TEST_CASE("who goes on behind any transaction is told all that came after it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Diary diary;
    const Watch watch = store.watch("key", diary.function());
    std::size_t group = 0;
    for (int round = 0; group == 0; ++round) {
      REQUIRE(round < 100);  // Else no two transactions were ever committed together.
      write_at_once(store, round);
      const std::string end = "end of " + std::to_string(round);
      Register<>{store, "key"}.put(end);
      REQUIRE(eventually([&] { return diary.ends_with(end); }));
      group = find_group(diary.told());
    }
    const std::vector<Told> told = diary.told();
    // Around the group, and elsewhere now and then.
    for (std::size_t i = 0; i < told.size(); i += i + 3 >= group && i < group + 3 ? 1 : 7) {
      CAPTURE(i);
      Diary later;
      const Watch again = store.watch("key", told[i].token, later.function());
      if (i + 1 < told.size()) {
        REQUIRE(eventually([&] { return later.ends_with(told.back().value); }));
      }
      const std::vector<Told> rest = later.told();
      // Some of before may be told once more; nothing of after may be left out.
      REQUIRE(rest.size() >= told.size() - i - 1);
      const auto begin = rest.end() - static_cast<std::ptrdiff_t>(told.size() - i - 1);
      CHECK(
          std::equal(begin, rest.end(), told.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                     [](const Told& one, const Told& other) { return one.value == other.value; }));
    }
  }
}

}  // namespace anabranch::watch_token_test
