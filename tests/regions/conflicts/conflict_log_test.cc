// The conflict log of a leader: what is in it after writes, batches and snapshots, and its bounds.

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "regions/conflicts/conflict_check.h"
#include "regions/conflicts/conflict_log.h"
#include "rows/conflicts/conflict_table.h"
#include "rows/policy/policy_rows.h"
#include "tests/regions/origins.h"
#include "tests/regions/snapshot/snapshot_pair.h"

namespace anabranch::conflict_log_test {

using regions::ConflictCounts;
using regions::ConflictLog;
using regions::Group;
using rows::ConflictEntry;
using rows::ConflictKind;
using test::kEu;
using test::kUs;
using test::Parts;
using test::Receiver;

namespace {

const core::Path kRow = Parts::row_of("k");

struct ConflictLogWorld : Receiver {
  ConflictLog log;

  explicit ConflictLogWorld(const ConflictLog::Limits& limits = {},
                            const std::string& region = "eu", core::Origin origin = kEu)
      : Receiver(region, origin), log(state, nullptr, limits) {
    state.join(log);
  }
};

// The entries of a log, the newest first: "met k a *b" with a star before the value shown.
std::vector<std::string> entries(const Parts& at) {
  std::vector<std::string> all;
  rows::scan_conflicts(*at.storage.snapshot(), 0, [&](auto /*number*/, const ConflictEntry& entry) {
    static constexpr std::array kKinds{"met ", "replaced ", "put back ", "hidden ", "doomed "};
    std::string text = kKinds.at(static_cast<std::size_t>(entry.note.kind) - 1);
    text += entry.note.path.components()[1];
    for (const crdt::Sibling& each : entry.note.values) {
      text += (each.dot == entry.shown ? " *" : " ") + each.value;
    }
    all.push_back(text);
    return true;
  });
  return all;
}

using Entries = std::vector<std::string>;

// Writes the same key in both regions, and brings the value of us to eu.
void meet(ConflictLogWorld& eu, Parts& us, const std::string& key) {
  eu.put(key, "a");
  eu.take(us.put(key, "b"));
}

std::uint64_t bytes_in_table(const Parts& at) {
  std::uint64_t bytes = 0;
  const auto snapshot = at.storage.snapshot();
  const auto cursor = snapshot->scan(storage::Table::kConflicts, {});
  for (; cursor->valid(); cursor->next()) bytes += cursor->key().size() + cursor->value().size();
  return bytes;
}

}  // namespace

TEST_SUITE("regions: the conflict log") {
  TEST_CASE("a foreign value that meets another one is logged with both, by whom, when and why") {
    ConflictLogWorld eu;
    Parts us("us", kUs);
    meet(eu, us, "k");
    const auto entry = rows::find_conflict(*eu.storage.snapshot(), 1);
    REQUIRE(entry);
    CHECK(entry->note.kind == ConflictKind::kMet);
    CHECK(entry->note.path == kRow);
    CHECK(entry->note.by == core::Dot{kUs, 1});
    CHECK(entry->note.values.size() == 2);
    CHECK(entry->policy == "lww");
    CHECK(entry->logged.millis() == 10'000);
    CHECK(eu.log.figures().entries == 1);
    CHECK(eu.log.figures().bytes == bytes_in_table(eu));
  }

  TEST_CASE("a local write over both is logged, unless its transaction had read them") {
    ConflictLogWorld eu;
    Parts us("us", kUs);
    meet(eu, us, "k");
    eu.put("k", "c");
    CHECK(entries(eu) == Entries{"replaced k a *b", "met k a *b"});
    ConflictLogWorld other;
    Parts there("us", kUs);
    meet(other, there, "k");
    other.write([](Group& group) {
      group.note_read(kRow);
      group.put(kRow, "c");
    });
    CHECK(entries(other) == Entries{"met k a *b"});
  }

  TEST_CASE("a foreign write over both is logged here as there") {
    ConflictLogWorld eu;
    ConflictLogWorld us({}, "us", kUs);
    const std::string theirs = us.put("k", "b");
    us.take(eu.put("k", "a"));
    eu.take(theirs);
    eu.take(us.put("k", "c"));
    CHECK(entries(eu) == entries(us));
    CHECK(entries(eu).front() == "replaced k a *b");
    const std::string again = us.put("j", "b");
    us.take(eu.put("j", "a"));
    eu.take(again);
    eu.take(us.write([](Group& group) {
      group.note_read(Parts::row_of("j"));
      group.put(Parts::row_of("j"), "c");
    }));
    CHECK(entries(eu).front() == "met j a *b");
    CHECK(entries(us).front() == "met j a *b");
  }

  TEST_CASE("what was undone is not logged") {
    ConflictLogWorld eu;
    Parts us("us", kUs);
    meet(eu, us, "k");
    {
      regions::OpenTransaction undone = eu.writer.begin();
      undone->put(kRow, "c");
    }
    eu.put("other", "x");
    CHECK(entries(eu).size() == 1);
  }

  TEST_CASE("values that came together in a snapshot are logged, those that stood there are not") {
    test::SnapshotPair pair;
    ConflictLog log(pair.eu.state, nullptr, {});
    pair.eu.state.join(log);
    pair.eu.put("us3", "mine");
    pair.eu.put("alone", "mine");
    pair.merge();
    CHECK(entries(pair.eu) == Entries{"met us3 mine *v"});
    pair.us.put("more", "v");
    pair.merge();
    CHECK(pair.eu.get("more") == "v");
    CHECK(entries(pair.eu).size() == 1);
  }

  TEST_CASE("rows of a snapshot that another type hides here are logged") {
    test::SnapshotPair pair;
    ConflictLog log(pair.eu.state, nullptr, {});
    pair.eu.state.join(log);
    pair.eu.write([](Group& group) {
      group.put({"\1", "us3", "e", "x"}, "");
      group.put({"\1", "us5", "z", "m"}, "1");
    });
    pair.merge();
    CHECK(entries(pair.eu) == Entries{"hidden us5 1", "hidden us3 "});
  }

  TEST_CASE("a write during a merge has met a row of the snapshot that no reader sees yet") {
    test::SnapshotPair pair;
    ConflictLog log(pair.eu.state, nullptr, {});
    pair.eu.state.join(log);
    pair.meet();
    pair.begin();
    for (int i = 0; i < 2; ++i) pair.turn();
    REQUIRE(pair.eu.snapshots.merging());
    pair.eu.put("us0", "mine");
    pair.finish();
    CHECK(pair.eu.state.reader()->row(Parts::row_of("us0")).cell.siblings.size() == 2);
    CHECK(entries(pair.eu).size() == 1);
  }

  TEST_CASE("the policy in force for the key is named and chooses, also one of the same commit") {
    ConflictLogWorld eu;
    Parts us("us", kUs);
    const std::string set = us.write([](Group& group) {
      group.put(rows::policy_path({.space = "\1", .prefix = "k"}),
                rows::encode_policy({.kind = rows::PolicyKind::kMin}));
    });
    eu.put("k", "a");
    eu.receive(set);
    eu.take(us.put("k", "b"));
    CHECK(entries(eu) == Entries{"met k *a b"});
    CHECK(eu.log.counts().rows().at({"min", "k"}) == ConflictCounts::Row{.met = 1, .replaced = 0});
  }

  TEST_CASE("the oldest entries go when there are too many bytes, and are counted") {
    ConflictLogWorld measure;
    Parts there("us", kUs);
    meet(measure, there, "k0");
    const std::uint64_t one = measure.log.figures().bytes;
    ConflictLogWorld eu({.bytes_max = 3 * one + 5});
    Parts us("us", kUs);
    for (int i = 0; i < 5; ++i) meet(eu, us, "k" + std::to_string(i));
    CHECK(entries(eu) == Entries{"met k4 a *b", "met k3 a *b", "met k2 a *b"});
    CHECK(eu.log.figures().entries == 3);
    CHECK(eu.log.figures().dropped_full == 2);
    CHECK(eu.log.figures().bytes == bytes_in_table(eu));
    CHECK(eu.log.figures().bytes <= 3 * one + 5);
  }

  TEST_CASE("of one commit with too many bytes the newest entries stay as far as there is room") {
    ConflictLogWorld measure;
    Parts there("us", kUs);
    meet(measure, there, "k0");
    for (const std::uint64_t room : {1, 0}) {
      ConflictLogWorld eu({.bytes_max = room * measure.log.figures().bytes});
      Parts us("us", kUs);
      for (int i = 0; i < 3; ++i) {
        eu.put("k" + std::to_string(i), "a");
        eu.receive(us.put("k" + std::to_string(i), "b"));
      }
      eu.apply();
      CHECK(entries(eu) == (room == 0 ? Entries{} : Entries{"met k2 a *b"}));
      CHECK(eu.log.figures().dropped_full == 3 - room);
      CHECK(eu.log.figures().entries == room);
      CHECK(eu.log.figures().bytes == bytes_in_table(eu));
    }
  }

  TEST_CASE("entries of some age go, the others stay") {
    ConflictLogWorld eu({.age_ms_max = 100'000});
    Parts us("us", kUs);
    meet(eu, us, "old");
    eu.clock.advance(60'000);
    meet(eu, us, "young");
    eu.clock.advance(41'000);
    REQUIRE(eu.log.tick(0).ok());
    CHECK(entries(eu) == Entries{"met young b *a"});
    CHECK(eu.log.figures().dropped_old == 1);
    CHECK(eu.log.figures().bytes == bytes_in_table(eu));
    eu.clock.advance(60'000);
    REQUIRE(eu.log.tick(ConflictLog::kLookMs - 1).ok());
    CHECK(entries(eu).size() == 1);  // It does not look all the time.
    REQUIRE(eu.log.tick(ConflictLog::kLookMs).ok());
    CHECK(entries(eu).empty());
  }

  TEST_CASE("it goes on with its figures and numbers after a restart") {
    ConflictLogWorld eu;
    Parts us("us", kUs);
    meet(eu, us, "k");
    ConflictLog again(eu.state, nullptr, {});
    REQUIRE(again.load().ok());
    CHECK(again.figures() == eu.log.figures());
    CHECK(again.figures().next == 2);
  }

  TEST_CASE("a check finds a damaged entry, one that is gone, and figures that are damaged") {
    ConflictLogWorld eu;
    Parts us("us", kUs);
    meet(eu, us, "k");
    meet(eu, us, "j");
    const auto findings = [&] {
      std::vector<std::string> all;
      regions::check_conflicts(*eu.storage.snapshot(),
                               [&](std::string text) { all.push_back(std::move(text)); });
      return all;
    };
    const auto change = [&](storage::Table table, std::string key,
                            std::optional<std::string> value) {
      const std::vector<storage::Change> changes{{table, std::move(key), std::move(value)}};
      REQUIRE(eu.storage.commit({}, changes).ok());
    };
    CHECK(findings().empty());
    const std::string first = storage::big_endian(1);
    const std::string entry(*eu.storage.snapshot()->get(storage::Table::kConflicts, first));
    change(storage::Table::kConflicts, first, std::string(entry.size(), 'x'));
    REQUIRE(findings().size() == 1);
    CHECK(findings()[0].starts_with("entry 1 of the conflict log: "));
    change(storage::Table::kConflicts, first, std::nullopt);
    REQUIRE(findings().size() == 1);
    CHECK(findings()[0].starts_with("the conflict log has 1 entries of "));
    change(storage::Table::kMeta, std::string(storage::kConflictsKey), "x");
    REQUIRE(findings().size() == 1);
    CHECK(findings()[0].starts_with("the figures of the conflict log: "));
  }

  TEST_CASE("many policies are counted in one row, so that the figures have a bound") {
    ConflictCounts counts;
    for (std::size_t i = 0; i < 2 * ConflictCounts::kRowsMax; ++i) {
      ConflictEntry entry;
      entry.policy = "max";
      entry.prefix = std::to_string(i);
      if (i == 0) entry.note.kind = ConflictKind::kReplaced;
      counts.count(entry);
    }
    CHECK(counts.rows().size() == ConflictCounts::kRowsMax + 1);
    CHECK(counts.rows().at({"others", ""}).met == ConflictCounts::kRowsMax);
    CHECK(counts.rows().at({"max", "0"}).replaced == 1);
  }
}

}  // namespace anabranch::conflict_log_test
