// A shopping cart without lost writes: a map of counters, one for each article.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

void put_in(ab::Scope& scope, const std::string& cart, const std::string& article, int pieces) {
  ab::Map{scope, cart}.at<ab::Counter>(article).add(pieces);
}

void print(const char* where, ab::Scope& scope, const std::string& cart) {
  const ab::Map map{scope, cart};
  std::cout << where << ':';
  for (const std::string& article : map.fields()) {
    std::cout << ' ' << article << " x" << map.at<ab::Counter>(article).get();
  }
  std::cout << '\n';
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  put_in(regions.eu, "cart/ada", "book", 1);
  put_in(regions.eu, "cart/ada", "lamp", 1);
  regions.meet();

  // The phone talks to one region and the laptop to the other, while the link between them is cut.
  regions.part();
  put_in(regions.eu, "cart/ada", "book", 2);
  put_in(regions.us, "cart/ada", "book", 1);
  ab::Map{regions.us, "cart/ada"}.erase("lamp");
  print("eu", regions.eu, "cart/ada");
  print("us", regions.us, "cart/ada");

  regions.meet();
  print("both", regions.eu, "cart/ada");
}
