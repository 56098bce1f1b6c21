// What a log has lost is written again from the files that an opening has set aside: as much as
// they prove, once, and nothing over what came later.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/hash.h"
#include "leader/salvage/salvage.h"
#include "regions/members/region_list.h"
#include "rows/resolvers.h"
#include "storage/wal/wal_record.h"
#include "tests/node.h"
#include "tests/seed.h"
#include "tests/sim/engine_disk.h"

namespace anabranch::salvage_test {
namespace {

using leader::Salvage;
using regions::Group;
using test::EngineDisk;
using test::Node;
using test::Random;

constexpr core::Millis kWall = 1000;
constexpr std::string_view kMark = "the place where a bit is changed";

regions::ReplicaOptions options(core::Origin origin) {
  return {
      .mesh = {1, 1}, .region = "eu", .fresh_origin = origin, .nonce = origin, .announce = true};
}

core::Path row(const std::string& key, const std::string& field = "s") {
  return {"\1", key, field};
}

EngineDisk& disk_of(Node& node) { return static_cast<EngineDisk&>(node.disk()); }

std::unique_ptr<EngineDisk> copy_of(const EngineDisk& disk) {
  return std::unique_ptr<EngineDisk>(static_cast<EngineDisk*>(disk.clone().release()));
}

// What readers see of the keys of applications, whoever has written it.
using Content = std::map<core::Path, std::pair<std::vector<std::string>, std::string>>;
Content content(Node& node) {
  Content all;
  const auto reader = node.replica().reader();
  reader->scan(core::PathRange{}, [&](const core::Path& path, const crdt::Row& each) {
    if (path.encoded().starts_with('\0') || !each.present()) return true;
    auto& [values, sum] = all[path];
    for (const crdt::Sibling& sibling : each.cell.siblings) values.push_back(sibling.value);
    std::ranges::sort(values);
    if (each.tally.live()) sum = std::to_string(each.tally.sum().as_real());
    return true;
  });
  all.erase(row("mark"));
  return all;
}

// The log's only copy of the bytes, of the segments that are in use.
bool damage(EngineDisk& disk, std::string_view bytes, std::size_t back = 0) {
  const std::vector<std::string> names = disk.files().list().value();
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const std::size_t at = disk.files().content(*name).find(bytes);
    if (!name->starts_with("segment-") || at == std::string::npos) continue;
    disk.files().flip(*name, at - back, 1);
    return true;
  }
  return false;
}

using Writes = std::function<void(Node&)>;
void write(Node& node, const std::function<void(Group&)>& function) {
  node.write(kWall, [&](Group& group) { function(group); });
}
void put(Node& node, const std::string& key, const std::string& value) {
  write(node, [&](Group& group) { group.put(row(key), value); });
}

// A leader that wrote, and whose log was damaged at a place between.
struct Loss {
  Random random;
  std::unique_ptr<EngineDisk> disk;
  Content before;  // All that it had acknowledged.

  Loss(std::uint64_t seed, const Writes& kept, const Writes& lost) : random(seed) {
    auto fresh = EngineDisk::make(random, false);
    Node node(std::move(fresh), options(1), kWall);
    kept(node);
    put(node, "mark", std::string(kMark));
    lost(node);
    before = content(node);
    disk = copy_of(disk_of(node));
  }
  // Returns whether the damage loses anything, and the tables can have no part of that.
  bool damage() {
    if (!salvage_test::damage(*disk, kMark)) return false;
    Node node(copy_of(*disk), options(101), kWall);
    const auto& all = node.replica().lost().all();
    if (all.size() != 1) return false;
    const auto& loss = all.begin()->second;
    return !loss.found.half_flushed && !loss.ends.empty();
  }
};

// The first loss that damage really causes.
std::unique_ptr<Loss> lose(const Writes& kept, const Writes& lost, std::uint64_t from = 1) {
  for (std::uint64_t seed = from;; ++seed) {
    auto loss = std::make_unique<Loss>(seed, kept, lost);
    if (loss->damage()) return loss;
    REQUIRE(seed < from + 100);
  }
}

struct Run {
  rows::Resolvers resolvers{{}};
  Salvage salvage;
  std::string text;
  explicit Run(Node& node, leader::SalvageLimits limits = {.ops = 3, .records = 4})
      : salvage({node.replica(), disk_of(node).files(), resolvers}, limits) {}
  // Returns whether all slices went well.
  bool to_end() {
    for (int slices = 0; slices < 100'000; ++slices) {
      const auto more = salvage.slice();
      if (more.ok() && more.value()) continue;
      if (!more.ok() && more.failure().passes) continue;  // The disk of a test refuses at times.
      text = more.ok() ? salvage.report().text : more.failure().message;
      return more.ok() && salvage.report().state == Salvage::State::kDone;
    }
    return false;
  }
};

// A write of a random kind.
void write_any(Node& node, Random& random) {
  const std::string key = "key" + std::to_string(random.below(6));
  write(node, [&](Group& group) {
    for (auto ops = random.below(3) + 1; ops > 0; --ops) {
      const core::Path path =
          random.chance(0.7) ? row(key) : core::Path{"\1", key, "h", "field", "s"};
      switch (random.below(7)) {
        case 0:
        case 1:
          group.put(path, "value" + std::to_string(random.below(1000)));
          break;
        case 2:
          group.remove(path);
          break;
        case 3:
        case 4:
          group.add(path, random.between(1, 9));
          break;
        case 5:
          if (random.chance(0.5)) group.reset(path);
          break;
        default:
          group.clear(random.chance(0.2) ? core::Path{"\1"} : core::Path{"\1", key});
      }
    }
  });
}

Writes any_writes(int count, std::uint64_t seed) {
  return [=](Node& node) {
    Random random(seed);
    for (int i = 0; i < count; ++i) write_any(node, random);
  };
}

}  // namespace

TEST_SUITE("sim: salvage") {
  TEST_CASE("all that a lone leader has lost is written again, and the loss has ended") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    for (std::uint64_t round = 0; round < 20; ++round) {
      CAPTURE(round);
      const std::uint64_t from = seed + 1000 * round;
      const auto loss = lose(any_writes(20, from), any_writes(60, from + 1), from);
      Node node(copy_of(*loss->disk), options(101), kWall);
      Run run(node);
      REQUIRE(run.salvage.start(false).ok());
      const bool ended = run.to_end();
      CAPTURE(run.text);
      REQUIRE(ended);
      CHECK(run.salvage.report().left.empty());
      CHECK(run.salvage.report().unread == 1);  // The damaged record's.
      CHECK(content(node) == loss->before);
      CHECK(node.replica().lost().all().empty());
      CHECK(node.wrong_count().empty());
      CHECK(node.wrong_digest().empty());
      // A second one finds nothing.
      Run again(node);
      CHECK_FALSE(again.salvage.start(false).ok());
    }
  }

  TEST_CASE("what the tables may have in part is not written again") {
    int tried = 0;
    for (std::uint64_t seed = 1; tried == 0 && seed < 1'000; ++seed) {
      CAPTURE(seed);
      const Loss loss(seed, any_writes(20, seed), any_writes(60, seed + 1));
      if (!salvage_test::damage(*loss.disk, kMark)) continue;
      Node node(copy_of(*loss.disk), options(101), kWall);
      const auto& all = node.replica().lost().all();
      if (all.empty() || !all.begin()->second.found.half_flushed) continue;
      ++tried;
      Run run(node);
      const auto begun = run.salvage.start(true);
      REQUIRE_FALSE(begun.ok());
      CHECK(begun.failure().message.find("would count twice") != std::string::npos);
      CHECK_FALSE(run.salvage.take("\1\1key1", true).ok());
    }
    CHECK(tried == 1);
  }

  TEST_CASE("killed at each call, and begun anew, nothing counts twice") {
    const auto loss = lose(any_writes(10, 5), any_writes(30, 6));
    int ended = 0;
    for (std::size_t calls = 0; ended == 0; ++calls) {
      CAPTURE(calls);
      Node node(copy_of(*loss->disk), options(101), kWall);
      disk_of(node).files().cut_after(calls, storage::test::Reads::kGoOn);
      Run run(node);
      REQUIRE(run.salvage.start(false).ok());
      if (run.to_end() && node.replica().lost().all().empty()) ++ended;
      Node next(disk_of(node).crash(), options(102), kWall);
      CAPTURE(run.text);
      if (next.replica().lost().all().empty()) {
        CHECK(content(next) == loss->before);
        continue;
      }
      Run rest(next);
      REQUIRE(rest.salvage.start(false).ok());
      REQUIRE(rest.to_end());
      CHECK(content(next) == loss->before);
      CHECK(next.replica().lost().all().empty());
    }
  }

  TEST_CASE("two runs at once write each op once") {
    const auto loss = lose(any_writes(10, 15), any_writes(40, 16));
    Node node(copy_of(*loss->disk), options(101), kWall);
    Run one(node);
    Run two(node, {.ops = 2, .records = 1});
    REQUIRE(one.salvage.start(false).ok());
    REQUIRE(two.salvage.start(false).ok());
    for (int i = 0; i < 100'000 && (one.salvage.runs() || two.salvage.runs()); ++i) {
      REQUIRE((one.salvage.slice().ok() && two.salvage.slice().ok()));
    }
    CHECK(content(node) == loss->before);
    CHECK(node.replica().lost().all().empty());
  }

  TEST_CASE("what was written again and is lost once more counts once") {
    int twice = 0;
    for (std::uint64_t round = 0; round < 30; ++round) {
      CAPTURE(round);
      const auto loss = lose(any_writes(10, 100 + round), any_writes(30, 200 + round), 1 + round);
      Node node(copy_of(*loss->disk), options(101), kWall);
      put(node, "second", "the second place");
      Run run(node);
      REQUIRE(run.salvage.start(false).ok());
      // At times it is lost while it is written.
      for (std::uint64_t slices = 0; slices < 20 + 10 * round; ++slices) (void)run.salvage.slice();
      put(node, "other", "written since");
      put(node, "last", "written since");
      auto disk = copy_of(disk_of(node));
      if (!damage(*disk, "the second place")) continue;
      Node next(std::move(disk), options(102), kWall);
      const auto& all = next.replica().lost().all();
      const bool amid_flush =
          std::ranges::any_of(all, [](const auto& each) { return each.second.found.half_flushed; });
      if (all.empty() || amid_flush) continue;
      twice += next.replica().lost().all().size() > 1 ? 1 : 0;
      Run rest(next);
      REQUIRE(rest.salvage.start(false).ok());
      REQUIRE(rest.to_end());
      Content now = content(next);
      const auto report = rest.salvage.report();
      CAPTURE(report.ops);
      CAPTURE(report.left_ops);
      CAPTURE(report.text);
      CAPTURE(report.unproven);
      for (const char* key : {"second", "other", "last"}) now.erase(row(key));
      CHECK(now == loss->before);
      // A lost clear of all keys leaves one alone that came later.
      for (const std::string& key : report.left) {
        CHECK(core::Path::trusted(key).components()[1] == "second");
      }
      CHECK(next.replica().lost().all().empty() == report.left.empty());
    }
    CHECK(twice > 0);
  }

  TEST_CASE("keys that have changed since the loss are left alone and told") {
    const Writes kept = [](Node& node) {
      for (const char* key : {"a", "b", "removed", "cleared"}) put(node, key, "kept");
      write(node, [](Group& group) { group.add(row("sum"), 1); });
    };
    const Writes lost = [](Node& node) {
      for (const char* key : {"a", "b", "removed", "cleared", "c"}) put(node, key, "lost");
      write(node, [](Group& group) { group.add(row("sum"), 5); });
      write(node, [](Group& group) { group.add(row("other"), 7); });
      put(node, "last", "lost");
    };
    const auto loss = lose(kept, lost);
    Node node(copy_of(*loss->disk), options(101), kWall);
    put(node, "a", "newer");
    write(node, [](Group& group) {
      group.remove(row("removed"));
      group.clear(core::Path{"\1", "cleared"});
      group.add(row("sum"), 100);
    });
    Run run(node);
    REQUIRE(run.salvage.start(false).ok());
    REQUIRE(run.to_end());
    const Content now = content(node);
    CHECK(now.at(row("a")).first == std::vector<std::string>{"newer"});
    CHECK(now.at(row("b")).first == std::vector<std::string>{"lost"});
    CHECK(now.at(row("c")).first == std::vector<std::string>{"lost"});
    CHECK_FALSE(now.contains(row("removed")));
    CHECK_FALSE(now.contains(row("cleared")));
    CHECK(now.at(row("sum")).second == std::to_string(101.0));
    CHECK(now.at(row("other")).second == std::to_string(7.0));
    CHECK(run.salvage.report().left.size() == 4);
    CHECK(run.salvage.report().left_ops == 4);
    // It stands, and a further run changes nothing.
    CHECK(node.replica().lost().all().size() == 1);
    Run again(node);
    REQUIRE(again.salvage.start(false).ok());
    REQUIRE(again.to_end());
    CHECK(content(node) == now);
    // Each is taken once, beside what came later; then all is written again.
    const auto take = [&](const std::string& key) {
      return again.salvage.take(std::string(core::Path{"\1", key}.encoded()), false).ok() &&
             again.to_end();
    };
    CHECK_FALSE(take("b"));
    for (const char* key : {"a", "sum", "removed", "cleared"}) {
      CAPTURE(key);
      CHECK(take(key));
      CHECK_FALSE(take(key));
    }
    const Content taken = content(node);
    CHECK(taken.at(row("a")).first == std::vector<std::string>{"lost", "newer"});
    CHECK(taken.at(row("removed")).first == std::vector<std::string>{"lost"});
    CHECK(taken.at(row("cleared")).first == std::vector<std::string>{"lost"});
    CHECK(taken.at(row("sum")).second == std::to_string(106.0));
    CHECK(node.replica().lost().all().empty());
  }

  TEST_CASE("a key that is taken all the same loses what its lost ops had removed, and no more") {
    const Writes kept = [](Node& node) {
      write(node, [](Group& group) { group.add(row("sum"), 3); });
      put(node, "value", "kept");
    };
    const Writes lost = [](Node& node) {
      write(node, [](Group& group) { group.add(row("sum"), 5); });
      write(node, [](Group& group) { group.clear(core::Path{"\1", "sum"}); });
      write(node, [](Group& group) { group.add(row("sum"), 7); });
      put(node, "value", "lost");
      write(node, [](Group& group) { group.remove(row("value")); });
      put(node, "last", "lost");
    };
    const auto loss = lose(kept, lost);
    Node node(copy_of(*loss->disk), options(101), kWall);
    write(node, [](Group& group) { group.add(row("sum"), 100); });
    write(node, [](Group& group) { group.put(row("value"), "newer", core::VersionVector()); });
    Run run(node);
    REQUIRE(run.salvage.start(false).ok());
    REQUIRE(run.to_end());
    for (const char* key : {"sum", "value"}) {
      REQUIRE(run.salvage.take(std::string(core::Path{"\1", key}.encoded()), false).ok());
      REQUIRE(run.to_end());
    }
    const Content now = content(node);
    CHECK(now.at(row("sum")).second == std::to_string(107.0));
    CHECK(now.at(row("value")).first == std::vector<std::string>{"newer"});
    CHECK(node.replica().lost().all().empty());
  }

  TEST_CASE("while others may have the same writes it is refused, with their names") {
    const Writes kept = [](Node& node) {
      write(node, [](Group& group) {
        group.put(regions::RegionList::origin_row("us", 2), regions::RegionList::origin_value(0));
      });
    };
    const auto loss = lose(kept, [](Node& node) {
      for (int i = 0; i < 5; ++i) put(node, "k" + std::to_string(i), "lost");
    });
    Node node(copy_of(*loss->disk), options(101), kWall);
    REQUIRE(node.replica().announce().ok());
    Run run(node);
    const auto refused = run.salvage.start(true);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().message.find("region us") != std::string::npos);
    CHECK(content(node) != loss->before);
    // Once it is declared lost nothing comes from there.
    REQUIRE(node.replica().retire("us", regions::Retirement::kLost).ok());
    REQUIRE(node.replica().commit().ok());
    for (core::Millis now = 1'000; now < 60'000 && !run.salvage.start(false).ok(); now += 500) {
      node.replica().durable(node.disk().last_position(), now);
      node.replica().tick(now);
    }
    REQUIRE(run.to_end());
    CHECK(content(node) == loss->before);
  }

  TEST_CASE("a follower that was ever seen is waited for, unless an operator goes past it") {
    const Writes kept = [](Node& node) {
      node.replica().link_up(7, "", 0);
      regions::Greeting greeting;
      greeting.mesh = {1, 1};
      greeting.region = "eu";
      greeting.origin = greeting.nonce = 77;
      greeting.follows = true;
      node.replica().step(7, greeting, 0);
      node.replica().tick(2'000);
      node.replica().effects().clear();
      put(node, "stores", "the note of it");
    };
    const auto loss = lose(kept, [](Node& node) {
      for (int i = 0; i < 5; ++i) put(node, "k" + std::to_string(i), "lost");
    });
    Node node(copy_of(*loss->disk), options(101), kWall);
    Run run(node);
    const auto refused = run.salvage.start(false);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().message.find("follower 000000000000004d") != std::string::npos);
    REQUIRE(run.salvage.start(true).ok());
    REQUIRE(run.to_end());
    CHECK(content(node) == loss->before);
  }

  TEST_CASE("a loss with two segments and a second place of damage gives all that is proven") {
    const Writes lost = [](Node& node) {
      for (int i = 0; i < 400; ++i)
        put(node, "k" + std::to_string(1000 + i), std::string(200, 'v'));
    };
    const auto loss = lose([](Node&) {}, lost);
    REQUIRE(damage(*loss->disk, "k1200"));
    Node node(copy_of(*loss->disk), options(101), kWall);
    REQUIRE(node.replica().lost().all().at(1).found.files.size() > 1);
    Run run(node);
    REQUIRE(run.salvage.start(false).ok());
    REQUIRE(run.to_end());
    const auto report = run.salvage.report();
    CAPTURE(report.ops);
    CAPTURE(report.left_ops);
    CAPTURE(report.unproven);
    CAPTURE(node.replica().lost().sentences().front());
    Content rest = loss->before;
    const Content now = content(node);
    std::erase_if(rest, [&](const auto& each) { return now.contains(each.first); });
    CHECK(rest.size() == 1);
    CHECK(rest.contains(row("k1200")));
  }
}

}  // namespace anabranch::salvage_test
