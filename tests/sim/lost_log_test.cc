// A bit of the log of a leader changes while it is down: what it shows then is a prefix of what was
// acknowledged, and a write that is missing is told of until it is back.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"
#include "tests/sim/engine_disk.h"

namespace anabranch::lost_log_test {
namespace {

using core::Seq;
using test::EngineDisk;
using test::Node;
using test::Random;

constexpr core::Millis kWall = 1000;
constexpr core::Origin kEu = 1;
constexpr core::Origin kUs = 2;

regions::ReplicaOptions options(const std::string& region, core::Origin origin) {
  return {.mesh = {1, 1}, .region = region, .fresh_origin = origin, .nonce = origin};
}

core::Path row(Seq number) { return {"\1", "key" + std::to_string(number), "s"}; }

void put(Node& node, Seq number) {
  node.write(kWall, [&](regions::Group& group) { group.put(row(number), "value"); });
}

// A region that was killed after it had written keys one by one, between batches of another one.
struct Life {
  Random random;
  std::unique_ptr<EngineDisk> disk;
  std::unique_ptr<Node> peer = std::make_unique<Node>("us", kUs);
  Seq wrote = 0;

  Life(std::uint64_t seed, Seq keys, bool alone) : random(seed) {
    auto fresh = EngineDisk::make(random, false);
    EngineDisk* const used = fresh.get();
    Node node(std::move(fresh), options("eu", kEu), kWall);
    for (Seq number = 1; number <= keys; ++number) {
      put(node, number);
      used->work();
      if (alone || !random.chance(0.3)) continue;
      put(*peer, keys + number);
      node.deliver(*peer, test::log_records(peer->storage()).back().bytes);
    }
    wrote = node.vector().at(kEu);
    if (!alone) {
      for (Seq seq = 1; seq <= wrote; ++seq) {
        const auto record = node.disk().read_log(*node.disk().find(kEu, seq));
        peer->deliver(node, record->bytes);
      }
    }
    disk.reset(static_cast<EngineDisk*>(used->clone().release()));
  }
  [[nodiscard]] std::unique_ptr<EngineDisk> copy() const {
    return std::unique_ptr<EngineDisk>(static_cast<EngineDisk*>(disk->clone().release()));
  }
};

// Changes a bit somewhere in the files of a log; returns where.
std::string flip(EngineDisk& disk, Random& random) {
  const std::vector<std::string> names = disk.files().list().value();
  const std::string& name = names[random.below(names.size())];
  const std::size_t size = disk.files().content(name).size();
  const std::size_t at = random.below(size);
  const auto bit = static_cast<std::uint8_t>(1U << random.below(8));
  disk.files().flip(name, at, bit);
  return name + " of " + std::to_string(size) + " bytes, at " + std::to_string(at);
}

// Changes a bit of the newest record with these bytes.
void damage(EngineDisk& disk, const std::string& bytes) {
  const std::vector<std::string> names = disk.files().list().value();
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const std::size_t at = disk.files().content(*name).find(bytes);
    if (!name->starts_with("segment-") || at == std::string::npos) continue;
    return disk.files().flip(*name, at, 1);
  }
  FAIL("no segment has ", bytes);
}

// The first key that is not shown though one behind it is, or that a prefix must show; 0: none.
Seq wrong_key(Node& node, Seq last) {
  const auto reader = node.replica().reader();
  for (Seq number = 1; number <= last; ++number) {
    if (!reader->row(row(number)).present()) return number;
  }
  return 0;
}

struct Tally {
  int opened = 0;
  int lost = 0;
  int told = 0;
  int told_in_vain = 0;
};

// Opens the region on a copy with one bit changed.
void try_place(const Life& life, Random& random, Tally& tally) {
  auto disk = life.copy();
  const std::string where = flip(*disk, random);
  CAPTURE(where);
  Node node(std::move(disk), options("eu", 100 + kEu), kWall);
  ++tally.opened;
  const Seq left = node.vector().at(kEu);
  CHECK(left <= life.wrote);
  CHECK(wrong_key(node, left) == 0);
  // Nothing says that the last record of a log was on the disk.
  const bool lost = left + 1 < life.wrote;
  const bool told = !node.replica().lost().sentences().empty();
  CHECK((told || !lost));
  tally.lost += lost ? 1 : 0;
  tally.told += told ? 1 : 0;
  tally.told_in_vain += told && left == life.wrote ? 1 : 0;
}

TEST_SUITE_BEGIN("sim: lost log");

TEST_CASE("a bit changes in the log of a lone region: what is missing is told, always") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Random random(seed);
  Tally tally;
  for (int lives = 0; lives < 10; ++lives) {
    const Life life(random.bits(), 200, true);
    for (int places = 0; places < 200; ++places) try_place(life, random, tally);
  }
  CHECK(tally.lost > 100);
  MESSAGE(tally.opened, " openings, ", tally.lost, " lost writes, ", tally.told, " told, ",
          tally.told_in_vain, " of these in vain");
  CHECK(tally.told_in_vain * 100 <= tally.opened);
}

TEST_CASE("what a log has lost comes back from a peer, and then it is not told any more") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Random random(seed);
  int ended = 0;
  int stands = 0;
  for (int lives = 0; lives < 10; ++lives) {
    const Life life(random.bits(), 100, false);
    for (int places = 0; places < 20; ++places) {
      auto disk = life.copy();
      const std::string where = flip(*disk, random);
      CAPTURE(where);
      Node node(std::move(disk), options("eu", 100 + kEu), kWall);
      std::set<bool> known;
      for (const auto& [number, loss] : node.replica().lost().all()) known.insert(loss.ends_known);
      // What it lacks of its own origin has it begin another one first, where the log told nothing.
      for (int times = 0; times < 2; ++times) {
        for (const auto& record : test::log_records(life.peer->storage())) {
          if (record.last > node.vector().at(record.origin)) node.deliver(*life.peer, record.bytes);
        }
      }
      CHECK(node.vector().at(kEu) == life.wrote);
      CHECK(node.vector().at(kUs) == life.peer->vector().at(kUs));
      put(node, 10'000);
      const bool told = !node.replica().lost().sentences().empty();
      CHECK(told == known.contains(false));
      ended += known.contains(true) ? 1 : 0;
      stands += told ? 1 : 0;
    }
  }
  MESSAGE(ended, " losses have ended, ", stands, " stand");
  CHECK(ended > stands);
}

TEST_CASE("a loss stands across openings, and until an operator ends it") {
  const Life life(7, 50, true);
  auto disk = life.copy();
  damage(*disk, "key49");
  auto node = std::make_unique<Node>(std::move(disk), options("eu", 101), kWall);
  const std::vector<std::string> told = node->replica().lost().sentences();
  REQUIRE(told.size() == 1);
  CHECK(told.front().find("ops 49 to") != std::string::npos);
  auto& used = static_cast<EngineDisk&>(node->disk());
  const auto set_aside = [](EngineDisk& of) {
    const std::vector<std::string> names = of.files().list().value();
    return std::ranges::count_if(
        names, [](const std::string& each) { return each.starts_with("damaged-segment-"); });
  };
  CHECK(set_aside(used) > 0);
  node = std::make_unique<Node>(used.clone(), options("eu", 102), kWall);
  CHECK(node->replica().lost().sentences() == told);
  REQUIRE(node->replica().forget_losses().ok());
  CHECK(node->replica().lost().sentences().empty());
  CHECK(set_aside(static_cast<EngineDisk&>(node->disk())) == 0);
  node = std::make_unique<Node>(node->disk().clone(), options("eu", 103), kWall);
  CHECK(node->replica().lost().sentences().empty());
}

TEST_CASE("an opening that is killed at any call tells the same") {
  const Life life(11, 60, true);
  auto disk = life.copy();
  damage(*disk, "key55");
  Node whole(disk->clone(), options("eu", 101), kWall);
  const auto told = whole.replica().lost().sentences();
  REQUIRE(told.size() == 1);
  for (std::size_t calls = 0;; ++calls) {
    CAPTURE(calls);
    auto copy = std::unique_ptr<EngineDisk>(static_cast<EngineDisk*>(disk->clone().release()));
    copy->files().cut_after(calls, storage::test::Reads::kGoOn);
    const core::ManualClock clock(kWall);
    const bool opened = regions::Replica::open(*copy, clock, options("eu", 101)).ok();
    auto left = copy->crash();
    Node again(std::move(left), options("eu", 102), kWall);
    CHECK(again.replica().lost().sentences() == told);
    if (opened) break;
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::lost_log_test
