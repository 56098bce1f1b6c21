// Watches: changes, here and elsewhere, are told once, in order, as whole transactions.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/leader/store_world.h"
#include "tests/leader/watch/change_text.h"

namespace anabranch::watch_test {

using namespace std::chrono_literals;
using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;
using test::text;

namespace {

using Texts = std::vector<std::string>;

// The notes of a watch.
class Diary {
 public:
  OnChanges function() {
    return [this](const Changes& changes) {
      const std::lock_guard lock(mutex_);
      texts_.push_back(text(changes));
      token_ = changes.token;
      time_ms_ = changes.time_ms;
    };
  }
  Texts texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  std::string token() const {
    const std::lock_guard lock(mutex_);
    return token_;
  }
  std::int64_t time_ms() const {
    const std::lock_guard lock(mutex_);
    return time_ms_;
  }
  bool has(std::size_t count) const {
    return eventually([&] { return texts().size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  Texts texts_;
  std::string token_;
  std::int64_t time_ms_ = 0;
};

// Lets functions go on that wait for it; at the latest when it ends, so that no watch waits for
// them when something has failed.
class Opener {
 public:
  explicit Opener(std::promise<void>& gate) : gate_(gate) {}
  ~Opener() { open(); }
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;

  void open() {
    if (!std::exchange(opened_, true)) gate_.set_value();
  }

 private:
  std::promise<void>& gate_;
  bool opened_ = false;
};

}  // namespace

TEST_SUITE("leader: watches") {
  TEST_CASE("each kind of change is told, with its key, in order") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<>{store, "before"}.put("x");
    Diary diary;
    const Watch watch = store.watch("", diary.function());
    Register<>{store, "r"}.put("x");
    Counter{store, "n"}.add(-2);
    Set<>{store, "s"}.insert("e");
    Set<>{store, "s"}.erase("e");
    Map{store, "m"}.at<Counter>("f").add(1);
    Map{store, "m"}.clear();
    Register<>{store, "r"}.erase();
    store.clear(Key::all(0));
    REQUIRE(diary.has(8));
    CHECK(diary.texts() == Texts{"eu: put r/s=x", "eu: add n/s=-2", "eu: put s/e/e",
                                 "eu: remove s/e/e", "eu: add m/h/f/s=1", "eu: clear m/h",
                                 "eu: remove r/s", "eu: clear "});
    CHECK(diary.time_ms() > 1'600'000'000'000);
  }

  TEST_CASE("a transaction is told as a whole, and only what is watched of it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Diary diary;
    const Watch watch = store.watch("doc/", diary.function());
    Register<>{store, "other"}.put("x");
    store.transact([](Transaction& txn) {
      Register<>{txn, "doc/1"}.put("a");
      Register<>{txn, "other"}.put("b");
      Register<>{txn, "doc/2"}.put("c");
    });
    Register<>{store, "doc/3"}.put("d");
    store.put(Key(1, "doc/4").of(Type::kString), "another database");
    Register<>{store, "doc/5"}.put("e");
    REQUIRE(diary.has(3));
    CHECK(diary.texts() ==
          Texts{"eu: put doc/1/s=a, put doc/2/s=c", "eu: put doc/3/s=d", "eu: put doc/5/s=e"});
  }

  TEST_CASE("what other regions write is told, and where it was written") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    Diary diary;
    const Watch watch = eu.watch("", diary.function());
    Counter{us, "n"}.add(1);
    REQUIRE(diary.has(1));
    Counter{eu, "n"}.add(2);
    REQUIRE(diary.has(2));
    CHECK(diary.texts() == Texts{"us remote: add n/s=1", "eu: add n/s=2"});
  }

  TEST_CASE("a watch goes on behind a token, in any region") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    Diary first;
    {
      const Watch watch = eu.watch("", first.function());
      Counter{eu, "n"}.add(1);
      REQUIRE(first.has(1));
    }
    Counter{eu, "n"}.add(2);
    Counter{us, "n"}.add(3);
    for (Store* store : {&eu, &us}) {
      REQUIRE(eventually([&] { return Counter{*store, "n"}.get() == 6; }));
      Diary later;
      const Watch watch = store->watch("", first.token(), later.function());
      REQUIRE(later.has(2));
      const Texts texts = later.texts();  // They were written concurrently.
      const bool eu_first = texts[0].ends_with("add n/s=2");
      CHECK(texts[eu_first ? 0 : 1].ends_with("add n/s=2"));
      CHECK(texts[eu_first ? 1 : 0].ends_with("add n/s=3"));
    }
    Diary all;
    const Watch watch = us.watch("", "", all.function());
    REQUIRE(all.has(3));
    Texts texts = all.texts();
    std::ranges::sort(texts);
    CHECK(texts == Texts{"eu remote: add n/s=1", "eu remote: add n/s=2", "us: add n/s=3"});
    CHECK(code_of([&] { (void)us.watch("", "garbage", all.function()); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a slow function holds up nobody and misses nothing") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Diary diary;
    std::promise<void> go;
    std::shared_future<void> gone = go.get_future().share();
    const Watch watch = store.watch("", [&](const Changes& changes) {
      gone.wait();
      diary.function()(changes);
    });
    for (int i = 0; i < 100; ++i) Counter{store, "n"}.add(1);
    CHECK(Counter{store, "n"}.get() == 100);
    go.set_value();
    CHECK(diary.has(100));
  }

  TEST_CASE("a function may use the store and may throw, and the watch goes on") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Diary diary;
    const Watch watch = store.watch("in/", [&](const Changes& changes) {
      for (const Change& each : changes.all) Counter{store, "out/" + each.key}.add(1);
      diary.function()(changes);
      throw std::runtime_error("no");
    });
    for (int i = 0; i < 5; ++i) Register<>{store, "in/x"}.put(std::to_string(i));
    CHECK(diary.has(5));
    CHECK(eventually([&] { return Counter{store, "out/in/x"}.get() == 5; }));
  }

  TEST_CASE("a watch that has ended is not called any more, and may end after its store") {
    const TempDir folder;
    Diary diary;
    std::optional<Watch> late;
    {
      Store store = Store::open(store_options(folder, "eu"));
      {
        const Watch watch = store.watch("", diary.function());
        Counter{store, "n"}.add(1);
        REQUIRE(diary.has(1));
      }
      Counter{store, "n"}.add(1);
      late.emplace(store.watch("", [](const Changes&) {}));
      Watch moved = store.watch("", [](const Changes&) {});
      *late = std::move(moved);
    }
    CHECK(diary.texts().size() == 1);
  }

  TEST_CASE("where the log does not reach back, a watch is told to look anew") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.log_bytes_min = 1;
    options.log_bytes_max = std::uint64_t{1} << 20U;
    Store store = Store::open(options);
    const std::string token = store.token();
    const std::string value(300'000, 'x');
    for (int i = 0; i < 5; ++i) Register<>{store, "r"}.put(value);
    REQUIRE(eventually([&] { return store.status().log_bytes < 3 * value.size(); }));
    Diary diary;
    const Watch watch = store.watch("", token, diary.function());
    REQUIRE(diary.has(1));
    CHECK(diary.texts()[0] == "resync");
    Counter{store, "n"}.add(7);
    REQUIRE(diary.has(2));
    CHECK(diary.texts()[1] == "eu: add n/s=7");
  }

  TEST_CASE("a watch that falls behind while it runs is told when the log was trimmed meanwhile") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.log_bytes_min = 1;
    options.log_bytes_max = std::uint64_t{1} << 20U;
    Store store = Store::open(options);
    Diary diary;
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
    const Watch watch = store.watch("", [&](const Changes& changes) {
      gone.wait();
      diary.function()(changes);
    });
    Opener gate(go);
    const std::string value(300'000, 'x');
    for (int i = 0; i < 12; ++i) Register<>{store, "r" + std::to_string(i)}.put(value);
    CHECK(eventually([&] { return store.status().watches.behind == 1; }));
    REQUIRE(eventually([&] { return store.status().log_bytes < 3 * value.size(); }));
    gate.open();
    REQUIRE(eventually([&] {
      const Texts texts = diary.texts();
      return std::ranges::find(texts, "resync") != texts.end();
    }));
    CHECK(eventually([&] { return store.status().watches.behind == 0; }));
    Counter{store, "n"}.add(7);
    REQUIRE(eventually([&] { return diary.texts().back() == "eu: add n/s=7"; }));
    // Before the resync there is no gap: all of the first ones, in order.
    const Texts texts = diary.texts();
    for (std::size_t i = 0; texts.at(i) != "resync"; ++i) {
      CHECK(texts[i].starts_with("eu: put r" + std::to_string(i) + "/s="));
    }
    CHECK(std::ranges::count(texts, "resync") == 1);
    CHECK(store.status().watches.lost == 1);
  }

  TEST_CASE("a watch that falls behind goes on from the log, with no gap and nothing told twice") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Diary diary;
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
    const Watch watch = store.watch("n", [&](const Changes& changes) {
      gone.wait();
      diary.function()(changes);
    });
    Opener gate(go);
    constexpr int kWrites = 40;
    const std::string value(100'000, 'x');
    const auto write = [&](int i) {
      store.transact([&](Transaction& txn) {
        Counter{txn, "n"}.add(i);
        Register<>{txn, "number"}.put(value);
      });
    };
    for (int i = 1; i <= kWrites; ++i) write(i);
    CHECK(eventually([&] { return store.status().watches.behind == 1; }));
    gate.open();
    for (int i = kWrites + 1; i <= 2 * kWrites; ++i) write(i);
    REQUIRE(diary.has(std::size_t{2} * kWrites));
    CHECK(eventually([&] { return store.status().watches.behind == 0; }));
    write(2 * kWrites + 1);
    REQUIRE(diary.has(2 * kWrites + 1));
    const Texts texts = diary.texts();
    CHECK(texts.size() == 2 * kWrites + 1);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CHECK(texts[i].starts_with("eu: add n/s=" + std::to_string(i + 1) + ", put number/s="));
    }
    CHECK(store.status().watches.lost == 0);
  }

  TEST_CASE("watches that begin behind a token join while others write, each change once") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const std::string token = store.token();
    constexpr int kWrites = 300;
    std::atomic<int> written = 0;
    std::jthread writer([&] {
      for (int i = 1; i <= kWrites; ++i) {
        Counter{store, "n"}.add(i);
        written = i;
      }
    });
    std::vector<std::unique_ptr<Diary>> diaries;
    std::vector<Watch> watches;
    for (int i = 0; i < 20; ++i) {
      CHECK(eventually([&] { return written >= 10 * i; }));
      diaries.push_back(std::make_unique<Diary>());
      watches.push_back(store.watch("n", token, diaries.back()->function()));
    }
    writer.join();
    Texts all;
    for (int i = 1; i <= kWrites; ++i) all.push_back("eu: add n/s=" + std::to_string(i));
    for (const auto& each : diaries) {
      REQUIRE(each->has(kWrites));
      CHECK(each->texts() == all);
    }
    CHECK(store.status().watches.watches == 20);
  }

  TEST_CASE("a watch may be destroyed by its own function") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::optional<Watch> watch;
    std::atomic<int> calls = 0;
    std::promise<void> opened;
    watch.emplace(store.watch("", [&, ready = opened.get_future().share()](const Changes&) {
      ready.wait();
      watch.reset();
      ++calls;
    }));
    opened.set_value();
    for (int i = 0; i < 5; ++i) Counter{store, "n"}.add(1);
    CHECK(eventually([&] { return calls == 1; }));
    CHECK(eventually([&] { return store.status().watches.watches == 0; }));
    CHECK(calls == 1);
  }

  TEST_CASE("destroying a watch waits for its function when another thread runs it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::atomic<bool> running = false;
    std::atomic<bool> done = false;
    {
      const Watch watch = store.watch("", [&](const Changes&) {
        running = true;
        for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
        done = true;
      });
      Counter{store, "n"}.add(1);
      REQUIRE(eventually([&] { return running.load(); }));
    }
    CHECK(done);
  }

  TEST_CASE("a watch may be destroyed in a transaction that its function waits for") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::promise<void> called;
    std::promise<void> held;
    std::optional<Watch> watch;
    watch.emplace(store.watch("n", [&, hold = held.get_future().share()](const Changes&) {
      called.set_value();
      hold.wait();
      Counter{store, "told"}.add(1);
    }));
    Counter{store, "n"}.add(1);
    REQUIRE(called.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
    std::atomic<bool> told_within = false;
    store.transact([&](Transaction& transaction) {
      Counter{transaction, "n"}.add(1);
      held.set_value();
      watch.reset();
      told_within = Counter{transaction, "told"}.get() != 0;
    });
    CHECK_FALSE(told_within);
    CHECK(Counter{store, "told"}.get() == 1);  // The function has ended when the transaction has.
    CHECK(store.status().watches.watches == 0);
  }

  TEST_CASE("calls of one watch do not overlap, keep their order, and go on beside slow ones") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
    std::vector<Watch> slow;
    slow.reserve(6);
    for (int i = 0; i < 6; ++i) {
      slow.push_back(store.watch("go", [&](const Changes&) { gone.wait(); }));
    }
    Opener gate(go);
    Counter{store, "go"}.add(1);
    Diary diary;
    std::atomic<int> inside = 0;
    std::atomic<bool> overlapped = false;
    const Watch watch = store.watch("n", [&](const Changes& changes) {
      if (++inside > 1) overlapped = true;
      diary.function()(changes);
      --inside;
    });
    for (int i = 0; i < 50; ++i) Counter{store, "n"}.add(i + 1);
    REQUIRE(diary.has(50));  // Six functions that do not return are more than four threads.
    CHECK(store.status().watches.slow >= 3);
    for (std::size_t i = 0; i < 50; ++i) {
      CHECK(diary.texts()[i] == "eu: add n/s=" + std::to_string(i + 1));
    }
    CHECK_FALSE(overlapped);
    gate.open();
    CHECK(eventually([&] { return store.status().watches.slow == 0; }));
  }

  TEST_CASE("keys of other databases are watched, and told with their database") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::vector<Change> all;
    Diary diary;
    const Watch third = store.watch(3, "k", [&](const Changes& changes) {
      all.insert(all.end(), changes.all.begin(), changes.all.end());
      diary.function()(changes);
    });
    Diary zero;
    const Watch watch = store.watch("k", zero.function());
    Register<>{store, Key(3, "key")}.put("three");
    Register<>{store, Key(2, "key")}.put("two");
    Register<>{store, Key(0, "key")}.put("zero");
    store.clear(Key::all(2));
    store.clear(Key::all(3));
    REQUIRE(diary.has(2));
    REQUIRE(zero.has(1));
    CHECK(diary.texts() == Texts{"eu: put key/s=three", "eu: clear "});
    CHECK(zero.texts() == Texts{"eu: put key/s=zero"});
    CHECK(all.at(0).database == 3);
    CHECK(all.at(1).database == 3);
    Diary again;
    const Watch later = store.watch(2, "", "", again.function());
    REQUIRE(again.has(2));
    CHECK(again.texts() == Texts{"eu: put key/s=two", "eu: clear "});
    CHECK(code_of([&] { (void)store.watch(16, "", [](const Changes&) {}); }) ==
          ErrorCode::kInvalid);
  }
}

}  // namespace anabranch::watch_test
