// ShortBytes beside std::string, with lengths on both sides of what it keeps within itself.

#include <anabranch/short_bytes.h>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::detail::short_bytes_test {
namespace {

std::string any_bytes(test::Random& random) {
  const std::size_t most = random.chance(0.5) ? 70 : 4;
  return random.bytes(random.below(most));
}

void check_equal(const std::vector<ShortBytes>& all, const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(std::string_view(all[i]) == expected[i]);
    CHECK(all[i].size() == expected[i].size());
    CHECK(all[i].empty() == expected[i].empty());
  }
}

TEST_SUITE_BEGIN("core: short bytes");

TEST_CASE("short and long ones are copied, moved, extended and compared as strings are") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  test::Random random(seed);
  std::vector<ShortBytes> all(5);
  std::vector<std::string> expected(5);
  for (int step = 0; step < 5'000; ++step) {
    const std::size_t at = random.below(all.size());
    const std::size_t other = random.below(all.size());  // At times the same.
    const std::string bytes = any_bytes(random);
    switch (random.below(8)) {
      case 0:
        all[at] = ShortBytes(bytes);
        expected[at] = bytes;
        break;
      case 1:
        all[at] = std::string_view(bytes);
        expected[at] = bytes;
        break;
      case 2:
        all[at] = all[other];
        expected[at] = expected[other];
        break;
      case 3:
        all[at] = ShortBytes(all[other]);
        expected[at] = expected[other];
        break;
      case 4:
        if (at == other) break;
        all[at] = std::move(all[other]);
        expected[at] = std::exchange(expected[other], {});
        break;
      case 5:
        all[at].push_back(static_cast<char>(step));
        expected[at].push_back(static_cast<char>(step));
        break;
      case 6:
        all[at].reserve(bytes.size() * 3);
        break;
      default:
        all[at].append(bytes);
        expected[at].append(bytes);
    }
    check_equal(all, expected);
    CHECK((all[at] == all[other]) == (expected[at] == expected[other]));
    CHECK((all[at] < all[other]) == (expected[at] < expected[other]));
    if (expected[at].size() > 1'000) {
      all[at] = ShortBytes();
      expected[at].clear();
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::detail::short_bytes_test
