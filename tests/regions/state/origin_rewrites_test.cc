// The names under which the ops of a branch are written again.

#include "regions/state/origin_rewrites.h"

#include <doctest/doctest.h>

#include <numeric>

namespace anabranch::origin_rewrites_test {

using core::VersionVector;

TEST_SUITE("regions: rewritten origins") {
  TEST_CASE("a vector covers of a rewritten origin what it covered of the branch") {
    regions::OriginRewrites names;
    names.add(1, {5, 100, 5});
    names.add(2, {3, 2, 0});
    CHECK(names.of({{1, 5}, {2, 9}, {3, 4}}) == VersionVector{{1, 5}, {2, 9}, {3, 4}});
    CHECK(names.of({{1, 7}}) == VersionVector{{1, 5}, {100, 2}});
    CHECK(names.of({{1, 7}, {100, 1}}) == VersionVector{{1, 5}, {100, 2}});
    CHECK_FALSE(names.concerns({{1, 5}, {2, 3}}));
    CHECK(names.concerns({{1, 6}}));
  }

  TEST_CASE("the name of a rewritten origin is that of the format, in every version") {
    core::ChainHash first;
    std::iota(first.begin(), first.end(), std::uint8_t{0});
    // The first bytes of BLAKE2b over the text in docs/formats.md, computed by another program.
    CHECK(regions::rewritten_origin(7, first, "eu") == 0x6a5033b09efc2e0b);
  }
}

}  // namespace anabranch::origin_rewrites_test
