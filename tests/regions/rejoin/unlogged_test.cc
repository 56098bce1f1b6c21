// Batches that wait to be logged, and the rejoin that logs them.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "regions/rejoin/rejoin.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::unlogged_test {

using regions::Rejoin;
using regions::RejoinState;
using regions::Unlogged;
using test::kEu;
using test::Parts;

namespace {

struct UnloggedWorld : Parts {
  UnloggedWorld() : Parts("eu", kEu) {}

  [[nodiscard]] Rejoin rejoin(RejoinState::Stage stage) {
    RejoinState begun;
    begun.stage = stage;
    return {
        {state, exchange, list, [](const auto&) {}, [](const auto&) {}}, {.records_max = 2}, begun};
  }
  void add(Unlogged& unlogged, core::Seq seq) {
    const std::string bytes = "batch " + std::to_string(seq);
    REQUIRE(state.commit({.changes = {unlogged.add({kEu, seq, seq, bytes})}}).ok());
  }
};

}  // namespace

TEST_SUITE("regions: unlogged batches") {
  TEST_CASE("they are taken in their order, in slices, and found again by a later opening") {
    UnloggedWorld eu;
    Unlogged before;
    for (core::Seq seq = 1; seq <= 3; ++seq) eu.add(before, seq);
    Unlogged unlogged;
    CHECK(unlogged.empty());
    unlogged.load(*eu.storage.snapshot());
    CHECK(unlogged.size() == 3);
    auto slice = unlogged.take(*eu.storage.snapshot(), 2, SIZE_MAX);
    REQUIRE(slice.ok());
    REQUIRE(slice.value().records.size() == 2);
    CHECK(slice.value().records[0].bytes == "batch 1");
    CHECK(slice.value().records[1].first == 2);
    REQUIRE(eu.state.commit({.changes = std::move(slice.value().changes)}).ok());
    unlogged.load(*eu.storage.snapshot());
    CHECK(unlogged.size() == 1);
    CHECK(unlogged.take(*eu.storage.snapshot(), 2, SIZE_MAX).value().records[0].first == 3);
    CHECK(unlogged.empty());
  }

  TEST_CASE(
      "a rejoin that was ended while it logged goes on, one that had not got so far does not") {
    for (const auto stage : {RejoinState::Stage::kLogging, RejoinState::Stage::kJoining}) {
      UnloggedWorld eu;
      Unlogged before;
      for (core::Seq seq = 1; seq <= 3; ++seq) eu.add(before, seq);
      Rejoin rejoin = eu.rejoin(stage);
      REQUIRE(rejoin.resume().ok());
      const bool logs = stage == RejoinState::Stage::kLogging;
      CHECK(rejoin.unlogged() == (logs ? 3 : 0));
      CHECK(rejoin.all_logged() == !logs);
      Unlogged stored;
      stored.load(*eu.storage.snapshot());
      CHECK(stored.size() == (logs ? 3 : 0));
      if (!logs) continue;
      CHECK(rejoin.next_slice().value().records.size() == 2);
    }
  }
}

}  // namespace anabranch::unlogged_test
