// A to-do list whose entries have a text, a mark, votes and tags: a list of containers.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

std::string add(ab::Store& store, const std::string& text) {
  std::string id;
  store.transact([&](ab::Transaction& txn) {
    ab::ItemList tasks{txn, "tasks"};
    id = tasks.push_back();
    tasks.at(id).at<ab::Register<std::string>>("text").put(text);
  });
  return id;
}

void print(const char* where, ab::Store& store) {
  std::cout << where << ':';
  store.read([](ab::ReadTransaction& txn) {
    const ab::ItemList tasks{txn, "tasks"};
    for (const std::string& id : tasks.ids()) {
      const ab::Map task = tasks.at(id);
      std::cout << ' ' << task.at<ab::Register<std::string>>("text").get().value_or("?");
      if (task.at<ab::EnableWinsFlag>("done").get()) std::cout << "(done)";
      const std::int64_t votes = task.at<ab::Counter>("votes").get();
      if (votes != 0) std::cout << '+' << votes;
      for (const std::string& tag : task.at<ab::Set<std::string>>("tags").elements()) {
        std::cout << '#' << tag;
      }
    }
  });
  std::cout << '\n';
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  ab::ItemList here{regions.eu, "tasks"};
  ab::ItemList there{regions.us, "tasks"};
  const std::string bread = add(regions.eu, "bread");
  const std::string milk = add(regions.eu, "milk");
  const std::string soap = add(regions.eu, "soap");
  regions.meet();

  regions.part();
  here.move(soap, 0);
  here.at(soap).at<ab::Counter>("votes").add(1);
  here.erase(milk);  // The other region is about to tick it off.
  there.at(milk).at<ab::EnableWinsFlag>("done").enable();
  there.at(soap).at<ab::Counter>("votes").add(1);
  there.at(soap).at<ab::Set<std::string>>("tags").insert("shop");
  there.at(bread).at<ab::Register<std::string>>("text").put("rye-bread");
  print("eu", regions.eu);
  print("us", regions.us);

  regions.meet();
  print("both", regions.us);
}
