// Groups: local transactions, how ops are made, undone and numbered.

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/wall_clock.h"
#include "crdt/apply.h"
#include "regions/group.h"
#include "rows/policy/policy_rows.h"
#include "rows/stage/apply_op.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"
#include "tests/seed.h"

namespace anabranch::group_test {

using core::Path;
using core::Transaction;
using crdt::Row;
using regions::Group;
using test::kOrigins;
using test::StageWorld;

namespace {

constexpr core::Origin kSelf = kOrigins[0];
constexpr core::Origin kOther = kOrigins[1];

Path row_of(const std::string& key) { return {"\1", key, "s"}; }

// Clears of up to 5000 rows are done directly.
const rows::ClearRules kRules{kSelf, 5000, 5000};

core::VersionVector applied() { return {{kSelf, 10}, {kOther, 7}}; }

// Returns the transactions of a group as other leaders decode them.
std::vector<Transaction> transactions_of(const Group& group) {
  if (group.empty()) return {};
  core::BatchFrame frame;
  frame.origin = kSelf;
  return core::decode_batch(core::encode_batch(frame, group.transactions()))
      .value_or_raise()
      .transactions;
}

// A group over the committed rows of a world, of a leader that has applied 10 own and 7 foreign
// ops.
struct GroupWorld {
  StageWorld rows;
  core::ManualClock wall{1000};
  core::HybridClock clock{wall, {}};
  Group group{rows.base(), kRules, applied()};

  template <typename Function>
  void transact(const Function& function) {
    const Group::Mark mark = group.begin(clock);
    function();
    group.end(mark);
  }
  // Applies transactions as another leader would, to an empty stage.
  void replay(const std::vector<Transaction>& transactions, rows::Stage& stage) const {
    for (const Transaction& txn : transactions) {
      for (std::size_t k = 0; k < txn.ops.size(); ++k) {
        const core::VersionVector context{{kSelf, txn.first + k - 1}, {kOther, 7}};
        rows::apply_op(stage, txn.ops[k], {kSelf, txn.first + k}, txn.hlc, context);
      }
    }
  }
};

std::string value_at(const rows::RowReader& rows, const Path& path) {
  const Row row = rows.row(path);
  return row.cell.siblings.size() == 1 ? row.cell.siblings.front().value : "";
}

}  // namespace

TEST_SUITE("regions: group") {
  TEST_CASE("a put keeps the value it replaces where a policy in force says so, and counts it") {
    GroupWorld world;
    const rows::PolicyScope scope{.space = "\1", .prefix = "doc/"};
    world.transact([&] {
      world.group.put(row_of("doc/1"), "before");
      world.group.put(rows::policy_path(scope),
                      rows::encode_policy({.kind = rows::PolicyKind::kLww, .keep_base = true}));
      world.group.put(row_of("doc/1"), "1");
      const std::size_t bytes = world.group.transaction_bytes();
      world.group.put(row_of("doc/1"), "2");
      CHECK(world.group.transaction_bytes() > bytes + row_of("doc/1").encoded().size() + 1);
      world.group.put(row_of("doc/new"), "1");
      world.group.put(row_of("other"), "1");
      world.group.put(row_of("other"), "2");
    });
    const auto base_at = [&](const std::string& key) {
      return world.group.stage().row(row_of(key)).cell.siblings.at(0).base;
    };
    CHECK(base_at("doc/1") == "1");
    CHECK_FALSE(base_at("doc/new").has_value());
    CHECK_FALSE(base_at("other").has_value());
    const auto transactions = transactions_of(world.group);
    const auto base_of = [&](std::size_t op) {
      return std::get<core::Put>(transactions.at(0).ops.at(op)).base;
    };
    CHECK_FALSE(base_of(0).has_value());
    CHECK(base_of(2) == "before");
    CHECK(base_of(3) == "1");
  }

  TEST_CASE("the base of a put with an older context is of what that covers") {
    GroupWorld world;
    const rows::PolicyScope scope{.space = "\1", .prefix = ""};
    crdt::Row two;
    two.cell.add({{kSelf, 3}, core::Hlc::of(900, 0), "seen", std::nullopt});
    two.cell.add({{kOther, 2}, core::Hlc::of(950, 0), "later", std::nullopt});
    world.rows.set(row_of("k"), two);
    world.rows.commit();
    Group group{world.rows.base(), kRules, applied()};
    const Group::Mark mark = group.begin(world.clock);
    group.put(rows::policy_path(scope),
              rows::encode_policy({.kind = rows::PolicyKind::kLww, .keep_base = true}));
    group.put(row_of("k"), "new", core::VersionVector{{kSelf, 3}});
    group.end(mark);
    const auto transactions = transactions_of(group);
    CHECK(std::get<core::Put>(transactions.at(0).ops.at(1)).base == "seen");
    CHECK(group.stage().row(row_of("k")).cell.siblings.size() == 2);
  }

  TEST_CASE("each op sees those before it, and its context covers them") {
    GroupWorld world;
    world.transact([&] {
      world.group.put(row_of("a"), "1");
      world.group.put(row_of("a"), "2");
      world.group.add(row_of("a"), 5);
      world.group.add(row_of("a"), 6);
    });
    CHECK(value_at(world.group.stage(), row_of("a")) == "2");
    CHECK(world.group.stage().row(row_of("a")).tally.sum() == core::Number(11));
    const auto transactions = transactions_of(world.group);
    REQUIRE(transactions.size() == 1);
    CHECK(transactions[0].first == 11);
    CHECK(transactions[0].ops.size() == 4);
    CHECK(std::get<core::Add>(transactions[0].ops[3]) == core::Add{row_of("a"), 13, 6, 11});
  }

  TEST_CASE("a transaction without ops leaves nothing behind") {
    GroupWorld world;
    world.transact([] {});
    CHECK(world.group.empty());
    CHECK(transactions_of(world.group).empty());
  }

  TEST_CASE("what is rolled back leaves no gap in the seqs") {
    GroupWorld world;
    world.transact([&] { world.group.put(row_of("a"), "kept"); });
    const Group::Mark undone = world.group.begin(world.clock);
    world.group.put(row_of("a"), "undone");
    world.group.add(row_of("b"), 1);
    world.group.clear(Path{"\1"});
    world.group.rollback(undone);
    CHECK(value_at(world.group.stage(), row_of("a")) == "kept");
    CHECK(world.group.stage().count(Path{"\1"}) == 1);
    world.transact([&] { world.group.put(row_of("c"), "next"); });
    const auto transactions = transactions_of(world.group);
    REQUIRE(transactions.size() == 2);
    CHECK(transactions[1].first == 12);
    CHECK(transactions[0].hlc < transactions[1].hlc);
  }

  TEST_CASE("the first transaction of a new origin can be rolled back") {
    StageWorld rows;
    core::ManualClock wall{1};
    core::HybridClock clock{wall, {}};
    Group group{rows.base(), {kSelf}, {}};
    const Group::Mark mark = group.begin(clock);
    group.put(row_of("a"), "1");
    group.rollback(mark);
    const Group::Mark again = group.begin(clock);
    group.put(row_of("a"), "2");
    group.end(again);
    const auto transactions = transactions_of(group);
    REQUIRE(transactions.size() == 1);
    CHECK(transactions[0].first == 1);
  }

  TEST_CASE("a nested part is undone alone") {
    GroupWorld world;
    world.transact([&] {
      world.group.put(row_of("a"), "outer");
      const Group::Mark inner = world.group.begin(world.clock);
      world.group.put(row_of("a"), "inner");
      world.group.put(row_of("b"), "inner");
      const Group::Mark innermost = world.group.begin(world.clock);
      world.group.remove(row_of("a"));
      world.group.end(innermost);
      CHECK(world.group.stage().count(Path{"\1"}) == 1);
      world.group.rollback(inner);
      CHECK(value_at(world.group.stage(), row_of("a")) == "outer");
      CHECK(world.group.stage().count(Path{"\1"}) == 1);
      world.group.put(row_of("c"), "outer");
    });
    const auto transactions = transactions_of(world.group);
    REQUIRE(transactions.size() == 1);
    CHECK(transactions[0].ops.size() == 2);
    rows::Stage elsewhere(world.rows.base(), rows::Stage::Undo::kNone);
    world.replay(transactions, elsewhere);
    CHECK(test::scanned(elsewhere, Path()) == test::scanned(world.group.stage(), Path()));
  }

  TEST_CASE("a group is full after its ops or its bytes, and one transaction may go beyond") {
    GroupWorld world;
    world.transact([&] {
      for (std::size_t i = 0; i < Group::kOpsMax - 1; ++i) world.group.add(row_of("a"), 1);
    });
    CHECK_FALSE(world.group.full());
    world.transact([&] {
      world.group.add(row_of("a"), 1);
      world.group.add(row_of("a"), 1);
    });
    CHECK(world.group.full());

    GroupWorld other;
    other.transact([&] { other.group.put(row_of("a"), std::string(Group::kBytesMax, 'v')); });
    CHECK(other.group.full());
  }

  TEST_CASE("the bytes of a transaction begin anew with each, and go back with what is undone") {
    GroupWorld world;
    world.transact([&] { world.group.put(row_of("a"), std::string(1000, 'v')); });
    const Group::Mark mark = world.group.begin(world.clock);
    CHECK(world.group.transaction_bytes() == 0);
    world.group.put(row_of("a"), std::string(500, 'v'));
    const std::size_t once = world.group.transaction_bytes();
    CHECK(once >= 500);
    CHECK(once < 1000);
    const Group::Mark inner = world.group.begin(world.clock);
    world.group.put(row_of("b"), std::string(500, 'v'));
    CHECK(world.group.transaction_bytes() > once);
    world.group.rollback(inner);
    CHECK(world.group.transaction_bytes() == once);
    world.group.rollback(mark);
  }

  TEST_CASE("a clear over many tallies becomes several ops that take back all of them") {
    GroupWorld world;
    const std::size_t tallies = 2 * Group::kClearTalliesMax + 1;
    world.transact([&] {
      for (std::size_t i = 0; i < tallies; ++i) world.group.add(row_of(std::to_string(i)), 1);
      world.group.put(row_of("cell"), "v");
    });
    world.transact([&] { world.group.clear(Path{"\1"}); });
    CHECK(world.group.stage().count(Path{"\1"}) == 0);
    const auto transactions = transactions_of(world.group);
    REQUIRE(transactions.size() == 2);
    REQUIRE(transactions[1].ops.size() == 3);
    std::size_t listed = 0;
    for (const core::Op& op : transactions[1].ops) {
      const auto& clear = std::get<core::Clear>(op);
      CHECK(clear.prefix == Path{"\1"});
      CHECK(clear.tallies.size() <= Group::kClearTalliesMax);
      listed += clear.tallies.size();
    }
    CHECK(listed == tallies);
    rows::Stage elsewhere(world.rows.base(), rows::Stage::Undo::kNone);
    world.replay(transactions, elsewhere);
    CHECK(elsewhere.count(Path{"\1"}) == 0);
  }

  TEST_CASE("a put with the context of an older read keeps what that read had not seen") {
    GroupWorld world;
    world.transact([&] { world.group.put(row_of("a"), "1"); });
    const core::VersionVector read{{kSelf, 11}, {kOther, 7}};
    world.transact([&] { world.group.put(row_of("a"), "2"); });
    world.transact([&] { world.group.put(row_of("a"), "3", read); });
    const Row row = world.group.stage().row(row_of("a"));
    REQUIRE(row.cell.siblings.size() == 2);
    CHECK(row.cell.siblings[0].value == "2");
    CHECK(row.cell.siblings[1].value == "3");
  }

  TEST_CASE("another leader that applies a random group gets the same rows") {
    const int runs = test::long_run() ? 2'000 : 100;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      GroupWorld world;
      std::size_t ops = 0;
      for (int step = 0; step < 20; ++step) {
        const Group::Mark mark = world.group.begin(world.clock);
        const std::size_t before = ops;
        for (std::size_t k = random.below(4); k > 0; --k, ++ops) {
          const Path path = row_of(std::to_string(random.below(3)));
          switch (random.below(5)) {
            case 0:
              world.group.put(path, random.bytes(5));
              break;
            case 1:
              world.group.remove(path);
              break;
            case 2:
              world.group.add(path, random.between(-5, 5));
              break;
            case 3:
              world.group.reset(path);
              break;
            default:
              world.group.clear(path.parent());
              break;
          }
        }
        if (random.chance(0.3)) {
          world.group.rollback(mark);
          ops = before;
        } else {
          world.group.end(mark);
        }
      }
      const auto transactions = transactions_of(world.group);
      core::Seq next = 11;
      for (const Transaction& txn : transactions) {
        REQUIRE(txn.first == next);
        next = txn.last() + 1;
      }
      REQUIRE(next == 11 + ops);
      rows::Stage elsewhere(world.rows.base(), rows::Stage::Undo::kNone);
      world.replay(transactions, elsewhere);
      REQUIRE(test::scanned(elsewhere, Path()) == test::scanned(world.group.stage(), Path()));
      REQUIRE(elsewhere.count(Path{"\1"}) == world.group.stage().count(Path{"\1"}));
    }
  }

  TEST_CASE("the largest transaction is one that others can read, and a larger one may not be") {
    core::VersionVector others;
    for (core::Origin origin = 1000; origin < 17'000; ++origin) others.set(origin, 1);
    core::VersionVector deps = others;
    deps.set(kSelf, 10);
    for (const std::size_t values_max : {Group::kValuesMax, core::Reader::kTokensMax}) {
      GroupWorld world;
      Group group{world.rows.base(), kRules, deps};
      const Group::Mark mark = group.begin(world.clock);
      // Contexts have many values.
      for (int i = 0; group.transaction_values() <= values_max; ++i) {
        const Group::Mark part = group.begin(world.clock);
        group.put(row_of(std::to_string(i)), "v", deps);
        if (group.transaction_values() <= Group::kValuesMax || values_max > Group::kValuesMax) {
          group.end(part);
        } else {
          group.rollback(part);
          break;
        }
      }
      group.end(mark);
      CHECK(group.full());
      core::BatchFrame frame;
      frame.origin = kSelf;
      frame.deps_changed = others;
      const auto read = core::decode_batch(core::encode_batch(frame, group.transactions()));
      CHECK(read.ok() == (values_max == Group::kValuesMax));
    }
  }
}

}  // namespace anabranch::group_test
