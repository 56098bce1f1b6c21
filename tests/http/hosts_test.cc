// The names by which a port may be called.

#include "http/hosts.h"

#include <doctest/doctest.h>

namespace anabranch::hosts_test {

using http::Hosts;

namespace {

class Certificates final : public http::Certificates {
 public:
  explicit Certificates(std::vector<std::string> names) : names_(std::move(names)) {}
  void dress(ssl_ctx_st* /*context*/) override {}
  [[nodiscard]] std::vector<std::string> names() const override { return names_; }

 private:
  std::vector<std::string> names_;
};

Hosts hosts_at(const char* address, std::vector<std::string> names = {},
               const std::vector<std::string>& certified = {}) {
  return Hosts(http::parse_address(address, true).value(), std::move(names),
               std::make_shared<Certificates>(certified));
}

}  // namespace

TEST_SUITE("http: hosts") {
  TEST_CASE("a local port is called by names of this machine, and by those it is given") {
    const Hosts plain = hosts_at("127.0.0.1:80");
    CHECK(plain.allow("localhost:80"));
    CHECK(plain.allow("127.0.0.2"));
    CHECK(plain.allow("[::1]:80"));
    for (const char* host : {"", "evil.example", "192.0.2.1", "localhost.evil.example", "a:b",
                             "[::1", "[::1]x", "localhost:80:80"}) {
      CAPTURE(host);
      CHECK(!plain.allow(host));
    }
    CHECK(hosts_at("127.0.0.1:80", {"eu.example"}).allow("EU.example:443"));
  }

  TEST_CASE("names of the certificate, and one label for a star") {
    const Hosts hosts = hosts_at("192.0.2.1:80", {}, {"eu.example", "*.eu.example", "2001:db8::1"});
    CHECK(hosts.allow("eu.example"));
    CHECK(hosts.allow("a.eu.example:80"));
    CHECK(hosts.allow("[2001:DB8:0::1]:80"));
    CHECK(!hosts.allow("a.b.eu.example"));
    CHECK(!hosts.allow(".eu.example"));
    CHECK(!hosts.allow("eu.example.evil"));
  }

  TEST_CASE("its own address, and of one for all interfaces any number but no name") {
    CHECK(hosts_at("192.0.2.1:80").allow("192.0.2.1:80"));
    CHECK(!hosts_at("192.0.2.1:80").allow("192.0.2.2"));
    CHECK(hosts_at("0.0.0.0:80").allow("192.0.2.2:80"));
    CHECK(hosts_at("[::]:80").allow("[2001:db8::1]"));
    CHECK(!hosts_at("0.0.0.0:80").allow("evil.example"));
    CHECK(!hosts_at("0.0.0.0:80").allow("[evil.example]"));
  }

  TEST_CASE("a name has no scheme and no port") {
    for (const char* text : {"eu.example", "*.eu.example", "EU-1_a", "192.0.2.1", "2001:db8::1"}) {
      CAPTURE(text);
      CHECK(http::is_name(text));
    }
    for (const char* text :
         {"", "*", "*.", "https://eu.example", "eu.example:80", "eu example", "a.*.example"}) {
      CAPTURE(text);
      CHECK(!http::is_name(text));
    }
  }

  TEST_CASE("on a path any host is good") { CHECK(hosts_at("unix:/run/http").allow("anything")); }
}

}  // namespace anabranch::hosts_test
