// The file of users, the waits of wrong passwords, and the log of denials.

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "server/resp/access/denial_log.h"
#include "server/resp/access/failed_logins.h"
#include "server/resp/access/user_file.h"
#include "tests/temp_dir.h"

namespace anabranch::login_test {

using namespace server;
using namespace std::chrono_literals;

TEST_SUITE("server: logins") {
  TEST_CASE("a file of users is written with mode 0600, and read again") {
    const test::TempDir folder;
    const std::string path = (folder.path() / "users").string();
    REQUIRE(write_user_file(path, "user a on\n").ok());
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777) == 0600);
    CHECK(read_user_file(path).value() == "user a on\n");
    REQUIRE(write_user_file(path, "user b on\n").ok());
    CHECK(read_user_file(path).value() == "user b on\n");
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  }

  TEST_CASE("a file of users that others can read is refused, and so is no file") {
    const test::TempDir folder;
    const std::string path = (folder.path() / "users").string();
    CHECK(read_user_file(path).failure().message.find("No such file") != std::string::npos);
    CHECK(read_user_file(folder.path().string()).failure().message.ends_with("is not a file"));
    REQUIRE(write_user_file(path, "user a on\n").ok());
    for (const mode_t mode : {0644, 0604, 0602}) {
      REQUIRE(::chmod(path.c_str(), mode) == 0);
      CHECK(read_user_file(path).failure().message ==
            path + ": others can read it: chmod 600 it, or 640 with a group of the server");
    }
    REQUIRE(::chmod(path.c_str(), 0620) == 0);
    CHECK(read_user_file(path).failure().message ==
          path + ": its group can change it: chmod 640 it");
    for (const mode_t mode : {0400, 0440, 0640}) {  // Its group is one of this process.
      REQUIRE(::chmod(path.c_str(), mode) == 0);
      CHECK(read_user_file(path).ok());
    }
    const auto failed = write_user_file((folder.path() / "none" / "users").string(), "");
    CHECK(failed.failure().message.starts_with("cannot make a file beside"));
  }

  TEST_CASE("wrong passwords of an address for a user wait longer each time, for a minute") {
    FailedLogins failed;
    const FailedLogins::Time begin{};
    CHECK(failed.add("a", "ann", begin) == 50ms);
    CHECK(failed.add("a", "ann", begin) == 100ms);
    CHECK(failed.add("b", "ann", begin) == 50ms);
    CHECK(failed.add("a", "bob", begin) == 50ms);
    for (int i = 0; i < 10; ++i) failed.add("a", "ann", begin);
    CHECK(failed.add("a", "ann", begin) == 3200ms);
    CHECK(failed.add("a", "bob", begin) == 100ms);
    CHECK(failed.add("a", "ann", begin + 62s) == 50ms);
  }

  TEST_CASE("long names of users that begin alike wait as one") {
    FailedLogins failed;
    const FailedLogins::Time begin{};
    const std::string name(FailedLogins::kNameMax, 'x');
    CHECK(failed.add("a", name + "1", begin) == 50ms);
    CHECK(failed.add("a", name + "2", begin) == 100ms);
    CHECK(failed.logins() == 1);
  }

  TEST_CASE("logins with wrong passwords are bounded") {
    FailedLogins failed;
    const FailedLogins::Time begin{};
    for (std::size_t i = 0; i < 2 * FailedLogins::kLoginsMax; ++i) {
      const std::string name = std::to_string(i);
      failed.add(name, "ann", begin + std::chrono::milliseconds(i));
      failed.add("a", name, begin + std::chrono::milliseconds(i));
    }
    CHECK(failed.logins() == FailedLogins::kLoginsMax);
  }

  TEST_CASE("denials that repeat are one entry, and the log is bounded") {
    DenialLog log;
    const auto add = [&](const std::string& object, std::int64_t time) {
      log.add({.object = object, .user = "u", .client = "c", .time_ms = time});
    };
    add("get", 1000);
    add("set", 1000);
    add("get", 2000);
    REQUIRE(log.all().size() == 2);
    CHECK(log.all()[0].object == "get");
    CHECK(log.all()[0].count == 2);
    CHECK(log.all()[0].time_ms == 2000);
    add("get", 100'000);
    CHECK(log.all().size() == 3);
    for (int i = 0; i < 1000; ++i) add(std::to_string(i), 100'000);
    CHECK(log.all().size() == DenialLog::kEntriesMax);
    add(std::string(100'000, 'x'), 100'000);
    CHECK(log.all()[0].object.size() == DenialLog::kBytesMax);
    CHECK(log.all()[0].object.capacity() < 2 * DenialLog::kBytesMax);
    CHECK(log.denied() == 1005);
  }
}

}  // namespace anabranch::login_test
