// A leader whose rows are damaged on the disk takes all of them again from another one, and loses
// nothing that only its log has.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/path.h"
#include "rows/conflicts/conflict_table.h"
#include "storage/layout.h"
#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::rows_again_test {

using core::Path;
using storage::Table;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr core::Millis kMinute = 60'000;

Path text_at(const std::string& key) { return Path{"\1", key, "s"}; }
Path counter_at(const std::string& key) { return Path{"\1", key, "s"}; }
Path member_at(const std::string& key, const std::string& member) {
  return Path{"\1", key, "e", member};
}

void put(LinkedNodes& nodes, std::size_t index, const std::string& key, const std::string& value) {
  nodes.write(index, [&](regions::Group& group) { group.put(text_at(key), value); });
}
void add_to(LinkedNodes& nodes, std::size_t index, const std::string& key, std::int64_t amount) {
  nodes.write(index, [&](regions::Group& group) { group.add(counter_at(key), amount); });
}

void rot_row(LinkedNodes& nodes, std::size_t index, const Path& path) {
  REQUIRE(nodes.at(index).disk().rot(Table::kRows, core::row_key(path)));
}

bool damaged(LinkedNodes& nodes, std::size_t index) {
  return nodes.at(index).replica().state().damaged().any();
}

bool has(const std::vector<std::string>& lines, const std::string& words) {
  return std::ranges::any_of(
      lines, [&](const auto& line) { return line.find(words) != std::string::npos; });
}

// Whether all regions have the same rows, and what each derives from them is right.
void check_whole(LinkedNodes& nodes) {
  const auto any_damaged = [&] {
    bool any = false;
    for (std::size_t i = 0; i < nodes.size(); ++i) any = any || damaged(nodes, i);
    return any;
  };
  for (int seconds = 0; any_damaged() && seconds < 120; ++seconds) nodes.run(1'000);
  REQUIRE(!any_damaged());
  REQUIRE(nodes.run_until_equal(kMinute));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Node& node = nodes.at(i);
    CHECK(!node.replica().broken());
    CHECK(node.visible() == nodes.at(0).visible());
    CHECK(node.digest() == nodes.at(0).digest());
    CHECK(node.wrong_count() == "");
    CHECK(node.wrong_digest() == "");
    CHECK(node.wrong_expiries() == "");
    CHECK(node.wrong_order() == "");
  }
}

struct Pair : LinkedNodes {
  Pair() {
    mesh(2);
    for (int i = 0; i < 20; ++i) {
      put(*this, 0, "key" + std::to_string(i), "v");
      add_to(*this, 1, "sum" + std::to_string(i), i);
    }
    REQUIRE(run_until_equal(kMinute));
  }
};

// r1 has ops of r0 from its log, then some from a snapshot, then some from the log again. r2 has
// nothing of all these. No two of them are linked.
struct HoleInTheLog : Pair {
  HoleInTheLog() {
    add(std::make_unique<Node>("r2", 3));
    connect(0, 2);
    REQUIRE(run_until_equal(kMinute));
    disconnect(0, 2);
    put(*this, 0, "key1", "before");
    run(5'000);
    disconnect(0, 1);
    put(*this, 0, "key2", "by the snapshot");
    auto& storage = at(0).storage();
    REQUIRE(storage.trim(storage.last_position() + 1).ok());
    connect(0, 1);
    run(5'000);
    put(*this, 0, "key3", "after");
    run(5'000);
    REQUIRE(has(notices(1), "merged a snapshot of region r0"));
    REQUIRE(at(1).vector() == at(0).vector());
    disconnect(0, 1);
  }
};

}  // namespace

TEST_SUITE("regions: rows that are taken again") {
  TEST_CASE("a batch of another region meets a damaged row: all is whole again") {
    Pair nodes;
    rot_row(nodes, 1, text_at("key7"));
    put(nodes, 0, "key7", "newer");
    put(nodes, 1, "key8", "mine");
    check_whole(nodes);
    CHECK(nodes.at(1).shown().cells.at(text_at("key7")).front().value == "newer");
    CHECK(nodes.at(0).shown().cells.at(text_at("key8")).front().value == "mine");
    CHECK(has(nodes.alarms(1), "takes all its rows again"));
  }

  TEST_CASE("ops at a damaged row of which the source does not know are not lost") {
    Pair nodes;
    nodes.add(std::make_unique<Node>("r2", 3));  // The batch comes from there.
    nodes.connect(1, 2);
    REQUIRE(nodes.run_until_equal(kMinute));
    nodes.disconnect(0, 1);
    rot_row(nodes, 1, counter_at("sum3"));
    add_to(nodes, 2, "sum3", 100);
    nodes.disconnect(1, 2);  // The only other leader with it is away.
    put(nodes, 1, "later", "v");
    CHECK(damaged(nodes, 1));
    nodes.connect(0, 1);
    nodes.run(5'000);
    CHECK(!damaged(nodes, 1));
    CHECK(nodes.at(1).shown().tallies.at(counter_at("sum3")) == core::Number(103));
    CHECK(nodes.at(1).wrong_digest() == "");
    nodes.connect(1, 2);
    check_whole(nodes);
  }

  TEST_CASE("a peer that lacks what the own log has no more is not asked") {
    Pair nodes;
    nodes.add(std::make_unique<Node>("r2", 3));  // It has nothing yet.
    nodes.disconnect(0, 1);
    Node& node = nodes.at(1);
    REQUIRE(node.storage().trim(node.storage().last_position() + 1).ok());
    node.replica().background().take_rows_again(true);
    nodes.connect(1, 2);
    nodes.run(1'000);
    node.replica().background().ask_for_snapshot(nodes.at(2).origin(), nodes.now());
    CHECK_FALSE(node.replica().background().snapshots().receiving());
    nodes.run(10'000);
    CHECK_FALSE(has(nodes.alarms(1), "is not merged"));
    CHECK(damaged(nodes, 1));
    nodes.connect(0, 1);
    check_whole(nodes);
  }

  TEST_CASE("a peer that lacks what a snapshot brought is not asked, though the log has its next") {
    HoleInTheLog nodes;
    nodes.at(1).replica().background().take_rows_again(true);
    nodes.connect(1, 2);
    nodes.run(kMinute);
    CHECK_FALSE(has(nodes.notices(1), "asks region r2"));
    CHECK(nodes.alarms(1).size() == 1);
    CHECK(nodes.at(1).replica().background().snapshots().why_it_waits() ==
          "region r2: it lacks ops of region r0 (origin 0000000000000001) that the log here has no "
          "more");
    nodes.connect(0, 1);
    check_whole(nodes);
    CHECK(nodes.at(1).replica().background().snapshots().why_it_waits() == "");
  }

  TEST_CASE("a new process asks such a peer once at most") {
    HoleInTheLog nodes;
    nodes.replace(1, std::make_unique<Node>("r1", 12, nodes.at(1).storage().clone()));
    nodes.at(1).replica().background().take_rows_again(true);
    nodes.connect(1, 2);
    nodes.run(10 * kMinute);
    CHECK(std::ranges::count_if(nodes.notices(1), [](const std::string& line) {
            return line.find("asks region r2") != std::string::npos;
          }) <= 1);
    nodes.connect(0, 1);
    check_whole(nodes);
  }

  TEST_CASE("a damaged count") {
    Pair nodes;
    nodes.write(0, [](regions::Group& group) {
      for (int i = 0; i < 5; ++i) group.put(member_at("set", std::to_string(i)), "");
    });
    REQUIRE(nodes.run_until_equal(kMinute));
    REQUIRE(nodes.at(1).disk().rot(Table::kCounts, core::row_key(Path{"\1", "set", "e"})));
    nodes.write(0, [](regions::Group& group) { group.put(member_at("set", "more"), ""); });
    check_whole(nodes);
  }

  TEST_CASE("less is counted than a damaged count seems to tell") {
    Pair nodes;
    nodes.write(0, [](regions::Group& group) { group.put(member_at("set", "a"), ""); });
    REQUIRE(nodes.run_until_equal(kMinute));
    nodes.disconnect(0, 1);  // Both batches come before any rows.
    REQUIRE(nodes.at(1).disk().rot(Table::kCounts, core::row_key(Path{"\1", "set", "e"})));
    REQUIRE(nodes.at(1).disk().rot(Table::kCounts, core::row_key(Path{"\1"})));
    nodes.write(0, [](regions::Group& group) { group.remove(member_at("set", "a")); });
    nodes.write(0, [](regions::Group& group) { group.remove(text_at("key1")); });
    nodes.connect(0, 1);
    check_whole(nodes);
  }

  TEST_CASE("a damaged order of scores") {
    Pair nodes;
    const auto member = [](int i) { return Path{"\1", "ranks", "z", std::to_string(i)}; };
    nodes.write(0, [&](regions::Group& group) {
      for (int i = 0; i < 100; ++i) group.put(member(i), std::to_string(i));
    });
    REQUIRE(nodes.run_until_equal(kMinute));
    std::vector<std::string> keys;
    {
      const auto snapshot = nodes.at(1).disk().snapshot();
      const std::string end = core::prefix_end(storage::kScorePrefix);
      const auto cursor = snapshot->scan(Table::kScores, {storage::kScorePrefix, end});
      for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
    }
    REQUIRE(keys.size() > 100);
    for (const std::string& key : keys) REQUIRE(nodes.at(1).disk().rot(Table::kScores, key));
    nodes.write(0, [&](regions::Group& group) {
      for (int i = 0; i < 100; i += 3) group.put(member(i), std::to_string(1000 - i));
    });
    check_whole(nodes);
  }

  TEST_CASE("a conflict at a damaged row is in the conflict log") {
    Pair nodes;
    nodes.add(std::make_unique<Node>("r2", 3));
    nodes.connect(1, 2);
    REQUIRE(nodes.run_until_equal(kMinute));
    nodes.disconnect(0, 1);
    nodes.disconnect(1, 2);
    rot_row(nodes, 1, text_at("key7"));
    put(nodes, 0, "key7", "from r0");
    put(nodes, 2, "key7", "from r2");
    nodes.connect(0, 1);
    nodes.connect(1, 2);
    check_whole(nodes);
    std::size_t found = 0;
    rows::scan_conflicts(*nodes.at(1).disk().snapshot(), 0,
                         [&](auto /*number*/, const rows::ConflictEntry& entry) {
                           found += entry.note.path == text_at("key7") ? 1 : 0;
                           return true;
                         });
    CHECK(found == 1);
  }

  TEST_CASE("without another leader it waits, is read and written, and is told of") {
    Pair nodes;
    nodes.disconnect(0, 1);
    put(nodes, 0, "key7", "newer");
    rot_row(nodes, 1, text_at("key7"));
    nodes.at(1).replica().background().take_rows_again(true);
    nodes.run(kMinute);
    CHECK(damaged(nodes, 1));
    CHECK(has(nodes.alarms(1), "an operator wants it"));
    put(nodes, 1, "key9", "mine");
    const auto reader = nodes.at(1).replica().reader();
    CHECK(reader->row(text_at("key9")).cell.siblings.front().value == "mine");
    CHECK_THROWS_AS((void)reader->row(text_at("key7")), Error);
    CHECK(!nodes.at(1).replica().state().digest());
    nodes.connect(0, 1);
    check_whole(nodes);
  }

  TEST_CASE("a new process goes on with it") {
    Pair nodes;
    nodes.disconnect(0, 1);
    nodes.at(1).replica().background().take_rows_again(true);
    put(nodes, 1, "key9", "mine");
    nodes.replace(1, std::make_unique<Node>("r1", 12, nodes.at(1).storage().clone()));
    CHECK(damaged(nodes, 1));
    nodes.connect(0, 1);
    check_whole(nodes);
    nodes.replace(1, std::make_unique<Node>("r1", 22, nodes.at(1).storage().clone()));
    CHECK(!damaged(nodes, 1));
  }

  TEST_CASE("a row that has vanished is there again when an operator wants all rows") {
    Pair nodes;
    const std::vector<storage::Change> gone{
        {Table::kRows, core::row_key(text_at("key3")), std::nullopt}};
    REQUIRE(nodes.at(1).storage().commit({}, gone).ok());
    CHECK(nodes.at(1).wrong_digest() != "");
    nodes.at(1).replica().background().take_rows_again(true);
    check_whole(nodes);
  }

  TEST_CASE("a large clear meets a damaged row") {
    Pair nodes;
    rot_row(nodes, 1, text_at("key7"));
    nodes.write(0, [](regions::Group& group) { group.clear(Path{"\1"}); });
    put(nodes, 0, "after", "v");
    check_whole(nodes);
    CHECK(nodes.at(1).shown().cells.size() == 1);
  }

  TEST_CASE("a snapshot is not joined with damaged rows, and its sender is not blamed") {
    Pair nodes;
    nodes.disconnect(0, 1);
    put(nodes, 0, "later", "v");
    REQUIRE(nodes.at(0).storage().trim(nodes.at(0).storage().last_position() + 1).ok());
    rot_row(nodes, 1, text_at("key7"));
    nodes.connect(0, 1);  // No log serves what is lacking: a snapshot is asked for, and joined.
    check_whole(nodes);
    CHECK(nodes.at(1).shown().cells.contains(text_at("later")));
    CHECK(!has(nodes.alarms(1), "is not merged"));
  }

  TEST_CASE("a snapshot is not made of damaged rows, and both get whole") {
    Pair nodes;
    rot_row(nodes, 1, text_at("key7"));
    REQUIRE(nodes.at(1).storage().trim(nodes.at(1).storage().last_position() + 1).ok());
    nodes.add(std::make_unique<Node>("r2", 3));  // Only this leader knows it, and no log serves it.
    nodes.connect(1, 2);
    nodes.run(kMinute);
    check_whole(nodes);
  }
}

}  // namespace anabranch::rows_again_test
