// Commands through a real port, where Redis has nothing to compare with: the own verbs, the tables,
// and differences on purpose.

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include <anabranch/handles.h>

#include "tests/leader/store_world.h"
#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::commands_test {

using test::bulk;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

nlohmann::json ask_json(RespClient& client, const Words& words) {
  return nlohmann::json::parse(bulk(client.ask(words)));
}

}  // namespace

TEST_SUITE("server: commands") {
  TEST_CASE("flags, remove-wins sets and sums of doubles are told, refused and removed") {
    RunningServer server({}, {}, [](anabranch::Scope& scope) {
      anabranch::EnableWinsFlag(scope, "on").enable();
      anabranch::DisableWinsFlag(scope, "off").disable();
      anabranch::RemoveWinsSet<> members(scope, "members");
      members.insert("ada");
      members.erase("bob");
      anabranch::RealCounter(scope, "real").add(2.5);
      anabranch::Map(scope, "map").at<anabranch::EnableWinsFlag>("flag").enable();
    });
    RespClient client = server.client();
    CHECK(client.ask({"TYPE", "on"}) == "+enable-wins-flag\r\n");
    CHECK(client.ask({"TYPE", "off"}) == "+disable-wins-flag\r\n");
    CHECK(client.ask({"TYPE", "members"}) == "+remove-wins-set\r\n");
    CHECK(client.ask({"GET", "real"}) == "$3\r\n2.5\r\n");
    CHECK(client.ask({"GET", "on"}).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"SADD", "members", "x"}).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"INCR", "off"}).starts_with("-WRONGTYPE"));
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "on"})["value"] == true);
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "off"})["value"] == false);
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "real"})["counter"] == 2.5);
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "map"})["fields"][0]["value"] == true);
    const auto shown = ask_json(client, {"ANABRANCH", "SHOW", "members"});
    CHECK(shown["count"] == 1);
    CHECK(shown["elements"].size() == 1);
    CHECK(client.ask({"DEL", "on", "members"}) == ":2\r\n");
    CHECK(client.ask({"SET", "off", "v"}) == "+OK\r\n");
    CHECK(client.ask({"TYPE", "off"}) == "+string\r\n");
    CHECK(client.ask({"DBSIZE"}) == ":3\r\n");
  }

  TEST_CASE("a database is told everywhere, and its keys are in no other one") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    CHECK(client.ask({"CONFIG", "GET", "databases"}).ends_with("$2\r\n16\r\n"));
    CHECK(client.ask({"SELECT", "7"}) == "+OK\r\n");
    CHECK(client.ask({"MSET", "a", "1", "b", "2", "c", "3"}) == "+OK\r\n");
    CHECK(client.ask({"EXPIRE", "a", "1000"}) == ":1\r\n");
    CHECK(other.ask({"SET", "a", "0"}) == "+OK\r\n");
    CHECK(bulk(other.ask({"INFO", "keyspace"})) ==
          "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\ndb7:keys=3,expires=1,avg_ttl=0\r\n");
    const std::string clients = other.ask({"CLIENT", "LIST"});
    CHECK(clients.find(" db=7 ") != std::string::npos);
    CHECK(clients.find(" db=0 ") != std::string::npos);
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "a"})["value"] == "1");
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "a"})["database"] == 7);
    CHECK(ask_json(other, {"ANABRANCH", "SHOW", "a"})["value"] == "0");
    CHECK(client.ask({"SWAPDB", "0", "7"}).starts_with("-ERR SWAPDB is not supported"));
    CHECK(client.ask({"FLUSHDB"}) == "+OK\r\n");
    CHECK(bulk(other.ask({"INFO", "keyspace"})) ==
          "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n");
  }

  TEST_CASE("a key of any database expires, and is cleared") {
    RunningServer server;
    RespClient client = server.client();
    for (const char* database : {"0", "3", "15"}) {
      client.ask({"SELECT", database});
      CHECK(client.ask({"SET", "k", "v", "PX", "1"}) == "+OK\r\n");
    }
    CHECK(anabranch::test::eventually([&] {
      return bulk(client.ask({"INFO", "keyspace"})) == "# Keyspace\r\n";
    }));
  }

  TEST_CASE("what is hidden behind a key's type is named") {
    using anabranch::Key;
    using anabranch::Type;
    RunningServer server({}, {}, [](anabranch::Scope& scope) {
      // As if two regions had done it at the same time.
      const Key key = "both";
      scope.put(key.element("ada"), {});
      scope.put(key.field("name").of(Type::kString), "eve");
      scope.put(key.field("age").of(Type::kString), "36");
      scope.put(Key("plain").of(Type::kString), "v");
    });
    RespClient client = server.client();
    const auto shown = ask_json(client, {"ANABRANCH", "SHOW", "both"});
    CHECK(shown["type"] == "set");
    CHECK(shown["hidden"] == nlohmann::json::array({{{"type", "hash"}, {"count", 2}}}));
    CHECK_FALSE(ask_json(client, {"ANABRANCH", "SHOW", "plain"}).contains("hidden"));
    CHECK(client.ask({"DEL", "both"}) == ":1\r\n");
    CHECK_FALSE(ask_json(client, {"ANABRANCH", "SHOW", "both"}).contains("hidden"));
  }

  TEST_CASE("of long values the beginning is shown, of a string of 300 kB all") {
    RunningServer server;
    RespClient client = server.client();
    const std::string large = std::string(300'000, 'x') + "\xc3\xa4";
    client.ask({"SET", "string", large});
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "string"})["siblings"][0]["value"] == large);
    client.ask({"SET", "larger", std::string(800'000, 'x')});
    const auto cut = ask_json(client, {"ANABRANCH", "SHOW", "larger"});
    CHECK(cut["value"]["bytes"] == 800'000);
    CHECK(cut["siblings"][0]["value"]["bytes"] == 800'000);
    client.ask({"HSET", "hash", "a", "short", "b", std::string(262'143 - 12, 'x') + "\xc3\xa4", "c",
                large, "d", "short"});
    const auto fields = ask_json(client, {"ANABRANCH", "SHOW", "hash"})["fields"];
    CHECK(fields[0]["value"] == "short");
    // The name and the value of the first, twice, leave 262132 bytes, and this takes one more.
    CHECK(fields[1]["value"]["bytes"] == 262'133);
    CHECK(fields[1]["value"]["begins"] == std::string(262'131, 'x'));
    CHECK(fields[2]["siblings"][0]["value"]["begins"] == std::string(64, 'x'));
    CHECK(fields[3]["value"] == "short");
  }

  TEST_CASE("requests whose words are looked up one by one have a bound, and errors have one") {
    RunningServer server;
    RespClient client = server.client();
    for (const Words& begin :
         {Words{"CONFIG", "GET"}, Words{"CONFIG", "SET"}, Words{"LATENCY", "HISTOGRAM"},
          Words{"LATENCY", "RESET"}, Words{"CLIENT", "LIST", "ID"}, Words{"COMMAND", "INFO"},
          Words{"COMMAND", "DOCS"}, Words{"INFO"}, Words{"ANABRANCH", "VERIFY", "START"}}) {
      Words words = begin;
      words.resize(1'100, "1");
      CAPTURE(begin.back());
      CHECK(client.ask(words).starts_with("-ERR at most 1000 "));
      words.resize(900);
      CHECK_FALSE(client.ask(words).starts_with("-ERR at most"));
    }
    const std::string long_word(100'000, 'x');
    CHECK(client.ask({"HELLO", "3", long_word}).size() < 300);
    CHECK(client.ask({"CLIENT", "SETINFO", long_word, "x"}).size() < 300);
  }

  TEST_CASE("a server answers, and answers again after its port was opened once more") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
    CHECK(client.ask({"SET", "k", "v"}) == "+OK\r\n");
    CHECK(server.client().ask({"GET", "k"}) == "$1\r\nv\r\n");
  }

  TEST_CASE("words in one packet are answered in their order") {
    RunningServer server;
    RespClient client = server.client();
    client.send(request({"SET", "k", "1"}) + request({"INCR", "k"}) + "GET k\r\n" +
                request({"NOPE"}) + request({"DEL", "k"}));
    CHECK(client.receive() == "+OK\r\n");
    CHECK(client.receive() == ":2\r\n");
    CHECK(client.receive() == "$1\r\n2\r\n");
    CHECK(client.receive().starts_with("-ERR unknown command 'NOPE'"));
    CHECK(client.receive() == ":1\r\n");
  }

  TEST_CASE("HELLO changes the types of replies and back") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"HSET", "h", "f", "v"});
    CHECK(client.ask({"HELLO", "3"}).starts_with("%7\r\n$6\r\nserver\r\n"));
    CHECK(client.ask({"GET", "absent"}) == "_\r\n");
    CHECK(client.ask({"HGETALL", "h"}) == "%1\r\n$1\r\nf\r\n$1\r\nv\r\n");
    client.ask({"SADD", "s", "a"});
    CHECK(client.ask({"SMEMBERS", "s"}) == "~1\r\n$1\r\na\r\n");
    CHECK(client.ask({"HELLO", "2"}).starts_with("*14\r\n"));
    CHECK(client.ask({"GET", "absent"}) == "$-1\r\n");
    CHECK(client.ask({"HELLO", "4"}) == "-NOPROTO unsupported protocol version\r\n");
  }

  TEST_CASE("INCR and HINCRBY say why they add nothing") {
    RunningServer server;
    RespClient client = server.client();
    const std::string most = std::to_string(std::numeric_limits<std::int64_t>::max());
    const std::string overflow = "-ERR increment or decrement would overflow\r\n";
    client.send(request({"SET", "text", "1.5"}) + request({"SET", "most", most}) +
                request({"HSET", "h", "text", "x"}) + request({"HSET", "h", "most", most}));
    for (int i = 0; i < 4; ++i) client.receive();
    CHECK(client.ask({"INCR", "text"}) == "-ERR value is not an integer or out of range\r\n");
    CHECK(client.ask({"INCR", "most"}) == overflow);
    CHECK(client.ask({"DECR", "most"}).starts_with(":9223372036854775806"));
    CHECK(client.ask({"HINCRBY", "h", "text", "1"}) == "-ERR hash value is not an integer\r\n");
    CHECK(client.ask({"HINCRBY", "h", "most", "1"}) == overflow);
    CHECK(client.ask({"HINCRBY", "h", "new", "-3"}) == ":-3\r\n");
    CHECK(client.ask({"HINCRBY", "text", "f", "1"}).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"INCR", "h"}).starts_with("-WRONGTYPE"));
    // An addition that is refused leaves the rest of its transaction alone.
    client.send(request({"MULTI"}) + request({"INCR", "n"}) + request({"INCR", "text"}) +
                request({"INCR", "n"}) + request({"EXEC"}));
    for (int i = 0; i < 4; ++i) client.receive();
    CHECK(client.receive() == "*3\r\n:1\r\n-ERR value is not an integer or out of range\r\n:2\r\n");
  }

  TEST_CASE("a key is gone at its deadline, and INCR begins at 0 there") {
    RunningServer server;
    RespClient client = server.client();
    // One transaction, with one time: on the slowest machine it is not over in between.
    client.send(request({"MULTI"}) + request({"SET", "k", "5", "PX", "60"}) +
                request({"TTL", "k"}) + request({"SADD", "s", "old"}) +
                request({"PEXPIRE", "s", "60"}) + request({"EXEC"}));
    for (int i = 0; i < 5; ++i) client.receive();
    CHECK(client.receive() == "*4\r\n+OK\r\n:0\r\n:1\r\n:1\r\n");
    while (client.ask({"EXISTS", "k", "s"}) != ":0\r\n") {
    }
    CHECK(client.ask({"PTTL", "k"}) == ":-2\r\n");
    CHECK(client.ask({"INCR", "k"}) == ":1\r\n");
    CHECK(client.ask({"TTL", "k"}) == ":-1\r\n");
    CHECK(client.ask({"SADD", "s", "new"}) == ":1\r\n");
    CHECK(client.ask({"SMEMBERS", "s"}) == "*1\r\n$3\r\nnew\r\n");
  }

  TEST_CASE("STATUS is all that the leader knows of itself") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v"});
    const nlohmann::json status = ask_json(client, {"ANABRANCH", "STATUS"});
    CHECK(status.at("region") == "eu");
    CHECK(status.at("redis") == server.endpoint());
    CHECK(status.at("peers").empty());
    CHECK(status.at("writable") == true);
    CHECK(status.at("full") == false);
    CHECK(status.at("draining") == false);
    REQUIRE(status.at("applied").size() == 1);
    CHECK(status.at("applied")[0].at("origin") == status.at("origin"));
    CHECK(status.at("applied")[0].at("seq") ==
          2);  // The first is its place in the list of regions.
    REQUIRE(status.at("regions").size() == 1);
    CHECK(status.at("regions")[0].at("region") == "eu");
    CHECK(status.at("regions")[0].at("retirement") == "");
    CHECK(status.at("clocks").empty());
    CHECK(status.at("unproven").empty());
    CHECK(status.at("waiting_subscriptions") == 0);
    CHECK(status.at("policies") == 0);
    CHECK(status.at("policy_troubles").empty());
    CHECK(status.at("absent_functions") == 0);
    CHECK(status.at("orders_left") == 0);
    CHECK(status.at("avoided_sources") == 0);
    CHECK(status.at("wanted_positions") == 0);
    CHECK(status.at("async_waiting") == 0);
    CHECK(status.at("presence").at("published") == 0);
    REQUIRE(status.at("members").size() == 1);
    CHECK(status.at("members")[0].at("self") == true);
    CHECK(status.at("members")[0].at("role") == "leads");
    CHECK(status.at("cards").at("sent") == 0);
    CHECK(status.at("warnings").empty());
  }

  TEST_CASE("SHOW tells a key with where and when it was written") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "n", "5"});
    client.ask({"INCRBY", "n", "3"});
    const nlohmann::json number = ask_json(client, {"ANABRANCH", "SHOW", "n"});
    CHECK(number.at("type") == "string");
    CHECK(number.at("value") == "8");
    CHECK(number.at("counter") == 3);
    REQUIRE(number.at("siblings").size() == 1);
    CHECK(number.at("siblings")[0].at("value") == "5");
    CHECK(number.at("siblings")[0].at("region") == "eu");
    CHECK(number.at("siblings")[0].at("time_ms") > 1'600'000'000'000);

    client.ask({"SADD", "s", "a", "\xff"});
    const nlohmann::json set = ask_json(client, {"ANABRANCH", "SHOW", "s"});
    CHECK(set.at("count") == 2);
    CHECK(set.at("elements")[0].at("element") == "a");
    CHECK(set.at("elements")[1].at("element").at("hex") == "ff");

    client.ask({"HSET", "h", "f", "v"});
    const nlohmann::json map = ask_json(client, {"ANABRANCH", "SHOW", "h"});
    CHECK(map.at("fields")[0].at("field") == "f");
    CHECK(map.at("fields")[0].at("value") == "v");
    CHECK(ask_json(client, {"ANABRANCH", "SHOW", "absent"}).at("type") == "none");
  }

  TEST_CASE("DIGEST follows what is visible") {
    RunningServer server;
    RespClient client = server.client();
    const std::string empty = client.ask({"ANABRANCH", "DIGEST"});
    CHECK(bulk(empty).size() == 32);
    // In one packet: the digest comes after the write, whether or not that has been committed.
    client.send(request({"SADD", "s", "a"}) + request({"ANABRANCH", "DIGEST"}));
    client.receive();
    CHECK(client.receive() != empty);
    client.ask({"SREM", "s", "a"});
    CHECK(client.ask({"ANABRANCH", "DIGEST"}) == empty);
  }

  TEST_CASE("peers that are not there cannot be paused") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"ANABRANCH", "PEER", "PAUSE", "us"}) == "-ERR there is no peer 'us'\r\n");
    for (const std::string region : {"us", "eu"}) {
      CHECK(client.ask({"ANABRANCH", "VERIFY", "START", region}) ==
            "-ERR there is no other region '" + region +
                "' in this mesh, as far as region eu knows\r\n");
    }
    CHECK(client.ask({"ANABRANCH", "VERIFY", "RESULT"}) == "$2\r\n[]\r\n");
    CHECK(client.ask({"ANABRANCH", "PEER", "PAUSE"}) ==
          "-ERR wrong number of arguments for 'anabranch|peer|pause' command\r\n");
    CHECK(client.ask({"ANABRANCH", "NOPE"}) ==
          "-ERR unknown subcommand 'NOPE'. Try ANABRANCH HELP.\r\n");
    CHECK(client.ask({"ANABRANCH", "HELP"}).find("+PEER PAUSE | RESUME name\r\n") !=
          std::string::npos);
  }

  TEST_CASE("every row of COMMAND can be asked for by its name") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"COMMAND"}).find("$9\r\nclient|id\r\n") != std::string::npos);
    CHECK(client.ask({"COMMAND", "INFO", "get", "nope"}).ends_with("$-1\r\n"));
    const std::string count = client.ask({"COMMAND", "COUNT"});
    const std::string listed = client.ask({"COMMAND", "LIST"});
    CHECK(listed.substr(1, listed.find('\r') - 1) == count.substr(1, count.find('\r') - 1));
    CHECK(client.ask({"COMMAND", "DOCS", "get"}).find("The string at a key.") != std::string::npos);
  }

  TEST_CASE("INFO has its sections, one or all") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v"});
    const std::string all = bulk(client.ask({"INFO"}));
    for (const char* line :
         {"# Server\r\n", "redis_version:7", "connected_clients:1\r\n", "role:master\r\n",
          "region:eu\r\n", "peers:0\r\n", "db0:keys=1,expires=0,avg_ttl=0\r\n"}) {
      CAPTURE(line);
      CHECK(all.find(line) != all.npos);
    }
    CHECK(bulk(client.ask({"INFO", "keyspace"})) ==
          "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n");
    CHECK(bulk(client.ask({"INFO", "nothing"})).empty());
  }

  TEST_CASE("additions of decimals are exact, whatever doubles lose on the way") {
    RunningServer server;
    RespClient client = server.client();
    const auto add = [&](const std::string& amount) {
      return bulk(client.ask({"INCRBYFLOAT", "sum", amount}));
    };
    for (int i = 1; i <= 1000; ++i) {
      const std::string whole = std::to_string(i / 10);
      const std::string tenths = i % 10 == 0 ? "" : "." + std::to_string(i % 10);
      REQUIRE(add("0.1") == whole + tenths);
    }
    CHECK(bulk(client.ask({"INCRBYFLOAT", "ulp", "-0.109504681"})) == "-0.109504681");
    CHECK(bulk(client.ask({"INCRBYFLOAT", "ulp", "-0.9"})) == "-1.009504681");
    CHECK(add("1000000.01") == "1000100.01");
    CHECK(add("-1000100") == "0.01");  // Most digits of the sum before are lost in the doubles.
    CHECK(add("-0.01") == "0");
    CHECK(add("1e-18") == "0");
    CHECK(add("0.123456789012345") == "0.123456789012345");
    CHECK(add("5e-324") == "0.123456789012345");
    CHECK(client.ask({"INCRBYFLOAT", "huge", "1e308"}) ==
          "$309\r\n1" + std::string(308, '0') + "\r\n");
    CHECK(client.ask({"INCRBYFLOAT", "huge", "1e308"}) ==
          "-ERR increment would produce NaN or Infinity\r\n");
    client.ask({"SET", "text", "00010.10"});
    CHECK(bulk(client.ask({"INCRBYFLOAT", "text", "+0.20"})) == "10.3");
    CHECK(client.ask({"SET", "text", "+-1"}) == "+OK\r\n");
    CHECK(client.ask({"INCRBYFLOAT", "text", "1"}) == "-ERR value is not a valid float\r\n");
  }

  TEST_CASE("CONFIG tells what redis-benchmark asks for and is not changed") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"CONFIG", "GET", "save"}) == "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
    CHECK(client.ask({"CONFIG", "GET", "append*", "nothing"}).starts_with("*4\r\n"));
    CHECK(client.ask({"CONFIG", "SET", "save", "1"}).starts_with("-ERR CONFIG SET failed"));
    CHECK(client.ask({"CONFIG", "RESETSTAT"}) == "+OK\r\n");
  }

  TEST_CASE("clients have numbers and names, and are listed") {
    RunningServer server;
    RespClient one = server.client();
    RespClient two = server.client();
    CHECK(one.ask({"CLIENT", "SETNAME", "alpha"}) == "+OK\r\n");
    CHECK(one.ask({"CLIENT", "GETNAME"}) == "$5\r\nalpha\r\n");
    CHECK(one.ask({"CLIENT", "ID"}) != two.ask({"CLIENT", "ID"}));
    const std::string listed = two.ask({"CLIENT", "LIST"});
    CHECK(listed.find(" name=alpha ") != std::string::npos);
    CHECK(listed.find(" cmd=list ") != std::string::npos);
    CHECK(one.ask({"RESET"}) == "+RESET\r\n");
    CHECK(one.ask({"CLIENT", "GETNAME"}) == "$-1\r\n");
    CHECK(one.ask({"QUIT"}) == "+OK\r\n");
    CHECK(one.closed());
  }

  TEST_CASE("KEYS names each key once, whatever it holds") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "a1", "v"});
    client.ask({"SADD", "a2", "x", "y"});
    client.ask({"HSET", "b1", "f", "v"});
    CHECK(client.ask({"KEYS", "*"}) == "*3\r\n$2\r\na1\r\n$2\r\na2\r\n$2\r\nb1\r\n");
    CHECK(client.ask({"KEYS", "a*"}) == "*2\r\n$2\r\na1\r\n$2\r\na2\r\n");
  }

  TEST_CASE("a field or member that is too long to be stored is not found") {
    RunningServer server;
    RespClient client = server.client();
    const std::string name(70'000, 'x');
    client.ask({"HSET", "h", "f", "v"});
    client.ask({"SADD", "s", "m"});
    CHECK(client.ask({"HGET", "h", name}) == "$-1\r\n");
    CHECK(client.ask({"HGET", "s", name}).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"HMGET", "h", name, "f"}) == "*2\r\n$-1\r\n$1\r\nv\r\n");
    CHECK(client.ask({"HEXISTS", "h", name}) == ":0\r\n");
    CHECK(client.ask({"HDEL", "h", name, "f"}) == ":1\r\n");
    CHECK(client.ask({"SISMEMBER", "s", name}) == ":0\r\n");
    CHECK(client.ask({"SMISMEMBER", "s", "m", name}) == "*2\r\n:1\r\n:0\r\n");
    CHECK(client.ask({"SREM", "s", name, "m"}) == ":1\r\n");
    CHECK(client.ask({"SADD", "s", name}).starts_with("-ERR"));
    CHECK(client.ask({"GET", name}).starts_with("-ERR"));
  }

  TEST_CASE("counting a set of many costs what counting one of few costs") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SADD", "small", "a", "b"});
    for (int block = 0; block < 50; ++block) {
      Words words{"SADD", "large"};
      for (int i = 0; i < 1000; ++i) words.push_back(std::to_string(block * 1000 + i));
      CHECK(client.ask(words) == ":1000\r\n");
    }
    const auto time_of = [&](const std::string& key, const std::string& expected) {
      const auto start = std::chrono::steady_clock::now();
      std::string pipeline;
      for (int i = 0; i < 500; ++i) pipeline += request({"SCARD", key});
      client.send(pipeline);
      for (int i = 0; i < 500; ++i) REQUIRE(client.receive() == expected);
      return std::chrono::steady_clock::now() - start;
    };
    time_of("small", ":2\r\n");
    const auto small = time_of("small", ":2\r\n");
    const auto large = time_of("large", ":50000\r\n");
    // A scan would take thousands of times as long; a busy machine does not.
    CHECK(large < small * 20 + std::chrono::milliseconds(50));
  }
}

}  // namespace anabranch::commands_test
