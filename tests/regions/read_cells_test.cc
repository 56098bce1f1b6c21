// Writes of a transaction that has read all concurrent values of a row.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::read_cells_test {

using core::VersionVector;
using regions::Group;
using test::kEu;
using test::kUs;
using test::Parts;
using test::Receiver;

namespace {

// Region eu, which has applied a value of us beside its own.
struct ReadCellsWorld : Receiver {
  ReadCellsWorld() : Receiver("eu", kEu) {
    Parts us("us", kUs);
    const std::string theirs = us.put("k", "b");
    put("k", "a");
    take(theirs);
  }
  // Returns the ops of a transaction.
  std::vector<core::Op> ops(const std::function<void(Group&)>& function) {
    const auto batch = core::decode_batch(write(function));
    return batch.value().transactions.front().ops;
  }
};

const core::Path kRow = Parts::row_of("k");
const VersionVector kBoth{{kEu, 1}, {kUs, 1}};

}  // namespace

TEST_SUITE("regions: cells that were read") {
  TEST_CASE("a put and a remove of the values that were read name them in their context") {
    ReadCellsWorld eu;
    const auto put = eu.ops([](Group& group) {
      group.note_read(kRow);
      group.put(kRow, "c");
    });
    CHECK(std::get<core::Put>(put.front()).context == kBoth);
    CHECK(eu.get("k") == "c");
    ReadCellsWorld other;
    const auto removed = other.ops([](Group& group) {
      group.note_read(kRow);
      group.remove(kRow);
    });
    CHECK(std::get<core::Remove>(removed.front()).context == kBoth);
  }

  TEST_CASE("a clear of what was read removes its values by name first") {
    ReadCellsWorld eu;
    const auto ops = eu.ops([](Group& group) {
      group.note_read(kRow);
      group.clear(kRow.parent());
    });
    REQUIRE(ops.size() == 2);
    CHECK(std::get<core::Remove>(ops[0]).context == kBoth);
    CHECK(std::holds_alternative<core::Clear>(ops[1]));
    CHECK(eu.get("k").empty());
  }

  TEST_CASE("what was not read, or has fewer than two values, is written as ever") {
    ReadCellsWorld eu;
    const auto unread = eu.ops([](Group& group) {
      group.note_read(Parts::row_of("other"));
      group.put(kRow, "c");
    });
    CHECK_FALSE(std::get<core::Put>(unread.front()).context);
    const auto one = eu.ops([](Group& group) {
      group.note_read(kRow);
      group.put(kRow, "d");
    });
    CHECK_FALSE(std::get<core::Put>(one.front()).context);
  }

  TEST_CASE("values that came after the reading were not read") {
    ReadCellsWorld eu;
    const auto ops = eu.ops([](Group& group) {
      group.note_read(kRow, {{kEu, 1}});
      group.put(kRow, "c");
    });
    CHECK_FALSE(std::get<core::Put>(ops.front()).context);
    ReadCellsWorld other;
    const auto covered = other.ops([](Group& group) {
      group.note_read(kRow, kBoth);
      group.put(kRow, "c");
    });
    CHECK(std::get<core::Put>(covered.front()).context == kBoth);
  }

  TEST_CASE("a reading counts for its transaction only, and not after it was undone") {
    ReadCellsWorld eu;
    eu.write([](Group& group) {
      group.note_read(kRow);
      group.put(Parts::row_of("other"), "x");
    });
    const auto next = eu.ops([](Group& group) { group.put(kRow, "c"); });
    CHECK_FALSE(std::get<core::Put>(next.front()).context);
    ReadCellsWorld other;
    {
      regions::OpenTransaction undone = other.writer.begin();
      undone->note_read(kRow);
    }
    const auto after = other.ops([](Group& group) { group.put(kRow, "c"); });
    CHECK_FALSE(std::get<core::Put>(after.front()).context);
  }
}

}  // namespace anabranch::read_cells_test
