// Likes, at most one per person, and views, each counted: a set of people and a counter.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

void print(const char* where, ab::Scope& scope) {
  std::cout << where << ": " << ab::Set<std::string>{scope, "post/1/likes"}.size() << " likes, "
            << ab::Counter{scope, "post/1/views"}.get() << " views\n";
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  regions.part();
  for (const char* person : {"ada", "bob", "cy"}) {
    ab::Set<std::string>{regions.eu, "post/1/likes"}.insert(person);
    ab::Counter{regions.eu, "post/1/views"}.add(1);
  }
  // Bob likes it again, through the other region: it is still one like, and one more view.
  for (const char* person : {"bob", "dan"}) {
    ab::Set<std::string>{regions.us, "post/1/likes"}.insert(person);
    ab::Counter{regions.us, "post/1/views"}.add(1);
  }
  print("eu", regions.eu);
  print("us", regions.us);
  regions.meet();
  print("both", regions.us);
}
