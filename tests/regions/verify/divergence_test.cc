// Regions with other rows at the same vector: each is named once.

#include <doctest/doctest.h>

#include <string>

#include "regions/verify/divergence.h"

namespace anabranch::divergence_test {

using regions::Divergence;

namespace {

constexpr core::Hash128 kOurs{1, 1};
constexpr core::Hash128 kOther{1, 2};

}  // namespace

TEST_SUITE("regions: divergence") {
  TEST_CASE("a difference is told once, and again when it comes back after it had ended") {
    Divergence divergence;
    CHECK_FALSE(divergence.compare("us", kOurs, kOurs));
    const auto alarm = divergence.compare("us", kOther, kOurs);
    REQUIRE(alarm);
    CHECK(alarm->starts_with("region us "));
    CHECK(divergence.diverged("us"));
    CHECK_FALSE(divergence.diverged("ap"));
    CHECK_FALSE(divergence.compare("us", kOther, kOurs));
    CHECK_FALSE(divergence.compare("us", kOurs, kOurs));
    CHECK_FALSE(divergence.diverged("us"));
    CHECK(divergence.compare("us", kOther, kOurs));
    CHECK(divergence.compare("ap", kOther, kOurs));
    CHECK(divergence.found() == 3);
  }

  TEST_CASE("a digest that is missing proves nothing") {
    Divergence divergence;
    CHECK_FALSE(divergence.compare("us", std::nullopt, kOurs));
    CHECK_FALSE(divergence.compare("us", kOther, std::nullopt));
    REQUIRE(divergence.compare("us", kOther, kOurs));
    CHECK_FALSE(divergence.compare("us", std::nullopt, kOurs));
    CHECK(divergence.diverged("us"));
    CHECK(divergence.found() == 1);
  }
}

}  // namespace anabranch::divergence_test
