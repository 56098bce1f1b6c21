// Lists on a store: the effects and refusals of each call, and the rows it reads.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <anabranch/list.h>

#include "tests/crdt/random.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::list_test {

using test::code_of;
using test::Random;
using test::store_options;
using test::TempDir;
using Words = std::vector<std::string>;

TEST_SUITE("types: list") {
  TEST_CASE("a list does by index what a vector does") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Random random(test::seed());
    CAPTURE(test::seed());
    List<int> list{store, "list"};
    std::vector<int> model;
    const auto at = [&](std::size_t index) {
      return model.begin() + static_cast<std::ptrdiff_t>(index);
    };
    store.transact([&](Transaction& txn) {
      List<int> inner{txn, "list"};
      for (int step = 0; step < 3000; ++step) {
        const std::size_t size = model.size();
        const std::size_t index = random.below(size + 1);
        const double what = random.unit();
        if (what < 0.3) {
          inner.insert(index, step);
          model.insert(at(index), step);
        } else if (what < 0.45) {
          what < 0.4 ? inner.push_back(step) : inner.push_front(step);
          model.insert(what < 0.4 ? model.end() : model.begin(), step);
        } else if (index == size) {
          CHECK_FALSE(inner.get(index));
        } else if (what < 0.6) {
          inner.erase(index);
          model.erase(at(index));
        } else if (what < 0.7) {
          const bool back = what < 0.65;
          CHECK((back ? inner.pop_back() : inner.pop_front()) ==
                (back ? model.back() : model.front()));
          model.erase(back ? model.end() - 1 : model.begin());
        } else if (what < 0.8) {
          inner.set(index, step);
          model[index] = step;
        } else if (what < 0.9) {
          const std::size_t to = random.below(size);
          inner.move(index, to);
          const int moved = model[index];
          model.erase(at(index));
          model.insert(at(to), moved);
        } else {
          CHECK(inner.get(index) == model[index]);
        }
        if (step % 50 == 0) CHECK(inner.elements() == model);
      }
    });
    CHECK(list.elements() == model);
    CHECK(list.size() == model.size());
    list.clear();
    CHECK(list.size() == 0);
    CHECK(test::shown(store).empty());
    CHECK(store.count(Key::all(0)) == 0);
  }

  TEST_CASE("what was moved and erased leaves nothing behind") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    List<> list{store, "list"};
    for (const char* each : {"a", "b", "c"}) list.push_back(each);
    list.move(0, 2);
    list.move(0, 1);
    CHECK(list.elements() == Words{"c", "b", "a"});
    while (list.pop_front()) {
    }
    CHECK(test::shown(store).empty());
    CHECK(store.type("list") == Type::kNone);
  }

  TEST_CASE("indexes outside of the list are refused by name, and nothing is written") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    List<> list{store, "list"};
    list.push_back("a");
    std::string message;
    CHECK(code_of([&] { list.insert(2, "x"); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "the list list has no index 2, its size is 1");
    CHECK(code_of([&] { list.erase(1); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { list.set(1, "x"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { list.move(0, 1); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { list.move(1, 0); }) == ErrorCode::kInvalid);
    CHECK_FALSE(list.get(1));
    CHECK(list.elements() == Words{"a"});
    CHECK(code_of([&] { Set<>(store, "list").insert("x"); }) == ErrorCode::kWrongType);
    Register<>{store, "word"}.put("x");
    CHECK(code_of([&] { List<>(store, "word").push_back("x"); }, &message) ==
          ErrorCode::kWrongType);
    CHECK(message == "the key word holds a string, not a list");
    CHECK(code_of([&] { (void)List<int>(store, "list").get(0); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { (void)store.next_write(); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a queue in a field of a map keeps its positions short") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    List<int> queue = Map{store, "map"}.at<List<int>>("queue");
    store.transact([&](Transaction& txn) {
      List<int> inner = Map{txn, "map"}.at<List<int>>("queue");
      for (int i = 0; i < 3000; ++i) {
        inner.push_back(i);
        if (i >= 10) CHECK(inner.pop_front() == i - 10);
      }
    });
    CHECK(queue.size() == 10);
    CHECK(queue.get(9) == 2999);
    store.scan(Key("map").field("queue").of(Type::kList), [](const Entry& entry) {
      CHECK(entry.path.front().size() <= 20);
      return true;
    });
    CHECK(Map(store, "map").fields() == Words{"queue"});
  }

  TEST_CASE("lists and texts are read in read transactions, and not written") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    List<>{store, "list"}.push_back("a");
    List<>{store, "list"}.push_back("b");
    List<>{store, "list"}.move(0, 1);
    Text{store, "text"}.insert(0, "ab");
    store.read([&](ReadTransaction& txn) {
      List<> list{txn, "list"};
      Text text{txn, "text"};
      List<>{store, "list"}.push_front("new");
      Text{store, "text"}.insert(0, "new");
      CHECK(list.elements() == Words{"b", "a"});
      CHECK(list.get(1) == "a");
      CHECK(text.str() == "ab");
      CHECK(text.size() == 2);
      CHECK(code_of([&] { list.push_back("x"); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { text.insert(0, "x"); }) == ErrorCode::kInvalid);
      CHECK(code_of([&] { (void)txn.next_write(); }) == ErrorCode::kInvalid);
    });
    CHECK(List<>(store, "list").elements() == Words{"new", "b", "a"});
  }
}

}  // namespace anabranch::list_test
