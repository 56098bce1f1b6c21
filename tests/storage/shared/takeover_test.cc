// Holders of a shared log beside each other, in every order of a small world and in drawn ones.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "tests/seed.h"
#include "tests/storage/shared/takeovers.h"

namespace anabranch::storage::test::takeover_test {
namespace {

// A sanitizer makes each run ten times as long: few orders tell it all that it can see.
#ifdef ANABRANCH_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Counts {
  std::uint64_t runs = 0;
  std::uint64_t fenced = 0;
  std::uint64_t acknowledged = 0;
};

Counts try_all(const TakeoverBounds& bounds) {
  Counts counts;
  EveryChoice choices;
  do {
    Takeovers takeovers(choices, bounds);
    const std::string wrong = takeovers.run();
    CAPTURE(choices.text());
    REQUIRE_EQ(wrong, "");
    ++counts.runs;
    counts.fenced += takeovers.fenced();
    counts.acknowledged += takeovers.acknowledged();
  } while (choices.next());
  MESSAGE(counts.runs, " runs, ", counts.fenced, " refused, ", counts.acknowledged, " commits");
  return counts;
}

TEST_CASE("a shared log: two holders in every order keep all that was acknowledged") {
  const Counts counts = try_all({.changes = anabranch::test::long_run() ? 3U : 2U});
  CHECK_GT(counts.runs, 500);
  CHECK_GT(counts.fenced, 100);
}

TEST_CASE("a shared log: an operation of two holders that ends in any other way loses nothing") {
  const std::size_t changes = anabranch::test::long_run() ? 2 : kSanitized ? 0 : 1;
  const Counts counts = try_all({.changes = changes, .faults = 1});
  CHECK_GT(counts.runs, kSanitized ? 100 : 500);
}

TEST_CASE("a shared log: holders in drawn orders, with faults, keep all that was acknowledged") {
  const std::uint64_t runs = anabranch::test::long_run() ? 100'000 : kSanitized ? 200 : 1'000;
  std::uint64_t acknowledged = 0;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const std::uint64_t run_seed = anabranch::test::seed() + i;
    CAPTURE(run_seed);
    DrawnChoices choices(run_seed, 4 + run_seed % 30);
    Takeovers takeovers(choices,
                        {.holders = 4, .rounds = 3, .changes = 30, .faults = run_seed % 4});
    REQUIRE_EQ(takeovers.run(), "");
    acknowledged += takeovers.acknowledged();
  }
  CHECK_GT(acknowledged, runs);
}

}  // namespace
}  // namespace anabranch::storage::test::takeover_test
