// Values under deadlines of which their authors, or those of the deadlines, did not know.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "crdt/expiry.h"
#include "rows/conflicts/doomed_rows.h"
#include "rows/stage/apply_op.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"

namespace anabranch::doomed_rows_test {

using core::Path;
using core::VersionVector;
using test::kOrigins;
using test::StageWorld;

namespace {

constexpr core::Origin kEu = kOrigins[0];
constexpr core::Origin kUs = kOrigins[1];
const Path kKey{"\1", "k"};

core::Put insert(const std::string& element) {
  return {kKey.child("e").child(element), "1", {}, {}};
}

core::Put expire(core::Millis deadline, Type type = Type::kSet) {
  return {crdt::expiry_path(kKey.encoded()),
          crdt::encode_expiry({.deadline = deadline, .type = type}),
          {},
          {}};
}

// A region that applies batches, each a single transaction.
struct World {
  StageWorld rows;
  rows::PublishedExpiry expiries;
  rows::ConflictNotes notes;

  World() { expiries.mark(kKey.encoded()); }
  void apply(core::Dot first, std::vector<core::Op> ops, const VersionVector& deps) {
    core::Batch batch;
    batch.origin = first.origin;
    batch.transactions = {{first.seq, core::Hlc::of(1000, 0), std::move(ops)}};
    rows::apply_ops(rows.stage(), batch, deps, [](const auto&...) { return true; });
    rows::note_doomed_rows(rows.stage(), expiries, batch, deps, notes);
  }
};

// "x by 2.1 ...".
std::string text(const rows::ConflictNotes& notes) {
  std::string all;
  for (const rows::ConflictNote& note : notes) {
    CHECK(note.kind == rows::ConflictKind::kDoomed);
    CHECK(note.values.size() == 1);
    all += note.path.last() + (note.by.origin == kEu ? " by eu " : " by us ");
  }
  return all;
}

}  // namespace

TEST_SUITE("rows: doomed values") {
  TEST_CASE("an insert under a deadline that its author had not seen is noted") {
    World world;
    world.apply({kEu, 1}, {insert("x"), expire(9000)}, {});
    CHECK(world.notes.empty());
    world.apply({kUs, 1}, {insert("y")}, {});
    CHECK(text(world.notes) == "y by us ");
  }

  TEST_CASE("so are values that the author of a deadline had not seen, when it comes") {
    World world;
    world.apply({kEu, 1}, {insert("x")}, {});
    world.apply({kUs, 1}, {insert("y"), insert("z")}, {});
    world.apply({kEu, 2}, {expire(9000)}, {{kUs, 1}});
    CHECK(text(world.notes) == "z by eu ");
  }

  TEST_CASE("authors that knew of each other's writes have chosen") {
    World world;
    world.apply({kEu, 1}, {insert("x"), expire(9000)}, {});
    world.apply({kUs, 1}, {insert("y")}, {{kEu, 2}});
    world.apply({kEu, 3}, {expire(9500)}, {{kUs, 1}});
    CHECK(world.notes.empty());
  }

  TEST_CASE("no deadline, one of single values, and a key that never had one doom nothing") {
    World world;
    world.apply({kEu, 1}, {expire(crdt::Expiry::kNever)}, {});
    world.apply({kEu, 2}, {expire(9000, Type::kString)}, {});
    world.apply({kUs, 1}, {insert("y")}, {});
    CHECK(world.notes.empty());
    World other;
    other.apply({kEu, 1}, {expire(9000)}, {});
    other.apply({kUs, 1}, {core::Put{Path{"\1", "k", "s"}, "v", {}, {}}}, {});
    CHECK(other.notes.empty());
  }

  TEST_CASE("so many rows of a key are searched, and no more") {
    World world;
    std::vector<core::Op> ops;
    for (std::size_t i = 0; i < rows::kDoomedRowsMax + 10; ++i) {
      ops.emplace_back(insert("e" + std::to_string(i)));
    }
    world.apply({kUs, 1}, std::move(ops), {});
    world.apply({kEu, 1}, {expire(9000)}, {});
    CHECK(world.notes.size() == rows::kDoomedRowsMax);
  }
}

}  // namespace anabranch::doomed_rows_test
