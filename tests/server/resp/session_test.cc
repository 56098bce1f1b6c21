// Sessions and write concerns on the Redis port: a client that waits, waits alone, and is told in
// the end.

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "core/hash.h"
#include "core/token.h"
#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::session_test {

using namespace std::chrono_literals;
using test::eventually;
using test::knows;
using test::request;
using test::RespClient;
using test::RunningServer;

namespace {

Options linked_with(const Store& peer) {
  Options options;
  options.peers = {peer.status().endpoint};
  return options;
}

// The text of a reply that is a bulk string.
std::string text_of(const std::string& reply) {
  const std::size_t begin = reply.find("\r\n") + 2;
  return reply.substr(begin, reply.size() - begin - 2);
}

std::string token_of(RespClient& client) { return text_of(client.ask({"ANABRANCH", "TOKEN"})); }

// The region `us`, embedded, and `eu` with its Redis port.
struct World {
  test::TempDir folder;
  std::unique_ptr<Store> us_{new Store(Store::open(test::listening(folder, "us")))};
  RunningServer eu{linked_with(*us_)};
  RespClient client = eu.client();
  RespClient other = eu.client();

  // Both have the rows that the other one writes about itself when it begins.
  World() {
    REQUIRE(eventually([&] { return knows(us(), "eu"); }));
    REQUIRE(client.ask({"ANABRANCH", "SESSION", us().token(), "10000"}) == "+OK\r\n");
    client.ask({"GET", "k"});
    (void)us().session(token_of(client), 10s);
    client.ask({"RESET"});
  }
  Store& us() { return *us_; }
  // Whether so many clients wait.
  bool waiting(int count) {
    return other.ask({"INFO", "clients"})
               .find("blocked_clients:" + std::to_string(count) + "\r\n") != std::string::npos;
  }
  // A token of writes that `eu` does not have, until it is linked again.
  std::string token_of_the_future() {
    REQUIRE(us().pause("eu"));
    Counter{us(), "n"}.add(1);
    Counter{us(), "n"}.add(1);
    return us().token();
  }
};

// A token of the mesh that names so many origins that nobody writes under.
std::string forged(std::uint64_t origins) {
  core::VersionVector seen;
  for (std::uint64_t origin = 1; origin <= origins; ++origin) seen.set(origin, 1);
  return core::encode_token(core::digest128(Options{}.mesh), seen);
}

constexpr std::string_view kLacking =
    "-TIMEOUT this session has seen more than this region has: it still lacks 2 ops of region "
    "us\r\n";

}  // namespace

TEST_SUITE("server: sessions") {
  TEST_CASE("a token covers what its connection has written, also in the same breath") {
    World world;
    world.client.send(request({"SET", "k", "v"}) + request({"ANABRANCH", "TOKEN"}) +
                      request({"GET", "k"}));
    CHECK(world.client.receive() == "+OK\r\n");
    const std::string token = text_of(world.client.receive());
    CHECK(world.client.receive() == "$1\r\nv\r\n");
    Session there = world.us().session(token, 10s);
    CHECK(Register<std::string>{there, "k"}.get() == "v");
  }

  TEST_CASE("a token covers what its connection has read, and nothing that came later") {
    World world;
    Counter{world.us(), "n"}.add(1);
    REQUIRE(eventually([&] { return world.client.ask({"GET", "n"}) == "$1\r\n1\r\n"; }));
    const std::string before = token_of(world.client);
    Counter{world.us(), "n"}.add(1);
    REQUIRE(eventually([&] { return world.other.ask({"GET", "n"}) == "$1\r\n2\r\n"; }));
    CHECK(token_of(world.client) == before);
    CHECK(token_of(world.other) != before);
  }

  TEST_CASE("a connection that was reset has seen nothing") {
    World world;
    const std::string nothing = token_of(world.client);
    CHECK(world.client.ask({"ANABRANCH", "SESSION", "", "0"}) == "+OK\r\n");
    CHECK(token_of(world.client) == nothing);
    world.client.ask({"SET", "k", "v"});
    CHECK(token_of(world.client) != nothing);
    world.client.ask({"RESET"});
    CHECK(token_of(world.client) == nothing);
  }

  TEST_CASE("a session that was let in passes on what its token named") {
    World world;
    Counter{world.us(), "n"}.add(1);
    const std::string token = world.us().token();
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "10000"}) == "+OK\r\n");
    CHECK(token_of(world.client) == token);
    CHECK(world.client.ask({"GET", "n"}) == "$1\r\n1\r\n");
  }

  TEST_CASE("who waits, waits alone, and what was sent behind runs in order") {
    World world;
    const std::string token = world.token_of_the_future();
    world.client.send(request({"ANABRANCH", "SESSION", token, "60000"}) + request({"GET", "n"}) +
                      request({"INCR", "n"}) + request({"GET", "n"}));
    REQUIRE(eventually([&] { return world.waiting(1); }));
    CHECK(world.other.ask({"GET", "n"}) == "$-1\r\n");
    CHECK(world.other.ask({"SET", "k", "v"}) == "+OK\r\n");
    REQUIRE(world.us().resume("eu"));
    CHECK(world.client.receive() == "+OK\r\n");
    CHECK(world.client.receive() == "$1\r\n2\r\n");
    CHECK(world.client.receive() == ":3\r\n");
    CHECK(world.client.receive() == "$1\r\n3\r\n");
    CHECK(world.waiting(0));
  }

  TEST_CASE("who waits too long is told whose writes are missing, and goes on") {
    World world;
    const std::string token = world.token_of_the_future();
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "0"}) == kLacking);
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "20"}) == kLacking);
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token}) == kLacking);
    CHECK(world.client.ask({"GET", "n"}) == "$-1\r\n");
    REQUIRE(world.us().resume("eu"));
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "10000"}) == "+OK\r\n");
  }

  TEST_CASE("a connection that closes while it waits leaves nothing behind") {
    World world;
    const std::string token = world.token_of_the_future();
    {
      RespClient gone = world.eu.client();
      gone.send(request({"ANABRANCH", "SESSION", token, "3600000"}) + request({"SET", "k", "v"}));
      REQUIRE(eventually([&] { return world.waiting(1); }));
      RespClient also_gone = world.eu.client();
      also_gone.send(request({"WAIT", "5", "0"}));
      REQUIRE(eventually([&] { return world.waiting(2); }));
    }
    CHECK(eventually([&] { return world.waiting(0); }));
    CHECK(world.other.ask({"INFO", "clients"}).find("connected_clients:2\r\n") !=
          std::string::npos);
    REQUIRE(world.us().resume("eu"));
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "10000"}) == "+OK\r\n");
    CHECK(world.client.ask({"GET", "k"}) == "$-1\r\n");
  }

  TEST_CASE("a server that stops sends those away who wait") {
    std::optional<World> world(std::in_place);
    const std::string token = world->token_of_the_future();
    RespClient waiting = world->eu.client();
    waiting.send(request({"ANABRANCH", "SESSION", token, "3600000"}));
    REQUIRE(eventually([&] { return world->waiting(1); }));
    world.reset();
    CHECK(waiting.closed());
  }

  TEST_CASE("garbage, other meshes and newer formats are refused, and nothing is waited for") {
    World world;
    const auto asked = [&](const std::string& token) {
      return world.client.ask({"ANABRANCH", "SESSION", token, "3600000"});
    };
    CHECK(asked("garbage") ==
          "-ERR this is no token: give back what token() has returned, unchanged\r\n");
    CHECK(asked("2abc") ==
          "-ERR the token is of a newer version of the format: upgrade this region\r\n");
    std::string damaged = world.us().token();
    damaged[5] = damaged[5] == 'A' ? 'B' : 'A';
    CHECK(asked(damaged) == "-ERR the token is damaged\r\n");
    Options options = test::store_options(world.folder, "xx");
    options.mesh = "another";
    CHECK(asked(Store::open(options).token()) == "-ERR the token is of another mesh\r\n");
  }

  TEST_CASE("a token that names thousands of unknown origins is refused") {
    World world;
    CHECK(world.client.ask({"ANABRANCH", "SESSION", forged(1'001), "10"})
              .starts_with("-ERR a token names more than 1000 origins"));
    CHECK(world.client.ask({"ANABRANCH", "SESSION", forged(900), "10"}).starts_with("-TIMEOUT"));
  }

  TEST_CASE("many that wait for much are told in time, and one that has come is let in") {
    World world;
    std::vector<std::unique_ptr<RespClient>> waiting;
    for (int i = 0; i < 200; ++i) {
      waiting.emplace_back(new RespClient(world.eu.client()));
      waiting.back()->send(request({"ANABRANCH", "SESSION", forged(900), "15000"}));
    }
    REQUIRE(eventually([&] { return world.waiting(200); }));
    CHECK(world.client.ask({"ANABRANCH", "SESSION", world.us().token(), "60000"}) == "+OK\r\n");
    for (const auto& each : waiting) CHECK(each->receive().starts_with("-TIMEOUT"));
    CHECK(world.client.ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("words that make no sense are refused") {
    World world;
    const auto asked = [&](const test::Words& words) { return world.client.ask(words); };
    const std::string no_time = "-ERR timeout is not an integer or out of range\r\n";
    CHECK(asked({"ANABRANCH", "SESSION", "", "x"}) == no_time);
    CHECK(asked({"ANABRANCH", "SESSION", "", "-1"}) == "-ERR timeout is negative\r\n");
    CHECK(asked({"ANABRANCH", "SESSION", "", "1", "nope"}) == "-ERR syntax error\r\n");
    CHECK(asked({"ANABRANCH", "SESSION", "", "9223372036854775807", "FORGET"}) == "+OK\r\n");
    CHECK(asked({"ANABRANCH", "SESSION"}) ==
          "-ERR wrong number of arguments for 'anabranch|session' command\r\n");
    CHECK(asked({"ANABRANCH", "TOKEN", "x"}) ==
          "-ERR wrong number of arguments for 'anabranch|token' command\r\n");
    CHECK(asked({"ANABRANCH", "WAIT", "0", "nope"}) == "-ERR syntax error\r\n");
    CHECK(asked({"ANABRANCH", "WAIT", "0", "COUNT", "-1"}) ==
          "-ERR COUNT is no number of regions\r\n");
    CHECK(asked({"ANABRANCH", "WAIT", "0", "REGION", "xx"}) == "-ERR there is no region 'xx'\r\n");
  }

  TEST_CASE("within a transaction there is no waiting") {
    World world;
    for (const test::Words& words : {test::Words{"ANABRANCH", "TOKEN"},
                                     {"ANABRANCH", "SESSION", ""},
                                     {"ANABRANCH", "WAIT", "0"}}) {
      CHECK(world.client.ask({"MULTI"}) == "+OK\r\n");
      CHECK(world.client.ask(words) == "-ERR Command not allowed inside a transaction\r\n");
      CHECK(world.client.ask({"EXEC"}).starts_with("-EXECABORT"));
    }
    CHECK(world.client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(world.client.ask({"WAIT", "5", "0"}) == "+QUEUED\r\n");
    CHECK(world.client.ask({"EXEC"}).starts_with("*1\r\n:"));
    world.client.send(request({"MULTI"}) + request({"SET", "k", "v"}) + request({"EXEC"}) +
                      request({"ANABRANCH", "TOKEN"}));
    for (int i = 0; i < 3; ++i) world.client.receive();
    Session there = world.us().session(text_of(world.client.receive()), 10s);
    CHECK(Register<std::string>{there, "k"}.get() == "v");
  }

  TEST_CASE("writes that died with every copy are named at once, and can be forgotten") {
    World world;
    Counter{world.us(), "n"}.add(1);
    REQUIRE(eventually([&] { return world.client.ask({"GET", "n"}) == "$1\r\n1\r\n"; }));
    const std::string token = world.token_of_the_future();
    world.us_.reset();
    std::filesystem::remove_all(world.folder.path() / "us");
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "0"}) == kLacking);
    REQUIRE(eventually([&] {
      return world.client.ask({"ANABRANCH", "REGION", "RETIRE", "us", "LOST"}) == "+OK\r\n";
    }));
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "20000"}) ==
          "-ERR 2 ops of region us that this session has seen are gone: no region has them any "
          "more; it may go on without them, if it says so\r\n");
    CHECK(world.client.ask({"ANABRANCH", "SESSION", token, "0", "FORGET"}) == "+OK\r\n");
    CHECK(world.client.ask({"GET", "n"}) == "$1\r\n1\r\n");
    const std::string again = token_of(world.client);
    CHECK(world.other.ask({"ANABRANCH", "SESSION", again, "0"}) == "+OK\r\n");
  }
}

TEST_SUITE("server: how far a write has come") {
  TEST_CASE("WAIT counts the other regions that have it") {
    World world;
    CHECK(world.client.ask({"WAIT", "1", "0"}) == ":1\r\n");
    world.client.send(request({"SET", "k", "v"}) + request({"WAIT", "1", "0"}));
    CHECK(world.client.receive() == "+OK\r\n");
    CHECK(world.client.receive() == ":1\r\n");
    CHECK(Register<std::string>{world.us(), "k"}.get() == "v");
    CHECK(world.client.ask({"WAIT", "2", "20"}) == ":1\r\n");
  }

  TEST_CASE("WAIT gives up in time, and without one waits for ever") {
    World world;
    REQUIRE(world.us().pause("eu"));
    world.client.ask({"SET", "k", "v"});
    CHECK(world.client.ask({"WAIT", "0", "0"}) == ":0\r\n");
    CHECK(world.client.ask({"WAIT", "1", "20"}) == ":0\r\n");
    world.client.send(request({"WAIT", "1", "0"}) + request({"PING"}));
    REQUIRE(eventually([&] { return world.waiting(1); }));
    CHECK(world.other.ask({"WAIT", "1", "0"}) == ":1\r\n");  // It has written nothing.
    REQUIRE(world.us().resume("eu"));
    CHECK(world.client.receive() == ":1\r\n");
    CHECK(world.client.receive() == "+PONG\r\n");
  }

  TEST_CASE("the regions that have it are named, and those that have not") {
    World world;
    const auto wait = [&](test::Words words) {
      words.insert(words.begin(), {"ANABRANCH", "WAIT"});
      return text_of(world.client.ask(words));
    };
    world.client.ask({"SET", "k", "v"});
    CHECK(wait({"10000", "ALL"}) == R"({"met":true,"have":["eu","us"],"lack":[]})");
    REQUIRE(world.us().pause("eu"));
    world.client.ask({"SET", "k", "w"});
    CHECK(wait({"0"}) == R"({"met":true,"have":["eu"],"lack":["us"]})");
    CHECK(wait({"10", "REGION", "us", "APPLIED"}) ==
          R"({"met":false,"have":["eu"],"lack":["us"]})");
    CHECK(wait({"0", "COUNT", "1"}).starts_with(R"({"met":true)"));
    REQUIRE(world.us().resume("eu"));
    CHECK(wait({"10000", "COUNT", "2", "REGION", "us"}).starts_with(R"({"met":true)"));
  }
}

}  // namespace anabranch::session_test
