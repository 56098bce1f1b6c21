// Checking a directory: a sound one has nothing wrong, and each planted damage is named.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/varint.h"
#include "crdt/row_codec.h"
#include "regions/verify/directory_check.h"
#include "rows/digests.h"
#include "rows/scores/score_index.h"
#include "rows/snapshot_reader.h"
#include "storage/layout.h"
#include "tests/log_holes.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"

namespace anabranch::directory_check_test {

using core::Path;
using regions::CheckReport;
using regions::Group;
using storage::Change;
using storage::Table;
using test::Node;

namespace {

const Path kRow{"\1", "text", "s"};

// Two regions' writes of all kinds, in the directory of one.
struct DirectoryCheckWorld {
  DirectoryCheckWorld() {
    eu.write(1'000, [](Group& group) {
      group.put(kRow, "v");
      for (int i = 0; i < 30; ++i) {
        const std::string key = std::to_string(i);
        group.put({"\1", "set", "e", key}, "");
        group.put({"\1", "map", "h", key, "s"}, "v");
        group.put({"\1", "map", "h", "m", "h", key, "s"}, "v");
        group.put({"\2", std::string(600, 'x') + key, "s"}, "long");
        group.add({"\1", "n" + key, "s"}, i);
        group.put({"\1", "scores", "z", key}, std::to_string(i % 7));
      }
    });
    us.write(1'100, [](Group& group) { group.put(kRow, "w"); });
    eu.deliver(us, us.storage().read_log(1)->bytes);
    eu.write(1'200, [](Group& group) {
      group.reset({"\1", "n3", "s"});
      group.clear({"\1", "set", "e", "7"});
      group.remove({"\1", "map", "h", "5", "s"});
    });
  }

  void change(Table table, std::string key, std::optional<std::string> value) {
    const Change change{table, std::move(key), std::move(value)};
    REQUIRE(eu.storage().commit({}, {change}).ok());
  }
  [[nodiscard]] CheckReport check() const {
    return regions::check_storage(eu.storage(), [](std::string_view, std::uint64_t) {});
  }

  mutable Node eu{"eu", 1};
  Node us{"us", 2};
};

// Whether some finding has these words.
bool finds(const CheckReport& report, const std::string& words) {
  return std::ranges::any_of(report.findings, [&](const std::string& finding) {
    return finding.find(words) != finding.npos;
  });
}

}  // namespace

TEST_SUITE("regions: directory check") {
  TEST_CASE("nothing is wrong with what replicas write") {
    DirectoryCheckWorld world;
    const CheckReport report = world.check();
    CAPTURE(report.findings);
    CHECK(report.wrong == 0);
    CHECK(report.notes.empty());
    CHECK(report.region == "eu");
    CHECK(report.records == 3);
    CHECK(report.counts == 6);  // Two databases, a set, a map, a map in it, and a sorted set.
    CHECK(report.digest == world.eu.digest());
  }

  TEST_CASE("what is inside elements of lists counts in them alone, and orphans are not wrong") {
    DirectoryCheckWorld world;
    world.eu.write(1'300, [](Group& group) {
      for (const std::string position : {"p", "q", "r"}) {
        const Path element{"\1", "todo", "i", position};
        group.put(element, "");
        group.put(element.child("h").child("text").child("s"), "milk");
        group.put(element.child("i").child("x").child("e").child("y"), "");
        group.put({"\1", "todo", "i", "m", "\xFF" + position}, "moved");
      }
      group.remove({"\1", "todo", "i", "q"});
    });
    const CheckReport report = world.check();
    CAPTURE(report.findings);
    CHECK(report.wrong == 0);
    CHECK(report.counts == 6 + 1 + 3 * 2);  // Those above, the list, and two in each element.
  }

  TEST_CASE("what was erased of texts and moved in lists is counted nowhere, and is not wrong") {
    DirectoryCheckWorld world;
    world.eu.write(1'300, [](Group& group) {
      for (const std::string position : {"p", "q", "r"}) {
        group.put({"\1", "document", "t", position}, "run");
        group.put({"\1", "document", "t", position, "part"}, "");
        group.put({"\1", "queue", "l", position}, "element");
        group.put({"\1", "queue", "l", position, "m"}, "moved");
      }
    });
    const CheckReport report = world.check();
    CAPTURE(report.findings);
    CHECK(report.wrong == 0);
    CHECK(report.counts == 8);
  }

  TEST_CASE("what a large clear hides until it is swept is not counted, and is not wrong") {
    regions::ReplicaOptions options{.mesh = {1, 1}, .region = "eu", .fresh_origin = 1, .nonce = 1};
    options.limits.own_clear_rows_direct = 2;
    Node eu(options, nullptr, 1'000);
    eu.write(1'000, [](Group& group) {
      for (const std::string name : {"a", "b", "c"}) {
        group.put({"\1", "map", "h", name, "s"}, "v");
        group.add({"\1", "sums", "h", name, "s"}, 1);
      }
      group.put(kRow, "v");
    });
    eu.write(1'100, [](Group& group) {
      group.clear({"\1", "map"});
      group.clear({"\1", "sums", "h"});
    });
    REQUIRE(eu.replica().background().upkeep().sweeping());
    const CheckReport report =
        regions::check_storage(eu.storage(), [](std::string_view, std::uint64_t) {});
    CAPTURE(report.findings);
    CHECK(report.wrong == 0);
    CHECK(report.counts == 1);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes.front() == "a large clear is still being swept");
  }

  TEST_CASE("a row that was changed behind the store's back shows in its digest bucket") {
    DirectoryCheckWorld world;
    const core::OriginTable& origins = world.eu.replica().names().origins();
    crdt::Row row = world.eu.replica().reader()->row(kRow);
    row.cell.siblings.front().value = "other";
    world.change(Table::kRows, core::row_key(kRow), crdt::encode_row(kRow, row, origins));
    const CheckReport report = world.check();
    CHECK(report.wrong == 1);
    const std::size_t bucket = rows::Digests::bucket_of(core::row_key(kRow));
    CHECK(finds(report, "digest bucket " + std::to_string(bucket) + " has "));
  }

  TEST_CASE("a row that is gone shows in its bucket and in the count above it") {
    DirectoryCheckWorld world;
    world.change(Table::kRows, core::row_key({"\1", "set", "e", "8"}), std::nullopt);
    const CheckReport report = world.check();
    CHECK(report.wrong == 2);
    CHECK(finds(report, "the count of database 0 \"set\" \"e\" is 29, but it shows 28"));
  }

  TEST_CASE("rows that cannot be read are named by their keys") {
    DirectoryCheckWorld world;
    world.change(Table::kRows, core::row_key(kRow), "rubbish");
    const CheckReport report = world.check();
    CHECK(finds(report, "the row at key \"\\x01\\x00\\x01text"));
    CHECK(finds(report, "digest bucket"));
  }

  TEST_CASE("not more findings are listed than so many, and all are counted") {
    DirectoryCheckWorld world;
    for (std::size_t i = 0; i <= CheckReport::kListedMax; ++i) {
      world.change(Table::kRows, core::row_key({"\1", "bad" + std::to_string(i), "s"}), "rubbish");
    }
    const CheckReport report = world.check();
    CHECK(report.wrong == CheckReport::kListedMax + 1);
    CHECK(report.findings.size() == CheckReport::kListedMax);
  }

  TEST_CASE("a row may not name what was never applied") {
    DirectoryCheckWorld world;
    const core::OriginTable& origins = world.eu.replica().names().origins();
    crdt::Row row = world.eu.replica().reader()->row(kRow);
    row.cell.siblings.front().dot.seq = 1'000'000;
    world.change(Table::kRows, core::row_key(kRow), crdt::encode_row(kRow, row, origins));
    CHECK(finds(world.check(), "names op 1000000 of origin"));
  }

  TEST_CASE("wrong and superfluous counts are found") {
    DirectoryCheckWorld world;
    world.change(Table::kCounts, core::row_key({"\1"}), rows::encode_count({"\1"}, {7, 0}));
    world.change(Table::kCounts, core::row_key({"\1", "nothing", "e"}),
                 rows::encode_count({"\1", "nothing", "e"}, {1, 0}));
    world.change(Table::kCounts, core::row_key({"\2"}), "");
    const CheckReport report = world.check();
    CHECK(report.wrong == 3);
    CHECK(finds(report, "the count of database 0 is 7, but it shows 33"));
    CHECK(finds(report, "the count of database 1 is unreadable"));
    CHECK(finds(report, "1 counts are of collections that show nothing"));
  }

  TEST_CASE("a count that is gone is found, and hides no other one") {
    DirectoryCheckWorld world;
    world.change(Table::kCounts, core::row_key({"\1"}), std::nullopt);
    world.change(Table::kCounts, core::row_key({"\1", "nothing", "e"}),
                 rows::encode_count({"\1", "nothing", "e"}, {1, 0}));
    const CheckReport report = world.check();
    CHECK(report.wrong == 2);
    CHECK(report.counts == 5);
    CHECK(finds(report, "the count of database 0 is 0, but it shows 33"));
    CHECK(finds(report, "1 counts are of collections that show nothing"));
  }

  TEST_CASE("an order of scores that cannot be read is found") {
    DirectoryCheckWorld world;
    world.change(Table::kScores, rows::order_key({"\1", "scores", "z"}), "");
    const CheckReport report = world.check();
    CHECK(report.wrong == 1);
    CHECK(finds(report, "the order of scores: "));
  }

  TEST_CASE("an order of scores that does not follow from the rows is found") {
    const auto entry = [](double score, const std::string& member) {
      return rows::entries_of(1, 0) + rows::place_of(score, member);
    };
    CHECK(DirectoryCheckWorld().check().scores == 30);
    DirectoryCheckWorld lacking;
    lacking.change(Table::kScores, entry(3, "3"), std::nullopt);
    const CheckReport report = lacking.check();
    CHECK(finds(report, "\"scores\" \"z\" does not have a member where its score is"));
    CHECK(finds(report, "has 29 members in order instead of 30"));
    DirectoryCheckWorld excessive;
    excessive.change(Table::kScores, entry(5, "3"), "");
    CHECK(finds(excessive.check(), "has 31 members in order instead of 30"));
    DirectoryCheckWorld stray;
    stray.change(Table::kScores, rows::entries_of(9, 0) + rows::place_of(5, "3"), "");
    CHECK(finds(stray.check(), "1 entries of scores are of no order"));
    DirectoryCheckWorld without;
    without.change(Table::kScores, rows::order_key({"\1", "scores", "z"}), std::nullopt);
    CHECK(finds(without.check(), "\"scores\" \"z\" shows members but has no order"));
  }

  TEST_CASE("a digest bucket that does not fit its rows is found") {
    DirectoryCheckWorld world;
    const std::size_t bucket = rows::Digests::bucket_of(core::row_key(kRow));
    auto other = rows::Digests::load(*world.eu.storage().snapshot(), world.eu.names().origins());
    REQUIRE(other.ok());
    other.value().replace(core::row_key(kRow), {}, {1, 2});
    storage::Changes changes;
    other.value().take_changes(changes);
    REQUIRE(changes.size() == 1);
    const storage::ChangeView change = *changes.begin();
    world.change(Table::kMeta, std::string(change.key), std::optional<std::string>(change.value));
    CHECK(finds(world.check(), "digest bucket " + std::to_string(bucket) + " has "));
    CHECK(world.check().wrong == 1);
  }

  TEST_CASE("batches that do not decode, continue or belong are found in the log") {
    DirectoryCheckWorld world;
    const storage::StoredRecord first = *world.eu.storage().read_log(1);
    const auto append = [&](core::Origin origin, core::Seq seq, core::Seq last,
                            const std::string& bytes) {
      const storage::LogRecord record{origin, seq, last, bytes};
      REQUIRE(world.eu.storage().commit({&record, 1}, {}).ok());
    };
    const core::Seq end = world.eu.vector().at(1);
    append(1, end + 1, end + 1, "rubbish");
    append(1, end + 2, end + 2, first.bytes);
    core::Batch next = core::decode_batch(world.us.storage().read_log(1)->bytes).value();
    next.previous.fill(7);
    next.transactions.front().first = 2;
    append(2, 2, 2, core::encode_batch(next));
    const CheckReport report = world.check();
    CHECK(finds(report, "the log record at position 4: "));
    CHECK(finds(report, "position 5 says that it is another batch than it holds"));
    CHECK(finds(report, "position 6 does not continue the chain of origin 0000000000000002"));
    CHECK(finds(report, "the head of origin 0000000000000002 is at op 1, its log goes to 2"));
  }

  TEST_CASE("heads that are not where the log ends are found") {
    DirectoryCheckWorld world;
    regions::Head head = world.eu.replica().applied().head(1);
    head.chain.fill(9);
    world.change(Table::kMeta, storage::head_key(1), regions::encode_head(head));
    CHECK(finds(world.check(), "the head of origin 0000000000000001 has another chain hash"));
    head.seq -= 1;
    head.deps.set(1, head.seq);
    world.change(Table::kMeta, storage::head_key(1), regions::encode_head(head));
    CHECK(finds(world.check(), "the head of origin 0000000000000001 is at op"));
    world.change(Table::kMeta, storage::head_key(1), "rubbish");
    CHECK(finds(world.check(), "heads and origins"));
  }

  TEST_CASE("what a merge brings without its log is a note and nothing wrong") {
    DirectoryCheckWorld world;
    world.us.write(2'000, [](Group& group) { group.put({"\1", "more", "s"}, "v"); });
    world.eu.merge(world.us);
    const CheckReport report = world.check();
    CAPTURE(report.findings);
    CHECK(report.wrong == 0);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].find("is beyond its log") != std::string::npos);
  }

  TEST_CASE("holes of the log are notes and nothing wrong") {
    const DirectoryCheckWorld world;
    const auto holed = test::with_holes(world.eu.storage());
    REQUIRE(holed->open().ok());
    const CheckReport report = regions::check_storage(*holed, [](auto, auto) {});
    CAPTURE(report.findings);
    CHECK(report.wrong == 0);
    CHECK(report.records == 3);
    CHECK(report.notes == std::vector<std::string>{"the log has nothing at positions 11 to 19",
                                                   "the log has nothing at positions 21 to 29",
                                                   "the log has nothing at positions 31 to 39"});
  }

  TEST_CASE("a directory that nothing was ever written to has nothing to check") {
    storage::MemoryStorage storage;
    REQUIRE(storage.open().ok());
    const CheckReport report = regions::check_storage(storage, [](auto, auto) {});
    CHECK(report.wrong == 0);
    CHECK(report.notes.size() == 1);
  }
}

}  // namespace anabranch::directory_check_test
