// ANABRANCH CONFLICTS, and writes of connections that have been shown all values of a key.

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"
#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::conflicts_test {

using test::bulk;
using test::eventually;
using test::RespClient;
using test::RunningServer;

namespace {

Options linked_with(const Store& peer) {
  Options options;
  options.peers = {peer.status().endpoint};
  return options;
}

// The region `us`, embedded, and `eu` with its Redis port.
struct World {
  test::TempDir folder;
  Store us = Store::open(test::listening(folder, "us"));
  RunningServer eu{linked_with(us)};
  RespClient client = eu.client();

  World() {
    REQUIRE(eventually([&] { return test::knows(us, "eu"); }));
  }
  nlohmann::json ask(test::Words words) {
    words.insert(words.begin(), {"ANABRANCH", "CONFLICTS"});
    return nlohmann::json::parse(bulk(client.ask(words)));
  }
  // Writes a key in both regions while neither knows of the other.
  void conflict(const std::string& key) {
    REQUIRE(us.pause("eu"));
    CHECK(client.ask({"SET", key, "a"}) == "+OK\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // The value of us is the last.
    Register<>{us, key}.put("b");
    REQUIRE(us.resume("eu"));
    REQUIRE(eventually([&] {
      return client.ask({"GET", key}) == "$1\r\nb\r\n" &&
             Register<>{us, key}.siblings().size() == 2;
    }));
  }
};

}  // namespace

TEST_SUITE("server: conflicts") {
  TEST_CASE("losers are listed, shown, counted and put back") {
    World world;
    world.conflict("doc");
    const nlohmann::json losers = world.ask({"LIST"})["losers"];
    REQUIRE(losers.size() == 1);
    const nlohmann::json& loser = losers[0];
    CHECK(loser["kind"] == "met");
    CHECK(loser["database"] == 0);
    CHECK(loser["key"] == "doc");
    CHECK(loser["path"] == nlohmann::json{"s"});
    CHECK(loser["value"] == "a");
    CHECK(loser["region"] == "eu");
    CHECK(loser["winner"] == "b");
    CHECK(loser["policy"] == "lww");
    CHECK(loser["by_region"] == "us");
    CHECK(loser["is_shown"] == false);
    CHECK(world.ask({"SHOW", loser["id"]}) == losers);
    const nlohmann::json stats = world.ask({"STATS"});
    CHECK(stats["entries"] == 1);
    CHECK(stats["rules"][0]["met"] == 1);
    CHECK(world.client.ask({"ANABRANCH", "CONFLICTS", "PUTBACK", loser["id"]}) == "+OK\r\n");
    CHECK(world.client.ask({"GET", "doc"}) == "$1\r\na\r\n");
    CHECK(eventually([&] { return Register<>{world.us, "doc"}.get() == "a"; }));
    CHECK(world.ask({"LIST"})["losers"][0]["kind"] == "put back");
    const auto status = nlohmann::json::parse(bulk(world.client.ask({"ANABRANCH", "STATUS"})));
    CHECK(status.at("conflicts").at("entries") == 2);
  }

  TEST_CASE("a loser that is shown by a new policy is told as shown, and settles its row") {
    World world;
    world.conflict("doc");
    CHECK(world.client.ask({"ANABRANCH", "POLICY", "SET", "min", "doc"}) == "+OK\r\n");
    CHECK(world.client.ask({"GET", "doc"}) == "$1\r\na\r\n");
    const nlohmann::json losers = world.ask({"LIST"})["losers"];
    REQUIRE(losers.size() == 1);
    CHECK(losers[0]["is_shown"] == true);
    CHECK(world.ask({"SHOW", losers[0]["id"]}) == losers);
    CHECK(world.client.ask({"ANABRANCH", "CONFLICTS", "PUTBACK", losers[0]["id"]}) == "+OK\r\n");
    CHECK(eventually([&] { return Register<>{world.us, "doc"}.siblings().size() == 1; }));
    CHECK(Register<>{world.us, "doc"}.get() == "a");
  }

  TEST_CASE("the list has filters and pages") {
    World world;
    world.conflict("doc/1");
    world.conflict("doc/2");
    world.conflict("other");
    CHECK(world.ask({"LIST"})["losers"].size() == 3);
    CHECK(world.ask({"LIST", "PREFIX", "doc/"})["losers"].size() == 2);
    CHECK(world.ask({"list", "db", "1"})["losers"].empty());
    const nlohmann::json first = world.ask({"LIST", "PREFIX", "doc/", "LIMIT", "1"});
    REQUIRE(first["losers"].size() == 1);
    REQUIRE(first["before"].is_string());
    const nlohmann::json next =
        world.ask({"LIST", "PREFIX", "doc/", "LIMIT", "1", "BEFORE", first["before"]});
    REQUIRE(next["losers"].size() == 1);
    CHECK(next["losers"][0]["key"] == "doc/1");
    CHECK(next["before"].is_null());
    CHECK(world.ask({"LIST", "SINCE", "99999999999999"})["losers"].empty());
  }

  TEST_CASE("a connection that was shown all values replaces them knowingly") {
    World world;
    world.conflict("doc");
    (void)world.client.ask({"ANABRANCH", "SHOW", "doc"});
    CHECK(world.client.ask({"SET", "doc", "ab"}) == "+OK\r\n");
    CHECK(world.ask({"LIST"})["losers"].size() == 1);
    world.conflict("doc");
    CHECK(world.client.ask({"SET", "doc", "c"}) == "+OK\r\n");
    const nlohmann::json losers = world.ask({"LIST"})["losers"];
    CHECK(losers[0]["kind"] == "replaced");
    CHECK(losers[1]["kind"] == "replaced");
  }

  TEST_CASE(
      "another connection has not been shown them, and neither has one that reads the winner") {
    World world;
    world.conflict("doc");
    RespClient other = world.eu.client();
    (void)other.ask({"ANABRANCH", "SHOW", "doc"});
    (void)world.client.ask({"GET", "doc"});
    CHECK(world.client.ask({"SET", "doc", "c"}) == "+OK\r\n");
    CHECK(world.ask({"LIST"})["losers"][0]["kind"] == "replaced");
  }

  TEST_CASE("a connection that begins anew by RESET has been shown nothing") {
    World world;
    world.conflict("doc");
    (void)world.client.ask({"ANABRANCH", "SHOW", "doc"});
    CHECK(world.client.ask({"RESET"}) == "+RESET\r\n");
    CHECK(world.client.ask({"SET", "doc", "c"}) == "+OK\r\n");
    CHECK(world.ask({"LIST"})["losers"][0]["kind"] == "replaced");
  }

  TEST_CASE("nonsense is refused") {
    World world;
    const auto refused = [&](test::Words words) {
      words.insert(words.begin(), {"ANABRANCH", "CONFLICTS"});
      return world.client.ask(words).starts_with("-ERR");
    };
    CHECK(refused({"LIST", "PREFIX"}));
    CHECK(refused({"LIST", "WORST", "1"}));
    CHECK(refused({"LIST", "DB", "16"}));
    CHECK(refused({"LIST", "LIMIT", "x"}));
    CHECK(refused({"LIST", "BEFORE", "x"}));
    CHECK(refused({"SHOW", "1.0"}));
    CHECK(refused({"PUTBACK", "1.0"}));
  }
}

}  // namespace anabranch::conflicts_test
