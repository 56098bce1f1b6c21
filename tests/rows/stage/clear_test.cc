// Clears of a place that was cleared before: they look at few rows, and leave the rows and counts
// that clears without any memory leave.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rows/snapshot_reader.h"
#include "rows/stage/apply_op.h"
#include "rows/stage/clear.h"
#include "rows/stage/sweep.h"
#include "storage/memory_storage.h"
#include "tests/crdt/random_row.h"
#include "tests/seed.h"

namespace anabranch::clear_test {

using core::Path;
using core::VersionVector;
using crdt::Row;
using test::kOrigins;

namespace {

constexpr core::Origin kSelf = kOrigins[0];
constexpr core::Origin kUs = kOrigins[1];
constexpr core::Origin kAp = kOrigins[3];

// Rows with masks in memory storage, changed by ops in one stage after another.
class Rows {
 public:
  explicit Rows(const rows::ClearRules& rules) : rules_(rules) {
    REQUIRE(storage_.open().ok());
    begin();
  }

  rows::Stage& stage() { return *stage_; }
  // Applies an op of a leader that had applied `deps` of other origins.
  void apply(core::Origin origin, const core::Op& op, VersionVector deps = {}) {
    const core::Dot dot{origin, applied_.at(origin) + 1};
    deps.set(origin, dot.seq - 1);
    rows::apply_op(*stage_, op, dot, {}, deps);
    applied_.set(origin, dot.seq);
  }
  void put(core::Origin origin, const Path& path, const VersionVector& deps = {}) {
    apply(origin, core::Put{path, "v", {}, {}}, deps);
  }
  void clear(core::Origin origin, const Path& prefix, const VersionVector& deps = {}) {
    apply(origin, core::Clear{prefix, {}}, deps);
  }
  void commit() {
    storage::Changes changes;
    stage_->take_changes(
        origins_, [](const Path&, Row&) {}, digests_, changes);
    REQUIRE(storage_.commit({}, changes).ok());
    rules_.cleared = stage_->cleared();
    begin();
  }
  // Rewrites or removes some of the rows that masks hide.
  void sweep(std::size_t rows) {
    commit();
    const rows::Masks masks = *stage_->masks();
    if (masks.empty()) return;
    const auto slice = rows::next_slice(*storage_.snapshot(), origins_, masks.oldest(),
                                        {.changes = rows, .looks = 2 * rows});
    for (const Path& path : slice.rows) stage_->sweep_row(path);
    for (const Path& collection : slice.counts) stage_->sweep_count(collection);
    stage_->set_masks(slice.done ? masks.without_oldest() : masks.swept(slice.mark));
    commit();
  }
  // Forgets the places that were cleared, as a start does.
  void forget() {
    commit();
    rules_.cleared.reset();
    begin();
  }
  [[nodiscard]] const VersionVector& applied() const { return applied_; }
  [[nodiscard]] std::set<Path> shown() const {
    std::set<Path> paths;
    stage_->scan(Path(), [&](const Path& path, const Row& row) {
      if (crdt::shows(path, row)) paths.insert(path);
      return true;
    });
    return paths;
  }

 private:
  void begin() {
    auto base = std::make_unique<rows::SnapshotReader>(storage_.snapshot(), origins_);
    stage_ = std::make_unique<rows::Stage>(*base, rows::Stage::Undo::kKept, rules_);
    base_ = std::move(base);
  }

  storage::MemoryStorage storage_;
  core::OriginTable origins_ = test::random_row_origins();
  rows::Digests digests_;
  rows::ClearRules rules_;
  VersionVector applied_;
  std::unique_ptr<rows::SnapshotReader> base_;
  std::unique_ptr<rows::Stage> stage_;
};

constexpr int kRows = 3000;
const Path kSet{"\1", "k", "e"};

Path element(int i) { return kSet.child(std::to_string(i)); }

rows::ClearRules usual() { return {.self = kSelf}; }

// Elements of one origin, committed.
void fill(Rows& rows, core::Origin origin) {
  for (int i = 0; i < kRows; ++i) rows.put(origin, element(i));
  rows.commit();
}

std::uint64_t shown(Rows& rows) { return rows.stage().count(kSet); }

// Writes and clears of three leaders, two of them behind the first one.
class History {
 public:
  explicit History(test::Random& random) : random_(random) {
    for (int i = 0; i < 40; ++i) deep_.append("h").append("f");
    for (int i = 0; i < 5; ++i) {
      const std::string name = std::to_string(i);
      paths_.insert(paths_.end(), {element(i), Path{"\1", "k", "h", "f" + name, "s"},
                                   Path{"\1", "k", "h", "f", "e", name}, Path{"\1", name, "s"},
                                   Path{"\2", "m", "e", name}, deep_.child("e").child(name)});
    }
    collections_.push_back(Path::trusted(rows::counted_part(deep_.encoded())));
  }

  [[nodiscard]] const std::vector<Path>& collections() const { return collections_; }
  // The same step in both.
  void go_on(Rows& quick, Rows& plain) {
    const std::size_t leader = random_.below(kLeaders.size());
    const VersionVector seen = leader == 0 ? quick.applied() : see(quick.applied(), leader);
    const core::Origin by = kLeaders[leader];
    const double dice = random_.unit();
    const Path& at = random_.pick(paths_);
    const Path& place = random_.chance(0.1) ? deep_ : random_.pick(places_);
    const std::size_t slice = 1 + random_.below(7);
    for (Rows* rows : {&quick, &plain}) {
      if (dice < 0.5) {
        rows->put(by, at, seen);
      } else if (dice < 0.55) {
        rows->apply(by, core::Remove{at, {}}, seen);
      } else if (dice < 0.9) {
        rows->clear(by, place, seen);
      } else if (dice < 0.93) {
        rows->sweep(slice);
      } else if (dice < 0.95) {
        rows->forget();
      } else {
        rows->commit();
      }
    }
  }

 private:
  static constexpr std::array<core::Origin, 3> kLeaders{kSelf, kUs, kAp};

  // Has a leader see more of what was applied.
  const VersionVector& see(const VersionVector& applied, std::size_t leader) {
    VersionVector& seen = seen_[leader];
    for (const VersionVector::Entry& each : applied) {
      const core::Seq behind = random_.chance(0.3) ? random_.below(9) : 0;
      seen.raise(each.origin, each.seq - std::min(each.seq, behind));
    }
    return seen;
  }

  test::Random& random_;
  std::array<VersionVector, 3> seen_;
  Path deep_{"\1", "k"};
  std::vector<Path> paths_;
  std::vector<Path> places_{
      Path{"\1"}, Path{"\1", "k"}, Path{"\1", "k", "h"}, kSet,
      element(1), Path{"\1", "l"}, Path{"\2", "m"},      Path{"\1", "k", "h", "f"}};
  std::vector<Path> collections_{Path{"\1"}, Path{"\2"}, kSet, Path{"\1", "k", "h"}};
};

}  // namespace

TEST_SUITE("rows: clears") {
  TEST_CASE("many clears of one place look at its rows once, and at what comes between them") {
    for (const core::Origin by : {kUs, kSelf}) {
      Rows rows(usual());
      fill(rows, kAp);
      for (int i = 0; i < 500; ++i) {
        rows.put(by, element(i), rows.applied());
        rows.clear(by, Path{"\1"}, rows.applied());
        REQUIRE(shown(rows) == 0);
      }
      CHECK(rows.stage().looks() < 3 * kRows);
      CHECK(rows.shown().empty());
    }
  }

  TEST_CASE("commits and sweeps between clears change nothing about that, and a start forgets it") {
    Rows rows(usual());
    fill(rows, kAp);
    std::size_t looks = 0;
    const auto clear = [&] {
      rows.put(kUs, element(1), rows.applied());
      rows.clear(kUs, kSet, rows.applied());
      looks += rows.stage().looks();
      REQUIRE(shown(rows) == 0);
    };
    for (int i = 0; i < 100; ++i) {
      clear();
      rows.sweep(20);
    }
    CHECK(looks < 3 * kRows);
    rows.forget();
    fill(rows, kAp);
    looks = 0;
    clear();
    CHECK(looks >= kRows);
  }

  TEST_CASE("rows that a clear has not seen are looked at once, not by each clear of that leader") {
    Rows rows(usual());
    fill(rows, kAp);
    for (int i = 0; i < 500; ++i) {
      rows.put(kUs, element(kRows + i));
      rows.clear(kUs, kSet);
      REQUIRE(shown(rows) == kRows);
    }
    CHECK(rows.stage().looks() < 3 * kRows);
    // A leader that had seen half of them takes these.
    rows.clear(kUs, kSet, {{kAp, kRows / 2}});
    CHECK(shown(rows) == kRows / 2);
    rows.clear(kUs, kSet, rows.applied());
    CHECK(shown(rows) == 0);
  }

  TEST_CASE("clears at each level of a deep path look at the rows below it once") {
    std::vector<Path> levels{Path{"\1", "k"}};
    while (levels.size() < 50) levels.push_back(levels.back().child("h").child("f"));
    const auto clear_each = [&](bool outwards, core::Origin by) {
      Rows rows(usual());
      for (int i = 0; i < kRows; ++i) {
        rows.put(kAp, levels.back().child("e").child(std::to_string(i)));
      }
      rows.commit();
      std::vector<Path> order = levels;
      if (outwards) std::ranges::reverse(order);
      for (const Path& level : order) {
        rows.clear(by, level, rows.applied());
        REQUIRE(rows.shown().empty());
        REQUIRE(rows.stage().count(Path{"\1"}) == 0);
      }
      CHECK(rows.stage().looks() < 6 * kRows);  // Of long paths.
    };
    for (const core::Origin by : {kUs, kSelf}) {
      clear_each(false, by);
      clear_each(true, by);
    }
  }

  TEST_CASE("a clear that is undone does not spare a later one the look at its rows") {
    Rows rows(usual());
    fill(rows, kAp);
    const auto savepoint = rows.stage().savepoint();
    rows::apply_op(rows.stage(), core::Clear{kSet, {}}, {kUs, 1}, {}, rows.applied());
    CHECK(shown(rows) == 0);
    rows.stage().rollback(savepoint);
    CHECK(shown(rows) == kRows);
    rows.clear(kUs, kSet, rows.applied());
    CHECK(shown(rows) == 0);
    CHECK(rows.shown().empty());
  }

  TEST_CASE("so many rows touched since that they are not kept cost one more look at all") {
    Rows rows(usual());
    fill(rows, kAp);
    rows.clear(kUs, kSet, rows.applied());
    const int many = 2 * static_cast<int>(rows::TouchedRows::kMax);
    for (int i = 0; i < many; ++i) rows.put(kAp, element(i));
    CHECK(shown(rows) == static_cast<std::uint64_t>(many));
    rows.clear(kUs, kSet, rows.applied());
    CHECK(shown(rows) == 0);
    CHECK(rows.shown().empty());
  }

  TEST_CASE("clears in any order leave what those without masks and memory leave") {
    const int runs = test::long_run() ? 2'000 : 100;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      // From this many rows on a place is remembered: of one row, or of a few.
      const std::size_t limit = random.chance(0.5) ? random.below(4) : 40;
      Rows quick({.self = kSelf, .own_rows_direct = limit, .foreign_rows_direct = limit});
      Rows plain(rows::ClearRules::direct());
      History history(random);
      for (int step = 0; step < 120; ++step) {
        history.go_on(quick, plain);
        REQUIRE(quick.shown() == plain.shown());
        for (const Path& each : history.collections()) {
          REQUIRE(quick.stage().count(each) == plain.stage().count(each));
        }
      }
    }
  }
}

}  // namespace anabranch::clear_test
