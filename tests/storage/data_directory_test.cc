// The directories that are refused: each with one clear line, and with nothing in them touched.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "storage/damage.h"
#include "storage/lmdb_env.h"
#include "tests/seed.h"
#include "tests/storage/child.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::data_directory_test {
namespace {

namespace fs = std::filesystem;
using anabranch::test::TempDir;

core::Result<std::unique_ptr<StorageBelow>> open(const fs::path& directory) {
  return open_lmdb_storage({.directory = directory.string(), .map_bytes = kMapBytes});
}

// Opening must fail with this code, in one line that names the directory and says `why`.
void check_refused(const fs::path& directory, ErrorCode code, const std::string& why) {
  const auto opened = open(directory);
  REQUIRE_FALSE(opened.ok());
  const std::string& message = opened.failure().message;
  CAPTURE(message);
  CHECK((opened.failure().code == code));
  CHECK(message.find(why) != std::string::npos);
  CHECK(message.find(directory.string()) != std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::set<std::string> names_in(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// Makes a data directory with some megabytes in it.
void fill(const fs::path& directory) {
  const auto storage = open_below(directory.string());
  std::vector<Change> changes;
  changes.reserve(300);
  for (int i = 0; i < 300; ++i) {
    changes.push_back(put("k" + std::to_string(i), std::string(10'000, 'x')));
  }
  REQUIRE(apply_changes(*storage, changes).ok());
}

// Puts a number into the table of another program, or in place of our format.
void write_marker(const fs::path& directory, const char* table, std::uint64_t number) {
  auto env = LmdbEnv::open(directory.string(), {kMapBytes, 10, 10});
  REQUIRE(env.ok());
  auto txn = env.value().begin_write();
  REQUIRE(txn.ok());
  const auto opened = txn.value().open_table(table, true);
  REQUIRE(opened.ok());
  REQUIRE(txn.value().put(opened.value(), "format", big_endian(number)).ok());
  REQUIRE(txn.value().commit().ok());
}

TEST_CASE("A data directory is created for its owner alone") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  const auto storage = open_below(directory.string() + "/");
  CHECK(fs::status(directory).permissions() == fs::perms::owner_all);
  CHECK(names_in(directory) == std::set<std::string>{"data.mdb", "lock", "lock.mdb"});
}

TEST_CASE("An empty directory is taken") {
  const TempDir folder;
  const auto storage = open_below(folder.path().string());
  CHECK(storage->last_position() == 0);
}

TEST_CASE("A second opening in one process is refused, under whatever name") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  auto storage = open_below(directory.string());
  fs::create_directory_symlink(directory, folder.path() / "link");
  check_refused(directory, ErrorCode::kBusy, "already open in this process");
  check_refused(folder.path() / "link", ErrorCode::kBusy, "already open in this process");
  REQUIRE(apply_changes(*storage, {put("a", "1")}).ok());
  storage.reset();
  storage = open_below(directory.string());
  CHECK(get(*storage->tables(), "a") == "1");
}

TEST_CASE("A second opening by another process is refused, until the first has died") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  Pipe from_child;
  Child child([&] {
    const auto storage = open_below(directory.string());
    from_child.send(1);
    return ::pause();
  });
  from_child.close_sending();
  REQUIRE(from_child.receive());
  check_refused(directory, ErrorCode::kBusy,
                "is in use by another process (pid " + std::to_string(child.pid()) + ")");
  child.kill();
  CHECK(open(directory).ok());
}

TEST_CASE(
    "A directory is at the same place when it is opened again, or renamed, and a copy is not") {
  const TempDir parent;
  const fs::path directory = parent.path() / "data";
  const auto place_of = [](const fs::path& path) { return open(path).value()->place(); };
  const Place place = place_of(directory);
  CHECK(place.file != 0);
  CHECK_FALSE(place.boot.empty());
  CHECK(place_of(directory) == place);
  fs::rename(directory, parent.path() / "renamed");
  CHECK(place_of(parent.path() / "renamed") == place);
  fs::copy(parent.path() / "renamed", parent.path() / "copy");
  const Place copy = place_of(parent.path() / "copy");
  CHECK(copy.directory != place.directory);
  CHECK(copy.file != place.file);
  CHECK(copy.machine == place.machine);
}

TEST_CASE("A directory of something else is refused and left as it was") {
  const TempDir folder;
  write_file(folder.path() / "thesis.txt", "important");
  check_refused(folder.path(), ErrorCode::kInvalid, "found \"thesis.txt\"");
  CHECK(names_in(folder.path()) == std::set<std::string>{"thesis.txt"});
}

TEST_CASE("A file in place of the directory is refused") {
  const TempDir folder;
  write_file(folder.path() / "data", "important");
  check_refused(folder.path() / "data", ErrorCode::kInvalid, "not a directory");
}

TEST_CASE("A directory without a parent is refused") {
  const TempDir folder;
  check_refused(folder.path() / "no" / "data", ErrorCode::kInvalid,
                "its parent directory does not exist");
  write_file(folder.path() / "file", "");
  check_refused(folder.path() / "file" / "data", ErrorCode::kInvalid, "ot a directory");
  CHECK_FALSE(open("").ok());
}

TEST_CASE("A directory without permission is refused") {
  const TempDir folder;
  fs::permissions(folder.path(), fs::perms::all);
  const fs::path directory = folder.path() / "data";
  fill(directory);
  fs::permissions(directory, fs::perms::none);
  // Root may everything, so the test goes on as nobody.
  constexpr uid_t kNobody = 65534;
  Child child([&] {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) return 3;
    const auto opened = open(directory);
    if (opened.ok()) return 4;
    const std::string& message = opened.failure().message;
    if (opened.failure().code != ErrorCode::kInvalid) return 5;
    return message.find("ermission denied") != std::string::npos ? 0 : 6;
  });
  CHECK(child.wait() == 0);
  fs::permissions(directory, fs::perms::owner_all);
}

TEST_CASE("The database of another program is refused") {
  const TempDir folder;
  write_marker(folder.path(), "theirs", 1);
  check_refused(folder.path(), ErrorCode::kInvalid, "of another program");
}

TEST_CASE("An unknown format is refused with both numbers") {
  const TempDir folder;
  fill(folder.path());
  write_marker(folder.path(), "anabranch", 7);
  check_refused(folder.path(), ErrorCode::kInvalid, "its format is 7, this version knows only 2");
}

TEST_CASE("A truncated data file is refused at every length") {
  const TempDir folder;
  const fs::path directory = folder.path() / "data";
  fill(directory);
  const std::uintmax_t whole = fs::file_size(directory / "data.mdb");
  for (const std::uintmax_t size : {whole - 4096, whole / 2, std::uintmax_t{12'288},
                                    std::uintmax_t{8192}, std::uintmax_t{4097}}) {
    CAPTURE(size);
    fs::resize_file(directory / "data.mdb", size);
    const auto opened = open(directory);
    REQUIRE_FALSE(opened.ok());
    CHECK((opened.failure().code == ErrorCode::kCorrupt));
  }
  fs::resize_file(directory / "data.mdb", 100);
  check_refused(directory, ErrorCode::kCorrupt, "it ends within its first two pages");
  fs::resize_file(directory / "data.mdb", 0);
  check_refused(directory, ErrorCode::kCorrupt, "data.mdb is truncated: it is empty");
}

TEST_CASE("A truncated data file is refused with both sizes") {
  const TempDir folder;
  fill(folder.path());
  fs::resize_file(folder.path() / "data.mdb", 8192);
  check_refused(folder.path(), ErrorCode::kCorrupt, "data.mdb is truncated: it has 8192 of ");
}

TEST_CASE("A data file of rubbish is refused") {
  const std::uint64_t seed = anabranch::test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::string rubbish(20'000, '\0');
  for (char& byte : rubbish) byte = static_cast<char>(random());
  const TempDir folder;
  write_file(folder.path() / "data.mdb", rubbish);
  check_refused(folder.path(), ErrorCode::kCorrupt,
                "not the beginning of an LMDB file on its page 0");
}

// Overwrites some bytes of a file.
void overwrite(const fs::path& path, std::size_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

// Returns the number of the transaction that wrote one of the first two pages.
std::uint64_t transaction_at(const fs::path& path, std::size_t page) {
  constexpr std::streamoff kTransactionAt = 144;
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(page) + kTransactionAt);
  std::uint64_t number = 0;
  file.read(reinterpret_cast<char*>(&number), sizeof(number));
  REQUIRE(file);
  return number;
}

TEST_CASE("A data file whose first two pages are wrong is refused before it is mapped") {
  struct Field {
    std::size_t at;
    const char* why;
    bool of_newest = false;  // LMDB uses it on the page of the newer transaction alone.
  };
  constexpr std::size_t kPage = 4096;
  for (const std::size_t page : {std::size_t{0}, kPage}) {
    for (const Field& field :
         {Field{10, "not the beginning"}, Field{16, "not the beginning"},
          Field{20, "another version"}, Field{40, "page size"}, Field{80, "a root behind", true},
          Field{128, "a root behind", true}, Field{136, "truncated", true}}) {
      CAPTURE(page);
      CAPTURE(field.at);
      const TempDir folder;
      fill(folder.path());
      const fs::path file = folder.path() / "data.mdb";
      const bool is_newest = transaction_at(file, page) > transaction_at(file, kPage - page);
      overwrite(file, page + field.at, std::string(6, '\x50'));
      if (is_newest || !field.of_newest) {
        check_refused(folder.path(), ErrorCode::kCorrupt, field.why);
      } else {
        CHECK(open(folder.path()).ok());
      }
    }
  }
}

TEST_CASE("A damaged page ends the process with a line and the code that it has asked for") {
  const TempDir folder;
  fill(folder.path());
  const auto size = fs::file_size(folder.path() / "data.mdb");
  for (std::size_t page = 8192; page < size; page += 4096) {
    overwrite(folder.path() / "data.mdb", page, std::string(4096, '\0'));
  }
  Child child([&] {
    exit_when_damaged(3);
    const auto opened = open(folder.path());
    if (!opened.ok()) return opened.failure().code == ErrorCode::kCorrupt ? 3 : 4;
    if (!opened.value()->open_below().ok()) return 7;
    return get(*opened.value()->tables(), "k1") ? 5 : 6;
  });
  CHECK(child.wait() == 3);
}

}  // namespace
}  // namespace anabranch::storage::test::data_directory_test
