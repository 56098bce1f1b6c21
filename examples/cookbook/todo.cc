// A to-do list, sorted and ticked off by two people: a list with movable elements.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

void print(const char* where, ab::Scope& scope) {
  std::cout << where << ':';
  for (const std::string& each : ab::List<std::string>{scope, "todo"}.elements()) {
    std::cout << ' ' << each;
  }
  std::cout << '\n';
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  ab::List<std::string> here{regions.eu, "todo"};
  ab::List<std::string> there{regions.us, "todo"};
  for (const char* each : {"bread", "milk", "soap"}) here.push_back(each);
  regions.meet();

  regions.part();
  here.move(2, 0);  // Soap first.
  here.push_back("tea");
  there.erase(1);           // The milk is bought.
  there.insert(1, "eggs");  // Behind the bread.
  print("eu", regions.eu);
  print("us", regions.us);

  regions.meet();
  print("both", regions.us);
}
