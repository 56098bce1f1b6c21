// The tree of prefixes against a comparison with each of them.

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <string>
#include <vector>

#include "leader/watch/prefix_tree.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::prefix_tree_test {

using leader::PrefixTree;
using test::Random;

namespace {

struct Thing {
  std::string prefix;
};

// Short words of few letters, so that many begin alike.
std::string word(Random& random) {
  std::string text;
  for (std::size_t left = random.below(6); left > 0; --left) text += random.chance(0.5) ? 'a' : 'b';
  return text;
}

}  // namespace

TEST_SUITE("leader: the tree of prefixes") {
  TEST_CASE("it finds what comparing with each finds, the shortest first") {
    Random random(anabranch::test::seed());
    CAPTURE(anabranch::test::seed());
    PrefixTree<Thing> tree;
    std::list<Thing> things;
    for (int step = 0; step < 3'000; ++step) {
      if (random.chance(0.55)) {
        things.push_back({word(random)});
        tree.add(things.back().prefix, things.back());
      } else if (!things.empty()) {
        const auto at = std::next(things.begin(), static_cast<long>(random.below(things.size())));
        tree.remove(at->prefix, *at);
        things.erase(at);
      }
      const std::string path = word(random);
      const bool below = random.chance(0.5);
      std::vector<const Thing*> found;
      tree.visit(path, below, [&](const Thing& each) { found.push_back(&each); });
      for (std::size_t i = 1; i < found.size() && !below; ++i) {
        CHECK(found[i - 1]->prefix.size() <= found[i]->prefix.size());
      }
      std::vector<const Thing*> demanded;
      for (const Thing& each : things) {
        if (path.starts_with(each.prefix) || (below && each.prefix.starts_with(path))) {
          demanded.push_back(&each);
        }
      }
      std::ranges::sort(found);
      std::ranges::sort(demanded);
      REQUIRE(found == demanded);
    }
  }
}

}  // namespace anabranch::prefix_tree_test
