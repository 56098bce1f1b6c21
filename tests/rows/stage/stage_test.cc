// Stages against a plain map: reads and scans merged with the base, savepoints, and rows whose
// paths are too long for a key.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/path_range.h"
#include "tests/crdt/random_row.h"
#include "tests/rows/stage/stage_world.h"
#include "tests/seed.h"

namespace anabranch::stage_test {

using core::Path;
using crdt::Row;
using test::Random;
using test::scanned;
using test::StageWorld;

namespace {

Row row_with(const std::string& value) {
  Row row;
  row.cell.add({.dot = {3, 1}, .hlc = {}, .value = value, .base = {}});
  return row;
}

// Paths that end around the bounds of direct keys when encoded, many with a common prefix of that
// length.
Path long_path(Random& random) {
  constexpr std::size_t kAround = Path::kHashedPrefix - 16;
  std::string key(kAround + random.below(60), 'a');
  if (random.chance(0.5)) key.back() = static_cast<char>(random.between(0, 3));
  Path path{"\1", key};
  if (random.chance(0.5)) {
    path.append("s");
  } else {
    path.append("e").append(std::string(random.below(40), static_cast<char>(random.between(0, 2))));
  }
  return path;
}

Path short_path(Random& random) {
  Path path{std::string(1, static_cast<char>(random.between(0, 2)))};
  for (std::size_t depth = random.below(4); depth > 0; --depth) {
    path.append(std::string(random.below(3), static_cast<char>(random.between(0, 2))));
  }
  return path;
}

// A bound of a range: a path, the beginning of one, or the end of what lies below one.
std::string bound(Random& random, const std::vector<Path>& paths) {
  const std::string encoded(random.pick(paths).encoded());
  if (random.chance(0.3)) return core::prefix_end(encoded);
  return random.chance(0.3) ? encoded.substr(0, random.below(encoded.size() + 1)) : encoded;
}

// Scans of any range, in both directions, visit the same rows as in a plain map.
void check_ranges(Random& random, const rows::RowReader& reader, const StageWorld::Rows& rows,
                  const std::vector<Path>& paths) {
  for (int i = 0; i < 4; ++i) {
    const core::PathRange range{bound(random, paths), bound(random, paths), random.chance(0.5)};
    std::vector<std::pair<Path, Row>> expected;
    for (const auto& [path, row] : rows) {
      const bool is_in =
          path.encoded() >= range.from && (range.to.empty() || path.encoded() < range.to);
      if (is_in && !row.empty()) expected.emplace_back(path, row);
    }
    if (range.backwards) std::ranges::reverse(expected);
    REQUIRE(scanned(reader, range) == expected);
  }
}

void run_history(Random& random) {
  StageWorld world;
  std::vector<Path> paths;
  for (int i = 0; i < 12; ++i) paths.push_back(long_path(random));
  for (int i = 0; i < 12; ++i) paths.push_back(short_path(random));
  std::vector<std::pair<rows::Stage::Savepoint, StageWorld::Rows>> savepoints;
  for (int step = 0; step < 80; ++step) {
    const double what = random.unit();
    if (what < 0.7) {
      world.set(random.pick(paths), test::random_row(random));
    } else if (what < 0.8) {
      savepoints.emplace_back(world.stage().savepoint(), world.rows());
    } else if (what < 0.9) {
      if (savepoints.empty()) continue;
      savepoints.resize(random.below(savepoints.size()) + 1);
      world.rollback(savepoints.back().first, savepoints.back().second);
    } else if (what < 0.93) {
      world.stage().keep();
      savepoints.clear();
    } else if (what < 0.95) {
      if (world.committing()) world.finish_commit();
      world.begin_commit();
      savepoints.clear();
    } else if (what < 0.97) {
      if (world.committing()) {
        world.finish_commit();
      } else {
        world.commit();
        savepoints.clear();
      }
    } else {
      world.stage().touch(random.pick(paths));
    }
    if (step % 8 == 0) REQUIRE(world.difference() == "");
    check_ranges(random, world.stage(), world.rows(), paths);
  }
  REQUIRE(world.difference() == "");
  world.commit();
  REQUIRE(world.difference() == "");
  check_ranges(random, world.base(), world.rows(), paths);
}

// Counts how often rows are read.
class CountingReader final : public rows::RowReader {
 public:
  explicit CountingReader(const rows::RowReader& below) : below_(below) {}

  [[nodiscard]] Row row(const Path& path) const override {
    ++reads_;
    return below_.row(path);
  }
  void scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const override {
    below_.scan(range, hidden, visit);
  }
  [[nodiscard]] std::uint64_t count(const Path& path) const override { return below_.count(path); }
  [[nodiscard]] rows::StoredTags stored_tags(const Path& place) const override {
    return below_.stored_tags(place);
  }
  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override {
    return below_.score_at(key);
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const override {
    return below_.scan_scores(range);
  }
  [[nodiscard]] int reads() const { return reads_; }

 private:
  const rows::RowReader& below_;
  mutable int reads_ = 0;
};

}  // namespace

TEST_SUITE("rows: stage") {
  TEST_CASE("reads, scans, counts and savepoints are those of a plain map") {
    const int runs = test::long_run() ? 2'000 : 60;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      run_history(random);
    }
  }

  TEST_CASE("a scan stops when it is told to, in the base and in the stage") {
    StageWorld world;
    const std::string many(460, 'k');
    for (const char* name : {"b", "d"}) world.set(Path{"\1", many, "e", name}, row_with(name));
    world.set(Path{"\1", "b"}, row_with("b"));
    world.commit();
    for (const char* name : {"a", "c", "e"}) world.set(Path{"\1", many, "e", name}, row_with(name));
    world.set(Path{"\1", "a"}, row_with("a"));
    for (const Path& prefix : {Path{}, Path{"\1"}, Path{"\1", many, "e"}}) {
      const auto all = scanned(world.stage(), prefix);
      for (std::size_t stop = 1; stop <= all.size(); ++stop) {
        std::size_t visited = 0;
        world.stage().scan(prefix, [&](const Path& path, const Row& row) {
          CHECK(path == all[visited].first);
          CHECK(row == all[visited].second);
          return ++visited < stop;
        });
        CHECK(visited == stop);
      }
    }
  }

  TEST_CASE("rows stored by hash are visited in path order by snapshots, too") {
    StageWorld world;
    std::vector<Path> paths;
    const std::string shared(Path::kHashedPrefix - 3, 'p');
    for (const char* end : {"", "a", "aaa", "z", "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"}) {
      for (const std::size_t more : {0U, 20U, 29U, 30U, 31U, 200U}) {
        paths.push_back(Path{"\1", shared + end + std::string(more, 'q'), "s"});
      }
    }
    std::ranges::sort(paths);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    CHECK(std::ranges::any_of(paths, core::is_hashed));
    CHECK_FALSE(std::ranges::all_of(paths, core::is_hashed));
    for (const Path& path : paths) world.set(path, row_with("v"));
    const auto staged = scanned(world.stage(), Path{"\1"});
    world.commit();
    const auto stored = scanned(world.base(), Path{"\1"});
    REQUIRE(stored.size() == paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) CHECK(stored[i].first == paths[i]);
    CHECK(stored == staged);
    for (const Path& path : paths) {
      CHECK(scanned(world.base(), path).size() == 1);
      CHECK(world.base().row(path) == row_with("v"));
    }
  }

  TEST_CASE("rows stored by hash are visited in path order where there is no room for all") {
    StageWorld world;
    const std::string shared(Path::kHashedPrefix + 52, 'p');
    constexpr int kRows = 30;
    constexpr std::size_t kBytes = std::size_t{1} << 20U;
    std::vector<Path> paths;
    for (int i = 0; i < kRows; ++i) {
      paths.push_back(Path{"\1", shared + std::to_string(100 + i), "s"});
      world.set(paths.back(), row_with(std::string(kBytes, static_cast<char>('a' + i))));
    }
    world.commit();
    const auto names = [&](core::PathRange range) {
      std::vector<Path> found;
      world.base().scan(range, [&](const Path& path, const Row& row) {
        CHECK(row.cell.siblings.front().value.size() == kBytes);
        found.push_back(path);
        return true;
      });
      return found;
    };
    for (const bool backwards : {false, true}) {
      const auto in_range = [&](int from, int to) {
        std::vector<Path> part(paths.begin() + from, paths.begin() + to);
        if (backwards) std::ranges::reverse(part);
        return part;
      };
      CHECK(names({"", "", backwards}) == in_range(0, kRows));
      const auto at = [&](int i) {
        return std::string(paths[static_cast<std::size_t>(i)].encoded());
      };
      CHECK(names({at(3), "", backwards}) == in_range(3, kRows));
      CHECK(names({at(3), at(27), backwards}) == in_range(3, 27));
      CHECK(names({at(12), at(13), backwards}) == in_range(12, 13));
    }
  }

  TEST_CASE("the types at a place are asked for while a row is empty, and it is not any more") {
    StageWorld world;
    const Path place{"\1", "k"};
    const Path row = place.child("e").child("x");
    const auto has = [&] { return world.stage().stored_tags(place).may_have(Type::kSet); };
    world.stage().edit(row, [&](crdt::Row& edited) {
      (void)has();
      edited = row_with("1");
    });
    CHECK(has());
    world.stage().edit(row, [&](crdt::Row& edited) { edited = {}; });
    (void)world.stage().stored_tags(Path{"\1", "other"});
    (void)has();
    world.stage().edit(row, [&](crdt::Row& edited) { edited = row_with("2"); });
    CHECK(has());
  }

  TEST_CASE("the types that may have rows at a place are those of stored and of staged rows") {
    StageWorld world;
    const std::string kind = "sEehi";
    const auto tags = [&](const rows::RowReader& reader, const Path& place) {
      const rows::StoredTags found = reader.stored_tags(place);
      std::string text;
      for (const char tag : kind) text += found.may_have(static_cast<Type>(tag)) ? tag : '.';
      return text;
    };
    const Path key{"\1", "k"};
    CHECK(tags(world.stage(), key) == ".....");
    world.set(Path{"\1", "k", "s"}, row_with("v"));
    world.set(Path{"\1", "k", "h", "f", "E", "x"}, row_with("1"));
    world.set(Path{"\1", "ka", "i", "x"}, row_with("v"));
    world.commit();
    CHECK(tags(world.base(), key) == "s..h.");
    CHECK(tags(world.stage(), key) == "s..h.");
    world.set(Path{"\1", "k", "e", "x"}, row_with("1"));
    CHECK(tags(world.stage(), key) == "s.eh.");
    CHECK(tags(world.stage(), Path{"\1", "ka"}) == "....i");
    CHECK(tags(world.stage(), Path{"\1", "k", "h", "f"}) == ".E...");
    const auto savepoint = world.stage().savepoint();
    const StageWorld::Rows before = world.rows();
    world.set(Path{"\1", "k", "i", "x"}, row_with("v"));
    CHECK(tags(world.stage(), key) == "s.ehi");
    CHECK(tags(world.stage(), Path{"\1", "k", "i", "x"}) == ".....");
    world.rollback(savepoint, before);
    CHECK(tags(world.stage(), key).starts_with("s.eh"));  // Perhaps with what was just removed.
    CHECK(tags(world.base(), Path{"\1", std::string(Path::kHashedPrefix, 'k')}) == kind);
  }

  TEST_CASE("a row that is looked at, read and changed is read once below") {
    StageWorld world;
    const Path path{"\1", "k", "s"};
    world.set(path, row_with("v"));
    world.commit();
    CountingReader below(world.base());
    rows::Stage stage(below, rows::Stage::Undo::kKept);
    CHECK(stage.shows(path));
    CHECK(stage.row(path) == row_with("v"));
    CHECK(stage.shows(path));
    const auto savepoint = stage.savepoint();
    stage.edit(path, [](Row& row) { row = row_with("w"); });
    CHECK(stage.row(path) == row_with("w"));
    CHECK(below.reads() == 1);
    stage.rollback(savepoint);
    CHECK(stage.row(path) == row_with("v"));
    CHECK_FALSE(stage.shows(Path{"\1", "l", "s"}));
    CHECK(stage.row(path) == row_with("v"));
    CHECK(below.reads() == 2);
  }

  TEST_CASE("a row that was only read is not written") {
    StageWorld world;
    world.set(Path{"\1", "a"}, row_with("v"));
    world.commit();
    const core::OriginTable origins = test::random_row_origins();
    const auto nothing = [](const Path&, Row&) {};
    rows::Digests digests;
    CHECK(world.stage().peek(Path{"\1", "a"}).present());
    CHECK_FALSE(world.stage().peek(Path{"\1", "b"}).present());
    storage::Changes changes;
    world.stage().take_changes(origins, nothing, digests, changes);
    CHECK(changes.empty());
    world.stage().touch(Path{"\1", "a"});
    world.stage().take_changes(origins, nothing, digests, changes);
    CHECK(changes.size() == 1);
  }

  TEST_CASE("what is staged and removed again leaves no change behind but for stored rows") {
    StageWorld world;
    world.set(Path{"\1", "stored", "s"}, row_with("v"));
    world.commit();
    world.set(Path{"\1", "stored", "s"}, {});
    world.set(Path{"\1", "new", "s"}, row_with("v"));
    world.set(Path{"\1", "new", "s"}, {});
    rows::Digests digests;
    storage::Changes changes;
    world.stage().take_changes(
        test::random_row_origins(), [](const Path&, Row&) {}, digests, changes);
    int rows = 0;
    for (const storage::ChangeView& change : changes) {
      rows += change.table == storage::Table::kRows ? 1 : 0;
      CHECK_FALSE(change.value.has_value());
    }
    CHECK(rows == 1);
  }
}

}  // namespace anabranch::stage_test
