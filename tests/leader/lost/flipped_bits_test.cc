// A bit of the log of a region changes on its disk while its process is gone. What it shows then is
// a prefix of what was acknowledged; where a write is missing it says so, and it says so in vain
// only now and then. What a peer has comes back.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <anabranch/anabranch.h>

#include "leader/salvage/lost_batches.h"
#include "regions/verify/directory_check.h"
#include "storage/engine/open_storage.h"
#include "storage/wal/loss_note.h"
#include "tests/leader/lost/kept_directory.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"
#include "tests/temp_dir.h"

namespace anabranch::flipped_bits_test {

using test::eventually;
using test::KeptDirectory;
using test::LogPart;
using test::TempDir;

namespace {

namespace fs = std::filesystem;

constexpr int kKeys = 1000;
// Larger than the first segment of an opening, when each of the keys has one.
constexpr std::size_t kLarge = 1500;

Options options_of(const TempDir& folder, const std::string& region) {
  Options options = test::listening(folder, region);
  options.control = false;
  options.scrub_ms = 0;
  return options;
}

std::string key(int number) { return "key" + std::to_string(number); }

void put(Store& store, int from, int to, std::size_t bytes) {
  for (int n = from; n <= to; ++n) Register<>{store, key(n)}.put(std::string(bytes, 'v'));
}

// The number of keys that a store shows: of all up to that one.
int shown_keys(Store& store) {
  int count = 0;
  int last = 0;
  store.scan(Key::all(0), [&](const Entry& entry) {
    if (!entry.path[0].starts_with("key")) return true;
    ++count;
    last = std::max(last, std::stoi(entry.path[0].substr(3)));
    return true;
  });
  CHECK(count == last);
  return count;
}

// The directory of a region that was killed after it had written its keys one by one.
struct Life {
  TempDir folder{test::memory_folder()};
  std::vector<KeptDirectory> kept;  // Its own, and that of its peer.
  std::vector<LogPart> parts;
};

using Lives = void (*)(Life&);

void keep(Life& life, const std::string& region) {
  life.kept.emplace_back(life.folder.path() / region);
}

void one_segment(Life& life) {
  Store eu = Store::open(options_of(life.folder, "eu"));
  put(eu, 1, kKeys, 10);
  keep(life, "eu");
}

void two_segments(Life& life) {
  Store eu = Store::open(options_of(life.folder, "eu"));
  put(eu, 1, kKeys, kLarge);
  keep(life, "eu");
}

// A stop has flushed, and the next opening begins another segment.
void behind_a_flush(Life& life) {
  {
    Store eu = Store::open(options_of(life.folder, "eu"));
    put(eu, 1, kKeys / 2, 10);
  }
  Store eu = Store::open(options_of(life.folder, "eu"));
  put(eu, kKeys / 2 + 1, kKeys, 10);
  keep(life, "eu");
}

// Its peer writes in between, and has all in the end.
void with_a_peer(Life& life) {
  Store eu = Store::open(options_of(life.folder, "eu"));
  Options options = options_of(life.folder, "us");
  options.peers = {eu.status().endpoint};
  Store us = Store::open(options);
  REQUIRE(eventually([&] { return test::knows(eu, "us"); }));
  for (int n = 1; n <= kKeys; ++n) {
    put(eu, n, n, 10);
    if (n % 10 == 0) Counter{us, "us"}.add(1);
  }
  REQUIRE(eventually([&] { return test::shown(eu) == test::shown(us); }));
  keep(life, "eu");
  keep(life, "us");
}

std::unique_ptr<Life> live(Lives lives) {
  auto life = std::make_unique<Life>();
  lives(*life);
  life->kept.front().put_back();
  life->parts = test::parts_of_log(life->kept.front().path());
  return life;
}

struct Tally {
  int places = 0;
  int missed = 0;   // Writes were missing.
  int refused = 0;  // The opening, since the log ends before the tables.
  std::map<LogPart::Kind, int> kinds;
  std::vector<std::string> in_vain;  // Told, and nothing was missing.
};

// Changes a bit of the log of a life: at each second place in a part of a kind, one kind after the
// other, so that each has its turn, and else in any part.
class Flip {
 public:
  Flip(const Life& life, std::mt19937_64& random, int place) {
    for (const KeptDirectory& each : life.kept) each.put_back();
    const auto kind = life.parts[random() % life.parts.size()].kind;
    constexpr std::array kKinds{LogPart::Kind::kSegmentHeader, LogPart::Kind::kRecordHeader,
                                LogPart::Kind::kBody, LogPart::Kind::kFooter, LogPart::Kind::kRoom};
    const auto turn = static_cast<std::size_t>(place / 2) % kKinds.size();
    const LogPart::Kind wanted = place % 2 == 0 ? kKinds.at(turn) : kind;
    std::vector<LogPart> parts;
    std::ranges::copy_if(life.parts, std::back_inserter(parts),
                         [&](const LogPart& part) { return part.kind == wanted; });
    part_ = parts.empty() ? life.parts.front() : parts[random() % parts.size()];
    const std::uint64_t offset = part_.offset + random() % part_.size;
    const auto bits = static_cast<std::uint8_t>(1U << random() % 8);
    test::flip(life.kept.front().path() / "wal" / part_.file, offset, bits);
    where_ = to_string(part_.kind) + ", " + part_.file + " at " + std::to_string(offset) +
             (part_.last ? ", at the end" : "");
  }
  [[nodiscard]] const LogPart& part() const { return part_; }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  LogPart part_;
  std::string where_;
};

// Opens the directory of a region; where that is refused, as one whose log has lost something.
Store open(Options options, bool& refused) {
  try {
    return Store::open(options);
  } catch (const Error& error) {
    const std::string said = error.what();
    const std::string flag = "--accept-lost-log=";
    const std::size_t at = said.find(flag);
    CAPTURE(said);
    REQUIRE(at != std::string::npos);
    refused = true;
    options.accept_lost_log = said.substr(at + flag.size(), 16);
    return Store::open(options);
  }
}

bool check_finds_it(const fs::path& data) {
  return regions::check_directory(data.string(), [](auto&&...) {}).value_or_raise().wrong > 0;
}

// Adds the keys that a record writes, by their numbers.
void add_keys(const leader::LostBatches::Record& record, std::set<int>& keys) {
  for (const core::Batch& batch : record.batches) {
    for (const core::Transaction& txn : batch.transactions) {
      for (const core::Op& op : txn.ops) {
        const auto* const put = std::get_if<core::Put>(&op);
        const core::Components parts = put == nullptr ? core::Components() : put->path.components();
        if (parts.size() < 2 || !parts[1].starts_with("key")) continue;
        keys.insert(std::stoi(std::string(parts[1].substr(3))));
      }
    }
  }
}

// Returns how many keys behind `left` the files that were set aside prove.
std::size_t proven_keys(const fs::path& data, int left) {
  const auto files = storage::log_files_of(data.string());
  std::set<int> keys;
  for (const storage::LogLoss& loss : storage::losses_set_aside(*files).value_or_raise()) {
    const auto batches = leader::LostBatches::open(*files, loss).value_or_raise();
    while (batches->search().value_or_raise()) {
    }
    while (const auto record = batches->next().value_or_raise()) {
      if (record->proven) add_keys(*record, keys);
    }
  }
  keys.erase(keys.begin(), keys.upper_bound(left));
  return keys.size();
}

void try_place(const Life& life, std::mt19937_64& random, int place, Tally& tally) {
  const Flip flip(life, random, place);
  CAPTURE(flip.where());
  ++tally.places;
  ++tally.kinds[flip.part().kind];
  const Options options = options_of(life.folder, "eu");
  const bool checks = random() % 10 == 0;
  const bool found = checks && check_finds_it(options.path);
  bool refused = false;
  std::optional<Store> eu = open(options, refused);
  const int left = shown_keys(*eu);
  const std::vector<std::string> told = eu->status().log_lost;
  // Nothing says that the last record of a log was on the disk.
  const bool may_be_silent = flip.part().last && left == kKeys - 1;
  CHECK((left == kKeys || !told.empty() || may_be_silent));
  if (checks && !told.empty()) CHECK(found);
  // Records tell the headers of segments.
  if (flip.part().kind == LogPart::Kind::kSegmentHeader) CHECK(left == kKeys);
  if (left < kKeys) ++tally.missed;
  if (left < kKeys && !told.empty()) {  // All but the damaged record, and the last one.
    CHECK(proven_keys(options.path, left) + 2 >= static_cast<std::size_t>(kKeys - left));
  }
  if (left == kKeys && !told.empty()) tally.in_vain.push_back(flip.where());
  if (refused) ++tally.refused;
  if (told.empty() || random() % 4 != 0) return;
  Register<>{*eu, "later"}.put("v");
  eu.reset();
  eu = Store::open(options);
  CHECK(eu->status().log_lost == told);
  CHECK(shown_keys(*eu) == left);
}

}  // namespace

TEST_SUITE("leader: flipped bits") {
  TEST_CASE("a bit of the log of a region changes: what it shows is a prefix, and a loss is told") {
    const int places = test::long_run() ? 500 : 25;
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Tally tally;
    for (const Lives lives : {one_segment, two_segments, behind_a_flush, with_a_peer}) {
      const auto life = live(lives);
      for (int i = 0; i < places; ++i) try_place(*life, random, i, tally);
    }
    for (const std::string& where : tally.in_vain) MESSAGE("nothing is missing: ", where);
    for (const auto& [kind, count] : tally.kinds) MESSAGE(to_string(kind), ": ", count);
    MESSAGE(tally.places, " places, ", tally.missed, " with a loss, ", tally.in_vain.size(),
            " told in vain, ", tally.refused, " refused");
    CHECK(tally.missed > tally.places / 10);
    CHECK(tally.kinds.size() == 5);
    CHECK(tally.in_vain.size() * 100 <= static_cast<std::size_t>(std::max(tally.places, 100)));
  }

  TEST_CASE("what a region has lost comes back from its peer, and then it is told no more") {
    const int places = test::long_run() ? 100 : 6;
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto life = live(with_a_peer);
    int ended = 0;
    int stands = 0;
    for (int i = 0; i < places; ++i) {
      const Flip flip(*life, random, i);
      CAPTURE(flip.where());
      bool refused = false;
      Store eu = open(options_of(life->folder, "eu"), refused);
      const std::vector<std::string> told = eu.status().log_lost;
      const bool ends_known = std::ranges::none_of(
          told, [](const std::string& loss) { return loss.find("cannot be told") < loss.size(); });
      Options options = options_of(life->folder, "us");
      options.peers = {eu.status().endpoint};
      const auto begin = std::chrono::steady_clock::now();
      Store us = Store::open(options);
      REQUIRE(eventually([&] { return shown_keys(eu) == kKeys; }));
      REQUIRE(eventually([&] { return test::shown(eu) == test::shown(us); }));
      if (ends_known) {
        REQUIRE(eventually([&] { return eu.status().log_lost.empty(); }));
        ended += told.empty() ? 0 : 1;
      } else {
        CHECK_FALSE(eu.status().log_lost.empty());
        ++stands;
      }
      CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    }
    MESSAGE(places, " places, ", ended, " losses have ended, ", stands, " stand");
    CHECK(ended >= stands);
  }
}

}  // namespace anabranch::flipped_bits_test
