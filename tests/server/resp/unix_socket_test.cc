// The Redis port on a path.

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "server/resp/socket/unix_endpoint.h"
#include "tests/server/running_server.h"

namespace anabranch::unix_socket_test {

using namespace server;
using test::RespClient;
using test::RunningServer;
using test::TempDir;

TEST_SUITE("server: a socket on a path") {
  TEST_CASE("clients are served there, with the mode that was asked for, until the server ends") {
    const TempDir folder;
    const std::string path = (folder.path() / "redis.sock").string();
    {
      RunningServer server({}, {.socket_path = path, .socket_mode = 0666});
      struct stat facts {};
      REQUIRE(::stat(path.c_str(), &facts) == 0);
      CHECK((facts.st_mode & 07777) == 0666);
      RespClient client(path);
      CHECK(client.ask({"SET", "a", "1"}) == "+OK\r\n");
      CHECK(server.client().ask({"GET", "a"}) == "$1\r\n1\r\n");
      CHECK(client.ask({"CLIENT", "INFO"}).find("addr=" + path + ":0") != std::string::npos);
      CHECK(client.ask({"CONFIG", "GET", "unixsocketperm"}).find("666") != std::string::npos);
    }
    CHECK(!std::filesystem::exists(path));
  }

  TEST_CASE("a path in use is refused, one that was left behind is taken") {
    const TempDir folder;
    const std::string path = (folder.path() / "redis.sock").string();
    const std::string file = (folder.path() / "file").string();
    std::ofstream(file) << "text";
    CHECK(UnixEndpoint::open(file, 0600).failure().message.ends_with("that is no socket"));
    const std::string longer = (folder.path() / std::string(200, 'x')).string();
    CHECK(UnixEndpoint::open(longer, 0600).failure().message.find("longer than") !=
          std::string::npos);
    std::optional<UnixEndpoint> first(UnixEndpoint::open(path, 0600).value_or_raise());
    const auto second = UnixEndpoint::open(path, 0600);
    REQUIRE(!second.ok());
    CHECK(second.failure().message == "the Redis socket " + path + " is in use");
    // As after kill -9: nobody listens, and the path is there.
    const std::string copy = (folder.path() / "copy").string();
    std::filesystem::create_hard_link(path, copy);
    first.reset();
    CHECK(UnixEndpoint::open(copy, 0600).ok());
  }
}

}  // namespace anabranch::unix_socket_test
