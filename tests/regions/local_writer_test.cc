// Local writes: groups become batches, and are closed before other work changes the rows.

#include <doctest/doctest.h>

#include <string>

#include <anabranch/error.h>

#include "core/batch.h"
#include "tests/regions/parts.h"
#include "tests/write.h"

namespace anabranch::local_writer_test {

using regions::Group;
using test::Parts;

TEST_SUITE("regions: local writes") {
  TEST_CASE("a group is one batch, and the first of an opening tells of it") {
    Parts eu("eu", 1);
    test::write(eu.writer, [](Group& group) { group.put(Parts::row_of("a"), "1"); });
    test::write(eu.writer, [](Group& group) { group.put(Parts::row_of("b"), "2"); });
    CHECK(eu.writer.dirty());
    CHECK(eu.get("a").empty());
    const auto first = eu.writer.commit();
    REQUIRE(first.ok());
    CHECK_FALSE(eu.writer.dirty());
    CHECK(eu.get("a") == "1");
    const auto batch = core::decode_batch(eu.storage.read_log(first.value())->bytes);
    REQUIRE(batch.ok());
    CHECK(batch.value().transactions.size() == 2);
    REQUIRE(batch.value().opening.has_value());
    CHECK(batch.value().opening->region == "eu");
    const auto next = core::decode_batch(eu.put("c", "3"));
    REQUIRE(next.ok());
    CHECK_FALSE(next.value().opening.has_value());
    CHECK(next.value().previous == eu.state.chains().at(1, 2));
    ++eu.state.identity().opening;
    CHECK(core::decode_batch(eu.put("d", "4")).value().opening.has_value());
  }

  TEST_CASE("what throws is undone, and an empty group leaves nothing in the log") {
    Parts eu("eu", 1);
    CHECK_THROWS_AS(test::write(eu.writer,
                                [](Group& group) {
                                  group.put(Parts::row_of("a"), "1");
                                  throw Error(ErrorCode::kInvalid, "no");
                                }),
                    Error);
    CHECK_FALSE(eu.writer.dirty());
    CHECK(eu.writer.commit().value() == 0);
    (void)eu.writer.close_group();
    const std::string first = eu.put("a", "2");
    CHECK(first == eu.storage.read_log(1)->bytes);
  }

  TEST_CASE("a follower and a replica that is broken write nothing") {
    Parts follower("eu", 1, true);
    CHECK_THROWS_AS(test::write(follower.writer, [](Group&) {}), Error);
    Parts eu("eu", 1);
    eu.state.fail({ErrorCode::kIo, "the disk is full"});
    CHECK_THROWS_WITH(test::write(eu.writer, [](Group&) {}), "closed for writes: the disk is full");
  }

  TEST_CASE("own ops go along with another change of the rows, as the next batch") {
    Parts eu("eu", 1);
    eu.put("a", "1");
    const auto closed = eu.state.change_rows([&](rows::Stage& stage) {
      std::vector<core::Op> ops;
      ops.push_back(core::Put{Parts::row_of("b"), "2", std::nullopt, std::nullopt});
      const std::vector<regions::HeldBatch> own{eu.writer.stage_own(stage, std::move(ops))};
      const auto records = regions::records_of(own);
      return eu.state.commit({.stage = &stage, .records = records});
    });
    REQUIRE(closed.ok());
    CHECK(eu.get("b") == "2");
    CHECK(eu.state.applied().vector().at(1) == 2);
    CHECK(eu.storage.read_log(2)->first == 2);
  }

  TEST_CASE("own ops that are the first of an opening tell of it, and the next batch does not") {
    Parts eu("eu", 1);
    const auto closed = eu.state.change_rows([&](rows::Stage& stage) {
      std::vector<core::Op> ops;
      ops.push_back(core::Put{Parts::row_of("a"), "1", std::nullopt, std::nullopt});
      const std::vector<regions::HeldBatch> own{eu.writer.stage_own(stage, std::move(ops))};
      const auto records = regions::records_of(own);
      return eu.state.commit({.stage = &stage, .records = records});
    });
    REQUIRE(closed.ok());
    CHECK(core::decode_batch(eu.storage.read_log(1)->bytes).value().opening.has_value());
    CHECK_FALSE(core::decode_batch(eu.put("b", "2")).value().opening.has_value());
  }

  TEST_CASE("slices are small for a second after a write") {
    Parts eu("eu", 1);
    constexpr core::Millis kLate = 1'000'000;
    CHECK(eu.writer.slice_scale(kLate) == regions::LocalWriter::kQuietScale);
    eu.put("a", "1");
    CHECK(eu.writer.slice_scale(kLate) == 1);
    CHECK(eu.writer.slice_scale(kLate + regions::LocalWriter::kQuietMs) ==
          regions::LocalWriter::kQuietScale);
  }
}

}  // namespace anabranch::local_writer_test
