// Where the HTTP port may listen, and the names by which a browser may call it.

#include "http/address.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>
#include <string>

#include "control/resp/file.h"
#include "tests/temp_dir.h"

namespace anabranch::address_test {

using http::is_loopback_host;
using http::parse_address;

namespace {

// Binds a socket to a path; nobody listens there.
control::File bind_to(const std::string& path) {
  control::File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.data(), path.size());
  REQUIRE(::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0);
  return socket;
}

}  // namespace

TEST_SUITE("http: address") {
  TEST_CASE("an address is of this machine, or a path") {
    CHECK(parse_address("127.0.0.1:8080").value().port == 8080);
    CHECK(parse_address("127.3.2.1:0").value().host == "127.3.2.1");
    CHECK(parse_address("localhost:1").value().number() == "127.0.0.1");
    CHECK(parse_address("[::1]:1").value().shown_host() == "[::1]");
    CHECK(parse_address("unix:/run/a.sock").value().path == "/run/a.sock");
  }

  TEST_CASE("addresses of other machines and other forms are refused with a sentence") {
    for (const char* text : {"0.0.0.0:80", "10.0.0.1:80", "example.com:80", "[::]:80", "::1:80",
                             "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", ":80", "unix:", "",
                             "127.evil.example:80", "[127.0.0.1]:80"}) {
      CAPTURE(text);
      const auto parsed = parse_address(text);
      REQUIRE(!parsed.ok());
      CHECK(parsed.failure().code == ErrorCode::kInvalid);
      CHECK(parsed.failure().message.find("this machine only") != std::string::npos);
    }
    CHECK(!parse_address("unix:/" + std::string(200, 'a')).ok());
  }

  TEST_CASE("others are taken where they may be, as numbers") {
    CHECK(parse_address("0.0.0.0:80", true).value().is_any());
    CHECK(parse_address("[0::0]:80", true).value().is_any());
    CHECK(parse_address("[2001:db8::1]:80", true).value().shown_host() == "[2001:db8::1]");
    CHECK(!parse_address("10.0.0.1:80", true).value().is_local());
    CHECK(parse_address("[::1]:80", true).value().is_local());
    CHECK(parse_address("unix:/run/http", true).value().is_local());
    for (const char* text : {"example.com:80", "::1:80", "[10.0.0.1]:80", "10.0.0.1", "*:80"}) {
      CAPTURE(text);
      const auto parsed = parse_address(text, true);
      REQUIRE(!parsed.ok());
      CHECK(parsed.failure().message.find("must be HOST:PORT") != std::string::npos);
    }
  }

  TEST_CASE("a Host header of another site is none of this machine") {
    for (const char* host :
         {"localhost", "localhost:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:80"}) {
      CAPTURE(host);
      CHECK(is_loopback_host(host));
    }
    for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                             "localhost:8080:1", "localhost:", "127.1", "[::1]x", "[::2]",
                             "0.0.0.0", "LOCALHOST@evil.example"}) {
      CAPTURE(host);
      CHECK(!is_loopback_host(host));
    }
  }

  TEST_CASE("a socket that a killed process left is replaced, and other files are not") {
    const test::TempDir dir;
    const std::string path = (dir.path() / "http.sock").string();
    const http::Address address = parse_address("unix:" + path).value();
    CHECK(http::check_free(address).ok());
    {
      const control::File left = bind_to(path);
      CHECK(http::check_free(address).ok());
      CHECK(!std::filesystem::exists(path));
    }
    const control::File used = bind_to(path);
    REQUIRE(::listen(used.fd(), 1) == 0);
    CHECK(http::check_free(address).failure().code == ErrorCode::kBusy);
    std::filesystem::remove(path);
    std::ofstream(path) << "text";
    CHECK(http::check_free(address).failure().code == ErrorCode::kInvalid);
    CHECK(std::filesystem::exists(path));
  }
}

}  // namespace anabranch::address_test
