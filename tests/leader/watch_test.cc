// Watches: what changes, here and elsewhere, is told once, in order, as whole transactions.

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "leader/view.h"
#include "leader/watch_feed.h"
#include "tests/leader/store_world.h"
#include "tests/node.h"

using namespace anabranch;
using namespace std::chrono_literals;
using test::code_of;
using test::dialling;
using test::eventually;
using test::knows;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Texts = std::vector<std::string>;

// "put title=x", "add n=1", "clear", ...; path below the key after a slash.
std::string text(const Change& change) {
  static const Texts kKinds = {"put", "remove", "add", "reset", "clear"};
  std::string text = kKinds[static_cast<std::size_t>(change.kind)] + " " + change.key;
  for (const std::string& each : change.path) text += "/" + each;
  return change.value.empty() ? text : text + "=" + change.value;
}

std::string text(const Changes& changes) {
  if (changes.resync) return "resync";
  std::string all;
  for (const Change& each : changes.all) all += (all.empty() ? "" : ", ") + text(each);
  return changes.region + (changes.remote ? " remote: " : ": ") + all;
}

// What a watch has told.
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
    REQUIRE(eventually([&] { return store.status().log_bytes < 2 * value.size(); }));
    Diary diary;
    const Watch watch = store.watch("", token, diary.function());
    REQUIRE(diary.has(1));
    CHECK(diary.texts()[0] == "resync");
    Counter{store, "n"}.add(7);
    REQUIRE(diary.has(2));
    CHECK(diary.texts()[1] == "eu: add n/s=7");
  }

  TEST_CASE("what a snapshot brings is in no log: a watch is told to look anew") {
    test::Node eu("eu", 1);
    test::Node us("us", 2);
    const core::Path all = leader::path_of(Key::all(0));
    const core::Path row = leader::path_of(Key("k").of(Type::kString));
    const auto put = [&](test::Node& node, std::string_view value) {
      node.write(1'000, [&](regions::Group& group) { group.put(row, value); });
    };
    leader::WatchFeed feed({eu.storage(), eu.replica().names(), "eu", {}, all, ""},
                           leader::start_behind(eu.storage(), eu.replica().names().vectors(), {}));
    put(eu, "a");
    put(us, "b");
    eu.merge(us);
    put(eu, "c");
    CHECK(text(feed.next().value()) == "resync");
    CHECK_FALSE(feed.next());
    put(eu, "d");
    CHECK(text(feed.next().value()) == "eu: put k/s=d");
  }
}
