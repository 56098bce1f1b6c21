// Writes whose callers do not wait for the disk.

#include "leader/async_writes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "leader/commit_queue.h"
#include "tests/leader/store_world.h"

namespace anabranch::async_writes_test {

using namespace std::chrono_literals;
using leader::AsyncWrites;
using leader::CommitQueue;
using leader::Leader;
using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

// Blocks the writer of a store until it is destroyed.
class Blocked {
 public:
  explicit Blocked(Store& store)
      : thread_([this, &store] {
          store.transact([this](Transaction&) {
            begun_.set_value();
            end_.get_future().wait();
          });
        }) {
    begun_.get_future().wait();
  }
  ~Blocked() { release(); }
  void release() {
    if (!thread_.joinable()) return;
    end_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> begun_;
  std::promise<void> end_;
  std::thread thread_;
};

}  // namespace

TEST_SUITE("leader: writes that nobody waits for") {
  TEST_CASE("a write is there, on the disk and in other regions by its token, when its future is") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    std::future<std::string> token = eu.transact_async([](Transaction& txn) {
      Word{txn, "key"}.put("value");
    });
    Session there = us.session(token.get(), 30s);
    CHECK(Word{there, "key"}.get() == "value");
    CHECK(Word{eu, "key"}.get() == "value");
  }

  TEST_CASE("writes of one thread are carried out in their order, many in one commit") {
    const TempDir folder;
    const auto leader = Leader::open(store_options(folder, "eu")).value_or_raise();
    CommitQueue queue(*leader);
    std::atomic<int> commits = 0;
    std::promise<void> begin;
    const std::shared_future<void> begun = begin.get_future().share();
    AsyncWrites writes(
        {},
        [&](const auto& function) {
          begun.wait();
          ++commits;
          queue.run(function);
        },
        [] { return "token"; });
    std::vector<std::future<std::string>> tokens;
    std::vector<int> order;
    for (int i = 0; i < 1000; ++i) {
      tokens.push_back(writes.add(
          [&order, i](Transaction& txn) {
            Counter{txn, "count"}.add(1);
            order.push_back(i);
          },
          true));
    }
    // The thread has taken some of them, or none yet.
    CHECK(writes.waiting() <= 1000);
    CHECK(writes.waiting() >= 1000 - AsyncWrites::kAtOnceMax);
    begin.set_value();
    for (auto& each : tokens) CHECK(each.get() == "token");
    CHECK(writes.waiting() == 0);
    CHECK(std::ranges::is_sorted(order));
    CHECK(order.size() == 1000);
    CHECK(commits < 10);
    writes.close();
    CHECK(code_of([&] { (void)writes.add([](Transaction&) {}, true); }) == ErrorCode::kClosed);
  }

  TEST_CASE("an exception of one write is in its future, and undoes nothing of the others") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::future<std::string> first;
    std::future<std::string> second;
    std::future<std::string> third;
    {
      const Blocked blocked(store);
      first = store.transact_async([](Transaction& txn) { Word{txn, "a"}.put("1"); });
      second = store.transact_async([](Transaction& txn) {
        Word{txn, "b"}.put("1");
        throw std::runtime_error("no");
      });
      third = store.transact_async([](Transaction& txn) { Word{txn, "c"}.put("1"); });
    }
    CHECK_FALSE(first.get().empty());
    CHECK_THROWS_WITH_AS(second.get(), "no", std::runtime_error);
    CHECK_FALSE(third.get().empty());
    CHECK(Word{store, "a"}.get() == "1");
    CHECK_FALSE(Word{store, "b"}.get().has_value());
    CHECK(Word{store, "c"}.get() == "1");
  }

  TEST_CASE("a function that uses the store itself gets an error, and an empty one is refused") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::future<std::string> wrong = store.transact_async([&](Transaction&) {
      Word{store, "key"}.put("1");
    });
    CHECK(code_of([&] { (void)wrong.get(); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)store.transact_async({}); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("the store carries out those that wait before it closes") {
    const TempDir folder;
    std::vector<std::future<std::string>> tokens;
    {
      Store store = Store::open(store_options(folder, "eu"));
      for (int i = 0; i < 500; ++i) {
        tokens.push_back(store.transact_async([](Transaction& txn) {
          Counter{txn, "count"}.add(1);
        }));
      }
    }
    for (auto& each : tokens) CHECK_FALSE(each.get().empty());
    Store store = Store::open(store_options(folder, "eu"));
    CHECK(Counter{store, "count"}.get() == 500);
  }

  TEST_CASE("without room a call waits, or is refused where it must not wait") {
    const TempDir folder;
    const auto leader = Leader::open(store_options(folder, "eu")).value_or_raise();
    CommitQueue queue(*leader);
    std::promise<void> begin;
    const std::shared_future<void> begun = begin.get_future().share();
    AsyncWrites writes(
        {},
        [&](const auto& function) {
          begun.wait();
          queue.run(function);
        },
        [] { return "token"; });
    std::atomic<std::size_t> ran = 0;
    const auto count = [&](Transaction&) { ++ran; };
    (void)writes.add(count, true);
    CHECK(eventually([&] { return writes.waiting() == 0; }));  // The thread has it, and is held.
    for (std::size_t i = 0; i < AsyncWrites::kWaitingMax; ++i) (void)writes.add(count, false);
    CHECK(code_of([&] { (void)writes.add(count, false); }) == ErrorCode::kBusy);
    std::atomic<bool> added = false;
    std::thread writer([&] {
      writes.add(count, true).get();
      added = true;
    });
    std::this_thread::yield();
    CHECK_FALSE(added);
    CHECK(writes.waiting() == AsyncWrites::kWaitingMax);
    begin.set_value();
    writer.join();
    CHECK(ran == AsyncWrites::kWaitingMax + 2);
    writes.close();
  }

  TEST_CASE("a transaction that adds too many writes is refused, and the others are carried out") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const auto count = [](Transaction& txn) { Counter{txn, "count"}.add(1); };
    std::int64_t added = 0;
    store.transact([&](Transaction&) {
      // The store's thread takes some of them, and waits for this transaction.
      constexpr std::size_t kMost = AsyncWrites::kWaitingMax + AsyncWrites::kAtOnceMax;
      std::optional<ErrorCode> code;
      for (std::size_t i = 0; i <= kMost && !code; ++i) {
        try {
          (void)store.transact_async(count);
          ++added;
        } catch (const Error& error) {
          code = error.code();
        }
      }
      CHECK(code == ErrorCode::kBusy);
    });
    CHECK(added >= static_cast<std::int64_t>(AsyncWrites::kWaitingMax));
    store.transact_async(count).get();
    CHECK(Counter{store, "count"}.get() == added + 1);
  }
}

}  // namespace anabranch::async_writes_test
