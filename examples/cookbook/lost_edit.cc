// An edit that lost against another one, found again and put back.
#include <iostream>
#include <string>
#include <vector>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

void show(cookbook::TwoRegions& regions, const ab::Key& title) {
  std::cout << "both: " << ab::Register<>{regions.eu, title}.get().value() << '\n';
}

// Writes the newest loser of a key again, in whichever region.
void undo(ab::Store& store, const std::string& key) {
  const std::vector<ab::Loser> losers = store.losers({.prefix = key, .limit = 1});
  std::cout << "lost: " << losers.front().value << ", of " << losers.front().region << '\n';
  store.put_back(losers.front().id);
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  const ab::Key title = "title/7";
  ab::Register<>{regions.eu, title}.put("Tea");
  regions.meet();

  regions.part();
  ab::Register<>{regions.eu, title}.put("Green tea");
  ab::Register<>{regions.us, title}.put("Black tea");
  regions.meet();
  show(regions, title);

  undo(regions.eu, "title/7");
  regions.meet();
  show(regions, title);

  undo(regions.eu, "title/7");  // Whoever disagrees puts the other one back.
  regions.meet();
  show(regions, title);
}
