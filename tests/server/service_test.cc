// What a server tells the system that started it.

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "server/service/journal.h"
#include "server/service/json_lines.h"
#include "server/service/manager.h"
#include "tests/temp_dir.h"

namespace anabranch::server::service_test {
namespace {

// A socket of a service manager.
class Manager {
 public:
  explicit Manager(const std::string& name) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name.copy(at.sun_path, name.size());
    const bool is_abstract = name.front() == '@';
    if (is_abstract) at.sun_path[0] = '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&at), static_cast<socklen_t>(size)) ==
            0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { ::close(socket_); }

  std::string heard() {
    std::array<char, 1000> bytes{};
    const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    return size < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

TEST_SUITE_BEGIN("server: service");

TEST_CASE("the service manager hears a state at a path and at an abstract name") {
  const test::TempDir folder;
  const std::string abstract = "@anabranch-test-" + std::to_string(::getpid());
  for (const std::string& name : {(folder.path() / "notify").string(), abstract}) {
    CAPTURE(name);
    Manager manager(name);
    CHECK(tell_manager(name.c_str(), "READY=1\nSTATUS=well").ok());
    CHECK(manager.heard() == "READY=1\nSTATUS=well");
  }
}

TEST_CASE("without a manager nobody is told, and one that is gone is an error") {
  CHECK(tell_manager(nullptr, "READY=1").ok());
  CHECK(tell_manager("", "READY=1").ok());
  const test::TempDir folder;
  const auto gone = tell_manager((folder.path() / "gone").c_str(), "READY=1");
  REQUIRE(!gone.ok());
  CHECK(gone.failure().message.find("No such file") != std::string::npos);
  CHECK(tell_manager("vsock:2:1", "READY=1").failure().code == ErrorCode::kInvalid);
  CHECK(tell_manager(("/" + std::string(200, 'x')).c_str(), "READY=1").failure().code ==
        ErrorCode::kInvalid);
}

TEST_CASE("standard error is the journal when its device and inode say so") {
  struct stat about {};
  REQUIRE(::fstat(STDERR_FILENO, &about) == 0);
  const std::string stream = std::to_string(about.st_dev) + ':' + std::to_string(about.st_ino);
  CHECK(is_journal(stream.c_str()));
  CHECK(!is_journal(nullptr));
  CHECK(!is_journal("1:1"));
}

TEST_CASE("a line for the journal has its priority and its region, and no time") {
  CHECK(journal_line(LogLevel::kInfo, "eu", "ready") == "<6>eu: ready\n");
  CHECK(journal_line(LogLevel::kDebug, "", "x") == "<7>x\n");
  CHECK(journal_line(LogLevel::kWarning, "eu", "x") == "<4>eu: x\n");
  CHECK(journal_line(LogLevel::kError, "eu", "x") == "<3>eu: x\n");
}

TEST_CASE("a line as JSON has time, level, region, peer and text") {
  CHECK(json_line({.time_ms = 1'795'428'000'007,
                   .level = LogLevel::kWarning,
                   .region = "eu",
                   .peer = "us",
                   .text = "it is \"gone\""}) ==
        "{\"time\":\"2026-11-23T10:00:00.007Z\",\"level\":\"warning\",\"region\":\"eu\","
        "\"peer\":\"us\",\"text\":\"it is \\\"gone\\\"\"}\n");
  const auto without_peer = nlohmann::json::parse(json_line({.region = "eu", .text = "ready"}));
  CHECK(!without_peer.contains("peer"));
  CHECK(without_peer.at("time") == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("bytes of others neither end a line of JSON nor break it") {
  const std::string text = "a\nb\x1b[31m \xff\xc3 \xe2\x80\xae \xf0\x9f\x98\x80 \xed\xa0\x80 \"}";
  const std::string line = json_line({.region = "e\nu", .peer = "\xfe", .text = text});
  CAPTURE(line);
  CHECK(std::ranges::all_of(line.substr(0, line.size() - 1),
                            [](char c) { return c >= 0x20 && c < 0x7f; }));
  const auto object = nlohmann::json::parse(line);
  CHECK(object.at("region") == "e\nu");
  CHECK(object.at("peer") == "\\xfe");
  CHECK(object.at("text") ==
        "a\nb\x1b[31m \\xff\\xc3 \xe2\x80\xae \xf0\x9f\x98\x80 \\xed\\xa0\\x80 \"}");
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::server::service_test
