// An edit that lost against another one, found again and put back.
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

void show(cookbook::TwoRegions& regions, const ab::Key& title) {
  std::cout << "both: " << ab::Register<>{regions.eu, title}.get().value() << '\n';
}

// Writes the newest loser of a key again that is not shown now, in whichever region.
void undo(ab::Store& store, const std::string& key) {
  for (const ab::Loser& each : store.losers({.prefix = key})) {
    if (each.is_shown) continue;
    std::cout << "lost: " << each.value << ", of " << each.region << '\n';
    return store.put_back(each.id);
  }
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  const ab::Key title = "title/7";
  ab::Register<>{regions.eu, title}.put("Tea");
  regions.meet();

  regions.part();
  ab::Register<>{regions.eu, title}.put("Green tea");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // So that the other one is later.
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
