// Large clears: done at once by a mask, for everything that reads and writes, and swept in slices.
// A few rows count as many here.

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/batch.h"
#include "rows/stage/clear.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"
#include "tests/write.h"

namespace anabranch::large_clear_test {

using core::Path;
using regions::Group;
using test::Node;
using test::Visible;

namespace {

constexpr core::Millis kWall = 1000;

Path element(const std::string& key, int i) { return {"\1", key, "e", std::to_string(i)}; }
Path string_row(const std::string& key) { return {"\1", key, "s"}; }
Path counter(const std::string& key, int i) { return {"\1", key, "h", std::to_string(i), "s"}; }

regions::ReplicaOptions options(const std::string& region, core::Origin origin,
                                std::size_t rows_direct) {
  regions::ReplicaOptions options{
      .mesh = {1, 1}, .region = region, .fresh_origin = origin, .nonce = origin};
  options.limits.own_clear_rows_direct = rows_direct;
  options.limits.foreign_clear_rows_direct = rows_direct;
  options.limits.sweep = {.changes = 3, .looks = 5};
  options.limits.clear_rows_counted_at_once = rows_direct;
  return options;
}

Node masking(const std::string& region, core::Origin origin) {
  return {options(region, origin, 2), nullptr, kWall};
}

void put_all(Node& node, const std::string& key, int elements) {
  node.write(kWall, [&](Group& group) {
    for (int i = 0; i < elements; ++i) group.put(element(key, i), "");
  });
}

void add_all(Node& node, const std::string& key, int counters, int amount) {
  node.write(kWall, [&](Group& group) {
    for (int i = 0; i < counters; ++i) group.add(counter(key, i), amount);
  });
}

void clear(Node& node, const Path& prefix) {
  node.write(kWall, [&](Group& group) { group.clear(prefix); });
}

void deliver_all(Node& from, Node& to) {
  for (const auto& record : test::log_records(from.storage())) {
    if (record.origin != to.origin()) to.deliver(from, record.bytes);
  }
}

std::size_t stored(Node& node, storage::Table table) {
  const auto snapshot = node.storage().snapshot();
  const auto cursor = snapshot->scan(table, {});
  std::size_t keys = 0;
  for (; cursor->valid(); cursor->next()) ++keys;
  return keys;
}

std::size_t shown_below(const rows::RowReader& rows, const Path& prefix) {
  std::size_t shown = 0;
  rows.scan(prefix, [&](const Path&, const crdt::Row& row) {
    shown += row.present() ? 1 : 0;
    return true;
  });
  return shown;
}

core::Number sum(Node& node, const Path& path) {
  return node.replica().reader()->row(path).tally.sum();
}

// Values and sums without the dots: the common view of two replicas that made the same writes with
// different numbers.
struct Values {
  std::map<Path, std::vector<std::string>> cells;
  std::map<Path, core::Number> tallies;
  bool operator==(const Values&) const = default;
};

Values values_in(const rows::RowReader& rows) {
  Values values;
  const Visible visible = test::visible_in(rows);
  values.tallies = visible.tallies;
  for (const auto& [path, siblings] : visible.cells) {
    for (const auto& each : siblings) values.cells[path].push_back(each.value);
    std::ranges::sort(values.cells[path]);
  }
  return values;
}

// An operation on one of three keys, chosen by the bits of `what`.
void act(Group& group, std::uint64_t what) {
  const std::string key = "k" + std::to_string(what / 100 % 3);
  const int i = static_cast<int>(what / 10'000 % 4);
  const bool in_set = what / 1'000'000 % 2 == 0;
  switch (what % 8) {
    case 0:
    case 1:
      group.put(in_set ? element(key, i) : string_row(key), std::to_string(what % 1000));
      break;
    case 2:
      group.remove(in_set ? element(key, i) : string_row(key));
      break;
    case 3:
    case 4:
      group.add(in_set ? counter(key, i) : string_row(key), static_cast<int>(what % 50));
      break;
    case 5:
      group.reset(in_set ? counter(key, i) : string_row(key));
      break;
    case 6:
      group.clear(in_set ? Path{"\1", key, "h"} : Path{"\1", key});
      break;
    default:
      group.clear(what % 3 == 0 ? Path{"\1"} : Path{"\1", key, "e"});
  }
}

}  // namespace

TEST_SUITE("regions: large clears") {
  TEST_CASE(
      "a large clear is over for readers at once, and an older snapshot goes on showing all") {
    Node eu = masking("eu", 7);
    put_all(eu, "set", 10);
    put_all(eu, "other", 3);
    const auto before = eu.replica().reader();
    clear(eu, Path{"\1", "set"});
    CHECK(eu.replica().background().upkeep().sweeping());
    CHECK(stored(eu, storage::Table::kRows) == 13);
    const auto after = eu.replica().reader();
    CHECK(shown_below(*after, Path{"\1", "set"}) == 0);
    CHECK(after->count(Path{"\1", "set", "e"}) == 0);
    CHECK(after->count(Path{"\1"}) == 1);
    CHECK(after->row(element("set", 3)).empty());
    CHECK(shown_below(*after, Path{"\1", "other"}) == 3);
    eu.sweep();
    CHECK(stored(eu, storage::Table::kRows) == 3);
    CHECK(stored(eu, storage::Table::kCounts) == 2);
    CHECK(eu.wrong_count() == "");
    CHECK(shown_below(*before, Path{"\1", "set"}) == 10);
    CHECK(before->count(Path{"\1", "set", "e"}) == 10);
    CHECK(before->count(Path{"\1"}) == 2);
  }

  TEST_CASE("the commit of a large clear changes few keys, however many rows it clears") {
    Node eu = masking("eu", 7);
    put_all(eu, "set", 200);
    const auto snapshot = eu.storage().snapshot();
    clear(eu, Path{"\1"});
    // A commit of one row of meta for the mask, one for the head, and the record.
    const auto record = eu.storage().read_log(eu.storage().last_position());
    REQUIRE(record.has_value());
    CHECK(record->bytes.size() < 200);
    CHECK(stored(eu, storage::Table::kRows) == 200);
    CHECK(eu.replica().reader()->count(Path{"\1"}) == 0);
    int slices = 0;
    for (; eu.replica().background().upkeep().sweeping(); ++slices) {
      const std::size_t rows = stored(eu, storage::Table::kRows);
      REQUIRE(eu.replica().background().sweep().ok());
      CHECK(rows - stored(eu, storage::Table::kRows) <= 3);
    }
    CHECK(slices >= 200 / 3);
    CHECK(stored(eu, storage::Table::kRows) == 0);
    CHECK(stored(eu, storage::Table::kCounts) == 0);
  }

  TEST_CASE("what is written after a large clear stays, before, behind and on the sweep's mark") {
    Node eu = masking("eu", 7);
    put_all(eu, "set", 9);
    clear(eu, Path{"\1"});
    REQUIRE(eu.replica().background().sweep().ok());
    for (const int i : {0, 4, 8}) {
      eu.write(kWall, [&](Group& group) { group.put(element("set", i), "new"); });
      CHECK(eu.wrong_count() == "");
    }
    CHECK(eu.replica().reader()->count(Path{"\1", "set", "e"}) == 3);
    eu.sweep();
    CHECK(eu.replica().reader()->count(Path{"\1", "set", "e"}) == 3);
    CHECK(eu.replica().reader()->count(Path{"\1"}) == 1);
    CHECK(shown_below(*eu.replica().reader(), Path{"\1"}) == 3);
  }

  TEST_CASE("a foreign large clear leaves what it had not seen, and the counts say so at once") {
    Node eu = masking("eu", 7);
    Node us = masking("us", 9);
    put_all(eu, "set", 8);
    deliver_all(eu, us);
    us.write(kWall, [](Group& group) {
      group.put(element("set", 5), "concurrent");
      group.put(string_row("set"), "beside");
      group.add(counter("map", 1), 1);
    });
    clear(eu, Path{"\1"});
    deliver_all(eu, us);
    CHECK(us.replica().background().upkeep().sweeping());
    const auto rows = us.replica().reader();
    CHECK(rows->count(Path{"\1", "set", "e"}) == 1);
    CHECK(rows->count(Path{"\1"}) == 2);
    CHECK(us.wrong_count() == "");
    us.sweep();
    CHECK(us.wrong_count() == "");
    deliver_all(us, eu);
    eu.sweep();
    CHECK(eu.visible() == us.visible());
    CHECK(eu.digest() == us.digest());
    CHECK(eu.wrong_count() == "");
  }

  TEST_CASE("while what a foreign large clear leaves is counted, writes go on and count as well") {
    Node eu = masking("eu", 7);
    Node us = masking("us", 9);
    put_all(eu, "set", 40);
    deliver_all(eu, us);
    us.write(kWall, [](Group& group) {
      for (const int i : {3, 17, 39}) group.put(element("set", i), "concurrent");
      group.add(counter("set", 1), 4);
    });
    clear(eu, Path{"\1", "set"});
    const auto last = eu.storage().read_log(eu.storage().last_position());
    us.replica().step(1, regions::Ack{0, 0, eu.vector(), {}}, 0);
    us.replica().step(1, regions::BatchMessage{0, last->bytes}, 0);
    int rounds = 0;
    for (; us.replica().apply(0).value(); ++rounds) {
      us.write(kWall, [&](Group& group) {
        group.put(element("set", 100 + rounds), "meanwhile");
        if (rounds == 2) group.remove(element("set", 17));
        if (rounds == 3) group.put(element("set", 5), "again");
        if (rounds == 4) group.clear(Path{"\1", "set", "h"});
      });
      CHECK(us.wrong_count() == "");
      CHECK_FALSE(us.vector().covers({7, 41}));
    }
    CHECK(rounds >= 8);
    CHECK(us.vector().covers({7, 41}));
    CHECK(us.wrong_count() == "");
    CHECK(us.replica().reader()->count(Path{"\1", "set", "e"}) ==
          static_cast<std::uint64_t>(rounds) + 3);
    CHECK(us.replica().reader()->count(Path{"\1"}) == 1);
    us.sweep();
    deliver_all(us, eu);
    eu.sweep();
    CHECK(eu.visible() == us.visible());
    CHECK(eu.wrong_count() == "");
  }

  TEST_CASE("counters of a large clear are gone here at once, elsewhere slice by slice for good") {
    Node eu = masking("eu", 7);
    Node us = masking("us", 9);
    add_all(eu, "map", 8, 2);
    deliver_all(eu, us);
    add_all(us, "map", 8, 3);
    deliver_all(us, eu);
    clear(eu, Path{"\1", "map"});
    CHECK(eu.shown().tallies.empty());
    CHECK(eu.replica().reader()->count(Path{"\1", "map", "h"}) == 0);
    CHECK(eu.visible().tallies.size() == 8);  // So the others have it still.
    std::size_t left = 8;
    for (bool more = true; more;) {
      const auto swept = eu.replica().background().sweep();
      REQUIRE(swept.ok());
      more = swept.value();
      deliver_all(eu, us);
      CHECK(us.visible() == eu.visible());
      const std::size_t now = us.shown().tallies.size();
      CHECK(now <= left);
      CHECK(left - now <= 3);
      left = now;
    }
    CHECK(left == 0);
    CHECK(us.replica().reader()->count(Path{"\1"}) == 0);
  }

  TEST_CASE(
      "an addition to a counter that waits to be listed counts from nothing, here and there") {
    for (const bool swept_first : {false, true}) {
      Node eu = masking("eu", 7);
      Node us = masking("us", 9);
      add_all(eu, "map", 5, 10);
      deliver_all(eu, us);
      add_all(us, "map", 5, 100);
      deliver_all(us, eu);
      clear(eu, Path{"\1", "map"});
      if (swept_first) eu.sweep();
      eu.write(kWall, [](Group& group) { group.add(counter("map", 2), 1); });
      CHECK(sum(eu, counter("map", 2)) == core::Number(1));
      // The other region has not heard of the clear and adds, too.
      add_all(us, "map", 5, 1000);
      deliver_all(us, eu);
      CHECK(sum(eu, counter("map", 2)) == core::Number(1001));
      CHECK(sum(eu, counter("map", 3)) == core::Number(1000));
      CHECK(eu.wrong_count() == "");
      eu.sweep();
      deliver_all(eu, us);
      us.sweep();
      CHECK(eu.visible() == us.visible());
      CHECK(sum(us, counter("map", 2)) == core::Number(1001));
      CHECK(sum(us, counter("map", 3)) == core::Number(1000));
      REQUIRE(eu.replica().background().collect().ok());
      REQUIRE(us.replica().background().collect().ok());
      CHECK(eu.digest() == us.digest());
    }
  }

  TEST_CASE("a large clear in a transaction that is undone has never been") {
    struct Undo {};
    Node eu = masking("eu", 7);
    put_all(eu, "set", 8);
    add_all(eu, "map", 4, 5);
    eu.write(kWall, [&](Group& group) {
      const Values before = values_in(group.stage());
      const auto part = [&](Group& inner) {
        inner.put(element("set", 3), "in vain");
        inner.clear(Path{"\1"});
        CHECK(values_in(inner.stage()) == Values{});
        CHECK(inner.stage().count(Path{"\1"}) == 0);
        inner.put(element("set", 2), "in vain");
        inner.add(counter("map", 1), 1);
        CHECK(inner.stage().count(Path{"\1"}) == 2);
        throw Undo{};
      };
      CHECK_THROWS_AS(test::write(eu.replica(), part), Undo);
      CHECK(values_in(group.stage()) == before);
      CHECK(group.stage().count(Path{"\1", "set", "e"}) == 8);
      CHECK(group.stage().count(Path{"\1"}) == 2);
      group.add(counter("map", 1), 1);
    });
    CHECK_FALSE(eu.replica().background().upkeep().sweeping());
    CHECK(sum(eu, counter("map", 1)) == core::Number(6));
    CHECK(eu.wrong_count() == "");
  }

  TEST_CASE(
      "a clear of what is cleared already, and of a part and the whole of it, changes nothing") {
    Node eu = masking("eu", 7);
    put_all(eu, "a", 6);
    put_all(eu, "b", 6);
    clear(eu, Path{"\1", "a"});
    clear(eu, Path{"\1", "a"});
    clear(eu, Path{"\1"});
    CHECK(eu.replica().reader()->count(Path{"\1"}) == 0);
    put_all(eu, "a", 2);
    clear(eu, Path{"\1", "b", "e"});
    clear(eu, element("b", 1));
    CHECK(eu.replica().reader()->count(Path{"\1"}) == 1);
    CHECK(eu.wrong_count() == "");
    eu.sweep();
    CHECK(stored(eu, storage::Table::kRows) == 2);
    CHECK(eu.wrong_count() == "");
  }

  TEST_CASE("a sweep that a crash ends at any commit goes on where it was") {
    for (std::uint64_t fail = 1; fail < 40; ++fail) {
      CAPTURE(fail);
      auto eu = std::make_unique<Node>(options("eu", 7, 2), nullptr, kWall);
      put_all(*eu, "set", 20);
      add_all(*eu, "map", 10, 4);
      clear(*eu, Path{"\1"});
      eu->storage().set_faults({.fail_commit = fail});
      bool failed = false;
      while (!failed && eu->replica().background().upkeep().sweeping())
        failed = !eu->replica().background().sweep().ok();
      if (!failed) break;
      const std::size_t rows = stored(*eu, storage::Table::kRows);
      CHECK(rows == 30 - std::min<std::size_t>(30, 3 * (fail - 1)));
      auto again = std::make_unique<Node>(options("eu", 8, 2), eu->storage().crash(), kWall);
      CHECK(stored(*again, storage::Table::kRows) == rows);
      CHECK(again->shown() == Visible{});
      CHECK(again->wrong_count() == "");
      again->sweep();
      CHECK(again->replica().state().digests().rows() == 0);  // Dead slots may stay.
      CHECK(stored(*again, storage::Table::kCounts) == 0);
      Node us = masking("us", 9);
      deliver_all(*again, us);
      us.sweep();
      CHECK(us.visible() == Visible{});
    }
  }

  TEST_CASE("keys that are too long to be stored in order are masked and swept like others") {
    Node eu = masking("eu", 7);
    const std::string name(460, 'k');
    put_all(eu, name, 12);
    put_all(eu, name + "x", 3);
    clear(eu, Path{"\1", name});
    CHECK(eu.replica().background().upkeep().sweeping());
    CHECK(eu.replica().reader()->count(Path{"\1", name, "e"}) == 0);
    CHECK(eu.replica().reader()->count(Path{"\1", name + "x", "e"}) == 3);
    CHECK(shown_below(*eu.replica().reader(), Path{"\1"}) == 3);
    eu.sweep();
    CHECK(stored(eu, storage::Table::kRows) == 3);
    CHECK(stored(eu, storage::Table::kCounts) == 2);
    CHECK(eu.wrong_count() == "");
  }

  TEST_CASE("a replica that masks shows at every step what one shows that clears directly") {
    const int runs = test::long_run() ? 1'000 : 40;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      Node masked(options("eu", 7, random.below(3)), nullptr, kWall);
      Node direct(options("eu", 7, 100'000), nullptr, kWall);
      Node foreign(options("us", 9, random.below(3)), nullptr, kWall);
      storage::Position sent = 0;
      for (int step = 0; step < 60; ++step) {
        const double dice = random.unit();
        if (dice < 0.5) {
          std::vector<std::uint64_t> ops(1 + random.below(3));
          for (std::uint64_t& op : ops) op = random.bits();
          for (Node* node : {&masked, &direct}) {
            node->write(kWall + step, [&](Group& group) {
              for (const std::uint64_t op : ops) act(group, op);
              CHECK(test::wrong_count_in(group.stage(), *node->storage().snapshot()) == "");
            });
          }
        } else if (dice < 0.7) {
          const std::uint64_t op = random.bits();
          foreign.write(kWall + step, [&](Group& group) { act(group, op); });
        } else if (dice < 0.85) {
          for (const auto& record : test::log_records(foreign.storage())) {
            if (record.position <= sent) continue;
            sent = record.position;
            masked.deliver(foreign, record.bytes);
            direct.deliver(foreign, record.bytes);
          }
        } else {
          REQUIRE(masked.replica().background().sweep().ok());
          REQUIRE(foreign.replica().background().sweep().ok());
        }
        REQUIRE(values_in(*masked.replica().reader()) == values_in(*direct.replica().reader()));
        REQUIRE(masked.wrong_count() == "");
        REQUIRE_FALSE(direct.replica().background().upkeep().sweeping());
      }
      masked.sweep();
      REQUIRE(values_in(*masked.replica().reader()) == values_in(*direct.replica().reader()));
      REQUIRE(stored(masked, storage::Table::kCounts) == stored(direct, storage::Table::kCounts));
    }
  }

  TEST_CASE("regions that clear the same places again and again end with the same values") {
    const int runs = test::long_run() ? 500 : 30;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      test::Random random(seed);
      const std::vector<std::string> names{"eu", "us", "ap"};
      std::vector<std::unique_ptr<Node>> nodes;
      for (const std::string& name : names) {
        nodes.push_back(std::make_unique<Node>(options(name, 7 + nodes.size(), random.below(4)),
                                               nullptr, kWall));
      }
      const auto pick = [&]() -> Node& { return *nodes[random.below(nodes.size())]; };
      for (int step = 0; step < 60; ++step) {
        const double dice = random.unit();
        Node& node = pick();
        Node& other = pick();
        if (dice < 0.25) {
          const std::uint64_t op = random.bits();
          node.write(kWall + step, [&](Group& group) { act(group, op); });
        } else if (dice < 0.45) {  // One place again and again, in one batch or in several.
          const Path place = random.chance(0.5) ? Path{"\1"} : Path{"\1", "k1"};
          const bool apart = random.chance(0.5);
          const auto again = [&](Group& group) {
            group.put(element("k1", static_cast<int>(random.below(4))), "again");
            group.clear(place);
          };
          const auto thrice = [&](Group& group) {
            for (int i = 0; i < 3; ++i) again(group);
          };
          apart ? node.write(kWall + step, again) : node.write(kWall + step, thrice);
        } else if (dice < 0.75 && &node != &other) {
          deliver_all(other, node);
        } else if (dice < 0.85) {
          REQUIRE(node.replica().background().sweep().ok());
        } else if (dice < 0.9 && &node != &other) {
          node.merge(other);
        }
        REQUIRE(node.wrong_count() == "");
      }
      for (int round = 0; round < 3; ++round) {
        for (const auto& to : nodes) {
          for (const auto& from : nodes) {
            if (from != to) deliver_all(*from, *to);
          }
          to->sweep();
        }
      }
      for (const auto& node : nodes) {
        CHECK(node->wrong_count() == "");
        CHECK(node->vector() == nodes.front()->vector());
        CHECK(node->visible() == nodes.front()->visible());
      }
    }
  }

  TEST_CASE("readers see a large clear whole or not at all, while it is made and swept") {
    Node eu = masking("eu", 7);
    std::atomic<bool> stop = false;
    std::atomic<int> torn = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) {
      readers.emplace_back([&] {
        while (!stop) {
          const auto rows = rows::SnapshotReader::newest(eu.storage(), eu.replica().names());
          const std::size_t shown = shown_below(rows, Path{"\1", "set"});
          if (shown % 5 != 0 || rows.count(Path{"\1", "set", "e"}) != shown) ++torn;
        }
      });
    }
    for (int round = 0; round < 60; ++round) {
      put_all(eu, "set", 5 * (1 + round % 3));
      clear(eu, Path{"\1", "set"});
      if (round % 2 == 0) eu.sweep();
    }
    stop = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(torn == 0);
  }

  TEST_CASE("a mask takes the place of those below it of which it hides all") {
    const rows::Masks below = rows::Masks()
                                  .with(Path{"\1", "a", "e"}, {{7, 5}}, true)
                                  .with(Path{"\1", "b"}, {{7, 6}}, false);
    CHECK(below.with(Path{"\1"}, {{7, 7}}, true).without_oldest().empty());
    CHECK_FALSE(below.with(Path{"\1"}, {{7, 7}}, true).without_oldest().any_tallies());
    // A foreign one hides no tallies, and one that had seen less not all values.
    CHECK(below.with(Path{"\1"}, {{7, 7}}, false).oldest().prefix == Path{"\1", "a", "e"});
    CHECK(below.with(Path{"\1"}, {{7, 5}}, false).since(0).size() == 3);
    CHECK(below.with(Path{"\1", "a"}, {{7, 7}}, true).since(0).size() == 2);
  }

  TEST_CASE("masks are read back as they were written, and not from anything else") {
    rows::Masks masks;
    masks = masks.with(Path{"\1", "a"}, {{7, 5}}, true);
    masks = masks.with(Path{"\1"}, {{7, 6}, {9, 2}}, false);
    masks = masks.with(Path{"\1", "a"}, {{7, 8}}, true);
    masks = masks.swept({true, "key"});
    CHECK(masks.last_id() == 3);
    CHECK(masks.oldest().prefix == Path{"\1"});
    const std::string bytes = rows::encode_masks(masks);
    const auto read = rows::decode_masks(bytes);
    REQUIRE(read.ok());
    CHECK(rows::encode_masks(read.value()) == bytes);
    CHECK(rows::version_of_masks(bytes) == masks.version());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(rows::decode_masks(bytes.substr(0, size)).ok());
    }
    const rows::Masks one = masks.without_oldest();
    CHECK(one.oldest().context == core::VersionVector{{7, 8}});
    CHECK(one.any_tallies());
    CHECK(one.without_oldest().empty());
    CHECK_FALSE(one.without_oldest().any_tallies());
  }
}

}  // namespace anabranch::large_clear_test
