// A user of the installed package who touches each part of its interface: reading through a const
// store, results of transactions, pages, codecs, words, losers, enums. Two regions in one process.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <anabranch/anabranch.h>

namespace ab = anabranch;
using namespace std::chrono_literals;

struct Order {
  std::int64_t id = 0;
  std::vector<std::string> lines;
  std::optional<float> discount;
  ab::UnknownFields unknown;
};
template <>
struct anabranch::Codec<Order> : anabranch::Fields<Order, 1, &Order::id, 2, &Order::lines, 3,
                                                   &Order::discount, 0, &Order::unknown> {};

namespace {

int failures = 0;

void check(bool holds, const char* claim) {
  if (holds) return;
  std::cerr << "not so: " << claim << '\n';
  ++failures;
}

template <typename Function>
std::optional<ab::ErrorCode> code_of(const Function& function) {
  try {
    function();
  } catch (const ab::Error& error) {
    return error.code();
  }
  return std::nullopt;
}

// Waits until each region has the writes of the other.
void meet(ab::Store& eu, ab::Store& us) {
  (void)us.session(eu.token(), 30s);
  (void)eu.session(us.token(), 30s);
}

std::int64_t visits(const ab::Store& store) { return ab::CounterReader{store, "visits"}.get(); }

void read_and_write(ab::Store& store) {
  const std::int64_t sum = store.transact([](ab::Transaction& txn) {
    ab::Counter counter{txn, "visits"};
    counter.add(5);
    return counter.get();
  });
  check(sum == 5 && visits(store) == 5, "a transaction returns the sum that a reader reads");
  const ab::Unchanged seen = store.read([](ab::ReadTransaction& txn) {
    return ab::Unchanged{txn, {"visits"}};
  });
  const auto add = [](ab::Transaction& txn) {
    ab::Counter{txn, "visits"}.add(1);
    return std::string("added");
  };
  check(store.transact_if(seen, add) == "added", "nothing has changed");
  check(store.transact_if(seen, add) == std::nullopt, "something has changed");
  std::int64_t at_once = 0;
  store.at_once([&](const ab::Scope& state) {
    at_once = ab::CounterReader{state, "visits"}.get();
  });
  check(at_once == 6, "a reader reads one state");
  static_assert(!std::is_constructible_v<ab::Counter, const ab::Store&, const char*>);

  ab::Register<>{store, "word"}.put("abc");
  check(code_of([&] {
          ab::Counter{store, "word"}.add(1);
        }) == ab::ErrorCode::kWrongType,
        "a counter refuses a text");
  check(to_string(ab::ErrorCode::kWrongType) == "wrong-type", "codes have words");
}

void values(ab::Store& store) {
  ab::Register<Order> order{store, "order/7"};
  order.put({.id = 7, .lines = {"tea", "mug"}, .discount = 0.5F, .unknown = {}});
  const std::optional<Order> read = order.get();
  check(read && read->id == 7 && read->lines.size() == 2 && read->discount == 0.5F,
        "a struct is a value");
  ab::Register<std::vector<float>>{store, "floats"}.put({1.5F, -0.0F});
  check(ab::Register<>{store, "floats"}.get() == "3:1.5,1:0,", "a vector of floats has one form");
}

void collections(ab::Store& store) {
  ab::List<int> list{store, "list"};
  for (int i = 0; i < 10; ++i) list.push_back(i);
  check(list.elements(2, 3) == std::vector<int>{2, 3, 4}, "a part of a list");
  std::vector<int> all;
  ab::ListPage<int> page = list.page({}, 4);
  for (all = page.elements; page.more;
       all.insert(all.end(), page.elements.begin(), page.elements.end())) {
    page = list.page(page.place, 4);
  }
  check(all == list.elements(), "the pages of a list are the list");

  ab::Map map{store, "map"};
  map.at<ab::Register<>>("title").put("Tea");
  map.at<ab::Counter>("votes").add(3);
  std::string entries;
  for (const auto& [field, type, value] : map.entries())
    entries += field + '=' + value.value_or("?") + ' ';
  check(entries == "title=Tea votes=3 ", "the entries of a map");

  ab::SortedSet<> board{store, "board"};
  board.put("ada", 1);
  board.put("bob", 2);
  check(board.range_by_rank(0, 1, ab::RankFrom::kHighest).front().member == "bob",
        "the highest of a board");
}

void changes(ab::Store& store) {
  std::promise<ab::Change> first;
  std::atomic<bool> is_told = false;
  const ab::Watch watch = store.watch("map", [&](const ab::Changes& told) {
    if (!is_told.exchange(true)) first.set_value(told.all.front());
  });
  ab::Map{store, "map"}.at<ab::Register<>>("title").put("Green tea");
  std::future<ab::Change> told = first.get_future();
  check(told.wait_for(30s) == std::future_status::ready, "a watch is told");
  const ab::Change change = told.get();
  const ab::ChangedPlace place = change.place();
  check(ab::RegisterReader<>{store, place.at}.get() == "Green tea", "a change names its place");
  check(place.fields == std::vector<std::string>{"title"}, "a change names its field");
  check(to_string(change.kind) == "put", "changes have words");
}

// Both regions write a title, and a policy shows the one that lost.
void losers(ab::Store& eu, ab::Store& us) {
  (void)eu.pause("us");
  ab::Register<>{eu, "title"}.put("Black tea");
  std::this_thread::sleep_for(2ms);  // So that the next one is later.
  ab::Register<>{us, "title"}.put("Green tea");
  (void)eu.resume("us");
  meet(eu, us);
  const std::vector<ab::Loser> lost = eu.losers({.prefix = "title"});
  check(lost.size() == 1 && !lost.front().is_shown, "a loser is not shown");
  check(lost.size() == 1 && to_string(lost.front().kind) == "met", "kinds of losers have words");
  eu.set_policy("title", ab::Policy::min());
  check(eu.losers({.prefix = "title"}).front().is_shown, "a policy shows a loser");
  eu.put_back(lost.front().id);
  meet(eu, us);
  check(ab::RegisterReader<>{us, "title"}.siblings().size() == 1, "putting it back settles");
}

void operating(ab::Store& eu, const std::string& folder) {
  check(eu.region() == "eu", "a store has the name of its region");
  const ab::Backup backup = eu.backup_to(folder + "/backup");
  check(backup.rows > 0 && backup.findings.empty(), "a backup is made and verified");
  check(code_of([&] { eu.retire("ap", ab::Loss::kForGood); }) == ab::ErrorCode::kInvalid,
        "a region that nobody knows is not lost");
  check(code_of([&] { eu.resolve_fork("0123456789abcdef", ab::Adopt::kOthers); }) ==
            ab::ErrorCode::kInvalid,
        "there is no fork");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: whole DIR\n";
    return 2;
  }
  const std::string folder = argv[1];
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  ab::Store eu =
      ab::Store::open({.path = folder + "/eu", .region = "eu", .listen = "tcp://127.0.0.1:0"});
  ab::Store us = ab::Store::open({.path = folder + "/us",
                                  .region = "us",
                                  .listen = "tcp://127.0.0.1:0",
                                  .peers = {eu.status().endpoint}});
  meet(eu, us);
  read_and_write(eu);
  values(eu);
  collections(eu);
  changes(eu);
  losers(eu, us);
  operating(eu, folder);
  return failures == 0 ? 0 : 1;
} catch (const anabranch::Error& error) {
  std::cerr << "whole: " << error.what() << '\n';
  return 1;
}
