// Where the HTTP port may listen.

#include "server/resp/socket/exposure.h"

#include <doctest/doctest.h>

#include <string>

namespace anabranch::exposure_test {

using namespace server;

namespace {

std::string refusal(const HttpExposure& exposure) {
  const auto checked = check_exposure(exposure);
  return checked.ok() ? "" : checked.failure().message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("server: exposure of the HTTP port") {
  TEST_CASE("this machine needs nothing") {
    for (const char* address : {"", "127.0.0.1:80", "localhost:80", "[::1]:80", "unix:/run/http"}) {
      CAPTURE(address);
      CHECK(refusal({.address = address}).empty());
    }
    CHECK(refusal({.address = "127.0.0.1:80", .has_tls = true}).empty());
  }

  TEST_CASE("others need TLS and a password") {
    for (const char* address : {"0.0.0.0:80", "[::]:80", "192.0.2.1:80", "[2001:db8::1]:80"}) {
      CAPTURE(address);
      CHECK(contains(refusal({.address = address, .open = false}), "without TLS"));
      CHECK(contains(refusal({.address = address, .has_tls = true}), "without passwords"));
      CHECK(refusal({.address = address, .has_tls = true, .open = false}).empty());
      CHECK(refusal({.address = address, .insecure = true}).empty());
    }
  }

  TEST_CASE("a socket on a path has no TLS") {
    CHECK(contains(refusal({.address = "unix:/run/http", .has_tls = true}), "http_tls is for"));
  }
}

}  // namespace anabranch::exposure_test
