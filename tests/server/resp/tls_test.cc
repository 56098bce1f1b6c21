// TLS at the Redis port: versions, certificates of both sides, wrong files, renewal.

#include <doctest/doctest.h>

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/server/certificates.h"
#include "tests/server/running_server.h"
#include "tests/server/tls_client.h"

namespace anabranch::tls_test {

using namespace server;
using test::Certificate;
using test::RespClient;
using test::Root;
using test::RunningServer;
using test::TempDir;
using test::TlsClient;
using test::Words;
using namespace std::chrono_literals;

namespace {

struct World {
  TempDir folder;
  Root root{folder.path(), "root"};
  Certificate own = root.sign("server");

  World() { std::signal(SIGPIPE, SIG_IGN); }

  [[nodiscard]] ServerOptions options() const {
    return {.tls_address = "127.0.0.1:0", .tls = {.certificate = own.certificate, .key = own.key}};
  }
  [[nodiscard]] TlsClient::Options trusting() const { return {.root = root.certificate()}; }
};

// The error of a certificate and key that are not taken; empty if they are.
std::string refusal(const TlsFiles& files) {
  const auto loaded = TlsContext::load(files);
  return loaded.ok() ? "" : loaded.failure().message;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), 0600);
}

// Whether a client is served: a server of TLS 1.3 refuses a certificate after the client's
// handshake is over.
bool is_served(const std::string& address, const TlsClient::Options& options) {
  try {
    return TlsClient(address, options).ask({"PING"}) == "+PONG\r\n";
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

TEST_SUITE("server: TLS") {
  TEST_CASE("clients of TLS 1.2 and 1.3 are served, with large requests and answers") {
    const World world;
    RunningServer server({}, world.options());
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsClient::Options options = world.trusting();
      options.version = version;
      TlsClient client(server.tls_endpoint(), options);
      CHECK(client.version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
      const std::string value(3'000'000, 'x');
      CHECK(client.ask({"SET", "large", value}) == "+OK\r\n");
      CHECK(client.ask({"GET", "large"}) == "$3000000\r\n" + value + "\r\n");
      std::string many;
      for (int i = 0; i < 5000; ++i) many += test::request({"PING"});
      client.send(many);
      for (int i = 0; i < 5000; ++i) REQUIRE(client.receive() == "+PONG\r\n");
      // One byte at a time, each in a record of its own.
      for (const char byte : test::request({"ECHO", "slow"})) client.send({&byte, 1});
      CHECK(client.receive() == "$4\r\nslow\r\n");
    }
    TlsClient::Options old = world.trusting();
    old.version = TLS1_1_VERSION;
    CHECK_THROWS_AS(TlsClient(server.tls_endpoint(), old), std::runtime_error);
  }

  TEST_CASE("both ports serve the same keys, and QUIT ends a connection") {
    const World world;
    RunningServer server({}, world.options());
    TlsClient secure(server.tls_endpoint(), world.trusting());
    RespClient plain = server.client();
    CHECK(secure.ask({"SET", "a", "1"}) == "+OK\r\n");
    CHECK(plain.ask({"GET", "a"}) == "$1\r\n1\r\n");
    CHECK(secure.ask({"QUIT"}) == "+OK\r\n");
    CHECK_THROWS_AS(secure.receive(), std::runtime_error);
  }

  TEST_CASE("who speaks no TLS there is closed, and others do not notice") {
    const World world;
    RunningServer server({}, world.options());
    TlsClient other(server.tls_endpoint(), world.trusting());
    RespClient plain(server.tls_endpoint());
    plain.send(test::request({"PING"}));
    // An alert of TLS, which is no reply.
    CHECK_THROWS_AS(plain.receive(), std::runtime_error);
    CHECK(other.ask({"PING"}) == "+PONG\r\n");
    CHECK_THROWS_AS(TlsClient(server.endpoint(), world.trusting()), std::runtime_error);
  }

  TEST_CASE("a client that begins no handshake is closed after a while") {
    const World world;
    ServerOptions options = world.options();
    options.login_time_max = 200ms;
    RunningServer server({}, options);
    RespClient silent(server.tls_endpoint());
    CHECK(silent.closed());
  }

  TEST_CASE("clients may or must show a certificate of the right root") {
    const World world;
    const TempDir elsewhere;
    const Root other(elsewhere.path(), "other");
    const Certificate mine = world.root.sign("client");
    const Certificate theirs = other.sign("client");
    TlsClient::Options none = world.trusting();
    TlsClient::Options right = world.trusting();
    TlsClient::Options wrong = world.trusting();
    right.own = mine;
    wrong.own = theirs;
    ServerOptions options = world.options();
    options.tls.clients_ca = world.root.certificate();
    SUBCASE("may") {
      options.tls.clients = TlsFiles::Clients::kMay;
      RunningServer server({}, options);
      CHECK(is_served(server.tls_endpoint(), none));
      CHECK(is_served(server.tls_endpoint(), right));
      CHECK_FALSE(is_served(server.tls_endpoint(), wrong));
    }
    SUBCASE("must") {
      options.tls.clients = TlsFiles::Clients::kMust;
      RunningServer server({}, options);
      CHECK_FALSE(is_served(server.tls_endpoint(), none));
      CHECK(is_served(server.tls_endpoint(), right));
      CHECK_FALSE(is_served(server.tls_endpoint(), wrong));
    }
  }

  TEST_CASE("wrong files are refused with a sentence that names them") {
    const World world;
    const Certificate old = world.root.sign("old", -60);
    const Certificate second = world.root.sign("second");
    const std::string nonsense = (world.folder.path() / "nonsense").string();
    write(nonsense, "nonsense\n");
    const std::string absent = (world.folder.path() / "absent").string();
    CHECK(refusal({world.own.certificate, world.own.key}).empty());
    CHECK(refusal({world.own.certificate, ""}) == "TLS needs a key of the certificate as well");
    CHECK(refusal({"", world.own.key}) == "TLS needs a certificate as well");
    CHECK(refusal({absent, world.own.key}) ==
          "the certificate " + absent + ": No such file or directory");
    CHECK(refusal({world.folder.path().string(), world.own.key}).ends_with("it is not a file"));
    CHECK(refusal({nonsense, world.own.key})
              .starts_with("the certificate " + nonsense + ": it has none as PEM"));
    CHECK(refusal({world.own.certificate, nonsense})
              .starts_with("the key of the certificate " + nonsense + ": it has no key as PEM"));
    CHECK(refusal({world.own.certificate, second.key})
              .starts_with("the key of the certificate " + second.key +
                           ": it is not that of the certificate " + world.own.certificate));
    CHECK(refusal({old.certificate, old.key}) ==
          "the certificate " + old.certificate + ": it has run out");
    CHECK(refusal({world.own.certificate, world.own.key, "", TlsFiles::Clients::kMust}) ==
          "TLS needs a root of clients' certificates as well");
    CHECK(
        refusal({world.own.certificate, world.own.key, nonsense, TlsFiles::Clients::kMust})
            .starts_with("the root of clients' certificates " + nonsense + ": it has none as PEM"));
    REQUIRE(::chmod(world.own.key.c_str(), 0644) == 0);
    CHECK(refusal({world.own.certificate, world.own.key})
              .starts_with("the key of the certificate " + world.own.key +
                           ": others can read it: chmod 600 it"));
  }

  TEST_CASE("a key that a group of this process may read is accepted") {
    const World world;
    REQUIRE(::chown(world.own.key.c_str(), static_cast<uid_t>(-1), ::getegid()) == 0);
    REQUIRE(::chmod(world.own.key.c_str(), 0640) == 0);
    CHECK(refusal({world.own.certificate, world.own.key}).empty());
    REQUIRE(::chmod(world.own.key.c_str(), 0660) == 0);
    CHECK(refusal({world.own.certificate, world.own.key}).ends_with("chmod 640 it"));
  }

  TEST_CASE("certificates are renewed without a restart, and wrong ones change nothing") {
    const World world;
    RunningServer server({}, world.options());
    TlsClient before(server.tls_endpoint(), world.trusting());
    CHECK(before.server_name() == "server");
    const Certificate renewed = world.root.sign("renewed");
    std::filesystem::rename(renewed.certificate, world.own.certificate);
    std::filesystem::rename(renewed.key, world.own.key);
    server.reload();
    const auto name = [&] {
      return TlsClient(server.tls_endpoint(), world.trusting()).server_name();
    };
    for (int i = 0; i < 1000 && name() != "renewed"; ++i) std::this_thread::sleep_for(10ms);
    CHECK(name() == "renewed");
    CHECK(before.ask({"PING"}) == "+PONG\r\n");
    write(world.own.key, "nonsense");
    server.reload();
    // A turn after the request has been heard, the request has been done.
    CHECK(before.ask({"PING"}) == "+PONG\r\n");
    CHECK(before.ask({"PING"}) == "+PONG\r\n");
    CHECK(name() == "renewed");
  }

  TEST_CASE("addresses that others reach are for TLS and passwords, or for --redis-insecure") {
    const World world;
    TempDir folder;
    const auto open = [&](const ServerOptions& options) -> std::string {
      Options store;
      store.path = (folder.path() / "data").string();
      store.region = "eu";
      const auto leader = leader::Leader::open(store).value_or_raise();
      const auto server = Server::open(*leader, options);
      return server.ok() ? "" : server.failure().message;
    };
    ServerOptions options = world.options();
    options.address = "0.0.0.0:0";
    CHECK(open(options).find("is refused without TLS") != std::string::npos);
    options.insecure = true;
    CHECK(open(options).empty());
    options = world.options();
    options.address = "";
    options.tls_address = "0.0.0.0:0";
    CHECK(open(options).find("is refused without passwords") != std::string::npos);
    const std::string users = (folder.path() / "users").string();
    write(users, "user default off\nuser a on >x ~* +@all\n");
    options.acl_file = users;
    CHECK(open(options).empty());
  }
}

}  // namespace anabranch::tls_test
