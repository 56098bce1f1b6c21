// The policies that readers of rows give: those of the same state as their rows.

#include <doctest/doctest.h>

#include <string>

#include "rows/names.h"
#include "rows/policy/policy_rows.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"

namespace anabranch::policies_in_readers_test {

using core::Path;
using crdt::Row;
using rows::PolicyKind;
using rows::PolicyScope;
using rows::PolicyTable;
using rows::RowReader;
using rows::SnapshotReader;
using test::StageWorld;

namespace {

const PolicyScope kDoc{.space = "\x01", .prefix = "doc/"};

Row row_of(PolicyKind kind) {
  Row row;
  row.cell.add({.dot = {3, 1},
                .hlc = core::Hlc::of(1000, 0),
                .value = rows::encode_policy({.kind = kind}),
                .base = {}});
  return row;
}

// Returns the policy that decides for a document, as text; "-" if no row does.
std::string rule(const PolicyTable& policies) {
  const rows::PolicyRow* const row = policies.find(kDoc.space, "doc/1");
  return row == nullptr ? "-" : row->policy.text();
}

std::string rule(const RowReader& reader) { return rule(*reader.policies()); }

// A board for readers, as the writer of a leader keeps it.
struct Board {
  explicit Board(StageWorld& of) : world(of) {
    for (const core::Origin origin : test::kOrigins) (void)names.origins().add(origin);
  }
  // Commits a policy and posts it.
  void commit(PolicyKind kind) {
    names.policies().begin_publish();
    world.set(rows::policy_path(kDoc), row_of(kind));
    world.commit();
  }
  void publish() { names.policies().publish(world.base().policies(), nullptr); }
  SnapshotReader reader() const { return SnapshotReader::newest(world.storage(), names); }

  StageWorld& world;
  rows::Names names;
};

}  // namespace

TEST_SUITE("rows: policies in readers") {
  TEST_CASE("a reader without a board reads the rows of its own state") {
    StageWorld world;
    CHECK(rule(world.base()) == "-");
    world.set(rows::policy_path(kDoc), row_of(PolicyKind::kMax));
    world.set(rows::proposal_path({.space = "\x01", .prefix = ""}, "eu"), row_of(PolicyKind::kMin));
    world.commit();
    CHECK(rule(world.base()) == "max");
    CHECK(world.base().policies()->in_force().size() == 2);
  }

  TEST_CASE("a staged policy is in force in its stage, and no more once it is undone") {
    StageWorld world;
    world.set(rows::policy_path(kDoc), row_of(PolicyKind::kMax));
    world.commit();
    const auto savepoint = world.stage().savepoint();
    const StageWorld::Rows rows = world.rows();
    CHECK(rule(world.stage()) == "max");
    world.set(rows::policy_path(kDoc), row_of(PolicyKind::kMin));
    CHECK(rule(world.stage()) == "min");
    CHECK(rule(world.base()) == "max");
    world.rollback(savepoint, rows);
    CHECK(rule(world.stage()) == "max");
    world.set(rows::policy_path(kDoc), Row());
    CHECK(rule(world.stage()) == "-");
  }

  TEST_CASE("a policy that a large clear hides is in force no more") {
    StageWorld world;
    world.set(rows::policy_path(kDoc), row_of(PolicyKind::kMax));
    world.commit();
    core::VersionVector seen;
    seen.set(3, 1);
    world.stage().mask(rows::policies_path(), seen, true);
    CHECK(rule(world.stage()) == "-");
  }

  TEST_CASE("readers share the posted policies, and a later post does not reach earlier ones") {
    StageWorld world;
    Board board(world);
    board.commit(PolicyKind::kMax);
    board.publish();
    CHECK(board.reader().policies() == board.reader().policies());
    const SnapshotReader asked = board.reader();
    const SnapshotReader asks_between = board.reader();
    const SnapshotReader asks_late = board.reader();
    CHECK(rule(asked) == "max");
    board.commit(PolicyKind::kMin);
    CHECK(rule(asks_between) == "max");
    board.publish();
    CHECK(rule(asks_late) == "max");
    CHECK(rule(asked) == "max");
    CHECK(rule(board.reader()) == "min");
  }

  TEST_CASE("a reader of a commit whose policies are not posted yet has them all the same") {
    StageWorld world;
    Board board(world);
    board.commit(PolicyKind::kMax);
    CHECK(rule(board.reader()) == "max");
    board.publish();
    board.commit(PolicyKind::kMin);
    const SnapshotReader between = board.reader();
    const SnapshotReader asks_late = board.reader();
    CHECK(rule(between) == "min");
    board.publish();
    CHECK(rule(asks_late) == "min");
  }
}

}  // namespace anabranch::policies_in_readers_test
