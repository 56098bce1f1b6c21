// The two sides of a snapshot, and the merge of its rows, each made by the test.

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "regions/snapshot/row_merge.h"
#include "regions/snapshot/snapshot_in.h"
#include "regions/snapshot/snapshot_out.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::snapshot_transfer_test {

using core::Millis;
using core::Origin;
using regions::Message;
using regions::RowMerge;
using regions::SnapshotChunk;
using regions::SnapshotIn;
using regions::SnapshotOut;
using regions::SnapshotRefusal;
using regions::SnapshotRequest;
using test::kEu;
using test::kUs;
using test::Parts;

namespace {

constexpr int kRows = 9;

// Takes a snapshot of us to eu; messages get lost when the test says so.
struct Transfer {
  Parts eu{"eu", kEu};
  Parts us{"us", kUs};
  regions::SnapshotLimits limits{.slice_rows_max = 2, .chunk_bytes = 100};
  std::vector<Message> to_us;
  std::vector<Message> to_eu;
  SnapshotOut out{us.state, limits, 1,
                  [this](Origin, Message message) { to_eu.push_back(std::move(message)); }};
  std::uint64_t streams = 0;
  std::size_t lost_from = SIZE_MAX;  // Of the chunks that are carried at one time.

  Transfer() {
    for (int i = 0; i < kRows; ++i) us.put("k" + std::to_string(i), "v");
  }
  [[nodiscard]] SnapshotIn ask() {
    return {eu.state,
            limits,
            kUs,
            streams,
            [this](Origin, Message message) { to_us.push_back(std::move(message)); },
            0};
  }
  // Carries all messages; returns the number of chunks.
  std::size_t carry(SnapshotIn& in, Millis now) {
    std::size_t chunks = 0;
    for (const Message& each : std::exchange(to_us, {})) {
      out.request(kEu, 7, std::get<SnapshotRequest>(each), now);
    }
    while (out.work(now, 2)) continue;
    for (Message& each : std::exchange(to_eu, {})) {
      auto* const chunk = std::get_if<SnapshotChunk>(&each);
      REQUIRE(chunk != nullptr);
      if (chunks++ >= lost_from) continue;
      REQUIRE(in.take(std::move(*chunk), now).ok());
    }
    return chunks;
  }
  void finish(SnapshotIn& in, Millis now = 0) {
    for (int i = 0; i < 100 && in.state() == SnapshotIn::State::kReceiving; ++i) {
      carry(in, now);
      while (in.check(2).value()) continue;
    }
  }
};

constexpr Origin kFirst = 11;
constexpr Origin kSecond = 12;
constexpr Origin kThird = 13;
constexpr Origin kFourth = 14;

// Consumers of us for which no log is kept: each of them wants a spool of its own.
struct TwoSpools {
  Transfer transfer;
  std::uint64_t stream = 0;
  std::map<Origin, std::uint64_t> snapshots;  // By consumer.

  // Windows of the first chunk, and of all of them.
  [[nodiscard]] std::uint64_t part() const { return transfer.limits.chunk_bytes; }
  [[nodiscard]] static std::uint64_t whole() { return 1'000'000; }
  // Lets a consumer go on with its snapshot, or ask for one; returns whether it got bytes.
  bool ask(Origin consumer, Millis now, std::uint64_t window) {
    return ask(consumer, now, window, snapshots[consumer]);
  }
  bool ask(Origin consumer, Millis now, std::uint64_t window, std::uint64_t snapshot) {
    transfer.out.request(consumer, 7, {++stream, snapshot, 0, window, {}, {}, {}}, now);
    while (transfer.out.work(now, 2)) continue;
    (void)transfer.out.release_log([](auto) { return UINT64_MAX; });
    const std::vector<Message> sent = std::exchange(transfer.to_eu, {});
    if (sent.empty()) return false;
    snapshots[consumer] = std::get<SnapshotChunk>(sent.back()).snapshot;
    return true;
  }
  // Lets a consumer go on with the snapshot of another one.
  bool go_on(Origin consumer, Origin other, Millis now, std::uint64_t window) {
    return ask(consumer, now, window, snapshots.at(other));
  }
};

}  // namespace

TEST_SUITE("regions: snapshot transfers") {
  TEST_CASE("consumers without end are not remembered, and one that goes on does so") {
    TwoSpools spools;
    constexpr Origin kInvented = 1'000;
    Millis now = 0;
    REQUIRE(spools.ask(kFirst, now, spools.part()));
    const std::uint64_t snapshot = spools.snapshots[kFirst];
    for (Origin each = 0; each < 3 * SnapshotOut::kConsumersMax; ++each) {
      (void)spools.ask(kInvented + each, ++now, spools.part());
      if (each % 500 == 0) CHECK(spools.ask(kFirst, now, spools.part()));
    }
    CHECK(spools.transfer.out.consumers() == SnapshotOut::kConsumersMax);
    CHECK(spools.ask(kFirst, now, spools.whole()));
    CHECK(spools.snapshots[kFirst] == snapshot);
    now += spools.transfer.limits.hold_ms_max;
    spools.transfer.out.tick(now);
    CHECK(spools.transfer.out.consumers() == 2);  // That one, and the one that asked just before.
    spools.transfer.out.tick(now + 1);
    CHECK(spools.transfer.out.consumers() == 0);
  }

  TEST_CASE("a chunk is taken whichever request it answers") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    transfer.lost_from = 1;
    transfer.carry(in, 0);
    const std::uint64_t bytes = in.bytes();
    REQUIRE(bytes == transfer.limits.chunk_bytes);
    // The rest comes late: it is asked for again meanwhile.
    in.tick(transfer.limits.ask_again_ms);
    transfer.out.request(kEu, 7, std::get<SnapshotRequest>(transfer.to_us.back()), 1);
    std::vector<Message> late = std::exchange(transfer.to_eu, {});
    in.tick(2 * transfer.limits.ask_again_ms);
    REQUIRE_FALSE(late.empty());
    for (Message& each : late) {
      REQUIRE(in.take(std::move(std::get<SnapshotChunk>(each)), 2).ok());
    }
    CHECK(in.bytes() == in.bytes_total());
  }

  TEST_CASE("nothing is asked for again while parts of a chunk come") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    transfer.lost_from = 1;
    transfer.carry(in, 0);
    transfer.to_us.clear();
    Millis now = 0;
    for (int i = 0; i < 100; ++i) {
      in.part_came(now += transfer.limits.ask_again_ms / 2);
      in.tick(now + 1);
    }
    CHECK(transfer.to_us.empty());
    CHECK(in.progress_ms() == now);
    in.tick(now + transfer.limits.ask_again_ms);
    CHECK(transfer.to_us.size() == 1);
  }

  TEST_CASE("all bytes arrive, and are checked") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    transfer.finish(in);
    REQUIRE(in.state() == SnapshotIn::State::kChecked);
    CHECK(in.rows() == kRows);
    CHECK(in.vector() == core::VersionVector{{kUs, kRows}});
    CHECK(in.compare().ok());
    CHECK(transfer.out.pinned() == kRows + 1);
    CHECK(transfer.out.progress(0).empty());
    transfer.out.tick(transfer.limits.hold_ms_max + 1);
    CHECK_FALSE(transfer.out.pinned());
  }

  TEST_CASE("the log behind a snapshot is kept up to its limit, and then another one is made") {
    Transfer transfer;
    transfer.limits.log_bytes_max = 1'000'000;  // More than the snapshot has.
    transfer.limits.window_bytes = 2 * transfer.limits.chunk_bytes;
    SnapshotIn in = transfer.ask();
    transfer.carry(in, 0);
    std::uint64_t behind = 1'000'000;
    const auto log_bytes = [&](storage::Position from) {
      CHECK(from == kRows + 1);
      return behind;
    };
    CHECK(transfer.out.release_log(log_bytes).empty());
    CHECK(transfer.out.pinned() == kRows + 1);
    CHECK(transfer.out.progress(0).at(0).pinned == kRows + 1);
    behind = 1'000'001;
    CHECK(transfer.out.release_log(log_bytes) == std::vector<Origin>{kEu});
    CHECK(transfer.out.release_log(log_bytes).empty());
    CHECK_FALSE(transfer.out.pinned());
    CHECK(transfer.out.progress(0).at(0).pinned == 0);
    // The transfer goes on; who asks from now on gets a new one.
    transfer.finish(in);
    CHECK(in.state() == SnapshotIn::State::kChecked);
    SnapshotIn other = transfer.ask();
    transfer.carry(other, 0);
    CHECK(transfer.out.pinned() == kRows + 1);
  }

  TEST_CASE("as much log as the snapshot has is kept behind it, however small the limit is") {
    Transfer transfer;
    transfer.limits.log_bytes_max = 1;
    SnapshotIn in = transfer.ask();
    transfer.finish(in);
    REQUIRE(in.state() == SnapshotIn::State::kChecked);
    CHECK(transfer.out.release_log([&](auto) { return in.bytes(); }).empty());
    CHECK(transfer.out.pinned() == kRows + 1);
    CHECK_FALSE(transfer.out.release_log([&](auto) { return in.bytes() + 1; }).empty());
    CHECK_FALSE(transfer.out.pinned());
  }

  TEST_CASE("what got lost is asked for again, from the byte on that is missing") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    transfer.lost_from = 2;
    REQUIRE(transfer.carry(in, 0) > 2);
    transfer.lost_from = SIZE_MAX;
    CHECK(in.bytes() > 0);
    CHECK(transfer.to_us.empty());
    in.tick(transfer.limits.ask_again_ms);
    REQUIRE(transfer.to_us.size() == 1);
    CHECK(std::get<SnapshotRequest>(transfer.to_us[0]).offset == in.bytes());
    transfer.finish(in, transfer.limits.ask_again_ms);
    CHECK(in.state() == SnapshotIn::State::kChecked);
  }

  TEST_CASE("a chunk that has overtaken another one is taken right behind that") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    transfer.out.request(kEu, 7, std::get<SnapshotRequest>(transfer.to_us.at(0)), 0);
    while (transfer.out.work(0, 2)) continue;
    REQUIRE(transfer.to_eu.size() > 2);
    std::swap(transfer.to_eu[1], transfer.to_eu[2]);
    std::uint64_t bytes = 0;
    for (Message& each : transfer.to_eu) {
      auto& chunk = std::get<SnapshotChunk>(each);
      bytes += chunk.bytes.size();
      REQUIRE(in.take(std::move(chunk), 0).ok());
    }
    CHECK(in.bytes() == bytes);
  }

  TEST_CASE("a source compares once for each time that it is asked, and again if that gets lost") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    transfer.finish(in);
    REQUIRE(in.state() == SnapshotIn::State::kChecked);
    transfer.eu.put("mine", "v");
    transfer.to_us.clear();
    in.confirm(0);
    REQUIRE(transfer.to_us.size() == 1);
    CHECK(std::get<SnapshotRequest>(transfer.to_us[0]).newest.at == core::VersionVector{{kEu, 1}});
    in.confirm(1);
    CHECK(transfer.to_us.size() == 1);
    in.confirm(transfer.limits.ask_again_ms);
    CHECK(transfer.to_us.size() == 2);
  }

  TEST_CASE("a consumer with another history is told so, and gets nothing") {
    Transfer transfer;
    regions::Head other = transfer.us.state.applied().head(kUs);
    other.chain.fill(9);
    transfer.eu.state.applied().set_head(kUs, other);
    SnapshotIn in = transfer.ask();
    transfer.out.request(kEu, 7, std::get<SnapshotRequest>(transfer.to_us.at(0)), 0);
    CHECK_FALSE(transfer.out.work(0, 2));
    REQUIRE(transfer.to_eu.size() == 1);
    const auto& refusal = std::get<SnapshotRefusal>(transfer.to_eu[0]);
    CHECK(in.refused_by(refusal));
    CHECK(refusal.why == "two histories of origin 0000000000000002 have met");
    CHECK_FALSE(refusal.passing);
  }

  TEST_CASE("a transfer is shown as under way as long as its consumer asks for more of it") {
    Transfer transfer;
    for (int i = 0; i < 50; ++i) transfer.us.put("more" + std::to_string(i), "v");
    transfer.limits.window_bytes = 2 * transfer.limits.chunk_bytes;
    const Millis late = transfer.limits.timeout_ms;
    SnapshotIn in = transfer.ask();
    REQUIRE(transfer.carry(in, 0) > 0);
    REQUIRE_FALSE(transfer.to_us.empty());
    REQUIRE(transfer.carry(in, late) > 0);  // It asks for more.
    CHECK(transfer.out.progress(late + 1).size() == 1);
    CHECK(transfer.out.progress(2 * late + 1).empty());
  }

  TEST_CASE("a snapshot with nothing new is useless") {
    Transfer transfer;
    transfer.eu.state.applied().set_head(kUs, transfer.us.state.applied().head(kUs));
    SnapshotIn in = transfer.ask();
    transfer.finish(in);
    CHECK(in.state() == SnapshotIn::State::kUseless);
  }

  TEST_CASE("nothing leaves before its rows are on the disk") {
    Transfer transfer;
    transfer.us.storage.set_faults({.durable_at_once = false});
    transfer.us.put("more", "v");
    SnapshotIn in = transfer.ask();
    CHECK(transfer.carry(in, 0) == 0);
    transfer.us.storage.sync();
    transfer.out.tick(1);
    CHECK_FALSE(transfer.to_eu.empty());
  }

  TEST_CASE("a spool that is sent makes room for another one, whichever was used before") {
    TwoSpools two;
    two.ask(kFirst, 0, two.part());
    two.ask(kSecond, 1, two.whole());
    const Millis later = 1 + 2 * two.transfer.limits.ask_again_ms;
    CHECK_FALSE(two.ask(kThird, later - 1, two.part()));
    CHECK(two.ask(kThird, later, two.part()));
  }

  TEST_CASE("a consumer that has vanished keeps no spool because others have used it") {
    TwoSpools two;
    two.ask(kFirst, 0, two.part());
    two.ask(kSecond, 1, two.part());
    const Millis last = two.transfer.limits.timeout_ms - two.transfer.limits.ask_again_ms;
    two.go_on(kThird, kFirst, last, two.whole());
    two.ask(kSecond, last, two.part());
    const Millis later = last + 2 * two.transfer.limits.ask_again_ms;
    CHECK_FALSE(two.ask(kFourth, later - 1, two.part()));
    CHECK(two.ask(kFourth, later, two.part()));
  }

  TEST_CASE("a consumer that asks for another snapshot keeps the first one from nobody") {
    TwoSpools two;
    two.ask(kFirst, 0, two.part());
    two.ask(kSecond, 0, two.part());
    const Millis later = 2 * two.transfer.limits.ask_again_ms;
    two.ask(kSecond, later - 1, two.part());
    CHECK_FALSE(two.ask(kFirst, later - 1, two.part(), 0));
    CHECK(two.ask(kThird, later, two.part(), 0));
  }

  TEST_CASE("who becomes another leader refuses its consumers") {
    Transfer transfer;
    SnapshotIn in = transfer.ask();
    (void)transfer.carry(in, 0);
    transfer.out.forget();
    REQUIRE(transfer.to_eu.size() == 1);
    const auto& refusal = std::get<SnapshotRefusal>(transfer.to_eu[0]);
    CHECK(refusal.passing);
    CHECK(in.refused_by(refusal));
  }

  TEST_CASE("a merge joins the rows of both in slices, a replacement takes theirs alone") {
    for (const auto own : {RowMerge::Own::kJoin, RowMerge::Own::kReplace}) {
      Transfer transfer;
      Parts& eu = transfer.eu;
      eu.put("mine", "v");
      SnapshotIn in = transfer.ask();
      transfer.finish(in);
      REQUIRE(in.state() == SnapshotIn::State::kChecked);
      eu.state.applied().name(kUs);
      RowMerge merge(eu.storage, in.spool(), eu.state.names().origins(), eu.state.scores(), 100,
                     own);
      int slices = 0;
      for (; !merge.finished(); ++slices) {
        REQUIRE(merge.slice(eu.state.applied().vector(), 2, 1'000'000).ok());
        storage::Changes changes;
        merge.take_changes(changes, [](const auto&, auto&) {});
        REQUIRE(eu.storage.commit({}, changes).ok());
      }
      CHECK(slices >= kRows / 2);
      const bool joins = own == RowMerge::Own::kJoin;
      CHECK(merge.digests().rows() == kRows + (joins ? 1 : 0));
      CHECK(merge.next_rows().row(Parts::row_of("k3")).cell.siblings.size() == 1);
      CHECK(merge.next_rows().row(Parts::row_of("mine")).cell.siblings.empty() == !joins);
      CHECK(eu.get("k3").empty());  // No reader sees it before the swap.
    }
  }
}

}  // namespace anabranch::snapshot_transfer_test
