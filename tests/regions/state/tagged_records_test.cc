// Which end of the log sweeps need not read.

#include <doctest/doctest.h>

#include <string>

#include "regions/state/tagged_records.h"
#include "tests/regions/parts.h"

namespace anabranch::tagged_records_test {

using core::Path;
using regions::TaggedRecords;
using test::Parts;

TEST_SUITE("regions: tagged records") {
  TEST_CASE("records are without a tag from the last commit on that had a row with it") {
    TaggedRecords records{Type::kItemList, Type::kRemoveWinsSet};
    CHECK(records.without_from(Type::kItemList) == 0);
    records.begin(4);
    CHECK(records.without_from(Type::kItemList) == 5);
    records.see(Path{"\1", "k", "s"});
    records.see(Path{"\1", "k", "E"});  // Nothing is inside.
    records.committed(5);
    CHECK(records.without_from(Type::kRemoveWinsSet) == 5);
    records.see(Path{"\1", "k", "h", "f", "E", "x"});
    records.see(Path{"\1", "k", "s"});
    records.committed(7);
    CHECK(records.without_from(Type::kRemoveWinsSet) == 8);
    CHECK(records.without_from(Type::kItemList) == 5);
    records.committed(8);
    CHECK(records.without_from(Type::kRemoveWinsSet) == 8);
    records.see_unknown();
    records.committed(9);
    CHECK(records.without_from(Type::kRemoveWinsSet) == 10);
    CHECK(records.without_from(Type::kItemList) == 10);
  }

  TEST_CASE("each commit of a replica tells of its rows and records without rows may have any") {
    Parts eu("eu", 1);
    const auto without = [&](Type type) { return eu.state.tagged_records().without_from(type); };
    const storage::Position begin = without(Type::kItemList);
    eu.put("k", "a");
    const storage::Position plain = eu.storage.last_position();
    CHECK(without(Type::kItemList) == begin);
    CHECK(begin <= plain);
    eu.write([](regions::Group& group) { group.put(Path{"\1", "k", "i", "x"}, "1"); });
    CHECK(without(Type::kItemList) == plain + 2);
    CHECK(without(Type::kRemoveWinsSet) == begin);
    const auto record = eu.storage.read_log(plain);
    REQUIRE(record);
    const storage::LogRecord again{9, 1, 1, record->bytes};
    REQUIRE(eu.state.commit({.records = {&again, 1}}).ok());
    CHECK(without(Type::kRemoveWinsSet) == plain + 3);
  }
}

}  // namespace anabranch::tagged_records_test
