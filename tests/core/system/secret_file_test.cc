// The rights with which a key file is accepted.

#include "core/system/secret_file.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace anabranch::core::secret_file_test {
namespace {

constexpr uid_t kServer = 200;
constexpr uid_t kStranger = 300;
constexpr gid_t kServers = 200;
constexpr gid_t kCertificates = 110;  // As ssl-cert.
constexpr gid_t kStrangers = 300;

std::string why(mode_t mode, uid_t owner, gid_t group) {
  struct stat facts {};
  facts.st_mode = S_IFREG | mode;
  facts.st_uid = owner;
  facts.st_gid = group;
  return why_exposed(facts, {kServer, {kServers, kCertificates}});
}

TEST_SUITE("secret file") {
  TEST_CASE("a key for its owner alone is accepted") {
    for (const uid_t owner : {uid_t{0}, kServer, kStranger}) {
      CHECK(why(0600, owner, kStrangers).empty());
      CHECK(why(0400, owner, kStrangers).empty());
    }
  }

  TEST_CASE("a key that its group may read is accepted for a group of the server") {
    for (const uid_t owner : {uid_t{0}, kServer}) {
      for (const gid_t group : {gid_t{0}, kServers, kCertificates}) {
        CHECK(why(0640, owner, group).empty());
        CHECK(why(0440, owner, group).empty());
      }
      CHECK(why(0640, owner, kStrangers) ==
            "its group can read it, and the server is not in that group: chmod 600 it, or chgrp "
            "it");
    }
    CHECK(why(0640, kStranger, kCertificates) ==
          "its group can read it, and it belongs to neither root nor the user of the server: "
          "chmod 600 it, or chown it");
  }

  TEST_CASE("a key for everybody, or that its group can change, is refused") {
    for (const mode_t mode : {0644, 0604, 0602, 0601, 0666, 0777}) {
      CHECK(why(mode, kServer, kServers) ==
            "others can read it: chmod 600 it, or 640 with a group of the server");
    }
    for (const mode_t mode : {0660, 0620, 0650, 0610}) {
      CHECK(why(mode, 0, kServers) == "its group can change it: chmod 640 it");
    }
  }

  TEST_CASE("this process is in its own group") {
    const FileReader self = FileReader::self();
    CHECK(self.user == ::geteuid());
    CHECK(std::ranges::count(self.groups, ::getegid()) > 0);
    std::vector<gid_t> others(static_cast<std::size_t>(::getgroups(0, nullptr)));
    REQUIRE(::getgroups(static_cast<int>(others.size()), others.data()) ==
            static_cast<int>(others.size()));
    for (const gid_t each : others) CHECK(std::ranges::count(self.groups, each) > 0);
  }
}

}  // namespace
}  // namespace anabranch::core::secret_file_test
