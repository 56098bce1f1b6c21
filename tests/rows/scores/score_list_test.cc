// The list that keeps the order of one sorted set: after any inserts and erasures, ranks and walks
// are those of the sorted members, and the stored entries depend on the members alone.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rows/scores/score_list.h"
#include "rows/scores/score_overlay.h"
#include "rows/snapshot_reader.h"
#include "storage/memory_storage.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::score_list_test {

using rows::ScoredMember;
using rows::ScoreList;
using rows::ScoreListEditor;
using rows::ScoreOverlay;
using rows::ScorePlace;
using storage::Direction;
using test::Random;

namespace {

constexpr std::uint64_t kSeed = 7;
constexpr rows::OrderId kId = 3;

// A list over committed entries and staged ones, and the members that must be in it.
class ListWorld {
 public:
  ListWorld() {
    REQUIRE(storage_.open().ok());
    reopen();
  }

  void set(const std::string& member, std::optional<double> score) {
    ScoreListEditor list(*overlay_, kId);
    const auto found = scores_.find(member);
    if (found != scores_.end()) {
      REQUIRE(list.erase(found->second, member));
      members_.erase({found->second, member});
      scores_.erase(found);
    }
    if (!score) return;
    REQUIRE(list.insert(*score, member, rows::height_of(member, kSeed)));
    scores_[member] = *score;
    members_.emplace(*score, member);
  }

  void commit() {
    storage::Changes changes;
    overlay_->take_changes(changes);
    REQUIRE(storage_.commit({}, changes).ok());
    reopen();
  }

  [[nodiscard]] ScoreOverlay& overlay() { return *overlay_; }
  [[nodiscard]] const std::set<std::pair<double, std::string>>& members() const { return members_; }
  void take_back(ScoreOverlay::Savepoint savepoint, const ListWorld& before) {
    overlay_->rollback(savepoint);
    scores_ = before.scores_;
    members_ = before.members_;
  }
  ListWorld(const ListWorld& other) : scores_(other.scores_), members_(other.members_) {}
  ListWorld& operator=(const ListWorld&) = delete;

  // Ranks of all members, members of all ranks, and walks from some of them.
  void compare(std::uint64_t step) const {
    const ScoreList list(*overlay_, kId);
    CHECK(list.empty() == members_.empty());
    std::uint64_t rank = 0;
    for (const auto& [score, member] : members_) {
      if (rank % step == 0) {
        const ScorePlace place = rows::place_of(score, member);
        REQUIRE(list.members_before(place) == rank);
        REQUIRE(list.place_at(rank) == place);
        REQUIRE(walk(place, Direction::kForward, 3) == expected(rank, 3));
      }
      ++rank;
    }
    CHECK_FALSE(list.place_at(rank));
    const ScorePlace end = rows::place_behind(std::numeric_limits<double>::infinity());
    CHECK(list.members_before(end) == rank);
    auto backwards = walk(end, Direction::kBackward, rank);
    std::ranges::reverse(backwards);
    CHECK(backwards == expected(0, rank));
  }

  // All that is stored for the list.
  [[nodiscard]] std::map<std::string, std::string> entries() const {
    std::map<std::string, std::string> all;
    const std::string prefix = rows::entries_of(kId);
    const auto cursor = overlay_->scan_scores({.from = prefix});
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
      all.emplace(cursor->key(), cursor->value());
    }
    return all;
  }

 private:
  using Members = std::vector<std::pair<double, std::string>>;

  void reopen() {
    overlay_.reset();
    base_.emplace(storage_.snapshot(), origins_);
    overlay_.emplace(*base_, true);
  }
  [[nodiscard]] Members walk(const ScorePlace& from, Direction direction,
                             std::uint64_t at_most) const {
    Members found;
    if (at_most == 0) return found;
    ScoreList(*overlay_, kId).visit(from, direction, [&](const ScoredMember& each) {
      found.emplace_back(each.score, each.member);
      return found.size() < at_most;
    });
    return found;
  }
  [[nodiscard]] Members expected(std::uint64_t rank, std::uint64_t at_most) const {
    Members all(members_.begin(), members_.end());
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(rank));
    all.resize(std::min<std::size_t>(all.size(), at_most));
    return all;
  }

  storage::MemoryStorage storage_;
  core::OriginTable origins_;
  std::optional<rows::SnapshotReader> base_;
  std::optional<ScoreOverlay> overlay_;
  std::map<std::string, double> scores_;
  std::set<std::pair<double, std::string>> members_;
};

std::string name(std::uint64_t number) { return "member" + std::to_string(number); }

// Commits a list of so many members, each with its number as its score; returns whether all of them
// are in it.
bool fill(storage::MemoryStorage& storage, const core::OriginTable& origins, std::uint64_t size) {
  constexpr std::uint64_t kGroup = 10'000;
  bool filled = true;
  for (std::uint64_t first = 0; first < size; first += kGroup) {
    const rows::SnapshotReader base(storage.snapshot(), origins);
    ScoreOverlay overlay(base, true);
    ScoreListEditor list(overlay, kId);
    for (std::uint64_t i = first; i < std::min(size, first + kGroup); ++i) {
      filled &= list.insert(static_cast<double>(i), name(i), rows::height_of(name(i), kSeed));
    }
    storage::Changes changes;
    overlay.take_changes(changes);
    filled &= storage.commit({}, changes).ok();
  }
  return filled;
}

// A table that counts what is read of another one.
class CountedTable final : public rows::ScoreTable {
 public:
  explicit CountedTable(const rows::ScoreTable& table) : table_(table) {}

  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override {
    return table_.score_at(key);
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const override {
    ++seeks_;
    return std::make_unique<Counted>(table_.scan_scores(range), entries_);
  }
  [[nodiscard]] double seeks() const { return static_cast<double>(seeks_); }
  [[nodiscard]] double entries() const { return static_cast<double>(entries_); }

 private:
  class Counted final : public storage::Cursor {
   public:
    Counted(std::unique_ptr<storage::Cursor> cursor, std::uint64_t& entries)
        : cursor_(std::move(cursor)), entries_(entries) {
      count();
    }
    [[nodiscard]] bool valid() const override { return cursor_->valid(); }
    [[nodiscard]] std::string_view key() const override { return cursor_->key(); }
    [[nodiscard]] std::string_view value() const override { return cursor_->value(); }
    void next() override {
      cursor_->next();
      count();
    }

   private:
    void count() { entries_ += cursor_->valid() ? 1 : 0; }

    std::unique_ptr<storage::Cursor> cursor_;
    std::uint64_t& entries_;
  };

  const rows::ScoreTable& table_;
  mutable std::uint64_t seeks_ = 0;
  mutable std::uint64_t entries_ = 0;
};

}  // namespace

TEST_SUITE("rows: lists of scores") {
  TEST_CASE("ranks and walks are those of the sorted members, at any time") {
    Random random(test::seed());
    for (const std::uint64_t size : {3U, 60U, 3000U}) {
      CAPTURE(size);
      ListWorld world;
      for (std::uint64_t i = 0; i < 2 * size; ++i) {
        const double score = static_cast<double>(random.between(-20, 20)) / 4;
        world.set(name(random.below(size)),
                  random.chance(0.3) ? std::nullopt : std::optional(score));
        if (random.chance(0.02)) world.commit();
        if (size < 100 && random.chance(0.2)) world.compare(1);
      }
      world.compare(size / 50 + 1);
    }
  }

  TEST_CASE("a rank passes about sixteen entries on each level") {
    const std::uint64_t large = test::long_run() ? 1'000'000 : 20'000;
    for (const std::uint64_t size : {std::uint64_t{1'000}, large}) {
      storage::MemoryStorage storage;
      const core::OriginTable origins;
      REQUIRE(storage.open().ok());
      REQUIRE(fill(storage, origins, size));
      const rows::SnapshotReader reader(storage.snapshot(), origins);
      const CountedTable table(reader);
      const ScoreList list(table, kId);
      constexpr std::uint64_t kRanks = 1'000;
      std::uint64_t wrong = 0;
      for (std::uint64_t i = 0; i < kRanks; ++i) {
        const std::uint64_t rank = i * size / kRanks;
        const ScorePlace place = rows::place_of(static_cast<double>(rank), name(rank));
        wrong +=
            list.members_before(place) - list.members_before({}) != rank ? 1 : 0;  // As Ranking.
      }
      CHECK(wrong == 0);
      const double levels = 1 + std::log2(static_cast<double>(size)) / 4;
      const double seeks = table.seeks() / kRanks;
      const double entries = table.entries() / kRanks;
      CHECK(seeks < levels + 2);
      CHECK(entries < 16 * levels);
    }
  }

  TEST_CASE("what is stored depends on the members alone, not on what was there before") {
    Random random(test::seed());
    ListWorld world;
    for (int i = 0; i < 4000; ++i) {
      const bool gone = i > 2000 && random.chance(0.5);
      world.set(name(random.below(1500)), gone ? std::nullopt : std::optional(random.unit()));
      if (i % 500 == 0) world.commit();
    }
    ListWorld fresh;
    for (const auto& [score, member] : world.members()) fresh.set(member, score);
    CHECK(world.entries() == fresh.entries());
    CHECK(world.entries().size() > world.members().size());  // There are levels.
  }

  TEST_CASE("a rollback takes back all that was staged since") {
    Random random(test::seed());
    ListWorld world;
    for (std::uint64_t i = 0; i < 300; ++i) world.set(name(i), random.unit());
    world.commit();
    for (std::uint64_t i = 0; i < 100; ++i) world.set(name(i), random.unit());
    const auto entries = world.entries();
    const ScoreOverlay::Savepoint savepoint = world.overlay().savepoint();
    const ListWorld before(world);
    for (std::uint64_t i = 50; i < 350; ++i) world.set(name(i), random.unit());
    for (std::uint64_t i = 0; i < 80; ++i) world.set(name(i), std::nullopt);
    CHECK(world.entries() != entries);
    world.take_back(savepoint, before);
    CHECK(world.entries() == entries);
    world.compare(7);
  }

  TEST_CASE("all finite doubles stand in their order, and equal ones by their members") {
    constexpr double kMax = std::numeric_limits<double>::max();
    constexpr double kTiny = std::numeric_limits<double>::denorm_min();
    ListWorld world;
    int i = 0;
    for (const double score : {0.0, kMax, -kMax, kTiny, -kTiny, 1.0, -1.0, 1e300, -2.5, 2.5}) {
      world.set("x" + std::to_string(++i), score);
      world.set("x" + std::to_string(i) + std::string(1, '\0'), score);
    }
    world.set("", 0);
    world.compare(1);
  }

  TEST_CASE("members of any length are told apart and found in full") {
    ListWorld world;
    const std::string common(440, 'n');
    for (const std::size_t size : {1U, 439U, 440U, 65536U}) world.set(std::string(size, 'm'), 1);
    world.compare(1);
    for (const char* end : {"", "a", "b", "cccccccccccccccc"}) world.set(common + end, 2);
    const ScoreList list(world.overlay(), kId);
    std::set<std::string> found;
    list.visit(rows::place_before(2), Direction::kForward, [&](const ScoredMember& each) {
      found.insert(each.member);
      return true;
    });
    CHECK(found ==
          std::set<std::string>{common, common + "a", common + "b", common + "cccccccccccccccc"});
    for (const char* end : {"", "a", "b", "cccccccccccccccc"}) {
      world.set(common + end, std::nullopt);
    }
    world.compare(1);
  }

  TEST_CASE("an insert of what is there and an erase of what is not are told") {
    ListWorld world;
    world.set("a", 1);
    ScoreListEditor list(world.overlay(), kId);
    CHECK_FALSE(list.insert(1, "a", 0));
    CHECK_FALSE(list.erase(2, "a"));
    CHECK_FALSE(list.erase(1, "b"));
    world.compare(1);
  }
}

}  // namespace anabranch::score_list_test
