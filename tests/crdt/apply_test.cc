// The effects of ops on a row where the order is not the point: frames, dead slots, and figures
// that no leader writes. The results of concurrent and ordered ops are in semantics_test.cc.

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "crdt/apply.h"
#include "tests/seed.h"

namespace anabranch::apply_test {

using crdt::Slot;
using crdt::Tally;

namespace {

constexpr core::Origin kA = 1;
constexpr core::Origin kB = 2;
constexpr core::Origin kC = 3;

void add(Tally& tally, core::Dot dot, std::int64_t amount) {
  crdt::apply_add(tally, crdt::prepare_add(tally, {"key"}, amount, dot), dot);
}

void reset(Tally& tally, core::Dot dot) { crdt::apply_reset(tally, crdt::observed(tally), dot); }

const auto kNobodyHasSeen = [](core::Origin) { return core::VersionVector(); };

}  // namespace

TEST_SUITE("crdt: apply") {
  TEST_CASE("additions of one origin go on in one frame, as totals") {
    Tally tally;
    add(tally, {kA, 3}, 5);
    add(tally, {kA, 9}, 2);
    REQUIRE(tally.slots.size() == 1);
    CHECK(tally.slots[0] == Slot{.origin = kA, .birth = 3, .seq = 9, .total = 7});
    add(tally, {kB, 1}, 1);
    CHECK(tally.sum() == core::Number(8));
  }

  TEST_CASE("after a reset the next addition opens a new frame") {
    Tally tally;
    add(tally, {kA, 1}, 5);
    reset(tally, {kA, 2});
    CHECK_FALSE(tally.live());
    CHECK(crdt::observed(tally).empty());
    CHECK(crdt::prepare_add(tally, {"key"}, 1, {kA, 3}) == core::Add{{"key"}, 3, 1, 1});
    add(tally, {kA, 3}, 1);
    CHECK(tally.slots[0] == Slot{.origin = kA, .birth = 3, .seq = 3, .total = 1});
  }

  TEST_CASE("an addition that a reset had not seen counts on in its frame") {
    Tally tally;
    add(tally, {kA, 1}, 5);
    const auto seen = crdt::observed(tally);
    add(tally, {kA, 2}, 2);
    crdt::apply_reset(tally, seen, {kB, 1});
    CHECK(tally.live());
    CHECK(tally.sum() == core::Number(2));
    CHECK(crdt::prepare_add(tally, {"key"}, 1, {kA, 3}) == core::Add{{"key"}, 1, 1, 8});
  }

  TEST_CASE("a reset of a frame that is over changes nothing") {
    Tally tally;
    add(tally, {kA, 1}, 5);
    const auto seen = crdt::observed(tally);
    reset(tally, {kB, 1});
    add(tally, {kA, 2}, 2);
    const Tally before = tally;
    crdt::apply_reset(tally, seen, {kC, 1});
    CHECK(tally == before);
  }

  TEST_CASE("a reset may name a position at which nothing was added, with the total there") {
    Tally early;
    add(early, {kA, 1}, 5);
    Tally late = early;
    add(late, {kA, 9}, 2);
    const std::vector<core::ObservedSlot> seen{{kA, 1, 4, 5}};
    crdt::apply_reset(early, seen, {kB, 1});
    CHECK(early.slots[0].dead());
    add(early, {kA, 9}, 2);  // A frame of its own: its leader had applied the reset.
    CHECK(early.sum() == 2);
    crdt::apply_reset(late, seen, {kB, 1});
    CHECK(late.sum() == 2);
    crdt::apply_reset(late, std::vector<core::ObservedSlot>{{kA, 1, 12, 6}}, {kC, 1});
    CHECK(late.sum() == 2);  // There was never such a total.
  }

  TEST_CASE("of resets that saw the same addition the smallest dot stays, in any order") {
    Tally tally;
    add(tally, {kA, 1}, 5);
    const auto seen = crdt::observed(tally);
    Tally other = tally;
    crdt::apply_reset(tally, seen, {kB, 4});
    crdt::apply_reset(tally, seen, {kC, 1});
    crdt::apply_reset(other, seen, {kC, 1});
    crdt::apply_reset(other, seen, {kB, 4});
    CHECK(tally == other);
    CHECK(tally.slots[0].reset == core::Dot{kB, 4});
  }

  TEST_CASE("a dead slot stays until its origin is known to have applied the reset") {
    Tally tally;
    add(tally, {kA, 1}, 5);
    reset(tally, {kB, 7});
    CHECK_FALSE(crdt::collect(tally, kB, kNobodyHasSeen));
    const auto has_seen = [](core::Seq seq) {
      return [seq](core::Origin) { return core::VersionVector{{kA, 2}, {kB, seq}}; };
    };
    CHECK_FALSE(crdt::collect(tally, kB, has_seen(6)));
    CHECK(tally.slots.size() == 1);
    CHECK(crdt::collect(tally, kB, has_seen(7)));
    CHECK(tally.slots.empty());
  }

  TEST_CASE("an origin drops its own dead slot at once, and never a live one") {
    Tally tally;
    add(tally, {kA, 1}, 5);
    CHECK_FALSE(crdt::collect(tally, kA, kNobodyHasSeen));
    reset(tally, {kB, 7});
    CHECK(crdt::collect(tally, kA, kNobodyHasSeen));
  }

  TEST_CASE("an op that is applied again changes nothing") {
    crdt::Cell cell;
    const crdt::Sibling put{{kA, 1}, {1}, "x", {}};
    crdt::apply_put(cell, put, {});
    crdt::apply_put(cell, put, {});
    CHECK(cell.siblings.size() == 1);

    Tally tally;
    const core::Add first = crdt::prepare_add(tally, {"key"}, 5, {kA, 1});
    crdt::apply_add(tally, first, {kA, 1});
    add(tally, {kA, 2}, 5);
    const auto seen = crdt::observed(tally);
    crdt::apply_reset(tally, seen, {kB, 1});
    add(tally, {kA, 3}, 1);
    const Tally before = tally;
    crdt::apply_add(tally, first, {kA, 1});
    crdt::apply_reset(tally, seen, {kB, 1});
    CHECK(tally == before);
  }

  TEST_CASE("figures that no leader writes change nothing") {
    Tally tally;
    add(tally, {kA, 3}, 5);
    add(tally, {kA, 5}, 5);
    const Tally before = tally;
    crdt::apply_add(tally, {{"key"}, 0, 1, 1}, {kA, 6});
    crdt::apply_add(tally, {{"key"}, 7, 1, 1}, {kA, 6});
    crdt::apply_add(tally, {{"key"}, 7, 1, 1}, {kB, 6});
    const std::vector<core::ObservedSlot> lies = {
        {kA, 3, 6, 11}, {kA, 3, 2, 0}, {kA, 2, 3, 5}, {kB, 1, 1, 1}, {kA, 3, 0, 0}};
    crdt::apply_reset(tally, lies, {kB, 1});
    CHECK(tally == before);
  }

  TEST_CASE("a cell forgets what a context covers, however its values lie") {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 2'000; ++round) {
      crdt::Cell cell;
      core::VersionVector context;
      for (const core::Origin origin : {kA, kB, kC}) {
        for (core::Seq seq = 1; seq <= 5; ++seq) {
          if (random() % 2 == 0) cell.add({{origin, seq}, {1}, std::to_string(seq), {}});
        }
        if (random() % 4 > 0) context.set(origin, random() % 7);
      }
      const crdt::Sibling put{{kB, random() % 7 + 1}, {1}, "put", {}};
      crdt::Cell changed = cell;
      crdt::Cell anew;
      const crdt::CellEffect of_change = crdt::apply_put(changed, put, context);
      const crdt::CellEffect of_new = crdt::apply_put(cell, anew, crdt::Sibling(put), context);
      CHECK(anew == changed);
      CHECK(of_new.added == of_change.added);
      if (cell.siblings.size() > 1) CHECK(of_new.removed == of_change.removed);
      std::vector<crdt::Sibling> gone;
      std::vector<crdt::Sibling> kept;
      for (const crdt::Sibling& each : cell.siblings) {
        (context.covers(each.dot) ? gone : kept).push_back(each);
      }
      CHECK(cell.any_in(context) == !gone.empty());
      CHECK(cell.forget(context) == gone);
      CHECK(cell.siblings == kept);
      for (const crdt::Sibling& each : gone) CHECK(cell.find(each.dot) == nullptr);
      for (const crdt::Sibling& each : kept) CHECK(cell.find(each.dot)->value == each.value);
    }
  }

  TEST_CASE("a put replaces what its context covers, and nothing else") {
    crdt::Cell cell;
    crdt::apply_put(cell, {{kA, 1}, {1}, "x", {}}, {});
    crdt::apply_put(cell, {{kB, 1}, {2}, "y", {}}, {});
    CHECK(cell.siblings.size() == 2);
    crdt::apply_put(cell, {{kC, 1}, {0}, "z", "x"}, {{kA, 1}});
    REQUIRE(cell.siblings.size() == 2);
    CHECK(cell.siblings[0].value == "y");
    CHECK(cell.siblings[1] == crdt::Sibling{{kC, 1}, {0}, "z", "x"});
    crdt::apply_remove(cell, {{kA, 9}, {kB, 9}});
    REQUIRE(cell.siblings.size() == 1);
    CHECK(cell.siblings[0].value == "z");
  }
}

}  // namespace anabranch::apply_test
