// Marks of requests: the correction of a sum, and the values that are to be removed.

#include "crdt/request_mark.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "crdt/apply.h"

namespace anabranch::request_mark_test {

using core::Dot;
using core::Path;
using crdt::Cell;
using crdt::RequestMark;
using crdt::Sibling;
using crdt::Tally;
using Kind = crdt::RequestMark::Kind;

namespace {

const Path kRow{"\1", "visits", "s"};

// Adds to the slot of an origin.
void add(Tally& tally, Dot dot, std::int64_t amount) {
  crdt::apply_add(tally, crdt::prepare_add(tally, kRow, amount, dot), dot);
}

void reset(Tally& tally, Dot dot) { crdt::apply_reset(tally, crdt::observed(tally), dot); }

// A cell with the marks of ops with these dots.
struct Marks {
  Cell cell;

  Marks& with(Kind kind, Dot op, std::int64_t amount = 0, const Path& row = kRow) {
    cell.add(Sibling{.dot = {op.origin, op.seq + 1},
                     .hlc = core::Hlc::of(1'000, 0),
                     .value = crdt::encode_mark({kind, row, amount}),
                     .base = std::nullopt});
    return *this;
  }
  std::int64_t correction(const Tally& tally) const {
    const auto sum = core::Number::integer(crdt::correction(crdt::marked_ops(cell), kRow, tally));
    return sum.as_int64().value();
  }
  std::vector<Dot> values_left(const Cell& values) const {
    return crdt::values_left(crdt::marked_ops(cell), kRow, values);
  }
};

Cell values_of(std::initializer_list<Dot> dots) {
  Cell cell;
  for (const Dot dot : dots) {
    cell.add(
        Sibling{.dot = dot, .hlc = core::Hlc::of(1'000, 0), .value = "x", .base = std::nullopt});
  }
  return cell;
}

}  // namespace

TEST_SUITE("crdt: marks of requests") {
  TEST_CASE("a mark is the same again after its bytes, and bytes of a newer version are read") {
    const RequestMark mark{Kind::kCorrection, kRow, INT64_MIN};
    CHECK(crdt::decode_mark(crdt::encode_mark(mark)) == mark);
    std::string newer = crdt::encode_mark(mark);
    newer[0] = static_cast<char>(newer[0] + 1);  // One element more.
    CHECK(crdt::decode_mark(newer + '\0') == mark);
  }

  TEST_CASE("bytes that are no mark are left out") {
    CHECK_FALSE(crdt::decode_mark(""));
    CHECK_FALSE(crdt::decode_mark("x"));
    Marks marks;
    marks.with(Kind::kAdd, {1, 4}, 5);
    marks.cell.add(Sibling{
        .dot = {2, 9}, .hlc = core::Hlc::of(1'000, 0), .value = "newer", .base = std::nullopt});
    CHECK(crdt::marked_ops(marks.cell).size() == 1);
  }

  TEST_CASE("one execution needs no correction, also when it was taken back") {
    Tally tally;
    add(tally, {1, 4}, 5);
    const Marks marks = Marks().with(Kind::kAdd, {1, 4}, 5);
    CHECK(marks.correction(tally) == 0);
    reset(tally, {2, 1});
    CHECK(marks.correction(tally) == 0);
  }

  TEST_CASE("of three executions one counts") {
    Tally tally;
    Marks marks;
    add(tally, {1, 1}, 100);  // Another addition.
    for (const core::Origin origin : {1, 2, 3}) {
      add(tally, {origin, 4}, 5);
      marks.with(Kind::kAdd, {origin, 4}, 5);
    }
    CHECK(marks.correction(tally) == -10);
  }

  TEST_CASE("a reset that has seen one execution takes back the other") {
    Tally tally;
    add(tally, {1, 4}, 5);
    reset(tally, {3, 1});
    add(tally, {2, 4}, 5);
    const Marks marks = Marks().with(Kind::kAdd, {1, 4}, 5).with(Kind::kAdd, {2, 4}, 5);
    CHECK(marks.correction(tally) == -5);
    SUBCASE("also when its slot has been dropped") {
      std::erase_if(tally.slots, [](const crdt::Slot& slot) { return slot.dead(); });
      CHECK(marks.correction(tally) == -5);
    }
    SUBCASE("also when its origin has begun a new frame") {
      add(tally, {1, 9}, 7);
      CHECK(marks.correction(tally) == -5);
    }
  }

  TEST_CASE("corrections that leaders have written count, and one too many is corrected") {
    Tally tally;
    add(tally, {1, 4}, 5);
    add(tally, {2, 4}, 5);
    Marks marks = Marks().with(Kind::kAdd, {1, 4}, 5).with(Kind::kAdd, {2, 4}, 5);
    add(tally, {1, 8}, -5);
    marks.with(Kind::kCorrection, {1, 8}, -5);
    CHECK(marks.correction(tally) == 0);
    SUBCASE("two leaders at once") {
      add(tally, {3, 1}, -5);
      CHECK(marks.with(Kind::kCorrection, {3, 1}, -5).correction(tally) == 5);
    }
    SUBCASE("after a reset that has seen everything") {
      reset(tally, {3, 1});
      CHECK(marks.correction(tally) == 0);
    }
    SUBCASE("a correction that is left when the executions are forgotten") {
      const Marks left = Marks().with(Kind::kCorrection, {1, 8}, -5);
      CHECK(left.correction(tally) == 5);
    }
  }

  TEST_CASE("marks of another row do not matter") {
    Tally tally;
    add(tally, {1, 4}, 5);
    add(tally, {2, 4}, 5);
    const Marks marks =
        Marks().with(Kind::kAdd, {1, 4}, 5).with(Kind::kAdd, {2, 4}, 5, Path{"\1", "other", "s"});
    CHECK(marks.correction(tally) == 0);
  }

  TEST_CASE("a value that is gone in one execution is to be removed in the others") {
    const Marks marks = Marks().with(Kind::kPut, {1, 4}).with(Kind::kPut, {2, 4});
    CHECK(marks.values_left(values_of({{2, 4}, {3, 9}})) == std::vector<Dot>{{2, 4}});
    CHECK(marks.values_left(values_of({{1, 4}, {2, 4}})).empty());
    CHECK(marks.values_left(values_of({{3, 9}})).empty());
    CHECK(marks.correction(Tally()) == 0);
  }
}

}  // namespace anabranch::request_mark_test
