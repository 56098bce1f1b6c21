// A small shop in two regions, step by step in docs/tutorial.md. In practice each region is a
// process of its own, far from the other. Here both are in one, so that it can cut the line.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include <anabranch/anabranch.h>

namespace ab = anabranch;
using namespace std::chrono_literals;

namespace {

// Each region goes on alone.
void cut(ab::Store& eu) { eu.pause("us"); }

// The line is back. Returns when each region has the writes of the other.
void meet(ab::Store& eu, ab::Store& us) {
  eu.resume("us");
  (void)us.session(eu.token(), 30s);
  (void)eu.session(us.token(), 30s);
}

void print(const std::string& region, ab::Store& store) {
  std::cout << region << ": cart";
  for (const std::string& each : ab::Set<std::string>{store, "cart/ada"}.elements()) {
    std::cout << ' ' << each;
  }
  std::cout << ", stock " << ab::Counter{store, "stock/book"}.get();
  std::cout << ", order " << ab::Register<>{store, "order/1"}.get().value_or("unknown");
  std::cout << ", bid " << ab::Register<>{store, "bid/lamp"}.get().value_or("0") << '\n';
}

void open_the_shop(ab::Store& eu) {
  ab::Set<std::string> cart{eu, "cart/ada"};
  cart.insert("book");
  cart.insert("lamp");

  ab::Counter{eu, "stock/book"}.add(10);

  eu.set_policy("order/", ab::Policy::siblings());
  ab::Register<>{eu, "order/1"}.put("paid");

  eu.set_policy("bid/", ab::Policy::max());
  ab::Register<>{eu, "bid/lamp"}.put("100");
}

void sell_in_both(ab::Store& eu, ab::Store& us) {
  ab::Set<std::string>{eu, "cart/ada"}.erase("lamp");
  ab::Set<std::string>{us, "cart/ada"}.insert("mug");

  ab::Counter{eu, "stock/book"}.add(-3);
  ab::Counter{us, "stock/book"}.add(-4);

  ab::Register<>{eu, "order/1"}.put("shipped");
  std::this_thread::sleep_for(2ms);  // So that the next one is later.
  ab::Register<>{us, "order/1"}.put("cancelled");

  ab::Register<>{eu, "bid/lamp"}.put("150");
  ab::Register<>{us, "bid/lamp"}.put("120");
}

// Writes the value of an order again that is not shown.
void put_back(ab::Store& store) {
  for (const ab::Loser& each : store.losers({.prefix = "order/"})) {
    std::cout << "not shown: " << each.value << ", of " << each.region << '\n';
    return store.put_back(each.id);
  }
}

void write_a_note(ab::Store& eu, ab::Store& us) {
  ab::Text here{eu, "note/1"};
  ab::Text there{us, "note/1"};
  here.insert(0, "Ring twice.");
  meet(eu, us);
  cut(eu);
  here.replace("Ring twice after six.");
  there.replace("Please ring twice.");
  meet(eu, us);
  std::cout << "note: " << here.str() << '\n';
}

}  // namespace

int main() try {
  std::filesystem::remove_all("shop.data");  // Each run begins anew.
  std::filesystem::create_directory("shop.data");
  ab::Store eu = ab::Store::open({
      .path = "shop.data/eu",
      .region = "eu",
      .listen = "tcp://127.0.0.1:0",  // 0: any free port.
  });
  ab::Store us = ab::Store::open({
      .path = "shop.data/us",
      .region = "us",
      .listen = "tcp://127.0.0.1:0",
      .peers = {eu.status().endpoint},
  });
  meet(eu, us);

  open_the_shop(eu);
  meet(eu, us);
  print("both", us);

  cut(eu);
  sell_in_both(eu, us);
  print("eu", eu);
  print("us", us);
  meet(eu, us);
  print("both", eu);

  put_back(eu);
  meet(eu, us);
  print("both", us);
  write_a_note(eu, us);
} catch (const anabranch::Error& error) {
  std::cerr << "shop: " << error.what() << '\n';
  return 1;
}
