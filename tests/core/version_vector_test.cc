#include "core/version_vector.h"

#include <algorithm>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "core/dot.h"
#include "tests/seed.h"

namespace anabranch::core::version_vector_test {
namespace {

using Model = std::map<Origin, Seq>;

Model model_of(const VersionVector& vector) {
  Model model;
  for (const auto& [origin, seq] : vector) model[origin] = seq;
  return model;
}

Seq at(const Model& model, Origin origin) {
  const auto found = model.find(origin);
  return found == model.end() ? 0 : found->second;
}

bool includes(const Model& model, const Model& other) {
  return std::ranges::all_of(
      other, [&](const auto& entry) { return at(model, entry.first) >= entry.second; });
}

// Sorted, and without zeros.
bool holds_invariants(const VersionVector& vector) {
  Origin before = 0;
  for (const auto& [origin, seq] : vector) {
    if (origin <= before || seq == 0) return false;
    before = origin;
  }
  return true;
}

VersionVector random_vector(std::mt19937_64& rng) {
  VersionVector vector;
  for (std::uint64_t i = rng() % 6; i > 0; --i) vector.set(1 + rng() % 6, rng() % 4);
  return vector;
}

TEST_SUITE_BEGIN("core: version vector");

TEST_CASE("single entries behave as those of a map") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  VersionVector vector;
  Model model;
  for (int i = 0; i < 5000; ++i) {
    const Origin origin = 1 + rng() % 8;
    const Seq seq = rng() % 5;
    if (rng() % 2 == 0) {
      vector.set(origin, seq);
      model[origin] = seq;
    } else {
      vector.raise(origin, seq);
      model[origin] = std::max(model[origin], seq);
    }
    std::erase_if(model, [](const auto& entry) { return entry.second == 0; });
    REQUIRE(holds_invariants(vector));
    REQUIRE(model_of(vector) == model);
    const Dot dot{1 + rng() % 8, 1 + rng() % 5};
    CHECK(vector.at(dot.origin) == at(model, dot.origin));
    CHECK(vector.covers(dot) == (at(model, dot.origin) >= dot.seq));
  }
}

TEST_CASE("join, includes and difference agree with a map, and join is the least upper bound") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int i = 0; i < 5000; ++i) {
    const VersionVector a = random_vector(rng);
    const VersionVector b = random_vector(rng);
    const VersionVector c = random_vector(rng);
    CHECK(a.includes(b) == includes(model_of(a), model_of(b)));

    VersionVector joined = a;
    joined.join(b);
    REQUIRE(holds_invariants(joined));
    Model model = model_of(a);
    for (const auto& [origin, seq] : b) model[origin] = std::max(model[origin], seq);
    CHECK(model_of(joined) == model);
    if (c.includes(a) && c.includes(b)) CHECK(c.includes(joined));

    VersionVector before = a;
    before.join(difference(joined, a));
    CHECK(before == joined);
    for (const auto& [origin, seq] : difference(a, b)) CHECK(b.at(origin) != seq);
    CHECK(difference(a, a).empty());
  }
}

TEST_CASE("what is beyond another vector is counted in ops, origin by origin") {
  const VersionVector ours{{1, 5}, {2, 3}, {4, 7}};
  CHECK(ours.ops_beyond({{1, 2}, {2, 9}, {3, 1}}) == 3 + 0 + 7);
  CHECK(ours.ops_beyond(ours) == 0);
  CHECK(VersionVector{}.ops_beyond(ours) == 0);
}

TEST_CASE("an initialiser may be in any order and contain zeros") {
  const VersionVector vector{{9, 1}, {2, 5}, {4, 0}};
  CHECK(holds_invariants(vector));
  CHECK(vector.size() == 2);
  CHECK(vector == VersionVector{{2, 5}, {9, 1}});
}

TEST_CASE("vectors and origins are shown with 16 hexadecimal digits") {
  CHECK(to_string(Origin{0}) == "0000000000000000");
  CHECK(to_string(~Origin{0}) == "ffffffffffffffff");
  CHECK(to_string(VersionVector{}) == "{}");
  CHECK(to_string(VersionVector{{0x0123456789ABCDEF, 5}, {1, 7}}) ==
        "{0000000000000001: 7, 0123456789abcdef: 5}");
}

TEST_CASE("dots are ordered by origin, then by seq") {
  CHECK(Dot{1, 9} < Dot{2, 1});
  CHECK(Dot{2, 1} < Dot{2, 2});
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::version_vector_test
