// A bit of the log of a leader changes while it is down: what it shows then is a prefix of what was
// acknowledged, and a write that is missing is told of until it is back.

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
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

// The segments that openings have set aside.
std::ptrdiff_t set_aside(const storage::test::RecordedFiles& files) {
  const std::vector<std::string> names = files.list().value();
  return std::ranges::count_if(
      names, [](const std::string& each) { return each.starts_with("damaged-segment-"); });
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
  CHECK(ended > 0);
}

TEST_CASE("of a damaged record with many batches those that are whole are known") {
  Random random(7);
  Node us("us", kUs);
  for (Seq number = 1; number <= 5; ++number) put(us, number);
  const std::vector<storage::StoredRecord> written = test::log_records(us.storage());
  REQUIRE(written.size() == 5);
  const auto record = [&](std::size_t i) {
    return storage::LogRecord{kUs, written[i].first, written[i].last, written[i].bytes};
  };
  const auto disk = EngineDisk::make(random, false);
  REQUIRE(disk->open().ok());
  const std::vector<storage::LogRecord> many{record(0), record(1), record(2)};
  const std::vector<storage::LogRecord> one{record(3)};
  const std::vector<storage::LogRecord> last{record(4)};
  for (const auto* const records : {&many, &one, &last}) {
    storage::Changes changes;
    changes.put(storage::Table::kMeta, "m", "v");
    REQUIRE(disk->commit(*records, changes).ok());
  }
  std::unique_ptr<EngineDisk> left(static_cast<EngineDisk*>(disk->clone().release()));
  damage(*left, written[1].bytes);
  REQUIRE(left->open().ok());
  const std::vector<storage::LogLoss> losses = left->losses();
  REQUIRE(losses.size() == 1);
  CHECK(losses.front().unknown == 1);
  REQUIRE(losses.front().found.size() == 1);
  const storage::LogLoss::Found& found = losses.front().found.front();
  CHECK(found.first == written[0].first);
  CHECK(found.last >= written[3].last);
  CHECK(found.gaps == 1);
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
  CHECK(set_aside(used.files()) > 0);
  node = std::make_unique<Node>(used.clone(), options("eu", 102), kWall);
  CHECK(node->replica().lost().sentences() == told);
  REQUIRE(node->replica().forget_losses().ok());
  CHECK(node->replica().lost().sentences().empty());
  CHECK(set_aside(static_cast<EngineDisk&>(node->disk()).files()) == 0);
  node = std::make_unique<Node>(node->disk().clone(), options("eu", 103), kWall);
  CHECK(node->replica().lost().sentences().empty());
}

TEST_CASE("a loss is not forgotten by what an opening commits before it has taken it over") {
  const Life life(7, 50, true);
  auto ranked = life.copy();
  {
    Node node(std::move(ranked), options("eu", 101), kWall);
    const core::Path set{"\1", "set", "z"};
    for (int i = 0; i < 5; ++i) {
      node.write(kWall, [&](regions::Group& group) {
        group.put(set.child(std::to_string(i)), std::to_string(i));
      });
      put(node, 50 + static_cast<Seq>(i));
    }
    ranked.reset(static_cast<EngineDisk*>(node.disk().clone().release()));
  }
  damage(*ranked, "key53");
  // Another rule makes all orders of scores anew, before the leader says who it is.
  const rows::Resolvers least{{{"s", Resolver::min()}}};
  auto other = options("eu", 102);
  other.resolvers = &least;
  Node node(std::move(ranked), other, kWall);
  REQUIRE(node.replica().lost().sentences().size() == 1);
  CHECK(node.origin() == 102);
  Node again(node.disk().clone(), other, kWall);
  CHECK(again.replica().lost().sentences() == node.replica().lost().sentences());
}

TEST_CASE("forgetting a loss may be refused, and goes on where it was") {
  const Life life(7, 50, true);
  auto disk = life.copy();
  damage(*disk, "key49");
  Node node(std::move(disk), options("eu", 101), kWall);
  auto& files = static_cast<EngineDisk&>(node.disk()).files();
  const std::vector<std::string> told = node.replica().lost().sentences();
  REQUIRE(told.size() == 1);
  files.fail_all(storage::test::DiskCall::kCheck, EMFILE);
  const auto refused = node.replica().forget_losses();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.failure().passes);
  CHECK(node.replica().lost().sentences() == told);
  files.fail_all(storage::test::DiskCall::kRemove, EACCES);
  CHECK_FALSE(node.replica().forget_losses().ok());
  CHECK(node.replica().lost().sentences().empty());  // That was committed.
  CHECK(set_aside(files) > 0);
  files.no_failure();
  REQUIRE(node.replica().forget_losses().ok());
  CHECK(set_aside(files) == 0);
  put(node, 60);
  CHECK_FALSE(node.replica().broken().has_value());
}

// Opens a disk and loses its power after so many calls; returns whether the opening had ended.
bool open_and_cut(std::unique_ptr<EngineDisk>& disk, std::size_t calls) {
  disk->files().cut_after(calls, storage::test::Reads::kGoOn);
  const core::ManualClock clock(kWall);
  const bool opened = regions::Replica::open(*disk, clock, options("eu", 101)).ok();
  disk.reset(static_cast<EngineDisk*>(disk->crash().release()));
  return opened;
}

TEST_CASE("an opening that loses its power at any call leaves the same list, also when twice") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Random random(seed);
  for (int damages = 0; damages < 5; ++damages) {
    const Life life(random.bits(), 60, random.chance(0.5));
    auto disk = life.copy();
    if (damages == 0) damage(*disk, "key55");
    const std::string where = damages == 0 ? "key55" : flip(*disk, random);
    CAPTURE(where);
    Node whole(disk->clone(), options("eu", 101), kWall);
    const auto told = whole.replica().lost().sentences();
    const Seq left = whole.vector().at(kEu);
    for (std::size_t calls = 0;; ++calls) {
      CAPTURE(calls);
      std::unique_ptr<EngineDisk> copy(static_cast<EngineDisk*>(disk->clone().release()));
      const bool opened = open_and_cut(copy, calls);
      (void)open_and_cut(copy, random.below(calls + 10));
      Node again(std::move(copy), options("eu", 102), kWall);
      CHECK(again.replica().lost().sentences() == told);
      CHECK(again.vector().at(kEu) == left);
      if (opened) break;
    }
  }
}

TEST_CASE("an opening of which a call fails leaves the same list") {
  using storage::test::DiskCall;
  const Life life(11, 60, true);
  auto disk = life.copy();
  damage(*disk, "key55");
  Node whole(disk->clone(), options("eu", 101), kWall);
  const auto told = whole.replica().lost().sentences();
  REQUIRE(told.size() == 1);
  for (const DiskCall call : {DiskCall::kWrite, DiskCall::kSync, DiskCall::kTruncate,
                              DiskCall::kCreate, DiskCall::kRename, DiskCall::kRemove,
                              DiskCall::kSyncFolder, DiskCall::kOpen, DiskCall::kSize}) {
    CAPTURE(static_cast<int>(call));
    for (std::size_t n = 1;; ++n) {
      CAPTURE(n);
      std::unique_ptr<EngineDisk> copy(static_cast<EngineDisk*>(disk->clone().release()));
      copy->files().fail(call, n, n % 2 == 0 ? EIO : ENOSPC);
      const core::ManualClock clock(kWall);
      (void)regions::Replica::open(*copy, clock, options("eu", 101));
      const bool failed = copy->files().failed();
      copy->files().no_failure();
      Node again(copy->clone(), options("eu", 102), kWall);
      CHECK(again.replica().lost().sentences() == told);
      CHECK(again.vector().at(kEu) == whole.vector().at(kEu));
      if (!failed) break;
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::lost_log_test
