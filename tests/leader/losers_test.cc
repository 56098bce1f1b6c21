// Losers through the embedded store: listed, watched, put back.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "leader/losers.h"
#include "tests/leader/store_world.h"

namespace anabranch::losers_test {

using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;
using Lines = std::vector<std::string>;

Options changed(Options options, const std::function<void(Options&)>& change) {
  change(options);
  return options;
}

// Two stores that exchange.
struct Pair {
  TempDir folder;
  Store eu;
  Store us;

  // Both stores are opened with their options changed.
  explicit Pair(const std::function<void(Options&)>& change = [](Options&) {})
      : eu(Store::open(changed(listening(folder, "eu"), change))),
        us(Store::open(changed(dialling(folder, "us", eu), change))) {
    REQUIRE(eventually([&] { return test::knows(eu, "us") && test::knows(us, "eu"); }));
  }
  // Runs both functions without either region knowing of the other's writes.
  template <typename Here, typename There>
  void apart(const Here& here, const There& there) {
    REQUIRE((eu.pause("us") && us.pause("eu")));
    here();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // The values of us are the last.
    there();
    REQUIRE((eu.resume("us") && us.resume("eu")));
    settle();
  }
  void settle() {
    REQUIRE(eventually([&] {
      const auto at_rest = [](const StoreStatus& status) {
        return status.peers.size() == 1 && status.peers[0].lag_ops == 0 &&
               status.peers[0].behind_ops == 0 && status.held_batches == 0;
      };
      return at_rest(eu.status()) && at_rest(us.status()) &&
             eu.status().digest == us.status().digest;
    }));
  }
  void conflict(const std::string& key, const std::string& value = "a",
                const std::string& other = "b") {
    apart([&] { Word{eu, key}.put(value); }, [&] { Word{us, key}.put(other); });
  }
};

// "met doc a of eu, b by lww".
std::string text_of(const Loser& loser) {
  const char* const kinds[] = {"met", "replaced", "put back"};
  std::string text = kinds[static_cast<int>(loser.kind)];
  text += " " + loser.key + " " + loser.value + " of " + loser.region;
  if (loser.winner) text += ", " + *loser.winner + " by " + loser.policy;
  return text + (loser.was_shown ? ", was shown" : "");
}

Lines lines_of(const std::vector<Loser>& losers) {
  Lines lines;
  for (const Loser& each : losers) lines.push_back(text_of(each));
  return lines;
}

Lines losers(const Store& store, const LoserFilter& filter = {}) {
  return lines_of(store.losers(filter));
}

}  // namespace

TEST_SUITE("leader: losers") {
  TEST_CASE("both regions list the value that is not shown, with its region and the winner") {
    Pair pair;
    pair.conflict("doc");
    CHECK(losers(pair.eu) == Lines{"met doc a of eu, b by lww"});
    CHECK(losers(pair.us) == losers(pair.eu));
    const Loser loser = pair.eu.losers().front();
    CHECK(loser.path == std::vector<std::string>{"s"});
    CHECK(loser.by_region == "us");
    CHECK(loser.time_ms > 0);
    CHECK(loser.logged_ms >= loser.time_ms);
  }

  TEST_CASE("a value that is equal to the winner, beside it, is no loser") {
    rows::Names names;
    names.set_region(1, "ap");
    names.set_region(2, "eu");
    names.set_region(3, "us");
    const auto value = [](core::Origin origin, const std::string& text) {
      return crdt::Sibling{{origin, 1}, core::Hlc::of(1'000, 0), text, {}};
    };
    rows::ConflictEntry entry;
    entry.note.path = {"\1", "doc", "s"};
    entry.note.by = {3, 1};
    entry.note.values = {value(1, "same"), value(2, "other"), value(3, "same")};
    entry.policy = "lww";
    entry.shown = {3, 1};
    CHECK(lines_of(leader::losers_of(1, entry, names, {})) ==
          Lines{"met doc other of eu, same by lww"});
    // Where both were replaced both have lost, also the one that was shown.
    entry.note.kind = rows::ConflictKind::kReplaced;
    CHECK(lines_of(leader::losers_of(1, entry, names, {})) ==
          Lines{"replaced doc same of ap", "replaced doc other of eu",
                "replaced doc same of us, was shown"});
  }

  TEST_CASE("a put over values that nobody read leaves both as losers, in both regions") {
    Pair pair;
    pair.conflict("doc");
    Word{pair.eu, "doc"}.put("c");
    pair.settle();
    const Lines both{"replaced doc a of eu", "replaced doc b of us, was shown"};
    CHECK(losers(pair.eu) == both);
    CHECK(losers(pair.us) == both);
  }

  TEST_CASE("a put over values that nobody read does not lose the value that it puts again") {
    Pair pair;
    pair.conflict("doc");
    CHECK(losers(pair.eu) == Lines{"met doc a of eu, b by lww"});
    Word{pair.eu, "doc"}.put("a");
    pair.settle();
    const Lines other{"replaced doc b of us, was shown"};
    CHECK(losers(pair.eu) == other);
    CHECK(losers(pair.us) == other);
  }

  TEST_CASE("a transaction that reads the siblings replaces them knowingly, in both regions") {
    Pair pair;
    pair.conflict("doc");
    pair.us.transact([](Transaction& txn) {
      std::string merged;
      for (const Sibling& each : Word{txn, "doc"}.siblings()) merged += each.value;
      Word{txn, "doc"}.put(merged);
    });
    pair.settle();
    CHECK(Word{pair.eu, "doc"}.get() == "ab");
    CHECK(losers(pair.eu) == Lines{"met doc a of eu, b by lww"});
    CHECK(losers(pair.us) == losers(pair.eu));
  }

  TEST_CASE("a loser that is put back is shown everywhere, and that can be undone") {
    Pair pair;
    pair.conflict("doc");
    pair.eu.put_back(pair.eu.losers().front().id);
    CHECK(Word{pair.eu, "doc"}.get() == "a");
    CHECK(eventually([&] { return Word{pair.us, "doc"}.get() == "a"; }));
    CHECK(Word{pair.us, "doc"}.siblings().size() == 1);
    const std::vector<Loser> now = pair.eu.losers();
    REQUIRE(losers(pair.eu) == Lines{"put back doc b of us, was shown"});  // a is not lost.
    pair.eu.put_back(now.front().id);
    CHECK(eventually([&] { return Word{pair.us, "doc"}.get() == "b"; }));
    CHECK(losers(pair.eu).front() == "put back doc a of eu, was shown");
  }

  TEST_CASE("putting back what is the only value writes nothing") {
    Pair pair;
    pair.conflict("doc");
    const std::string id = pair.eu.losers().front().id;
    pair.eu.put_back(id);
    const std::uint64_t records = pair.eu.status().log_records;
    pair.eu.put_back(id);
    CHECK(pair.eu.status().log_records == records);
  }

  TEST_CASE("a loser that a new policy shows is told as shown, and putting it back settles") {
    Pair pair;
    pair.conflict("doc", "5", "7");
    Counter{pair.eu, "doc"}.add(1);  // The sum is no part of the value.
    pair.settle();
    const Loser loser = pair.us.losers().front();
    CHECK(loser.value == "5");
    CHECK_FALSE(loser.is_shown);
    pair.eu.set_policy("doc", Policy::min());
    pair.settle();
    CHECK(Counter{pair.us, "doc"}.get() == 6);
    CHECK(pair.us.losers().front().is_shown);
    CHECK(pair.eu.losers().front().is_shown);
    CHECK(Word{pair.us, "doc"}.siblings().size() == 2);
    pair.us.put_back(loser.id);
    pair.settle();
    for (const Store* const store : {&pair.eu, &pair.us}) {
      CHECK(RegisterReader<>(*store, "doc").get() == "5");
      CHECK(RegisterReader<>(*store, "doc").siblings().size() == 1);
    }
    const std::vector<Loser> settled = pair.us.losers();
    REQUIRE(lines_of(settled) == Lines{"put back doc 7 of us"});
    CHECK_FALSE(settled.front().is_shown);
  }

  TEST_CASE("of the values that met under a function the one that it shows is told") {
    std::atomic<bool> has_memory = false;
    const auto longest = [&has_memory](const Conflict& conflict) {
      if (!has_memory) throw std::bad_alloc();
      return std::ranges::max_element(conflict.siblings, {},
                                      [](const Sibling& each) { return each.value.size(); })
          ->value;
    };
    Pair pair([&](Options& options) { options.resolvers = {{"doc", longest}}; });
    pair.conflict("doc", "longer", "short");
    const auto shown = [&] {
      Lines values;
      for (const Loser& each : pair.eu.losers()) {
        if (each.is_shown) values.push_back(each.value);
      }
      return values;
    };
    // Where nobody can decide none is shown, and the list is there all the same.
    CHECK(pair.eu.losers().size() == 2);
    CHECK(shown().empty());
    has_memory = true;
    CHECK(pair.eu.losers().size() == 2);
    CHECK(shown() == Lines{"longer"});
  }

  TEST_CASE("what another type hides is not shown, until its key shows that type") {
    Pair pair;
    pair.apart(
        [&] {
          Map{pair.eu, "k"}.at<Word>("f").put("a");
        },
        [&] {
          Word{pair.us, "k"}.put("b");
        });
    const std::vector<Loser> losers = pair.eu.losers();
    REQUIRE(losers.size() == 1);
    CHECK(losers.front().kind == Loser::Kind::kHidden);
    CHECK(losers.front().value == "a");
    CHECK_FALSE(losers.front().is_shown);
    Word{pair.eu, "k"}.erase();
    CHECK(Map{pair.eu, "k"}.at<Word>("f").get() == "a");
    CHECK(pair.eu.losers().front().is_shown);
    Expiry{pair.eu, "k"}.expire_at(std::chrono::system_clock::now() - std::chrono::hours(1));
    CHECK_FALSE(pair.eu.losers().front().is_shown);
  }

  TEST_CASE("a field, a score, an insert and a flag come back as what they were") {
    Pair pair;
    RemoveWinsSet<> removed{pair.eu, "removed"};
    removed.insert("x");
    pair.settle();
    pair.apart(
        [&] {
          Map{pair.eu, "map"}.at<Word>("f").put("a");
          SortedSet<>{pair.eu, "scores"}.put("m", 1);
          removed.insert("x");
        },
        [&] {
          Map{pair.us, "map"}.at<Word>("f").put("b");
          SortedSet<>{pair.us, "scores"}.put("m", 2);
          RemoveWinsSet<>{pair.us, "removed"}.erase("x");
        });
    const auto are_shown = [&] {
      return std::ranges::count_if(pair.eu.losers(), &Loser::is_shown);
    };
    const std::vector<Loser> lost = pair.eu.losers();
    CHECK(lost.size() == 3);
    CHECK(are_shown() == 0);
    for (const Loser& each : lost) pair.eu.put_back(each.id);
    CHECK(eventually([&] { return removed.contains("x"); }));
    CHECK(Map{pair.eu, "map"}.at<Word>("f").get() == "a");
    CHECK(SortedSet<>{pair.eu, "scores"}.score("m") == 1);
    pair.settle();
    CHECK(Map{pair.us, "map"}.at<Word>("f").get() == "a");
    CHECK(SortedSet<>{pair.us, "scores"}.score("m") == 1);
  }

  TEST_CASE("what cannot be put back is refused with the reason") {
    Pair pair;
    pair.conflict("doc");
    const std::string id = pair.eu.losers().front().id;
    std::string why;
    CHECK(code_of([&] { pair.eu.put_back("1"); }, &why) == ErrorCode::kInvalid);
    CHECK(why == "the id of a loser looks like 17.1, not like \"1\"");
    CHECK(code_of([&] { pair.eu.put_back("99.0"); }, &why) == ErrorCode::kInvalid);
    CHECK(why == "there is no loser 99.0 in the conflict log of this leader, or no longer");
    CHECK(code_of([&] { pair.eu.put_back("1.7"); }) == ErrorCode::kInvalid);
    Word{pair.eu, "doc"}.erase();
    Set<>{pair.eu, "doc"}.insert("x");
    CHECK(code_of([&] { pair.eu.put_back(id); }, &why) == ErrorCode::kWrongType);
    CHECK(Set<>{pair.eu, "doc"}.contains("x"));
  }

  TEST_CASE("a filter chooses by database, prefix and time, and pages go on at an id") {
    Pair pair;
    pair.conflict("doc/1");
    pair.conflict("doc/2");
    pair.conflict("other");
    CHECK(losers(pair.eu).size() == 3);
    CHECK(losers(pair.eu, {.prefix = "doc/"}) ==
          Lines{"met doc/2 a of eu, b by lww", "met doc/1 a of eu, b by lww"});
    CHECK(losers(pair.eu, {.database = 1}).empty());
    CHECK(losers(pair.eu, {.database = 0}).size() == 3);
    CHECK(losers(pair.eu, {.since_ms = pair.eu.losers().front().logged_ms + 1}).empty());
    const std::vector<Loser> first = pair.eu.losers({.limit = 2});
    REQUIRE(first.size() == 2);
    CHECK(losers(pair.eu, {.before = first.back().id}) == Lines{"met doc/1 a of eu, b by lww"});
    CHECK(code_of([&] { (void)pair.eu.losers({.before = "x"}); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a watch is told of each loser from now on, once") {
    Pair pair;
    pair.conflict("before");
    std::mutex mutex;
    Lines told;
    const LoserWatch watch =
        pair.eu.watch_losers({.prefix = "doc/"}, [&](const std::vector<Loser>& losers) {
          const std::lock_guard lock(mutex);
          for (const Loser& each : losers) told.push_back(text_of(each));
        });
    pair.conflict("doc/1");
    pair.conflict("other");
    Word{pair.eu, "doc/1"}.put("c");
    CHECK(eventually([&] {
      const std::lock_guard lock(mutex);
      return told.size() == 3;
    }));
    const std::lock_guard lock(mutex);
    CHECK(told == Lines{"met doc/1 a of eu, b by lww", "replaced doc/1 a of eu",
                        "replaced doc/1 b of us, was shown"});
  }

  TEST_CASE("a watch that is over is not told any more, and one that throws goes on") {
    Pair pair;
    std::atomic<int> told = 0;
    {
      const LoserWatch watch = pair.eu.watch_losers({}, [&](const std::vector<Loser>&) {
        ++told;
        throw std::runtime_error("no");
      });
      pair.conflict("one");
      pair.conflict("two");
      CHECK(eventually([&] { return told == 2; }));
    }
    pair.conflict("three");
    Word{pair.eu, "later"}.put("x");
    CHECK(told == 2);
    CHECK(code_of([&] { (void)pair.eu.watch_losers({}, {}); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a loser can be put back in a watch of losers, and not in a transaction") {
    Pair pair;
    std::string why;
    const LoserWatch watch = pair.eu.watch_losers({}, [&](const std::vector<Loser>& losers) {
      if (losers.front().kind == Loser::Kind::kMet) pair.eu.put_back(losers.front().id);
    });
    pair.conflict("doc");
    CHECK(eventually([&] { return Word{pair.eu, "doc"}.get() == "a"; }));
    const std::string id = pair.eu.losers().front().id;
    const auto put_back = [&] { pair.eu.transact([&](Transaction&) { pair.eu.put_back(id); }); };
    CHECK(code_of(put_back, &why) == ErrorCode::kInvalid);
    CHECK(why.find("transaction") != std::string::npos);
    pair.settle();
    CHECK(Word{pair.us, "doc"}.get() == "a");
  }

  TEST_CASE("a watch that is slower than a small log drops entries goes on behind them") {
    Pair pair([](Options& options) { options.conflicts_bytes_max = 600; });  // A few entries.
    std::mutex told_mutex;
    Lines told;
    std::mutex slow;
    std::unique_lock held(slow);
    const LoserWatch watch = pair.eu.watch_losers({}, [&](const std::vector<Loser>& losers) {
      {
        const std::lock_guard lock(told_mutex);
        told.push_back(losers.front().key);
      }
      const std::lock_guard lock(slow);
    });
    for (int i = 0; i < 12; ++i) pair.conflict("key" + std::to_string(100 + i));
    CHECK(pair.eu.status().conflicts.dropped_full > 5);
    held.unlock();
    CHECK(eventually([&] {
      const std::lock_guard lock(told_mutex);
      return !told.empty() && told.back() == "key111";
    }));
    const std::lock_guard lock(told_mutex);
    CHECK(told.front() == "key100");
    CHECK(told.size() < 9);
    CHECK(std::ranges::is_sorted(told));
  }

  TEST_CASE("the status counts by policy and prefix, and says how large the log is") {
    Pair pair;
    pair.eu.set_policy("bids/", Policy::max());
    pair.settle();
    pair.conflict("bids/1", "9", "5");
    pair.conflict("doc");
    Word{pair.eu, "doc"}.put("c");
    const ConflictsStatus status = pair.eu.status().conflicts;
    CHECK(status.entries == 3);
    CHECK(status.bytes > 0);
    CHECK(status.bytes_max == std::uint64_t{64} << 20U);
    CHECK(status.dropped_full == 0);
    REQUIRE(status.rules.size() == 2);
    CHECK(status.rules[0].policy == "lww");
    CHECK(status.rules[0].met == 1);
    CHECK(status.rules[0].replaced == 1);
    CHECK(status.rules[1].policy == "max");
    CHECK(status.rules[1].prefix == "bids/");
    CHECK(status.rules[1].met == 1);
  }

  TEST_CASE("the log stays over a restart, and none is kept where its size is 0") {
    Pair pair;
    pair.conflict("doc");
    const Lines before = losers(pair.eu);
    {
      const TempDir folder;
      Options options = listening(folder, "ap");
      options.peers = {pair.eu.status().endpoint};
      options.conflicts_bytes_max = 0;
      Store ap = Store::open(options);
      REQUIRE(eventually([&] { return Word{ap, "doc"}.siblings().size() == 2; }));
      CHECK(ap.losers().empty());
      CHECK(ap.status().conflicts.dropped_full == 1);
    }
    CHECK(before.size() == 1);
  }

  TEST_CASE("the log of a store is there when it is opened again") {
    const TempDir folder;
    Lines before;
    {
      Store eu = Store::open(listening(folder, "eu"));
      Store us = Store::open(dialling(folder, "us", eu));
      REQUIRE(eventually([&] { return test::knows(eu, "us") && test::knows(us, "eu"); }));
      REQUIRE((eu.pause("us") && us.pause("eu")));
      Word{eu, "doc"}.put("a");
      Word{us, "doc"}.put("b");
      REQUIRE((eu.resume("us") && us.resume("eu")));
      REQUIRE(eventually([&] { return eu.losers().size() == 1; }));
      before = losers(eu);
    }
    const Store eu = Store::open(store_options(folder, "eu"));
    CHECK(losers(eu) == before);
    CHECK(eu.status().conflicts.entries == 1);
  }
}

}  // namespace anabranch::losers_test
