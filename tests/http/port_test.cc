// The HTTP port with users, as a program around it has them.

#include "http/port.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/http/http_client.h"
#include "tests/temp_dir.h"

namespace anabranch::port_test {

using http::Gate;
using test::fetch;
using test::Reply;

namespace {

// Rules at once, on the thread that asks.
class FakeGate final : public Gate {
 public:
  [[nodiscard]] bool has_users() const override { return has; }
  bool ask(Question question, Then then) override {
    const std::lock_guard lock(mutex);
    if (full) return false;
    const bool is_user = question.user == "ann" && question.password == "right";
    const bool may = question.verb == allowed;
    asked.push_back(std::move(question));
    then({!is_user ? Verdict::kUnknown
          : may    ? Verdict::kMay
                   : Verdict::kMayNot,
          std::chrono::milliseconds(is_user ? 0 : 30), asked.back().lasts ? holds : nullptr});
    return true;
  }
  void leave() override { ++left; }

  std::atomic<bool> has = true;
  std::atomic<int> left = 0;
  std::shared_ptr<std::atomic<bool>> holds = std::make_shared<std::atomic<bool>>(true);
  std::mutex mutex;
  bool full = false;
  std::vector<std::string> allowed{"STATUS"};
  std::vector<Question> asked;
};

constexpr std::string_view kRight = "Authorization: Basic YW5uOnJpZ2h0\r\n";
constexpr std::string_view kWrong = "Authorization: Basic YW5uOndyb25n\r\n";

struct World {
  test::TempDir dir;
  std::string data = (dir.path() / "eu").string();
  Store store = Store::open({.path = data, .region = "eu"});
  std::shared_ptr<FakeGate> gate = std::make_shared<FakeGate>();
  http::Port port{http::PortOptions{.http = {.directory = data}, .gate = gate}};

  Reply get(const std::string& path, std::string_view headers = {}) {
    return fetch(port.name(), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" +
                                  std::string(headers) + "\r\n");
  }
  Reply post(const std::string& path, const std::string& body, std::string_view headers) {
    return fetch(port.name(), "POST " + path +
                                  " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                  "application/json\r\n" +
                                  std::string(headers) + "Content-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body);
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("http: users") {
  TEST_CASE("a stranger learns the health alone, and whether the page exists does not show") {
    World world;
    for (const char* path : {"/", "/docs/", "/status", "/events", "/nothing", "/losers"}) {
      CAPTURE(path);
      const Reply reply = world.get(path);
      CHECK(reply.status == 401);
      CHECK(contains(reply.head, "www-authenticate: Basic realm=\"Anabranch\""));
      CHECK(!contains(reply.body, "eu"));
    }
    CHECK(world.get("/healthz").body == "ok\n");
    CHECK(world.get("/readyz").body == "ok\n");
    CHECK(world.gate->asked.empty());
    CHECK(!std::filesystem::exists(world.data + "/http-token"));
  }

  TEST_CASE("the gate hears the verb, and a user with the right is answered") {
    World world;
    CHECK(world.get("/status", kRight).status == 200);
    CHECK(world.gate->asked.back().verb == std::vector<std::string>{"STATUS"});
    CHECK(world.gate->asked.back().from == "127.0.0.1");
    CHECK(world.get("/nothing", kRight).status == 404);
    CHECK(contains(world.get("/history", kRight).head, "anabranch-user: ann"));
    const Reply losers = world.get("/losers", kRight);
    CHECK(losers.status == 403);
    CHECK(contains(losers.body, "the user ann has no right to ANABRANCH CONFLICTS LIST"));
    CHECK(world.post("/pause", R"({"peer":"us"})", kRight).status == 403);
    CHECK(world.gate->asked.back().verb == std::vector<std::string>{"PEER", "PAUSE", "us"});
    world.gate->allowed = {"PEER", "PAUSE", "us"};
    CHECK(contains(world.post("/pause", R"({"peer":"us"})", kRight).body, "no peer"));
    CHECK(world.post("/pause", "{}", kRight).status == 403);
  }

  TEST_CASE("pages of other sites do not get as far as the gate") {
    World world;
    const std::string origin = "Origin: http://evil.example\r\n";
    CHECK(world.post("/pause", R"({"peer":"us"})", origin + std::string(kRight)).status == 403);
    const std::string site = "Sec-Fetch-Site: cross-site\r\n";
    CHECK(world.post("/pause", R"({"peer":"us"})", site + std::string(kRight)).status == 403);
    CHECK(world.gate->asked.empty());
  }

  TEST_CASE("a wrong password waits as the gate says, and a full one is busy") {
    World world;
    const auto begun = std::chrono::steady_clock::now();
    CHECK(world.get("/status", kWrong).status == 401);
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(30));
    world.gate->full = true;
    CHECK(world.get("/status", kRight).status == 503);
  }

  TEST_CASE("a stream ends when its user has lost the right, and all end that have no user") {
    World world;
    world.gate->has = false;
    CHECK(contains(world.get("/events").body, "event: status"));
    world.gate->has = true;
    *world.gate->holds = false;
    CHECK(world.get("/events", kRight).body.empty());
    CHECK(world.gate->asked.back().lasts);
  }

  TEST_CASE("the gate is left before the port is gone") {
    const auto gate = std::make_shared<FakeGate>();
    {
      const test::TempDir dir;
      const std::string data = (dir.path() / "eu").string();
      const Store store = Store::open({.path = data, .region = "eu"});
      const http::Port port{http::PortOptions{.http = {.directory = data}, .gate = gate}};
    }
    CHECK(gate->left == 1);
  }
}

}  // namespace anabranch::port_test
