// Where an import reads from, and the file by which a later run goes on.

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "server/cli/import/live_source.h"
#include "server/cli/import/progress.h"
#include "tests/temp_dir.h"

namespace anabranch::address_test {

using namespace server::cli;

TEST_SUITE("server: sources of an import") {
  TEST_CASE("an address has user, password and database, and is shown without the password") {
    const LiveAddress full = parse_live_address("redis://a%40b:p%3Aw@there:7000/3").value();
    CHECK(full.host_port == "there:7000");
    CHECK(full.user == "a@b");
    CHECK(full.password == "p:w");
    CHECK(full.database == 3U);
    CHECK(full.text() == "there:7000/3");
    const LiveAddress usual = parse_live_address("redis://:pw@there").value();
    CHECK(usual.host_port == "there:6379");
    CHECK(usual.user.empty());
    CHECK(usual.password == "pw");
    CHECK(!usual.database);
    CHECK(parse_live_address("127.0.0.1:6379").value().text() == "127.0.0.1:6379");
  }

  TEST_CASE("what is no address is refused in a sentence") {
    for (const char* text : {"nowhere", "rediss://there:6379", "redis://there:6379/16",
                             "redis://there:6379/x", "redis://%4:x@there:6379", "redis://%zz@b"}) {
      const core::Result<LiveAddress> parsed = parse_live_address(text);
      REQUIRE_MESSAGE(!parsed.ok(), text);
      CHECK(parsed.failure().message.starts_with("--from: "));
    }
  }
}

TEST_SUITE("server: the progress of an import") {
  TEST_CASE("a later run knows position, keys and report, and no other import takes the file") {
    const test::TempDir folder;
    const std::string path = folder.path().string();
    const std::string key("\0\xFF\n", 3);
    Report report;
    report.keys = 7;
    report.leave_out("list", 2, key);
    {
      Progress progress(path, "from", "to");
      CHECK(!progress.load().value());
      CHECK(!progress.set_source_state("run 1"));
      progress.move_to({2, 17}, report);
      progress.claim(2, key);
      REQUIRE(progress.save().ok());
      struct stat facts {};
      REQUIRE(::stat(progress.path().c_str(), &facts) == 0);
      CHECK((facts.st_mode & 0777) == 0600);
    }
    Progress progress(path, "from", "to");
    REQUIRE(progress.load().value());
    CHECK(progress.position() == Position{2, 17});
    CHECK(progress.has(2, key));
    CHECK(!progress.has(1, key));
    CHECK(progress.report().text() == report.text());
    progress.move_to({2, 17}, report);  // As a run that goes on does first.
    progress.move_to({3, 0}, report);
    CHECK(progress.has(2, key));
    REQUIRE(progress.save().ok());
    Progress third(path, "from", "to");
    REQUIRE(third.load().value());
    CHECK(third.has(2, key));
    third.claim(2, key);
    CHECK(third.has(2, key));
    third.move_to({3, 1}, report);
    CHECK(!third.has(2, key));
    CHECK(!Progress(path, "from", "elsewhere").load().value());
    CHECK(!progress.set_source_state("run 1"));
    CHECK(progress.set_source_state("run 2"));
    CHECK(!progress.position());
    CHECK(progress.has(2, key));
    CHECK(progress.report().keys == 0);
    REQUIRE(progress.remove().ok());
    CHECK(!Progress(path, "from", "to").load().value());
  }

  TEST_CASE("a file that is no progress is refused") {
    const test::TempDir folder;
    Progress progress(folder.path().string(), "from", "to");
    for (const char* text : {"", "{}", "[1]", "{\"form\":2}",
                             R"({"form":1,"from":"from","to":"to","source":"","at":"x"})"}) {
      std::ofstream(progress.path()) << text;
      REQUIRE(::chmod(progress.path().c_str(), 0600) == 0);
      const core::Result<bool> loaded = progress.load();
      REQUIRE_MESSAGE(!loaded.ok(), text);
      CHECK(loaded.failure().message.find("--again") != std::string::npos);
    }
  }
}

}  // namespace anabranch::address_test
