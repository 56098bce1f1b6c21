// Data directories that are removed or replaced behind the back of an open store.

#include <fcntl.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "regions/verify/directory_check.h"
#include "tests/leader/store_world.h"

namespace anabranch::lost_place_test {

using test::code_of;
using test::eventually;
using test::store_options;
using test::TempDir;
namespace fs = std::filesystem;

namespace {

using Word = Register<std::string>;

// Opens a store, writes, lets the function harm its directory, and looks at how the next write is
// refused, either at once or when the store has noticed by itself.
void harm(const std::function<void(const fs::path&)>& function, const std::string& word,
          bool at_once) {
  const TempDir folder;
  const Options options = store_options(folder, "eu");
  Store store = Store::open(options);
  Word{store, "k"}.put("before");
  function(options.path);
  if (!at_once) {
    REQUIRE(eventually([&] { return !store.status().writable; }));
  }
  std::string message;
  const ErrorCode code = code_of([&] { Word{store, "k"}.put("lost"); }, &message);
  // The store may have noticed in between.
  CHECK((code == ErrorCode::kClosed || (at_once && code == ErrorCode::kIo)));
  CAPTURE(message);
  CHECK(message.find(word) != std::string::npos);
  CHECK(message.find(options.path) != std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
  CHECK(code_of([&] { Word{store, "k"}.put("lost"); }) == ErrorCode::kClosed);
  CHECK_FALSE(store.status().writable);
  CHECK(Word{store, "k"}.get() == "before");
}

void harm(const std::function<void(const fs::path&)>& function, const std::string& word) {
  harm(function, word, true);
  harm(function, word, false);
}

}  // namespace

TEST_SUITE("leader: a directory that is gone") {
  TEST_CASE("a removed directory closes the store for writes before it acknowledges another") {
    harm([](const fs::path& data) { fs::remove_all(data); }, "removed");
  }

  TEST_CASE("so does a directory that was moved away, or another one in its place") {
    harm([](const fs::path& data) { fs::rename(data, data.string() + ".old"); }, "removed");
    harm(
        [](const fs::path& data) {
          // In one step: the store looks every now and then, and must not find none in between.
          const std::string other = data.string() + ".copy";
          fs::create_directory(other);
          for (const auto& each : fs::directory_iterator(data)) {
            if (each.is_socket()) continue;
            fs::copy(each.path(), fs::path(other) / each.path().filename(),
                     fs::copy_options::recursive);
          }
          REQUIRE(::renameat2(AT_FDCWD, data.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) ==
                  0);
        },
        "replaced");
  }

  TEST_CASE("so does a removed or replaced data file or lock") {
    harm([](const fs::path& data) { fs::remove(data / "data.mdb"); }, "removed");
    harm(
        [](const fs::path& data) {
          fs::copy_file(data / "data.mdb", data / "copy");
          fs::rename(data / "copy", data / "data.mdb");
        },
        "replaced");
    harm([](const fs::path& data) { fs::remove(data / "lock"); }, "lock");
  }

  TEST_CASE("a log that is gone is found by a check, and refused until its loss is accepted") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    std::string origin;
    {
      Store store = Store::open(options);
      Word{store, "k"}.put("v");
      origin = store.status().origin;
    }
    const auto check = [&] {
      return regions::check_directory(options.path, [](auto&&...) {}).value_or_raise();
    };
    CHECK(check().wrong == 0);
    fs::remove_all(fs::path(options.path) / "wal");
    for (int times = 0; times < 2; ++times) {
      const auto report = check();
      CHECK(report.wrong > 0);
      CHECK(report.findings.front().find("write-ahead log") != std::string::npos);
    }
    const auto refusal = [&]() -> std::string {
      try {
        (void)Store::open(options);
      } catch (const Error& error) {
        return error.what();
      }
      return {};
    };
    CHECK(refusal().find("--accept-lost-log=" + origin) != std::string::npos);
    options.accept_lost_log = "0000000000000001";  // That of another loss.
    CHECK(refusal().find("--accept-lost-log=" + origin) != std::string::npos);
    options.accept_lost_log = origin;
    for (int times = 0; times < 2; ++times) {
      Store store = Store::open(options);
      CHECK(store.status().origin != origin);
      CHECK(Word{store, "k"}.get() == "v");  // The stop had it written to the tables.
      REQUIRE(store.status().log_lost.size() == 1);
      const auto& warnings = store.status().warnings;
      const auto lost = std::ranges::find(warnings, "log_lost", &WarningStatus::kind);
      REQUIRE(lost != warnings.end());
      CHECK(lost->critical);
    }
    fs::remove_all(fs::path(options.path) / "wal");
    CHECK(refusal().find("--accept-lost-log=") !=
          std::string::npos);  // It was for that loss alone.
  }

  TEST_CASE("it is noticed while nobody writes, within about a second") {
    const TempDir folder;
    const Options options = store_options(folder, "eu");
    Store store = Store::open(options);
    fs::remove_all(options.path);
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(eventually([&] { return !store.status().writable; }));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  }

  TEST_CASE("a store of a relative path stays open when its process works elsewhere") {
    const TempDir folder;
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    Options options = store_options(folder, "eu");
    options.path = "data";
    {
      Store store = Store::open(options);
      fs::current_path(before);
      Word{store, "k"}.put("v");
      CHECK(Word{store, "k"}.get() == "v");
      CHECK(store.status().writable);
    }
    CHECK(fs::exists(folder.path() / "data" / "data.mdb"));
  }
}

}  // namespace anabranch::lost_place_test
