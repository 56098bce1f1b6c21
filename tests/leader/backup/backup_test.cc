// Backups in a folder: written from a snapshot, verified without a leader, restored.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/text.h"
#include "leader/backup/entries.h"
#include "leader/backup/folder.h"
#include "leader/backup/restore.h"
#include "leader/backup/verify.h"
#include "leader/backup/write.h"
#include "regions/state/head.h"
#include "regions/state/incarnation.h"
#include "storage/layout.h"
#include "tests/log_holes.h"
#include "tests/node.h"
#include "tests/temp_dir.h"

namespace anabranch::backup_test {

using core::Path;
using leader::BackupFolder;
using leader::BackupReport;
using leader::Manifest;
using regions::Group;
using storage::MemoryStorage;
using storage::Table;
using test::Node;
using test::TempDir;

namespace {

namespace fs = std::filesystem;

constexpr core::Millis kBegun = 1'700'000'000'123;

core::Result<void> go_on(const leader::BackupProgress& /*progress*/) { return {}; }

void put(Node& node, const std::string& key, const std::string& value) {
  node.write(1000, [&](Group& group) {
    group.put(Path{"\1", key, "s"}, value);
    group.add(Path{"\1", "sum", "s"}, 1);
  });
}

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  REQUIRE(out.flush());
}

// Writes a whole backup of a snapshot.
Manifest back_up(const storage::WholeSnapshot& snapshot, const fs::path& path) {
  const auto folder = BackupFolder::take(path.string(), "/nowhere");
  REQUIRE(folder.ok());
  const auto manifest = leader::write_backup(snapshot, kBegun, folder.value(), go_on);
  REQUIRE(manifest.ok());
  REQUIRE(folder.value().finish(manifest.value()).ok());
  return manifest.value();
}

BackupReport verified(const fs::path& path) {
  const auto report = leader::verify_backup(path.string(), nullptr, go_on);
  REQUIRE(report.ok());
  return report.value();
}

// Whether anything is found to be wrong with a backup.
bool is_refused(const fs::path& path) {
  const auto report = leader::verify_backup(path.string(), nullptr, go_on);
  return !report.ok() || report.value().damaged > 0;
}

using Entries = std::map<std::string, std::string>;

Entries entries_of(const storage::Snapshot& snapshot, Table table) {
  Entries entries;
  const auto cursor = snapshot.scan(table, {});
  for (; cursor->valid(); cursor->next()) entries.emplace(cursor->key(), cursor->value());
  return entries;
}

Entries log_of(const storage::WholeSnapshot& snapshot) {
  Entries entries;
  for (auto record = snapshot.read_log(1); record;
       record = snapshot.read_log(record->position + 1)) {
    entries.emplace(leader::log_key(*record), record->bytes);
  }
  return entries;
}

std::unique_ptr<MemoryStorage> restored(const fs::path& path) {
  auto made = std::make_unique<MemoryStorage>();
  REQUIRE(made->open().ok());
  const auto manifest = leader::read_manifest(path.string());
  REQUIRE(manifest.ok());
  REQUIRE(leader::write_parts(path.string(), manifest.value(), *made, go_on).ok());
  return made;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& each : fs::directory_iterator(folder)) files.push_back(each.path());
  std::ranges::sort(files);
  return files;
}

// A region with some rows that another one has written, too.
struct World {
  World() {
    put(us, "of us", "1");
    put(eu, "first", "one");
    put(eu, "second", std::string(2000, 'x'));
    eu.merge(us);
    put(eu, "third", "three");
  }
  Node eu{"eu", 10};
  Node us{"us", 20};
};

}  // namespace

TEST_SUITE("leader: backups in a folder") {
  TEST_CASE("a backup has all tables and the log, and is restored to the same") {
    const TempDir dir;
    World world;
    MemoryStorage& storage = world.eu.storage();
    REQUIRE(storage.trim(2).ok());
    const auto snapshot = storage.whole_snapshot();
    const Manifest manifest = back_up(*snapshot, dir.path() / "b");
    CHECK(manifest.region == "eu");
    CHECK(manifest.origin == world.eu.origin());
    CHECK(manifest.applied == world.eu.vector());
    CHECK(manifest.digest == world.eu.digest());
    CHECK(manifest.begun_ms == kBegun);
    const BackupReport report = verified(dir.path() / "b");
    CHECK(report.damaged + report.faults == 0);
    CHECK(report.records == log_of(*snapshot).size());
    CHECK(report.records > 0);
    const auto copy = restored(dir.path() / "b");
    const auto there = copy->whole_snapshot();
    for (const leader::Part& part : leader::kParts) {
      if (!part.table) continue;
      Entries before = entries_of(*snapshot, *part.table);
      Entries after = entries_of(*there, *part.table);
      if (part.table == Table::kMeta) {
        before.erase(std::string(storage::kIdentityKey));
        after.erase(std::string(storage::kIdentityKey));
      }
      CHECK(before == after);
    }
    CHECK(log_of(*snapshot) == log_of(*there));
    CHECK(there->last_position() == snapshot->last_position());
  }

  TEST_CASE("a log that is trimmed to nothing goes on at its position") {
    const TempDir dir;
    World world;
    MemoryStorage& storage = world.eu.storage();
    const storage::Position last = storage.last_position();
    REQUIRE(storage.trim(last + 1).ok());
    const Manifest manifest = back_up(*storage.whole_snapshot(), dir.path() / "b");
    CHECK(manifest.log_last == last);
    CHECK(verified(dir.path() / "b").records == 0);
    CHECK(restored(dir.path() / "b")->last_position() == last);
  }

  TEST_CASE("a log with holes is backed up and restored at its positions") {
    const TempDir dir;
    World world;
    REQUIRE(world.eu.storage().trim(2).ok());
    const auto holed = test::with_holes(world.eu.storage());
    REQUIRE(holed->open().ok());
    const auto snapshot = holed->whole_snapshot();
    const Manifest manifest = back_up(*snapshot, dir.path() / "b");
    CHECK(manifest.holes == std::vector<storage::LogHole>{{21, 29}, {31, 39}});
    CHECK(manifest.log_last == 39);
    CHECK(text_of(dir.path() / "b" / "manifest").starts_with("anabranch backup 2\n"));
    const BackupReport report = verified(dir.path() / "b");
    CHECK(report.damaged + report.faults == 0);
    CHECK(report.records == 2);
    CHECK(report.notes == std::vector<std::string>{"the log has nothing at positions 21 to 29",
                                                   "the log has nothing at positions 31 to 39"});
    const auto copy = restored(dir.path() / "b");
    CHECK(log_of(*copy->whole_snapshot()) == log_of(*snapshot));
    CHECK(copy->last_position() == 39);
    // Without a hole it is of the first format.
    (void)back_up(*world.eu.storage().whole_snapshot(), dir.path() / "plain");
    CHECK(text_of(dir.path() / "plain" / "manifest").starts_with("anabranch backup 1\n"));
  }

  TEST_CASE("a hole that the manifest does not list is damage, and so is one that is not there") {
    const TempDir dir;
    World world;
    const auto holed = test::with_holes(world.eu.storage());
    REQUIRE(holed->open().ok());
    const fs::path path = dir.path() / "b";
    const Manifest good = back_up(*holed->whole_snapshot(), path);
    REQUIRE(good.holes.size() == 3);
    const auto damages = [&](const Manifest& manifest) {
      write_text(path / "manifest", leader::encode_manifest(manifest));
      return verified(path).damaged;
    };
    CHECK(damages(good) == 0);
    for (std::size_t i = 0; i < good.holes.size(); ++i) {
      CAPTURE(i);
      Manifest bad = good;
      bad.holes.erase(bad.holes.begin() + static_cast<std::ptrdiff_t>(i));
      CHECK(damages(bad) == 1);
      bad = good;
      bad.holes[i].first += 1;
      CHECK(damages(bad) == 2);
      bad = good;
      bad.holes[i].last -= 1;
      CHECK(damages(bad) == 2);
    }
    Manifest bad = good;
    bad.holes.insert(bad.holes.begin(), {2, 3});
    CHECK(damages(bad) == 1);
    bad = good;
    bad.log_last += 1;
    CHECK(damages(bad) > 0);
    bad = good;
    bad.log_last = 25;
    bad.holes = {{11, 19}, {21, 25}};
    CHECK(damages(bad) > 0);
  }

  TEST_CASE("a record that is too damaged to name its ops is a fault, and restored as a hole") {
    const TempDir dir;
    World world;
    constexpr std::size_t kOrigin = 7;
    world.eu.storage().flip(2, kOrigin, 10);
    const Manifest manifest = back_up(*world.eu.storage().whole_snapshot(), dir.path() / "b");
    CHECK(manifest.holes.empty());
    const BackupReport report = verified(dir.path() / "b");
    CHECK(report.damaged == 0);
    CHECK(report.faults == 1);
    CHECK(report.findings.front() == "the log record at position 2 is of no ops");
    const auto copy = restored(dir.path() / "b");
    CHECK(copy->read_log(1)->position == 1);
    CHECK(copy->read_log(2)->position == 3);
    const Manifest again = back_up(*copy->whole_snapshot(), dir.path() / "again");
    CHECK(again.holes == std::vector<storage::LogHole>{{2, 2}});
    CHECK(verified(dir.path() / "again").damaged == 0);
  }

  TEST_CASE("the identity of a restored directory is of no place, so that a new origin begins") {
    const TempDir dir;
    World world;
    (void)back_up(*world.eu.storage().whole_snapshot(), dir.path() / "b");
    const auto copy = restored(dir.path() / "b");
    const auto snapshot = copy->snapshot();
    const auto stored = snapshot->get(Table::kMeta, storage::kIdentityKey);
    REQUIRE(stored);
    const auto identity = regions::decode_identity(*stored);
    REQUIRE(identity.ok());
    const auto why = regions::why_new_origin(identity.value(), world.eu.storage().place());
    REQUIRE(why);
    CHECK(*why == "its data were copied or restored");
  }

  TEST_CASE("a backup is of the moment of its snapshot, whatever is written and trimmed later") {
    const TempDir dir;
    World world;
    const auto digest = world.eu.digest();
    const auto vector = world.eu.vector();
    const auto snapshot = world.eu.storage().whole_snapshot();
    const Entries log = log_of(*snapshot);
    for (int i = 0; i < 10; ++i) put(world.eu, "later " + std::to_string(i), "x");
    put(world.eu, "first", "replaced");
    REQUIRE(world.eu.storage().trim(world.eu.storage().last_position()).ok());
    const Manifest manifest = back_up(*snapshot, dir.path() / "b");
    CHECK(manifest.digest == digest);
    CHECK(manifest.applied == vector);
    CHECK(digest != world.eu.digest());
    CHECK(log_of(*restored(dir.path() / "b")->whole_snapshot()) == log);
    CHECK_FALSE(is_refused(dir.path() / "b"));
  }

  TEST_CASE("a flipped bit anywhere in any file is found") {
    const TempDir dir;
    World world;
    (void)back_up(*world.eu.storage().whole_snapshot(), dir.path() / "b");
    for (const fs::path& file : files_in(dir.path() / "b")) {
      CAPTURE(file.string());
      const std::string good = text_of(file);
      for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1 << i % 8);
        write_text(file, bad);
        CHECK_MESSAGE(is_refused(dir.path() / "b"), "byte " << i);
      }
      write_text(file, good);
    }
    CHECK_FALSE(is_refused(dir.path() / "b"));
  }

  TEST_CASE("a file that is cut, longer, absent or another one is found, by its name") {
    const TempDir dir;
    World world;
    (void)back_up(*world.eu.storage().whole_snapshot(), dir.path() / "b");
    Node other("eu", 10);
    put(other, "first", "one");
    (void)back_up(*other.storage().whole_snapshot(), dir.path() / "other");
    for (const fs::path& file : files_in(dir.path() / "b")) {
      CAPTURE(file.string());
      const std::string good = text_of(file);
      const auto finds = [&] {
        const auto report = leader::verify_backup((dir.path() / "b").string(), nullptr, go_on);
        if (!report.ok()) return report.failure().message.find("manifest") != std::string::npos;
        return report.value().damaged > 0 &&
               report.value().findings.front().starts_with(file.filename().string() + ": ");
      };
      write_text(file, good.substr(0, good.size() / 2));
      CHECK(finds());
      write_text(file, "");
      CHECK(finds());
      write_text(file, good + "x");
      CHECK(finds());
      fs::remove(file);
      CHECK(finds());
      const fs::path there = dir.path() / "other" / file.filename();
      if (file.filename() != "manifest" && fs::exists(there) && text_of(there) != good) {
        write_text(file, text_of(there));
        CHECK(finds());
      }
      write_text(file, good);
    }
    CHECK_FALSE(is_refused(dir.path() / "b"));
  }

  TEST_CASE("a damaged record of the log is kept as it is, and said not to be of the backup") {
    const TempDir dir;
    World world;
    constexpr std::size_t kInBatch = 60;
    world.eu.storage().flip(1, kInBatch, 1);
    (void)back_up(*world.eu.storage().whole_snapshot(), dir.path() / "b");
    const BackupReport report = verified(dir.path() / "b");
    CHECK(report.damaged == 0);
    CHECK(report.faults == 1);
    REQUIRE_FALSE(report.findings.empty());
    CHECK(report.findings.front().starts_with("the log record at position 1: "));
  }

  TEST_CASE("a part of many blocks and files is read as it was written") {
    const TempDir dir;
    transport::Compressor compressor;
    Manifest manifest;
    const auto value = [](int i) {
      std::string bytes(std::size_t{300} << 10U, static_cast<char>('a' + i % 20));
      for (std::size_t k = 0; k < bytes.size(); k += 7) bytes[k] = static_cast<char>(k * 31 + i);
      return bytes;
    };
    constexpr int kValues = 260;
    {
      leader::PartWriter out(dir.path().string(), "rows", manifest, compressor);
      for (int i = 0; i < kValues; ++i) {
        REQUIRE(out.add(storage::big_endian(i), value(i)).ok());
      }
      REQUIRE(out.finish().ok());
    }
    REQUIRE(manifest.files.size() == 2);
    int i = 0;
    for (const leader::BackupFile& file : manifest.files) {
      leader::FileEntries entries(dir.path().string(), file);
      for (auto more = entries.next();; more = entries.next()) {
        REQUIRE(more.ok());
        if (!more.value()) break;
        REQUIRE(entries.key() == storage::big_endian(i));
        REQUIRE(entries.value() == value(i));
        ++i;
      }
    }
    CHECK(i == kValues);
  }
}

TEST_SUITE("leader: the folder of a backup") {
  TEST_CASE("an unfinished backup is none, and is begun anew") {
    const TempDir dir;
    World world;
    const std::string path = (dir.path() / "b").string();
    {
      const auto folder = BackupFolder::take(path, "/nowhere");
      REQUIRE(folder.ok());
      CHECK_FALSE(folder.value().anew());
      REQUIRE(
          leader::write_backup(*world.eu.storage().whole_snapshot(), kBegun, folder.value(), go_on)
              .ok());
      const auto second = BackupFolder::take(path, "/nowhere");
      REQUIRE_FALSE(second.ok());
      CHECK(second.failure().code == ErrorCode::kBusy);
    }
    const auto none = leader::read_manifest(path);
    REQUIRE_FALSE(none.ok());
    CHECK(none.failure().message.find("was not finished") != std::string::npos);
    const auto again = BackupFolder::take(path, "/nowhere");
    REQUIRE(again.ok());
    CHECK(again.value().anew());
    CHECK(files_in(path).size() == 1);
  }

  TEST_CASE("a folder with anything else, or with a whole backup, is refused and left alone") {
    const TempDir dir;
    World world;
    const auto refusal = [&](const fs::path& path, const std::string& data = "/nowhere") {
      const auto folder = BackupFolder::take(path.string(), data);
      REQUIRE_FALSE(folder.ok());
      return folder.failure().message;
    };
    fs::create_directory(dir.path() / "foreign");
    write_text(dir.path() / "foreign" / "letter", "dear");
    CHECK(refusal(dir.path() / "foreign").find("found \"letter\"") != std::string::npos);
    fs::create_directory(dir.path() / "similar");
    write_text(dir.path() / "similar" / "rows-000001", "mine");
    CHECK(refusal(dir.path() / "similar").find("found \"rows-000001\"") != std::string::npos);
    (void)back_up(*world.eu.storage().whole_snapshot(), dir.path() / "b");
    CHECK(refusal(dir.path() / "b").find("has a backup already") != std::string::npos);
    CHECK(refusal(dir.path() / "foreign" / "letter").find("is no folder") != std::string::npos);
    CHECK(refusal(dir.path() / "no" / "parent").find("No such file") != std::string::npos);
    CHECK(refusal("relative").find("absolute") != std::string::npos);
    CHECK(refusal(dir.path() / "x", dir.path().string()).find("data directory") !=
          std::string::npos);
    fs::create_directory_symlink(dir.path(), dir.path() / "link");
    CHECK(refusal(dir.path() / "link" / "y", (dir.path() / "foreign" / "..").string())
              .find("data directory") != std::string::npos);
    CHECK(text_of(dir.path() / "foreign" / "letter") == "dear");
    CHECK_FALSE(is_refused(dir.path() / "b"));
  }

  TEST_CASE("a backup ends with the failure of its watch, and stays unfinished") {
    const TempDir dir;
    World world;
    const std::string path = (dir.path() / "b").string();
    const auto folder = BackupFolder::take(path, "/nowhere");
    REQUIRE(folder.ok());
    const auto manifest = leader::write_backup(
        *world.eu.storage().whole_snapshot(), kBegun, folder.value(),
        [](const leader::BackupProgress&) {
          return core::Result<void>(core::Failure{ErrorCode::kClosed, "it was stopped"});
        });
    REQUIRE_FALSE(manifest.ok());
    CHECK(manifest.failure().message == "it was stopped");
    CHECK(is_refused(path));
  }
}

TEST_SUITE("leader: the manifest of a backup") {
  TEST_CASE("a manifest is read as it was written, and words of newer versions are passed over") {
    Manifest manifest;
    manifest.mesh = {1, 2};
    manifest.region = "eu";
    manifest.origin = 10;
    manifest.begun_ms = kBegun;
    manifest.rows = 3;
    manifest.digest = {5, 6};
    manifest.applied = {{10, 7}, {20, 8}};
    manifest.log_last = 9;
    manifest.files = {{"meta", 1, 2, 3, 4}, {"rows", 1, 5, 6, 7}, {"rows", 2, 1, 1, 1}};
    const std::string text = leader::encode_manifest(manifest);
    const auto read = leader::decode_manifest(text);
    REQUIRE(read.ok());
    CHECK(leader::encode_manifest(read.value()) == text);
    CHECK(read.value().files.back().name() == "rows-000002");
    CHECK(read.value().bytes() == 10);

    std::string newer = text.substr(0, text.rfind("checksum ")) + "weather fine\n";
    newer += "checksum " + core::to_hex(core::checksum64(newer)) + "\n";
    CHECK(leader::decode_manifest(newer).ok());
    const auto other = leader::decode_manifest("anabranch backup 3\nall is new\n");
    REQUIRE_FALSE(other.ok());
    CHECK(other.failure().message == "its format is 3, this version knows only 1 and 2");
    manifest.files = {{"rows", 1, 5, 6, 7}, {"meta", 1, 2, 3, 4}};
    CHECK_FALSE(leader::decode_manifest(leader::encode_manifest(manifest)).ok());
    manifest.files = {{"meta", 2, 2, 3, 4}};
    CHECK_FALSE(leader::decode_manifest(leader::encode_manifest(manifest)).ok());
  }

  TEST_CASE("the holes of a manifest are in order, and none is behind the log") {
    using Holes = std::vector<storage::LogHole>;
    Manifest manifest;
    manifest.region = "eu";
    manifest.log_last = 9;
    for (const Holes& good : {Holes{{2, 2}}, Holes{{2, 9}}, Holes{{2, 3}, {5, 7}, {9, 9}}}) {
      manifest.holes = good;
      const auto read = leader::decode_manifest(leader::encode_manifest(manifest));
      REQUIRE(read.ok());
      CHECK(read.value().holes == good);
    }
    for (const Holes& bad : {Holes{{1, 2}}, Holes{{2, 10}}, Holes{{4, 3}}, Holes{{2, 3}, {4, 5}},
                             Holes{{5, 7}, {2, 3}}, Holes{{2, 3}, {2, 3}}}) {
      manifest.holes = bad;
      CHECK_FALSE(leader::decode_manifest(leader::encode_manifest(manifest)).ok());
    }
  }
}

}  // namespace anabranch::backup_test
