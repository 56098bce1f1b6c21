// Concerns that connections have without asking: those of their user, of prefixes of keys, and of
// the mesh. The nearest one counts, and all regions have those of keys and the mesh.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "regions/concerns.h"
#include "tests/server/concern_world.h"

namespace anabranch::concern_rules_test {

using nlohmann::json;
using test::bulk;
using test::eventually;
using test::figure;
using test::kLacking;
using test::kOk;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

Words verb(Words words) {
  words.insert(words.begin(), {"ANABRANCH", "CONCERN"});
  return words;
}

// `client` has no concern of its own; a write that needs us-1 waits for 20 ms and is missed, once
// it is cut off.
struct World : test::ConcernWorld {
  World() {
    REQUIRE(client.ask(verb({"OFF"})) == kOk);
    cut();
  }
  std::string set(const Words& words) { return client.ask(verb(words)); }
  std::string put(const std::string& key) { return client.ask({"SET", key, "v"}); }
  json rules() { return json::parse(bulk(other.ask(verb({"RULES"})))); }
};

// Words for the member us-1.
Words with(Words words, const std::string& patience = "20") {
  words.insert(words.end(), {"DURABLE", "MEMBER", "us-1", "WITHIN", patience});
  return words;
}

constexpr const char* kShort = "DURABLE MEMBER us-1 WITHIN 20";

}  // namespace

TEST_SUITE("server: concerns of users, keys and the mesh") {
  TEST_CASE("the concern of the mesh is that of all keys, from the next write on") {
    World world;
    CHECK(world.in_force() == json{{"concern", nullptr}, {"from", "nobody"}});
    CHECK(world.put("k") == kOk);
    CHECK(world.set(with({"MESH"})) == kOk);
    CHECK(world.put("k") == kLacking);
    CHECK(world.client.ask({"GET", "k"}) == "$1\r\nv\r\n");
    CHECK(world.last() == json{{"outcome", "missed"}, {"have", Words{}}, {"lack", {"us-1"}}});
    CHECK(world.in_force() == json{{"concern", kShort}, {"from", "mesh"}});
    CHECK(world.in_force("k") == json{{"concern", kShort}, {"from", "mesh"}});
    CHECK(world.other.ask({"SET", "k", "v"}) == kLacking);
    // Settings of operators are no writes of keys.
    CHECK(world.client.ask({"ANABRANCH", "POLICY", "SET", "max", "p"}) == kOk);
    CHECK(world.set({"MESH", "OFF"}) == kOk);
    CHECK(world.put("k") == kOk);
    CHECK(world.rules().empty());
    CHECK(world.in_force()["from"] == "nobody");
  }

  TEST_CASE("the longest prefix of a key counts alone, in its database") {
    World world;
    CHECK(world.set({"PREFIX", "a:", "LOCAL"}) == kOk);
    CHECK(world.set(with({"PREFIX", "a:b"})) == kOk);
    CHECK(world.set(with({"MESH"}, "10")) == kOk);
    for (const char* key : {"a:bc", "a:b", "b", "a", ""}) {
      CAPTURE(key);
      CHECK(world.put(key) == kLacking);
    }
    for (const char* key : {"a:", "a:c", "a:a"}) CHECK(world.put(key) == kOk);
    CHECK(world.in_force("a:bc") ==
          json{{"concern", kShort}, {"from", "prefix"}, {"prefix", "a:b"}});
    CHECK(world.in_force("a:c") ==
          json{{"concern", "LOCAL"}, {"from", "prefix"}, {"prefix", "a:"}});
    CHECK(world.in_force("z")["from"] == "mesh");
    CHECK(world.set({"MESH", "OFF"}) == kOk);
    CHECK(world.client.ask({"SELECT", "3"}) == kOk);
    CHECK(world.put("a:bc") == kOk);
    CHECK(world.set(with({"PREFIX", ""})) == kOk);
    CHECK(world.put("any") == kLacking);
    CHECK(world.client.ask({"SELECT", "0"}) == kOk);
    CHECK(world.put("any") == kOk);
    const json rules = world.rules();
    REQUIRE(rules.size() == 3);
    CHECK(rules[0] == json{{"for", "prefix"},
                           {"database", 0},
                           {"prefix", "a:"},
                           {"concern", "LOCAL"},
                           {"note", ""}});
    CHECK(rules[2]["database"] == 3);
    CHECK(world.set({"PREFIX", "a:b", "OFF"}) == kOk);
    CHECK(world.put("a:bc") == kOk);
  }

  TEST_CASE("the nearest one counts: the connection, its user, the prefix, the mesh") {
    World world;
    CHECK(world.set(with({"MESH"})) == kOk);
    CHECK(world.set({"PREFIX", "p", "DURABLE", "COUNT", "1"}) == kOk);
    CHECK(world.put("p") == kOk);
    const std::string rule = "concern=durable,member,us-1,within,20";
    CHECK(world.other.ask({"ACL", "SETUSER", "app", "on", "nopass", "+@all", "~*", rule}) == kOk);
    CHECK(world.client.ask({"AUTH", "app", "x"}) == kOk);
    CHECK(world.put("p") == kLacking);
    CHECK(world.in_force() == json{{"concern", kShort}, {"from", "user"}});
    CHECK(world.set({"SET", "LOCAL"}) == kOk);
    CHECK(world.put("p") == kOk);
    CHECK(world.put("other") == kOk);
    CHECK(world.in_force("p") == json{{"concern", "LOCAL"}, {"from", "connection"}});
    CHECK(world.set({"OFF"}) == kOk);
    CHECK(world.in_force()["from"] == "user");
    // A change of the user counts at once, also for those that are connected.
    CHECK(world.other.ask({"ACL", "SETUSER", "app", "resetconcern"}) == kOk);
    CHECK(world.in_force("p")["from"] == "prefix");
    CHECK(world.in_force("q")["from"] == "mesh");
    CHECK(world.other.ask({"ACL", "DELUSER", "app"}) == ":1\r\n");
  }

  TEST_CASE("a command of several keys, and a transaction, has the strongest of its keys") {
    World world;
    CHECK(world.set(with({"PREFIX", "p"})) == kOk);
    CHECK(world.set({"PREFIX", "q", "DURABLE", "COUNT", "1"}) == kOk);
    CHECK(world.client.ask({"MSET", "a", "1", "q", "1"}) == kOk);
    CHECK(world.client.ask({"MSET", "a", "1", "q", "1", "p", "1"}) == kLacking);
    CHECK(world.last()["have"] == Words{"eu-1"});  // Of the concern of q.
    CHECK(world.client.ask({"DEL", "q", "p"}) == kLacking);
    // Keys that a command reads do not count.
    CHECK(world.client.ask({"SADD", "p", "m"}) == kLacking);
    CHECK(world.client.ask({"SUNIONSTORE", "q", "p"}) == ":1\r\n");
    CHECK(world.client.ask({"SUNIONSTORE", "p", "q"}) == kLacking);
    CHECK(world.client.ask({"ANABRANCH", "ONCE", "id-1", "SET", "p1", "1"}) == kLacking);
    CHECK(world.client.ask({"ANABRANCH", "ONCE", "id-2", "SET", "q1", "1"}) == kOk);
    CHECK(world.client.ask({"FLUSHALL"}) == kLacking);
    const auto exec = [&](const std::vector<Words>& commands) {
      CHECK(world.client.ask({"MULTI"}) == kOk);
      for (const Words& each : commands) CHECK(world.client.ask(each) == "+QUEUED\r\n");
      return world.client.ask({"EXEC"});
    };
    CHECK(exec({{"SET", "a", "1"}, {"GET", "p"}}).starts_with("*2"));
    CHECK(exec({{"SET", "a", "1"}, {"SET", "p", "1"}}) == kLacking);
    CHECK(exec({{"SELECT", "3"}, {"SET", "p", "1"}}).starts_with("*2"));
    CHECK(world.client.ask({"COPY", "p", "c"}) == ":1\r\n");
    CHECK(world.client.ask({"COPY", "p", "p", "DB", "0"}) == kLacking);
    CHECK(world.client.ask({"SELECT", "0"}) == kOk);
  }

  TEST_CASE("a request of more than 10,000 words has the concerns of all keys") {
    World world;
    CHECK(world.set(with({"PREFIX", "p"})) == kOk);
    Words words{"MSET"};
    words.resize(9'999, "a");
    CHECK(world.client.ask(words) == kOk);
    words.resize(10'001, "a");
    CHECK(world.client.ask(words) == kLacking);
  }

  TEST_CASE("of two concerns each has its own time, and one that degrades hides no other") {
    World world;
    CHECK(world.set({"PREFIX", "p", "DURABLE", "MEMBER", "us-1", "DEGRADE", "10"}) == kOk);
    CHECK(world.set(with({"PREFIX", "q"}, "60000")) == kOk);
    CHECK(world.put("p") == kOk);
    CHECK(world.last()["outcome"] == "degraded");
    world.client.send(request({"MSET", "p", "1", "q", "1"}));
    REQUIRE(world.waiting(1));
    world.heal();
    CHECK(world.client.receive() == kOk);
    world.cut();
    CHECK(world.set(with({"PREFIX", "q"}, "30")) == kOk);
    CHECK(world.client.ask({"MSET", "p", "1", "q", "1"}) == kLacking);
    CHECK(world.last()["outcome"] == "missed");
  }

  TEST_CASE(
      "a concern that the members cannot meet is refused with their names, and so are false "
      "words") {
    World world;
    const std::string few =
        "-ERR COUNT 3 is above the number of members, 2: there are eu-1, us-1\r\n";
    CHECK(world.set({"MESH", "DURABLE", "COUNT", "3"}) == few);
    CHECK(world.set({"PREFIX", "p", "DURABLE", "COUNT", "3"}) == few);
    CHECK(world.client.ask({"ACL", "SETUSER", "app", "concern=DURABLE,COUNT,3"}) ==
          "-ERR the concern of user 'app': " + few.substr(5));
    CHECK(world.client.ask({"ACL", "GETUSER", "app"}) == "$-1\r\n");
    CHECK(world.client.ask({"ACL", "SETUSER", "app", "concern=all"}) ==
          "-ERR Error in ACL SETUSER modifier 'concern=all': a concern begins with LOCAL, APPLIED "
          "or DURABLE\r\n");
    CHECK(world.set({"MESH", "ALL"}).starts_with("-ERR a concern begins with"));
    CHECK(world.set({"PREFIX", std::string(1025, 'p'), "LOCAL"}).find("at most 1024 bytes") !=
          std::string::npos);
    CHECK(world.rules().empty());
  }

  TEST_CASE("all regions have the concerns of keys, and one that cannot meet them says so") {
    World world;
    world.heal();
    CHECK(world.set({"MESH", "DURABLE", "MEMBER", "eu-1", "ZONE", "WITHIN", "0"}) == kOk);
    Options options = test::listening(world.folder, "ap");
    options.peers = {world.eu.peer_endpoint()};
    options.node_name = "ap-1";
    RunningServer ap(options);
    RespClient client = ap.client();
    const auto note = [&] {
      const json rules = json::parse(bulk(client.ask(verb({"RULES"}))));
      return rules.empty() ? std::string() : rules[0]["note"].get<std::string>();
    };
    CHECK(eventually([&] { return note() == "this member has no zone (setting zone)"; }));
    CHECK(client.ask({"SET", "k", "v"}).starts_with("-CONCERN it is written here; lacking: "));
    const auto warned = [&] {
      const json status = json::parse(bulk(client.ask({"ANABRANCH", "STATUS"})));
      for (const json& each : status["warnings"]) {
        if (each["kind"] == "concern") return each["text"].get<std::string>();
      }
      return std::string();
    };
    CHECK(eventually([&] {
      return warned() ==
             "the concern of the mesh, DURABLE MEMBER eu-1 ZONE WITHIN 0, cannot be met: this "
             "member has no zone (setting zone)";
    }));
    CHECK(world.set({"MESH", "OFF"}) == kOk);
    CHECK(eventually([&] { return note().empty() && warned().empty(); }));
    CHECK(client.ask({"SET", "k", "v"}) == kOk);
  }

  TEST_CASE("a user keeps its concern in the file, and a start takes that as it is") {
    const test::TempDir folder;
    const std::string path = (folder.path() / "users").string();
    std::ofstream(path) << "user default on nopass ~* &* +@all concern=durable,count,2\n";
    std::filesystem::permissions(
        path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    RunningServer server({}, {.acl_file = path});
    RespClient client = server.client();
    const std::string listed = client.ask({"ACL", "LIST"});
    CHECK(listed.find("user default on nopass ~* &* +@all concern=DURABLE,COUNT,2,WITHIN,5000") !=
          std::string::npos);
    CHECK(client.ask({"ACL", "GETUSER", "default"}).find("DURABLE COUNT 2 WITHIN 5000") !=
          std::string::npos);
    CHECK(client.ask({"ACL", "SETUSER", "default", "concern=DURABLE,COUNT,2,WITHIN,0"})
              .starts_with("-ERR the concern of user 'default': COUNT 2 is above"));
    CHECK(client.ask({"ACL", "SAVE"}) == kOk);
    CHECK(client.ask({"ACL", "LOAD"}) == kOk);  // One that stands is not refused.
    CHECK(client.ask({"ACL", "SETUSER", "default", "concern=DURABLE,COUNT,1"}) == kOk);
    CHECK(client.ask({"SET", "k", "v"}) == kOk);
    CHECK(client.ask({"ACL", "LOAD"}).starts_with("-ERR the concern of user 'default': COUNT 2"));
    CHECK(client.ask({"ACL", "SETUSER", "default", "reset", "on", "nopass", "+@all", "~*"}) == kOk);
    CHECK(client.ask({"ACL", "GETUSER", "default"}).find("concern") == std::string::npos);
  }

  TEST_CASE("a row of a concern is read with all that is appended to it, and no other row is one") {
    CHECK(regions::encode_concern({}) == "\x91\x90");
    CHECK(regions::encode_concern({"yes"}) == "\x91\x91\xc4\x03yes");
    const core::Path path = regions::concern_path(std::nullopt);
    crdt::Cell cell;
    CHECK_FALSE(regions::read_concern_row(path, cell).has_value());
    cell.siblings.emplace_back().value = "\x92\x91\xc4\x03yes\x01";
    const auto row = regions::read_concern_row(path, cell);
    REQUIRE(row.has_value());
    CHECK(row->readable);
    CHECK(row->words == Words{"yes"});
    CHECK_FALSE(row->keys.has_value());
    CHECK_FALSE(regions::read_concern_row(path.child("more"), cell).has_value());
    const rows::PolicyScope keys{"\x01", "p"};
    CHECK(regions::read_concern_row(regions::concern_path(keys), cell)->keys == keys);
    cell.siblings.front().value = "no array";
    CHECK_FALSE(regions::read_concern_row(path, cell)->readable);
  }

  TEST_CASE("many prefixes are told apart, and there are no more than a hundred") {
    World world;
    for (std::size_t i = 0; i < 99; ++i) {
      Words words{"PREFIX", std::string(i, 'x'), "DURABLE", "COUNT", "1"};
      if (i % 2 == 0) words = {"PREFIX", std::string(i, 'x'), "LOCAL"};
      REQUIRE(world.set(words) == kOk);
    }
    CHECK(world.in_force(std::string(98, 'x'))["prefix"] == std::string(98, 'x'));
    CHECK(world.in_force(std::string(500, 'x'))["prefix"] == std::string(98, 'x'));
    CHECK(world.in_force("xxxy")["prefix"] == "xxx");
    CHECK(world.in_force("xxxa")["prefix"] == "xxx");
    CHECK(world.in_force("y")["prefix"] == "");
    CHECK(world.set({"MESH", "LOCAL"}) == kOk);
    CHECK(world.set({"PREFIX", "y", "LOCAL"}).find("100 concerns are in force") !=
          std::string::npos);
    CHECK(world.set({"PREFIX", "x", "LOCAL"}) == kOk);  // Another one in its place.
    CHECK(world.set({"PREFIX", "x", "OFF"}) == kOk);
    CHECK(world.set({"PREFIX", "y", "LOCAL"}) == kOk);
  }
}

}  // namespace anabranch::concern_rules_test
