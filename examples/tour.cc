// A tour of the embedded API, top to bottom.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include <anabranch/anabranch.h>

namespace ab = anabranch;
using namespace std::chrono_literals;

// A conflict hook: pure, since every region calls it by itself with the same siblings.
std::string keep_longest(const ab::Conflict& conflict) {
  const auto length = [](const ab::Sibling& sibling) { return sibling.value.size(); };
  return std::ranges::max_element(conflict.siblings, {}, length)->value;
}

int main(int argc, char** argv) try {
  if (argc != 4) throw ab::Error{ab::ErrorCode::kInvalid, "usage: tour DIR LISTEN PEER"};

  // This process leads one region. A write commits here and never waits for a peer.
  ab::Store store = ab::Store::open({
      .path = argv[1],
      .region = "eu-west",
      .listen = argv[2],
      .peers = {argv[3]},
      .resolvers = {{"doc/", {"keep_longest", keep_longest}}},
  });

  // A handle is a type, a scope and a key. Making one reads nothing.
  ab::Register<std::string> title{store, "doc/1/title"};
  ab::Counter views{store, "doc/1/views"};
  ab::Set<std::string> tags{store, "doc/1/tags"};
  ab::Map meta{store, "doc/1/meta"};

  // A watch lives as long as its object; it receives local and remote changes alike.
  const ab::Watch watch = store.watch("doc/1/", [](const ab::Changes& changes) {
    for (const ab::Change& each : changes.all) std::clog << each.key << " changed\n";
  });

  title.put("Draft");
  views.add(1);
  tags.insert("crdt");
  meta.at<ab::Register<std::string>>("owner").put("ada");
  std::cout << title.get().value_or("untitled") << '\n';  // Absence is a value, not an error.

  // All writes of a transaction become visible together, here and in every region.
  store.transact([](ab::Transaction& txn) {
    ab::Counter{txn, "stock/eu"}.add(-5);
    ab::Counter{txn, "stock/us"}.add(+5);
  });
  std::cout << ab::Counter{store, "stock/us"}.get() << " in stock\n";

  // A session reads its own writes, also after its user has moved to another region.
  ab::Session here = store.session();
  ab::Set<std::string>{here, "cart/ada"}.insert("book");
  const std::string cookie = here.token();
  ab::Session there = store.session(cookie, 500ms);  // Error{kTimeout} while a region is behind.
  std::cout << ab::Set<std::string>{there, "cart/ada"}.size() << " in the cart\n";

  for (const ab::PeerStatus& peer : store.status().peers) {
    std::cout << peer.address << (peer.connected ? " is" : " is not") << " connected\n";
  }
  return tags.contains("crdt") ? 0 : 1;
} catch (const ab::Error& error) {
  std::cerr << "tour: " << error.what() << '\n';
  return 1;
}
