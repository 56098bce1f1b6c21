// The HTTP port of an embedded store.

#include <anabranch/http.h>
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include <anabranch/anabranch.h>

#include "tests/http/http_client.h"
#include "tests/temp_dir.h"

namespace anabranch::http_test {

using nlohmann::json;
using test::fetch;
using test::get;
using test::read_to_end;
using test::Reply;

namespace {

// A store with its HTTP port.
struct World {
  test::TempDir dir;
  std::string data = (dir.path() / "eu").string();
  Store store = Store::open({.path = data, .region = "eu"});
  Http http = Http::start({.directory = data});

  [[nodiscard]] std::string token() const {
    std::ifstream file(data + "/http-token");
    std::string line;
    std::getline(file, line);
    return line;
  }
  Reply post(const std::string& path, const std::string& body, const std::string& bearer) {
    return fetch(http.address(), "POST " + path +
                                     " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                     "application/json\r\nAuthorization: Bearer " +
                                     bearer + "\r\nContent-Length: " + std::to_string(body.size()) +
                                     "\r\n\r\n" + body);
  }
};

std::string refusal(const HttpOptions& options) {
  try {
    (void)Http::start(options);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("http: port") {
  TEST_CASE("the status is that of the store, with the figures of the port") {
    World world;
    Register<std::string>{world.store, "k"}.put("v");
    const Reply reply = get(world.http.address(), "/status");
    CHECK(reply.status == 200);
    CHECK(contains(reply.head, "content-type: application/json"));
    CHECK(contains(reply.head, "cache-control: no-cache"));
    CHECK(contains(reply.head, "content-security-policy: default-src 'self'"));
    CHECK(!contains(reply.head, "access-control"));
    const json status = json::parse(reply.body);
    CHECK(status.at("region") == "eu");
    CHECK(status.at("digest") == world.store.status().digest);
    CHECK(status.at("http").at("connections") == 1);
    CHECK(status.at("http").at("requests") == 1);
  }

  TEST_CASE("metrics, health, history, losers and the page are there") {
    World world;
    CHECK(contains(get(world.http.address(), "/metrics").body,
                   "anabranch_writable{region=\"eu\"} 1"));
    CHECK(get(world.http.address(), "/healthz").body == "ok\n");
    CHECK(get(world.http.address(), "/readyz").body == "ok\n");
    CHECK(json::parse(get(world.http.address(), "/history").body).at("writes").is_array());
    CHECK(json::parse(get(world.http.address(), "/losers?limit=3").body).at("losers").empty());
    CHECK(get(world.http.address(), "/losers?limit=x").status == 400);
    CHECK(get(world.http.address(), "/losers?limit=0").status == 400);
    const Reply page = get(world.http.address(), "/");
    CHECK(page.status == 200);
    CHECK(contains(page.head, "content-type: text/html"));
    CHECK(contains(page.body, "<!doctype html>"));
    CHECK(get(world.http.address(), "/index.html").body == page.body);
    const std::size_t tag = page.head.find("etag: ") + 6;
    const std::string known = page.head.substr(tag, page.head.find("\r\n", tag) - tag);
    const Reply again = fetch(world.http.address(),
                              "GET / HTTP/1.1\r\nHost: localhost\r\n"
                              "If-None-Match: " +
                                  known + "\r\n\r\n");
    CHECK(again.status == 304);
    CHECK(again.body.empty());
  }

  TEST_CASE("other paths, methods and hosts are refused") {
    World world;
    const std::string at = world.http.address();
    CHECK(get(at, "/nothing").status == 404);
    CHECK(get(at, "/../http-token").status != 200);
    CHECK(get(at, "/http-token").status == 404);
    CHECK(get(at, "/pause").status == 405);
    CHECK(world.post("/status", "{}", world.token()).status == 405);
    CHECK(fetch(at, "DELETE /status HTTP/1.1\r\nHost: localhost\r\n\r\n").status != 200);
    CHECK(fetch(at, "GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403);
    CHECK(fetch(at, "GET /status HTTP/1.1\r\n\r\n").status != 200);
  }

  TEST_CASE("nothing is upgraded, and requests that make no sense are answered so") {
    World world;
    const std::string at = world.http.address();
    const std::string host = "Host: localhost\r\n";
    const auto status = [&](const std::string& line, const std::string& headers) {
      return fetch(at, line + " HTTP/1.1\r\n" + host + headers + "\r\n").status;
    };
    const std::string upgrade =
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n";
    for (const char* path : {"/", "/events", "/status", "/nothing"}) {
      CAPTURE(path);
      CHECK(status(std::string("GET ") + path, "Upgrade: websocket\r\n" + upgrade) == 400);
    }
    CHECK(status("GET /", "Upgrade: h2c\r\n" + upgrade) == 400);
    CHECK(status("CONNECT 127.0.0.1:1", "") == 405);
    CHECK(status("GET /%00", "") == 400);
    CHECK(status("GET /%00status", "") == 400);
    // libwebsockets hangs up by itself.
    CHECK(status("GET /status%00", "") != 200);
    CHECK(status("GET /status%00?x=1", "") != 200);
    CHECK(status("GET /%00?x=1", "") == 400);
    // Whatever the memory of a connection has had before.
    for (int i = 0; i < 50; ++i) {
      REQUIRE(status("GET /status?x=%20", "") == 200);
      REQUIRE(status("GET /status?y", "") == 200);
      REQUIRE(status("GET /status?", "") == 200);
      REQUIRE(status("GET /status", "") == 200);
    }
    for (const char* length : {"99999999999999999999999", "-5", "4294967297", "16385", "x"}) {
      CAPTURE(length);
      CHECK(status("POST /pause", std::string("Content-Length: ") + length + "\r\n") == 413);
    }
    CHECK(get(at, "/healthz").status == 200);
  }

  TEST_CASE("a connection is closed behind the answer where its client asks for that") {
    World world;
    const std::string at = world.http.address();
    const std::string host = "Host: localhost\r\n";
    for (const char* path : {"/healthz", "/nothing", "/status"}) {
      const std::string line = std::string("GET ") + path;
      const std::string last = line + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n";
      CHECK(read_to_end(at, last) != "");
      CHECK(read_to_end(at, line + " HTTP/1.0\r\n" + host + "\r\n") != "");
      const std::string both = read_to_end(at, line + " HTTP/1.1\r\n" + host + "\r\n" + last);
      CHECK(both.find("HTTP/1.1") != both.rfind("HTTP/1.1"));
    }
  }

  TEST_CASE("acting needs the token") {
    World world;
    const auto begun = std::chrono::steady_clock::now();
    CHECK(world.post("/put-back", R"({"id":"1.1"})", std::string(64, '0')).status == 401);
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(500));
    const Reply absent = world.post("/put-back", R"({"id":"1.1"})", world.token());
    CHECK(absent.status == 400);
    CHECK(contains(absent.body, "loser"));
    CHECK(world.post("/pause", R"({"peer":"nobody"})", world.token()).status == 400);
    for (const char* body : {"{}", "", "x", "[]", R"({"peer":1})", R"({"peer":""})"}) {
      CAPTURE(body);
      CHECK(world.post("/pause", body, world.token()).status >= 400);
    }
    CHECK(world.post("/pause", std::string(20'000, ' '), world.token()).status == 413);
    CHECK(world.store.status().peers.empty());
  }

  TEST_CASE("a stream tells the status every second") {
    World world;
    // The status of the first event may be older than the stream.
    const Reply reply = get(world.http.address(), "/events", 2);
    CHECK(reply.status == 200);
    CHECK(contains(reply.head, "text/event-stream"));
    REQUIRE(reply.body.starts_with("event: status\ndata: {"));
    const std::size_t second = reply.body.find("event: status\ndata: {", 1);
    REQUIRE(second != reply.body.npos);
    const std::string data = reply.body.substr(reply.body.find("data: ", second) + 6);
    CHECK(json::parse(data.substr(0, data.find('\n'))).at("http").at("streams") == 1);
  }

  TEST_CASE("it listens on a path for its user alone, and leaves nothing there") {
    test::TempDir dir;
    const std::string data = (dir.path() / "eu").string();
    const Store store = Store::open({.path = data, .region = "eu"});
    const std::string path = (dir.path() / "http.sock").string();
    Http http = Http::start({.directory = data, .address = "unix:" + path});
    CHECK(http.address() == "unix:" + path);
    struct stat status = {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    CHECK(json::parse(get(http.address(), "/status").body).at("region") == "eu");
    http.stop();
    CHECK(!std::filesystem::exists(path));
    CHECK(http.address().empty());
    http.stop();
  }

  TEST_CASE("it may be moved, and outlives the store, with a reason") {
    test::TempDir dir;
    const std::string data = (dir.path() / "eu").string();
    std::optional<Store> store = Store::open({.path = data, .region = "eu"});
    Http first = Http::start({.directory = data});
    Http http = std::move(first);
    CHECK(get(http.address(), "/healthz").status == 200);
    store.reset();
    for (const char* path : {"/healthz", "/readyz", "/status", "/metrics", "/losers"}) {
      CAPTURE(path);
      const Reply gone = get(http.address(), path);
      CHECK(gone.status == 503);
      CHECK(contains(gone.body, "no leader has"));
    }
    store = Store::open({.path = data, .region = "eu"});
    CHECK(get(http.address(), "/healthz").status == 200);
    http = Http::start({.directory = data});
    CHECK(get(http.address(), "/healthz").status == 200);
  }

  TEST_CASE("options that cannot be are refused with a sentence") {
    test::TempDir dir;
    const std::string data = (dir.path() / "eu").string();
    CHECK(contains(refusal({}), "needs the data directory"));
    CHECK(contains(refusal({.directory = data}), "control socket"));
    const Store store = Store::open({.path = data, .region = "eu"});
    CHECK(contains(refusal({.directory = data, .address = "0.0.0.0:0"}), "this machine only"));
    CHECK(contains(refusal({.directory = data, .ready_lag_ms = -1}), "negative"));
    const Http http = Http::start({.directory = data});
    CHECK(contains(refusal({.directory = data, .address = http.address().substr(7)}), "in use"));
  }

  TEST_CASE("a transaction that runs for long blocks neither the status nor the end") {
    World world;
    std::string told;
    world.store.transact([&](Transaction& txn) {
      Register<std::string>{txn, "k"}.put("v");
      told = get(world.http.address(), "/losers").body;
      world.http.stop();
    });
    CHECK(json::parse(told).at("losers").empty());
  }
}

}  // namespace anabranch::http_test
