// Random operations on both implementations, compared with a model made of std::map.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tests/seed.h"
#include "tests/storage/in_range.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::random_test {
namespace {

using Random = std::mt19937_64;
using Model = std::array<std::map<std::string, std::string>, kTableCount>;

std::uint64_t below(Random& random, std::uint64_t end) { return random() % end; }

// Few short keys, so that they meet again and again, and some of all lengths.
std::string random_key(Random& random) {
  constexpr std::string_view kAlphabet("\0\1ab\xFE\xFF", 6);
  const std::size_t size =
      below(random, 10) == 0 ? 1 + below(random, kKeySizeMax) : 1 + below(random, 4);
  std::string key;
  for (std::size_t i = 0; i < size; ++i) key += kAlphabet[below(random, kAlphabet.size())];
  return key;
}

// Mostly small, sometimes several pages.
std::string random_value(Random& random) {
  const std::size_t size = below(random, 20) == 0 ? below(random, 20'000) : below(random, 100);
  return std::string(size, static_cast<char>(random()));
}

// A storage, the model of its content, and older states that snapshots must still show.
template <typename World>
class Run {
 public:
  explicit Run(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (below(random_, 12)) {
      case 0:
        return check_scans(*world_.storage().snapshot(), model_);
      case 1:
        return keep_snapshot();
      case 2:
        return check_log();
      case 3:
        return trim();
      case 4:
        if (below(random_, 10) == 0) reopen();
        return;
      case 5:
        if (below(random_, 10) == 0) swap();
        return;
      default:
        return change();
    }
  }

  void check_everything() {
    check_kept();
    reopen();
    for (std::size_t table = 0; table < kTableCount; ++table) {
      const Entries all(model_[table].begin(), model_[table].end());
      CHECK((scan(world_.storage(), static_cast<Table>(table)) == all));
    }
    for (int i = 0; i < 20; ++i) check_log();
  }

 private:
  struct Kept {
    std::unique_ptr<Snapshot> snapshot;
    Model model;
  };

  void change() {
    std::vector<LogRecord> records;
    std::vector<std::string> bytes(below(random_, 4));
    for (std::string& each : bytes) {
      each = random_value(random_);
      const core::Origin origin = 1 + below(random_, 3);
      core::Seq& seq = seqs_[origin];
      const core::Seq first = seq + 1;
      seq += 1 + below(random_, 300);
      records.push_back({origin, first, seq, each});
      ++last_;
      log_[last_] = {last_, origin, first, seq, each};
    }
    std::vector<Change> changes;
    std::set<std::pair<Table, std::string>> used;
    const std::uint64_t count = below(random_, 20) == 0 ? 500 : below(random_, 10);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Table table = static_cast<Table>(below(random_, kTableCount));
      const std::string key = random_key(random_);
      if (!used.emplace(table, key).second) continue;
      auto& map = model_[static_cast<std::size_t>(table)];
      if (below(random_, 3) == 0) {
        changes.push_back(removal(key, table));
        map.erase(key);
      } else {
        changes.push_back(put(key, random_value(random_), table));
        map[key] = *changes.back().value;
      }
    }
    REQUIRE(commit(world_.storage(), records, changes) == last_);
    const auto snapshot = world_.storage().snapshot();
    for (const Change& done : changes)
      REQUIRE((get(*snapshot, done.key, done.table) == done.value));
  }

  void check_scans(const Snapshot& snapshot, const Model& model) {
    const std::size_t table = below(random_, kTableCount);
    const std::string from = below(random_, 5) == 0 ? "" : random_key(random_);
    const std::string to = below(random_, 5) == 0 ? "" : random_key(random_);
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const KeyRange range{from, to, direction};
      const Entries entries = scan(snapshot, range, static_cast<Table>(table));
      REQUIRE((entries == in_range(model[table], range)));
      if (direction == Direction::kForward) {
        check_first(snapshot.first_key(static_cast<Table>(table), from, to), entries, range);
      }
    }
  }

  // Of an engine, it may be a removed key.
  static void check_first(std::string_view first, const Entries& entries, const KeyRange& range) {
    if (entries.empty() ? !std::is_same_v<World, EngineWorld> : entries.front().first == first) {
      REQUIRE((first.empty() == entries.empty()));
      return;
    }
    REQUIRE(std::is_same_v<World, EngineWorld>);
    if (entries.empty() && first.empty()) return;
    REQUIRE((first >= range.from));
    REQUIRE_FALSE(range.is_left_at(first));
    REQUIRE((entries.empty() || first < entries.front().first));
  }

  void keep_snapshot() {
    if (kept_.size() == 5) check_kept();
    kept_.push_back({world_.storage().snapshot(), model_});
  }

  void check_kept() {
    for (const Kept& kept : kept_) check_scans(*kept.snapshot, kept.model);
    kept_.clear();
  }

  void check_log() {
    const Position position = below(random_, last_ + 3);
    const auto record = world_.storage().read_log(position);
    const auto found = log_.lower_bound(position);
    REQUIRE(record.has_value() == (found != log_.end()));
    if (record) {
      REQUIRE(record->position == found->second.position);
      REQUIRE(record->origin == found->second.origin);
      REQUIRE(record->first == found->second.first);
      REQUIRE(record->last == found->second.last);
      REQUIRE((record->bytes == found->second.bytes));
    }
    const core::Origin origin = 1 + below(random_, 4);
    const core::Seq seq = below(random_, seqs_[origin] + 3);
    std::optional<Position> covering;
    for (const auto& [at, each] : log_) {
      if (each.origin == origin && each.last >= seq && !covering) covering = at;
    }
    REQUIRE(world_.storage().find(origin, seq) == covering);
  }

  void trim() {
    if (below(random_, 5) != 0) return;
    const Position position = below(random_, last_ + 3);
    REQUIRE(world_.storage().trim(position).ok());
    log_.erase(log_.begin(), log_.lower_bound(position));
  }

  void swap() {
    const std::string key = random_key(random_);
    REQUIRE(world_.storage().swap(std::vector{put(key, "swapped", Table::kNextRows)}).ok());
    at(Table::kNextRows)[key] = "swapped";
    for (const auto& [current, next] : storage::kSwappedTables) {
      at(current) = std::move(at(next));
    }
    clear_next();
  }

  std::map<std::string, std::string>& at(Table table) {
    return model_[static_cast<std::size_t>(table)];
  }

  void clear_next() {
    for (const auto& pair : storage::kSwappedTables) at(pair.next).clear();
  }

  void reopen() {
    kept_.clear();
    world_.reopen();
    clear_next();
    REQUIRE(world_.storage().last_position() == last_);
  }

  Random random_;
  World world_;
  Model model_;
  std::map<Position, StoredRecord> log_;
  std::map<core::Origin, core::Seq> seqs_;
  Position last_ = 0;
  std::vector<Kept> kept_;
};

TEST_CASE_TEMPLATE("Random operations give what a map of maps gives", World, MemoryWorld,
                   EngineWorld) {
  const std::uint64_t seed = anabranch::test::seed();
  CAPTURE(seed);
  const int steps = anabranch::test::long_run() ? 4'000 : 600;
  Run<World> run(seed);
  for (int i = 0; i < steps; ++i) run.step();
  run.check_everything();
}

}  // namespace
}  // namespace anabranch::storage::test::random_test
