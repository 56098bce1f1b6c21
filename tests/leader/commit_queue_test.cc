// The commit queue and the locks around it: the order of waiting, and the messages when a holder
// takes too long.

#include <doctest/doctest.h>

#include <unistd.h>

#include <future>
#include <thread>

#include "leader/async_writes.h"
#include "leader/commit_queue.h"
#include "leader/threads/lock_order.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::commit_queue_test {

using namespace std::chrono_literals;
using leader::CommitQueue;
using leader::Leader;
using leader::LockRank;
using leader::OrderedMutex;
using test::code_of;
using test::eventually;
using test::store_options;
using test::TempDir;

TEST_SUITE("leader: the commit queue") {
  TEST_CASE("a transaction that does not end is noticed, with its thread") {
    const TempDir folder;
    const auto leader = Leader::open(store_options(folder, "eu")).value_or_raise();
    CommitQueue queue(*leader, 50ms);
    CHECK_FALSE(queue.watchdog().running());
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
    std::atomic<std::uint64_t> thread = 0;
    std::jthread slow([&] {
      queue.run([&](Leader&) {
        thread = static_cast<std::uint64_t>(::gettid());
        gone.wait();
      });
    });
    REQUIRE(eventually([&] { return queue.watchdog().count() == 1; }));
    REQUIRE(queue.watchdog().running());
    CHECK(queue.watchdog().running()->time >= 50ms);
    CHECK(queue.watchdog().running()->thread == thread);
    // Others wait for it; a thread that only asks does not.
    auto other = std::async(std::launch::async, [&] { queue.run_between([](Leader&) {}); });
    bool ran = false;
    CHECK_FALSE(queue.run_unless_held_up([&](Leader&) { ran = true; }));
    CHECK_FALSE(ran);
    CHECK(other.wait_for(0s) == std::future_status::timeout);
    // It is named again each time its time has doubled, and counts once.
    REQUIRE(eventually([&] { return queue.watchdog().running()->time >= 250ms; }));
    go.set_value();
    other.get();
    slow.join();
    CHECK_FALSE(queue.watchdog().running());
    CHECK(queue.run_unless_held_up([&](Leader&) { ran = true; }));
    CHECK(ran);
    CHECK(queue.watchdog().count() == 1);
  }

  TEST_CASE("a transaction that ends in time is no matter, however many there are") {
    const TempDir folder;
    const auto leader = Leader::open(store_options(folder, "eu")).value_or_raise();
    CommitQueue queue(*leader, 10s);
    for (int i = 0; i < 100; ++i) {
      queue.run([](Leader& inside) { inside.scope().add(Key("n").of(Type::kString), 1); });
    }
    CHECK(queue.watchdog().count() == 0);
  }

  TEST_CASE("status answers beside a transaction that does not end") {
    if (!test::long_run()) {
      MESSAGE("skipped: it takes ten seconds, so only long runs have it");
      return;
    }
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter{store, "n"}.add(1);
    const std::uint64_t rows = store.status().rows;
    std::promise<void> go;
    std::promise<void> begun;
    std::jthread slow([&, gone = go.get_future().share()] {
      store.transact([&](Transaction&) {
        begun.set_value();
        gone.wait();
      });
    });
    begun.get_future().get();
    for (int i = 0; i < 300; ++i) {
      (void)store.transact_async([](Transaction& txn) { Counter{txn, "n"}.add(1); });
    }
    const StoreStatus status = store.status();
    CHECK(status.transaction_ms >= 10'000);
    CHECK(status.transaction_thread != 0);
    CHECK(status.long_transactions == 1);
    CHECK(status.rows == rows);
    CHECK(status.async_waiting >= 300 - leader::AsyncWrites::kAtOnceMax);
    go.set_value();
    slow.join();
    CHECK(store.status().transaction_ms == 0);
    CHECK(store.status().long_transactions == 1);
    CHECK(eventually([&] { return Counter{store, "n"}.get() == 301; }));
    CHECK(store.status().async_waiting == 0);
  }

  TEST_CASE("locks of one store are taken in the order of their ranks") {
    const int one = 0;
    const int other = 0;
    OrderedMutex inbox(LockRank::kInbox, &one);
    OrderedMutex document(LockRank::kDocument, &one);
    OrderedMutex elsewhere(LockRank::kDocument, &other);
    using leader::lock_order::may_take;
    CHECK(may_take(LockRank::kInbox, &one));
    {
      const std::lock_guard first(document);
      CHECK(may_take(LockRank::kInbox, &one));
      CHECK_FALSE(may_take(LockRank::kDocument, &one));
      CHECK_FALSE(may_take(LockRank::kWriter, &one));
      const std::lock_guard second(inbox);
      CHECK_FALSE(may_take(LockRank::kInbox, &one));
      CHECK(may_take(LockRank::kWriter, &other));
      CHECK(elsewhere.try_lock());
      CHECK_FALSE(may_take(LockRank::kWriter, &other));
      elsewhere.unlock();
      CHECK(may_take(LockRank::kWriter, &other));
      CHECK_FALSE(document.try_lock());
    }
    CHECK(may_take(LockRank::kEditing, &one));
    leader::lock_order::Held writer(LockRank::kWriter, &one);
    leader::lock_order::took(writer);
    CHECK(leader::lock_order::holds(LockRank::kWriter, &one));
    CHECK_FALSE(leader::lock_order::holds(LockRank::kWriter, &other));
    leader::lock_order::gave_back(writer);
  }
}

}  // namespace anabranch::commit_queue_test
