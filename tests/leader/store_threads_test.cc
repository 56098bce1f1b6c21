// The embedded store used by many threads.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::store_threads_test {

using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

constexpr int kThreads = 8;

template <typename Function>
void in_threads(const Function& function) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&function, i] { function(i); });
}

}  // namespace

TEST_SUITE("leader: a store in threads") {
  TEST_CASE("additions of many threads count exactly once each, also after opening again") {
    const TempDir folder;
    const int each = test::long_run() ? 5000 : 150;
    {
      Store store = Store::open(store_options(folder, "eu"));
      in_threads([&](int thread) {
        for (int i = 0; i < each; ++i) {
          Counter{store, "n"}.add(1);
          Set<int>{store, "s"}.insert(thread * each + i);
        }
      });
      CHECK(Counter{store, "n"}.get() == kThreads * each);
    }
    Store store = Store::open(store_options(folder, "eu"));
    CHECK(Counter{store, "n"}.get() == kThreads * each);
    CHECK(Set<int>{store, "s"}.size() == static_cast<std::uint64_t>(kThreads * each));
    CHECK(Set<int>{store, "s"}.elements().size() == static_cast<std::size_t>(kThreads * each));
  }

  TEST_CASE("writers share commits") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const std::uint64_t before = store.status().log_records;
    in_threads([&](int) {
      for (int i = 0; i < 100; ++i) Counter{store, "n"}.add(1);
    });
    const std::uint64_t commits = store.status().log_records - before;
    CHECK(Counter{store, "n"}.get() == 100 * kThreads);
    CHECK(commits <= 100 * kThreads);
    MESSAGE(commits << " commits for " << 100 * kThreads << " writes");
  }

  TEST_CASE("transactions that read and write lose no update") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    in_threads([&](int thread) {
      for (int i = 0; i < 50; ++i) {
        try {
          store.transact([&](Transaction& txn) {
            Register<int> total{txn, "total"};
            total.put(total.get().value_or(0) + 1);
            if ((thread + i) % 5 == 0) throw i;
          });
        } catch (int) {
        }
      }
    });
    CHECK(Register<int>{store, "total"}.get() == kThreads * 40);
  }

  TEST_CASE("readers beside writers see whole transactions only") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::atomic<bool> done = false;
    std::atomic<int> torn = 0;
    std::atomic<int> reads = 0;
    const auto write = [&](int thread) {
      for (int i = 0; i < 100; ++i) {
        store.transact([&](Transaction& txn) {
          const int value = thread * 1000 + i;
          Map pair{txn, "pair"};
          pair.at<Register<int>>("a").put(value);
          pair.at<Register<int>>("b").put(value);
        });
      }
    };
    const auto read = [&] {
      while (!done) {
        std::vector<std::string> values;
        store.scan(Key("pair").of(Type::kMap), [&](const Entry& entry) {
          values.push_back(entry.value);
          return true;
        });
        ++reads;
        if (!values.empty() && (values.size() != 2 || values[0] != values[1])) ++torn;
        const std::uint64_t count = Map{store, "pair"}.size();
        if (count != 0 && count != 2) ++torn;
      }
    };
    {
      std::vector<std::jthread> readers;
      for (int i = 0; i < 3; ++i) readers.emplace_back(read);
      CHECK(eventually([&] { return reads > 10; }));
      in_threads(write);
      done = true;
    }
    CHECK(torn == 0);
    CHECK(reads > 10);
  }

  TEST_CASE(
      "a write waits for no reads, however many, and neither does the second read of a thread") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter{store, "n"}.add(1);
    constexpr int kAtOnce = 1024;
    std::atomic<int> within = 0;
    std::atomic<bool> written = false;
    std::atomic<int> read_again = 0;
    std::atomic<int> refused = 0;  // On a machine where this takes over 10 s.
    const auto read = [&](ReadTransaction& state) {
      const bool saw_the_first = CounterReader{state, "n"}.get() == 1;
      ++within;
      written.wait(false);
      if (saw_the_first && CounterReader{store, "n"}.get() == 2) ++read_again;
    };
    std::vector<std::jthread> readers;
    for (int i = 0; i < kAtOnce + 76; ++i) {
      readers.emplace_back([&] {
        try {
          store.read(read);
        } catch (const Error&) {
          ++refused;
        }
      });
    }
    CHECK(eventually([&] { return within == kAtOnce; }));
    Counter{store, "n"}.add(1);
    CHECK(within == kAtOnce);  // The others wait for these.
    written = true;
    written.notify_all();
    readers.clear();
    CHECK(within + refused == kAtOnce + 76);
    // Those that have waited show the newest state of the moment when they began to, or a later
    // one.
    CHECK(read_again >= kAtOnce);
  }

  TEST_CASE("two stores written by many threads at once end equal, with nothing lost or doubled") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.listen = "tcp://127.0.0.1:0";
    Store eu = Store::open(options);
    options = store_options(folder, "us");
    options.peers = {eu.status().endpoint};
    Store us = Store::open(options);
    const std::int64_t each = test::long_run() ? 2000 : 100;
    in_threads([&](int thread) {
      Store& store = thread % 2 == 0 ? eu : us;
      for (int i = 0; i < each; ++i) {
        Counter{store, "n"}.add(1);
        Map{store, "m"}.at<Register<int>>(std::to_string(i % 7)).put(i);
        (void)store.status();
      }
    });
    REQUIRE(eventually([&] {
      return Counter{eu, "n"}.get() == kThreads * each &&
             Counter{us, "n"}.get() == kThreads * each && test::shown(eu) == test::shown(us);
    }));
    CHECK(Map{us, "m"}.size() == 7);
  }

  TEST_CASE("when a commit fails all whose writes were in it hear of it, and nobody else") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.map_bytes = std::size_t{64} << 20U;
    options.reserve_bytes = 0;  // So that a commit fails.
    options.flush_bytes_max = std::uint64_t{1} << 20U;
    std::vector<std::vector<std::string>> acknowledged(kThreads);
    {
      Store store = Store::open(options);
      in_threads([&](int thread) {
        try {
          for (int i = 0; i < 1000; ++i) {
            const std::string key = std::to_string(thread) + "-" + std::to_string(i);
            Register<>{store, key}.put(std::string(100'000, 'v'));
            acknowledged[static_cast<std::size_t>(thread)].push_back(key);
          }
        } catch (const Error& error) {
          if (error.code() != ErrorCode::kIo && error.code() != ErrorCode::kClosed) throw;
        }
      });
      CHECK_FALSE(store.status().writable);
    }
    options.map_bytes *= 4;
    Store store = Store::open(options);
    std::size_t all = 0;
    for (const auto& keys : acknowledged) {
      CHECK(keys.size() < 1000);
      all += keys.size();
      for (const std::string& key : keys) {
        REQUIRE(Register<>{store, key}.get() == std::string(100'000, 'v'));
      }
    }
    CHECK(store.count(Key::all(0)) == all);
  }
}

}  // namespace anabranch::store_threads_test
