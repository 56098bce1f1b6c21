// The hold-back queue: batches that it takes, the time when it returns them, and that it stays
// bounded.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "regions/delivery/hold_back_queue.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::hold_back_queue_test {

using core::VersionVector;
using regions::HeldBatch;
using regions::HoldBackQueue;

namespace {

HeldBatch batch(core::Origin origin, core::Seq first, std::size_t ops = 1, VersionVector deps = {},
                std::size_t bytes = 10) {
  core::Batch made;
  made.origin = origin;
  made.deps_changed = std::move(deps);
  made.transactions.push_back({first, {}, std::vector<core::Op>(ops, core::UnknownOp{9})});
  return {std::string(bytes, 'b'), std::move(made)};
}

}  // namespace

TEST_SUITE("regions: hold-back queue") {
  TEST_CASE("the next batch of an origin is given out, later ones wait for it") {
    HoldBackQueue held;
    CHECK(held.add(batch(1, 3), {}));
    CHECK_FALSE(held.has_deliverable({}));
    CHECK(held.add(batch(1, 1, 2), {}));
    CHECK(held.has_deliverable({}));
    auto first = held.take_deliverable({});
    REQUIRE(first);
    CHECK(first->batch.first() == 1);
    CHECK_FALSE(held.take_deliverable({}));
    CHECK(held.take_deliverable({{1, 2}}));
    CHECK(held.size() == 0);
    CHECK(held.bytes() == 0);
  }

  TEST_CASE("what comes again is answered for by who sent it last") {
    HoldBackQueue held;
    HeldBatch once = batch(1, 1);
    once.from = 7;
    CHECK(held.add(HeldBatch(once), {}));
    once.from = 8;
    once.asked = true;
    CHECK_FALSE(held.add(HeldBatch(once), {}));
    const auto taken = held.take_deliverable({});
    REQUIRE(taken);
    CHECK(taken->from == 8);
  }

  TEST_CASE("nobody holds a place against the peer through which the origin is followed") {
    HoldBackQueue held;
    HeldBatch squatter = batch(1, 1, 1, {{9, 9}}, 20);
    squatter.from = 7;
    HeldBatch asked = batch(1, 1);
    asked.from = 8;
    CHECK(held.add(HeldBatch(squatter), {}));
    CHECK_FALSE(held.add(HeldBatch(asked), {}));
    asked.asked = true;
    CHECK(held.add(HeldBatch(asked), {}));
    CHECK_FALSE(held.add(HeldBatch(squatter), {}));
    CHECK(held.bytes() == 10);
    auto first = held.take_deliverable({});
    REQUIRE(first);
    CHECK(first->from == 8);
    CHECK(held.bytes() == 0);
  }

  TEST_CASE("a batch waits for all that it depends on") {
    HoldBackQueue held;
    CHECK(held.add(batch(1, 1, 1, {{2, 5}, {3, 1}}), {}));
    CHECK_FALSE(held.has_deliverable({{2, 5}}));
    CHECK_FALSE(held.has_deliverable({{2, 4}, {3, 9}}));
    CHECK(held.has_deliverable({{2, 6}, {3, 1}}));
  }

  TEST_CASE("only the next batch of an origin waits for others, and until they are applied") {
    HoldBackQueue held;
    CHECK(held.add(batch(1, 2), {}));
    CHECK_FALSE(held.waits(1, {}));
    CHECK(held.add(batch(1, 1, 1, {{2, 3}}), {}));
    CHECK(held.waits(1, {}));
    CHECK(held.waits(1, {{2, 2}}));
    CHECK_FALSE(held.waits(1, {{2, 3}}));
    CHECK_FALSE(held.waits(2, {}));
  }

  TEST_CASE("what was applied or is held already is dropped") {
    HoldBackQueue held;
    CHECK_FALSE(held.add(batch(1, 1, 2), {{1, 2}}));
    CHECK(held.add(batch(1, 3), {{1, 2}}));
    CHECK_FALSE(held.add(batch(1, 3), {{1, 2}}));
    CHECK(held.size() == 1);
    CHECK(held.bytes() == 10);
  }

  TEST_CASE("all that waits of one origin can be dropped, to come again") {
    HoldBackQueue held;
    CHECK(held.add(batch(1, 3), {}));
    CHECK(held.add(batch(1, 5), {}));
    CHECK(held.add(batch(2, 3), {}));
    held.forget(1);
    held.forget(9);
    CHECK_FALSE(held.holds(1));
    CHECK(held.holds(2));
    CHECK(held.size() == 1);
    CHECK(held.bytes() == 10);
    CHECK(held.add(batch(1, 3), {}));
  }

  TEST_CASE("what was applied on another way is forgotten") {
    HoldBackQueue held;
    CHECK(held.add(batch(1, 1), {}));
    CHECK(held.add(batch(1, 2), {}));
    CHECK(held.add(batch(1, 3), {}));
    auto next = held.take_deliverable({{1, 2}});
    REQUIRE(next);
    CHECK(next->batch.first() == 3);
    CHECK(held.bytes() == 0);
  }

  TEST_CASE("a batch of another history that overlaps what was applied does not block its origin") {
    HoldBackQueue held;
    CHECK_FALSE(held.add(batch(1, 4, 4), {{1, 5}}));
    CHECK(held.add(batch(1, 4, 4), {{1, 2}}));
    CHECK(held.add(batch(1, 6), {{1, 2}}));
    auto next = held.take_deliverable({{1, 5}});
    REQUIRE(next);
    CHECK(next->batch.first() == 6);
    CHECK(held.bytes() == 0);
  }

  TEST_CASE("what does not fit is dropped, but the next batch of an origin always has room") {
    HoldBackQueue held;
    const std::size_t half = HoldBackQueue::kBytesMax / 2;
    CHECK(held.add(batch(1, 2, 1, {}, half), {}));
    CHECK(held.add(batch(1, 3, 1, {}, half), {}));
    CHECK_FALSE(held.add(batch(1, 4), {}));
    CHECK_FALSE(held.add(batch(2, 2), {}));
    CHECK(held.add(batch(1, 1), {}));
    CHECK(held.add(batch(2, 1), {}));
    CHECK(held.take_deliverable({}));
    CHECK(held.take_deliverable({{1, 1}}));
    CHECK(held.add(batch(1, 4), {{1, 2}}));
  }

  TEST_CASE(
      "a peer that invents origins fills only so much, and batches that can be applied go on") {
    constexpr std::size_t kMiB = std::size_t{1} << 20U;
    constexpr std::size_t kWaiting = HoldBackQueue::kBytesMax + HoldBackQueue::kNextBytesMax + kMiB;
    HoldBackQueue held;
    core::Origin invented = 100;
    for (int i = 0; i < 300; ++i) held.add(batch(invented++, 1, 1, {{9, 9}}, kMiB), {});
    CHECK(held.bytes() > HoldBackQueue::kBytesMax);
    CHECK(held.bytes() <= kWaiting);
    // An honest batch that waits for another is dropped, and that one is applied.
    CHECK_FALSE(held.add(batch(2, 1, 1, {{1, 1}}), {}));
    CHECK(held.add(batch(1, 1, 1, {}, kMiB), {}));
    auto first = held.take_deliverable({});
    REQUIRE(first);
    CHECK(first->batch.origin == 1);
    CHECK(held.add(batch(2, 1, 1, {{1, 1}}), {{1, 1}}));
    // Nor have those that can be applied room without end: there is enough to be applied.
    for (int i = 0; i < 300; ++i) held.add(batch(invented++, 1, 1, {}, kMiB), {{1, 1}});
    CHECK(held.bytes() <= kWaiting + HoldBackQueue::kNextBytesMax + kMiB);
    CHECK_FALSE(held.add(batch(invented, 1), {{1, 1}}));
    while (held.take_deliverable({{1, 1}})) {
    }
    CHECK(held.bytes() <= kWaiting);
    CHECK(held.add(batch(invented, 1), {{1, 1}}));
    for (core::Origin origin = 1; origin <= invented; ++origin) held.forget(origin);
    CHECK(held.bytes() == 0);
    CHECK(held.memory() == 0);
  }

  TEST_CASE("short ops count by the memory that they take") {
    constexpr std::size_t kMemoryMax = 100'000;
    constexpr std::size_t kOps = 100;
    HoldBackQueue held(HoldBackQueue::kBytesMax, kMemoryMax);
    const std::size_t one = regions::load_of(batch(1, 2, kOps)).memory;
    CHECK(one >= kOps * sizeof(core::Op));
    for (core::Origin origin = 1; origin <= 1'000; ++origin) held.add(batch(origin, 2, kOps), {});
    CHECK(held.memory() <= kMemoryMax);
    for (core::Origin origin = 1; origin <= 1'000; ++origin) {
      held.add(batch(origin, 1, kOps, {{origin + 1, 1}}), {});
    }
    CHECK(held.memory() > kMemoryMax);
    CHECK(held.memory() <= 2 * kMemoryMax + one);
    CHECK(held.add(batch(2'000, 1, kOps), {}));
    CHECK(held.take_deliverable({}));
  }

  TEST_CASE("batches in any order come out in an order that respects what they depend on") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    for (int run = 0; run < 200; ++run) {
      // A history: each batch depends on a random part of the batches before.
      std::vector<HeldBatch> history;
      VersionVector all;
      for (int i = 0; i < 20; ++i) {
        const core::Origin origin = random.below(4) + 1;
        VersionVector deps;
        for (const auto& [other, seq] : all) {
          if (other != origin && random.chance(0.5)) deps.set(other, random.below(seq) + 1);
        }
        const std::size_t ops = random.below(3) + 1;
        history.push_back(batch(origin, all.at(origin) + 1, ops, std::move(deps)));
        all.raise(origin, history.back().batch.last());
      }
      for (std::size_t i = history.size(); i > 1; --i) {
        std::swap(history[i - 1], history[random.below(i)]);
      }
      HoldBackQueue held;
      VersionVector applied;
      for (HeldBatch& each : history) {
        held.add(std::move(each), applied);
        while (const auto next = held.take_deliverable(applied)) {
          REQUIRE(next->batch.first() == applied.at(next->batch.origin) + 1);
          REQUIRE(applied.includes(next->batch.deps_changed));
          applied.raise(next->batch.origin, next->batch.last());
        }
      }
      REQUIRE(applied == all);
      REQUIRE(held.size() == 0);
      REQUIRE(held.bytes() == 0);
    }
  }
}

}  // namespace anabranch::hold_back_queue_test
