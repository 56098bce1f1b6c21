// Lists of containers on a store: the effects and refusals of each call, the types inside elements,
// and two regions that edit and erase at once.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include <anabranch/handles.h>

#include "core/batch.h"
#include "leader/scopes/group_scope.h"
#include "tests/crdt/random.h"
#include "tests/leader/store_world.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"

namespace anabranch::item_list_test {

using test::code_of;
using test::Node;
using test::Random;
using test::store_options;
using test::TempDir;
using Words = std::vector<std::string>;
using Word = Register<std::string>;

namespace {

void deliver(Node& from, Node& to) {
  for (const auto& record : test::log_records(from.storage())) {
    if (record.origin != to.origin()) to.deliver(from, record.bytes);
  }
}

// Calls function(scope) on a region's newest state, and commits.
void use(Node& node, const std::function<void(Scope&)>& function) {
  const rows::Resolvers resolvers({});
  const Options limits;
  leader::GroupScope scope(node.replica(), resolvers, limits);
  function(scope);
  REQUIRE(node.replica().commit().ok());
  node.replica().effects().clear();
}

}  // namespace

TEST_SUITE("types: item list") {
  TEST_CASE("a list of containers does by index and id what a vector of names does") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Random random(test::seed());
    CAPTURE(test::seed());
    ItemList list{store, "list"};
    Words model;
    std::set<std::string> ever;
    store.transact([&](Transaction& txn) {
      ItemList inner{txn, "list"};
      for (int step = 0; step < 500; ++step) {
        const std::size_t size = model.size();
        const std::size_t index = random.below(size + 1);
        const auto at = [&](std::size_t place) {
          return model.begin() + static_cast<std::ptrdiff_t>(place);
        };
        const double what = random.unit();
        if (what < 0.5 || index == size) {
          const std::string id = inner.insert(index);
          CHECK(ever.insert(id).second);
          inner.at(id).at<Word>("text").put(std::to_string(step));
          model.insert(at(index), id);
        } else if (what < 0.7) {
          CHECK(inner.erase(model[index]));
          CHECK_FALSE(inner.contains(model[index]));
          CHECK_FALSE(inner.erase(model[index]));
          CHECK_FALSE(inner.move(model[index], 0));
          model.erase(at(index));
        } else {
          const std::size_t to = random.below(size);
          const std::string id = model[index];
          CHECK(inner.move(id, to));
          model.erase(at(index));
          model.insert(at(to), id);
        }
        if (step % 25 == 0) CHECK(inner.ids() == model);
      }
    });
    CHECK(list.ids() == model);
    CHECK(list.size() == model.size());
    CHECK(list.ids(1, 2) == Words{model[1], model[2]});
    for (const std::string& id : model) CHECK(list.at(id).at<Word>("text").get());
    list.clear();
    CHECK(list.size() == 0);
    CHECK(test::shown(store).empty());
    CHECK(store.count(Key::all(0)) == 0);
  }

  TEST_CASE("an element holds any type, and a list of containers again") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    ItemList list{store, "list"};
    const std::string a = list.push_back();
    const std::string b = list.push_front();
    CHECK(list.ids() == Words{b, a});
    CHECK(store.type("list") == Type::kItemList);
    CHECK(store.type(list.place(a)) == Type::kNone);
    Map fields = list.at(a);
    fields.at<Word>("text").put("milk");
    fields.at<Counter>("votes").add(2);
    fields.at<EnableWinsFlag>("done").enable();
    fields.at<Set<>>("tags").insert("red");
    fields.at<List<>>("notes").push_back("first");
    fields.at<Text>("body").insert(0, "words");
    fields.at<SortedSet<>>("ranks").put("ada", 2);
    ItemList steps = fields.at<ItemList>("steps");
    const std::string step = steps.push_back();
    steps.at(step).at<Word>("text").put("go");
    CHECK(fields.size() == 8);
    CHECK(fields.fields() ==
          Words{"body", "done", "notes", "ranks", "steps", "tags", "text", "votes"});
    CHECK(fields.at<SortedSet<>>("ranks").rank("ada") == 0);
    CHECK(fields.at<Text>("body").str() == "words");
    list.at<Text>(b).insert(0, "a text alone");
    CHECK(store.type(list.place(b)) == Type::kText);
    CHECK(list.size() == 2);
    CHECK(store.count(Key::all(0)) == 1);
    CHECK(list.move(a, 0));
    CHECK(list.ids() == Words{a, b});
    CHECK(steps.at(step).at<Word>("text").get() == "go");
    CHECK(list.erase(a));
    CHECK(fields.size() == 0);
    CHECK(fields.fields().empty());
    CHECK(steps.ids().empty());
    CHECK(list.erase(b));
    CHECK(test::shown(store).empty());
  }

  TEST_CASE("what is no id, no index and no element is refused by name, and nothing is written") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    ItemList list{store, "list"};
    const std::string id = list.push_back();
    std::string message;
    CHECK(code_of([&] { (void)list.at("milk"); }, &message) == ErrorCode::kInvalid);
    CHECK(
        message ==
        "\"milk\" is no id of an element of the list list: give back what an insert has returned");
    CHECK(code_of([&] { list.insert(2); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "the list list has no index 2, its size is 1");
    CHECK(code_of([&] { list.move(id, 1); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { List<>(store, "list").push_back("x"); }, &message) ==
          ErrorCode::kWrongType);
    CHECK(message == "the key list holds an item-list, not a list");
    CHECK(list.erase(id));
    const std::string other = list.push_back();
    const Map gone = list.at(id);
    CHECK_FALSE(gone.at<Word>("text").get());
    CHECK(code_of([&] { gone.at<Word>("text").put("late"); }, &message) == ErrorCode::kInvalid);
    CHECK(message ==
          "there is no element " + id + " in the list list: it was erased, or never inserted");
    CHECK(code_of([&] { gone.at<Counter>("votes").add(1); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { gone.at<ItemList>("steps").push_back(); }) == ErrorCode::kInvalid);
    CHECK(list.ids() == Words{other});
    CHECK(test::shown(store).size() == 1);
    CHECK(code_of([&] {
            store.once("request", [](Scope& scope) { ItemList(scope, "list").push_back(); });
          }) == ErrorCode::kInvalid);
  }

  TEST_CASE("an erase beats a concurrent edit, whichever of the two arrives first") {
    Node here("here", 7);
    Node there("there", 9);
    std::string id;
    std::string kept;
    use(here, [&](Scope& scope) {
      ItemList list{scope, "todo"};
      id = list.push_back();
      kept = list.push_back();
      list.at(id).at<Word>("text").put("milk");
    });
    deliver(here, there);
    use(here, [&](Scope& scope) { CHECK(ItemList(scope, "todo").erase(id)); });
    use(there, [&](Scope& scope) {
      ItemList list{scope, "todo"};
      list.at(id).at<EnableWinsFlag>("done").enable();
      list.at(id).at<Counter>("votes").add(1);
      list.at(id).at<ItemList>("steps").push_back();
      CHECK(list.move(id, 1));
    });
    deliver(here, there);
    deliver(there, here);
    CHECK(here.digest() == there.digest());
    for (Node* node : {&here, &there}) {
      CHECK(node->wrong_count() == "");
      use(*node, [&](Scope& scope) {
        ItemList list{scope, "todo"};
        CHECK(list.ids() == Words{kept});
        const Map gone = list.at(id);
        CHECK(gone.size() == 0);
        CHECK(gone.fields().empty());
        CHECK_FALSE(gone.at<EnableWinsFlag>("done").get());
        CHECK(gone.at<Counter>("votes").get() == 0);
        CHECK(gone.at<ItemList>("steps").ids().empty());
        CHECK(scope.type(list.place(id)) == Type::kNone);
        CHECK(scope.fingerprint(list.place(id)) == Fingerprint{});
        std::size_t rows = 0;
        scope.scan(Key("todo").of(Type::kItemList), {.from = "\xFF", .to = {}}, [&](const Entry&) {
          ++rows;
          return true;
        });
        CHECK(rows == 1);
      });
    }
  }

  TEST_CASE("a key of which only orphans are left is absent, and may become another type") {
    Node here("here", 7);
    Node there("there", 9);
    std::string id;
    use(here, [&](Scope& scope) { id = ItemList(scope, "k").push_back(); });
    deliver(here, there);
    use(here, [&](Scope& scope) { CHECK(ItemList(scope, "k").erase(id)); });
    use(there, [&](Scope& scope) { ItemList(scope, "k").at(id).at<Word>("text").put("x"); });
    deliver(there, here);
    use(here, [&](Scope& scope) {
      CHECK(scope.type("k") == Type::kNone);
      CHECK(scope.count(Key::all(0)) == 0);
      Words keys;
      scope.names(Key::all(0), {}, [&](const std::string& name) {
        keys.push_back(name);
        return true;
      });
      CHECK(keys.empty());
      Word(scope, "k").put("a string");
      CHECK(scope.count(Key::all(0)) == 1);
    });
    CHECK(here.wrong_count() == "");
  }
}

}  // namespace anabranch::item_list_test
