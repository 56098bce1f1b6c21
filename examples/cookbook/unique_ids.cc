// Ids that are unique everywhere without coordination: each region counts for itself.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

// Returns the next id of a region, such as "eu-17". A region has one writer at a time, so the
// transaction reads the newest number; no other region writes this key.
std::string next_id(ab::Scope& scope, const std::string& region) {
  std::int64_t number = 0;
  scope.atomically([&](ab::Scope& txn) {
    ab::Register<std::int64_t> last{txn, "last_id/" + region};
    number = last.get().value_or(0) + 1;
    last.put(number);
  });
  return region + '-' + std::to_string(number);
}

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  regions.part();
  for (int i = 0; i < 2; ++i) {
    std::cout << next_id(regions.eu, "eu") << '\n' << next_id(regions.us, "us") << '\n';
  }
  regions.meet();
  std::cout << next_id(regions.eu, "eu") << '\n';
}
