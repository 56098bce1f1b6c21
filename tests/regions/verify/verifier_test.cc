// Two leaders that compare their rows.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>

#include "regions/verify/verifier.h"
#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::verifier_test {

using core::Millis;
using regions::Send;
using regions::Verdict;
using regions::Verifier;
using test::kEu;
using test::kLink;
using test::kUs;
using test::Receiver;

namespace {

struct Leader : Receiver {
  Verifier verifier{{state, exchange, alarms, effects}, 1};

  using Receiver::Receiver;
  void hear(Leader& other, Millis now) {
    for (regions::Effect& effect : std::exchange(other.effects, {})) {
      auto* const send = std::get_if<Send>(&effect);
      if (send == nullptr) continue;
      if (const auto* question = std::get_if<regions::DigestRequest>(&send->message)) {
        verifier.step(kLink, *question, now);
      } else if (const auto* answer = std::get_if<regions::DigestResponse>(&send->message)) {
        verifier.step(kLink, *answer, now);
      }
    }
  }
};

struct Pair {
  Leader eu{"eu", kEu};
  Leader us{"us", kUs};

  Pair() {
    eu.greet(kLink, "us", kUs);
    us.greet(kLink, "eu", kEu);
    for (int i = 0; i < 5; ++i) us.take(eu.put("k" + std::to_string(i), "v"));
  }
  // The verdict of eu on us.
  Verdict verify() {
    eu.verifier.start({"us"}, 0);
    for (Millis now = 0;
         now < 60'000 && eu.verifier.verdicts().at(0).state == Verdict::State::kRunning;
         now += Verifier::kTickMs) {
      eu.verifier.tick(now);
      us.verifier.tick(now);
      us.hear(eu, now);
      eu.hear(us, now);
    }
    return eu.verifier.verdicts().at(0);
  }
};

}  // namespace

TEST_SUITE("regions: verifier") {
  TEST_CASE("leaders with the same rows are found equal") {
    Pair pair;
    CHECK(pair.verify().state == Verdict::State::kEqual);
    CHECK_FALSE(pair.eu.verifier.next_tick_ms());
  }

  TEST_CASE("a row that was changed behind the store's back is found, and named") {
    Pair pair;
    std::string row;
    {
      const auto snapshot = pair.us.storage.snapshot();
      const auto cursor = snapshot->scan(storage::Table::kRows, {});
      REQUIRE(cursor->valid());
      row = cursor->key();
    }
    const storage::Change change{storage::Table::kRows, row, std::nullopt};
    REQUIRE(pair.us.storage.commit({}, {change}).ok());
    const Verdict verdict = pair.verify();
    CHECK(verdict.state == Verdict::State::kDifferent);
    CHECK(verdict.differences.size() == 1);
  }

  TEST_CASE("only rows that differ are counted, also where two lists end at different rows") {
    constexpr std::size_t kRows = 900;
    const auto key = [](std::size_t i) {
      return std::string(400, 'x') + std::to_string(1'000 + i);
    };
    static_assert(kRows * 400 > regions::RowSnapshot::kListBytesMax);  // More than one list.
    Pair pair;
    pair.us.take(pair.eu.write([&](regions::Group& group) {
      for (std::size_t i = 0; i < kRows; ++i) group.put(Leader::row_of(key(i)), "v");
    }));
    const storage::Change change{storage::Table::kRows, core::row_key(Leader::row_of(key(0))),
                                 std::nullopt};
    REQUIRE(pair.us.storage.commit({}, {change}).ok());
    const Verdict verdict = pair.verify();
    CHECK(verdict.state == Verdict::State::kDifferent);
    CHECK(verdict.differing == 1);
    CHECK(verdict.differences.size() == 1);
  }

  TEST_CASE("a region that is not there is not compared") {
    Pair pair;
    pair.eu.verifier.start({"ap"}, 0);
    REQUIRE(pair.eu.verifier.verdicts().size() == 1);
    CHECK(pair.eu.verifier.verdicts()[0].state == Verdict::State::kUnreachable);
    CHECK(pair.eu.effects.empty());
  }

  TEST_CASE("a moment that was not opened, or is over, is not answered for") {
    Pair pair;
    using Kind = regions::DigestRequest::Kind;
    const auto ask = [&](Kind kind, Millis now) {
      pair.us.effects.clear();
      pair.us.verifier.step(kLink, regions::DigestRequest{.kind = kind, .moment = 7}, now);
      REQUIRE(pair.us.effects.size() == 1);
      return std::get<regions::DigestResponse>(std::get<Send>(pair.us.effects[0]).message);
    };
    CHECK_FALSE(ask(Kind::kSum, 0).kept);
    CHECK(ask(Kind::kOpen, 0).kept);
    CHECK(ask(Kind::kSum, 1).rows == 5);
    pair.us.verifier.tick(1 + Verifier::kUnusedMs);
    CHECK_FALSE(ask(Kind::kSum, 1 + Verifier::kUnusedMs).kept);
  }
}

}  // namespace anabranch::verifier_test
