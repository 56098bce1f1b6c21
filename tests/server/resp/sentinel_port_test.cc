// The Sentinel port: what it answers, and the news that it tells.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include <anabranch/status.h>

#include "server/resp/members/region_news.h"
#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::sentinel_port_test {

using server::News;
using server::RegionNews;
using test::bulk;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

server::ServerOptions options_of() {
  server::ServerOptions options;
  options.sentinel_name = "mymaster";
  options.sentinel_address = "127.0.0.1:0";
  return options;
}

Options store_of(const std::string& name) {
  Options store;
  store.node_name = name;
  store.announce_redis = "10.0.0.1:6400";
  return store;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

MemberStatus member(const std::string& node, const std::string& role, const std::string& host) {
  MemberStatus found;
  found.node = node;
  found.region = "eu";
  found.role = role;
  found.fresh = true;
  found.announce_redis = host + ":6400";
  return found;
}

// The region of a status, as it is changed and looked at again.
struct Region {
  StoreStatus status;
  RegionNews news;

  Region() {
    status.region = "eu";
    status.members = {member("a", "leads", "h1"), member("b", "follows", "h2")};
    status.members[0].self = true;
    status.members[0].reign = 1;
    REQUIRE(look().empty());
  }
  Words look() {
    Words told;
    for (const News& each : news.look(status, "mymaster")) {
      told.push_back(each.channel + ": " + each.text);
    }
    return told;
  }
};

}  // namespace

TEST_SUITE("server: sentinel port") {
  TEST_CASE("it answers as a Redis Sentinel, and takes no commands on data") {
    const RunningServer server(store_of("eu-1"), options_of());
    RespClient client(server.sentinel_endpoint());
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
    CHECK(client.ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"}) ==
          "*2\r\n$8\r\n10.0.0.1\r\n$4\r\n6400\r\n");
    CHECK(client.ask({"ROLE"}) == "*2\r\n$8\r\nsentinel\r\n*1\r\n$8\r\nmymaster\r\n");
    const std::string info = bulk(client.ask({"INFO"}));
    CHECK(has(info, "redis_mode:sentinel\r\n"));
    CHECK(has(info,
              "master0:name=mymaster,status=ok,address=10.0.0.1:6400,slaves=0,sentinels=1\r\n"));
    CHECK_FALSE(has(info, "# Keyspace"));
    CHECK_FALSE(has(bulk(client.ask({"INFO", "sentinel"})), "redis_mode"));
    const std::string hello = client.ask({"HELLO", "2"});
    CHECK(has(hello, "$4\r\nmode\r\n$8\r\nsentinel\r\n"));
    CHECK_FALSE(has(hello, "role"));
    for (const Words& words :
         {Words{"GET", "k"}, Words{"SET", "k", "v"}, Words{"FLUSHALL"}, Words{"MULTI"},
          Words{"ANABRANCH", "STATUS"}, Words{"CONFIG", "GET", "port"}, Words{"SHUTDOWN"}}) {
      CAPTURE(words[0]);
      CHECK(client.ask(words).starts_with("-ERR this is a Sentinel port: '"));
    }
    RespClient data = server.client();
    CHECK(data.ask({"DBSIZE"}) == ":0\r\n");
    CHECK(data.ask({"SUBSCRIBE", "+switch-master"}).starts_with("-ERR there are no channels here"));
    CHECK(data.ask({"PUNSUBSCRIBE"}).starts_with("-ERR there are no channels here"));
    CHECK(has(data.ask({"ROLE"}), "master"));
  }

  TEST_CASE("a client that has channels hears news alone, until it has none any more") {
    const RunningServer server(store_of("eu-1"), options_of());
    RespClient client(server.sentinel_endpoint());
    CHECK(client.ask({"SUBSCRIBE", "+sdown", "+switch-master"}) ==
          "*3\r\n$9\r\nsubscribe\r\n$6\r\n+sdown\r\n:1\r\n");
    CHECK(client.receive() == "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:2\r\n");
    CHECK(client.ask({"PSUBSCRIBE", "[-+]sdown"}) ==
          "*3\r\n$10\r\npsubscribe\r\n$9\r\n[-+]sdown\r\n:3\r\n");
    CHECK(client.ask({"PING"}) == "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    CHECK(client.ask({"PING", "x"}) == "*2\r\n$4\r\npong\r\n$1\r\nx\r\n");
    CHECK(client.ask({"SENTINEL", "MYID"}).starts_with("-ERR Can't execute 'sentinel|myid'"));
    CHECK(client.ask({"UNSUBSCRIBE", "none"}) ==
          "*3\r\n$11\r\nunsubscribe\r\n$4\r\nnone\r\n:3\r\n");
    CHECK(client.ask({"UNSUBSCRIBE"}) == "*3\r\n$11\r\nunsubscribe\r\n$6\r\n+sdown\r\n:2\r\n");
    CHECK(client.receive() == "*3\r\n$11\r\nunsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n");
    CHECK(client.ask({"PUNSUBSCRIBE"}) == "*3\r\n$12\r\npunsubscribe\r\n$9\r\n[-+]sdown\r\n:0\r\n");
    CHECK(client.ask({"PUNSUBSCRIBE"}) == "*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n");
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
    CHECK(client.ask({"SUBSCRIBE", "a"}).starts_with("*3"));
    CHECK(client.ask({"RESET"}) == "+RESET\r\n");
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("the names of a client have a bound, and a request beyond it changes nothing") {
    const RunningServer server(store_of("eu-1"), options_of());
    RespClient client(server.sentinel_endpoint());
    Words words{"SUBSCRIBE"};
    for (int i = 0; i < 65; ++i) words.push_back("c" + std::to_string(i));
    CHECK(client.ask(words).starts_with("-ERR a client has at most 64 channels"));
    CHECK(client.ask({"PSUBSCRIBE", std::string(256, '*')}).starts_with("-ERR a client has at"));
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
    words.pop_back();
    client.send(test::request(words));
    for (int i = 1; i <= 64; ++i) {
      CHECK(client.receive().ends_with(":" + std::to_string(i) + "\r\n"));
    }
    CHECK(client.ask({"SUBSCRIBE", "more"}).starts_with("-ERR a client has at most"));
  }

  TEST_CASE("so many clients have channels, and one that leaves makes room") {
    const RunningServer server(store_of("eu-1"), options_of());
    std::vector<RespClient> clients;
    for (int i = 0; i < 1'000; ++i) {
      clients.emplace_back(server.sentinel_endpoint());
      REQUIRE(clients.back().ask({"SUBSCRIBE", "c"}).ends_with(":1\r\n"));
    }
    RespClient one_more(server.sentinel_endpoint());
    CHECK(one_more.ask({"PSUBSCRIBE", "c"}).starts_with("-ERR this server has 1000 clients"));
    CHECK(clients.front().ask({"PSUBSCRIBE", "c"}).ends_with(":2\r\n"));
    CHECK(clients.back().ask({"RESET"}) == "+RESET\r\n");
    CHECK(one_more.ask({"PSUBSCRIBE", "c"}).ends_with(":1\r\n"));
  }

  TEST_CASE("a follower that comes is told, once for each channel and pattern") {
    const test::TempDir folder;
    Options store = store_of("eu-1");
    store.listen = "tcp://127.0.0.1:0";
    const RunningServer server(store, options_of());
    RespClient client(server.sentinel_endpoint());
    CHECK(client.ask({"SUBSCRIBE", "+slave"}).starts_with("*3"));
    CHECK(client.ask({"PSUBSCRIBE", "+s*"}).starts_with("*3"));
    RespClient newer(server.sentinel_endpoint());
    CHECK(has(newer.ask({"HELLO", "3"}), "sentinel"));
    newer.send(test::request({"SUBSCRIBE", "+slave"}));
    Options other = test::listening(folder, "eu");
    other.follower = true;
    other.peers = {server.peer_endpoint()};
    other.node_name = "eu-2";
    other.announce_redis = "10.0.0.2:6400";
    const Store follower = Store::open(other);
    const std::string real = client.receive();
    CHECK(has(real, "slave 10.0.0.2:6400 10.0.0.2 6400 @ mymaster 10.0.0.1 6400\r\n"));
    CHECK(real.starts_with("*3\r\n$7\r\nmessage\r\n$6\r\n+slave\r\n$"));
    CHECK(client.receive().starts_with("*4\r\n$8\r\npmessage\r\n$3\r\n+s*\r\n$6\r\n+slave\r\n$"));
    // Version 3 of the protocol has a type for it, and answers other commands, too.
    const std::string pushed = newer.receive();
    CHECK(pushed == ">3\r\n$9\r\nsubscribe\r\n$6\r\n+slave\r\n:1\r\n");
    CHECK(newer.receive().starts_with(">3\r\n$7\r\nmessage\r\n$6\r\n+slave\r\n$"));
    CHECK(newer.ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("another leader is told with both addresses, before all else") {
    Region region;
    region.status.members[0].role = "follows";
    region.status.members[1].role = "leads";
    region.status.members[1].reign = 2;
    CHECK(region.look() == Words{"+switch-master: mymaster h1 6400 h2 6400",
                                 "+slave: slave h1:6400 h1 6400 @ mymaster h2 6400"});
    CHECK(region.look().empty());
  }

  TEST_CASE("a leader that is not heard is down, and replaced once another one leads") {
    Region region;
    region.status.members[0].fresh = false;
    CHECK(region.look() ==
          Words{"+sdown: master mymaster h1 6400", "+odown: master mymaster h1 6400 #quorum 1/1"});
    SUBCASE("it is heard again") {
      region.status.members[0].fresh = true;
      CHECK(region.look() ==
            Words{"-sdown: master mymaster h1 6400", "-odown: master mymaster h1 6400"});
    }
    SUBCASE("its card is forgotten, and then another one leads") {
      region.status.members.erase(region.status.members.begin());
      CHECK(region.look().empty());
      region.status.members[0].role = "leads";
      CHECK(region.look() == Words{"+switch-master: mymaster h1 6400 h2 6400"});
    }
  }

  TEST_CASE("members that are new, quiet or heard again are told, and none of other regions") {
    Region region;
    MemberStatus foreign = member("c", "leads", "h3");
    foreign.region = "us";
    foreign.reign = 9;
    region.status.members.push_back(foreign);
    CHECK(region.look().empty());
    region.status.members[1].fresh = false;
    region.status.members[1].announce_sentinel = "h2:26400";
    CHECK(region.look() == Words{"+sentinel: sentinel b00000000 h2 26400 @ mymaster h1 6400",
                                 "+sdown: slave h2:6400 h2 6400 @ mymaster h1 6400"});
    region.status.members[1].fresh = true;
    CHECK(region.look() == Words{"-sdown: sentinel b00000000 h2 26400 @ mymaster h1 6400",
                                 "-sdown: slave h2:6400 h2 6400 @ mymaster h1 6400"});
    region.status.members[1].announce_redis = "h4:6400";
    CHECK(region.look() == Words{"+slave: slave h4:6400 h4 6400 @ mymaster h1 6400"});
    region.news.forget();
    region.status.members.pop_back();
    region.status.members.pop_back();
    CHECK(region.look().empty());
  }

  TEST_CASE("a Sentinel port of other machines needs TLS and passwords, and a name") {
    const test::TempDir folder;
    Options store = store_of("eu-1");
    store.path = (folder.path() / "data").string();
    store.region = "eu";
    const auto leader = leader::Leader::open(store).value_or_raise();
    auto options = options_of();
    options.address = {};
    options.sentinel_address = "0.0.0.0:0";
    const auto refused = server::Server::open(*leader, options);
    REQUIRE_FALSE(refused.ok());
    CHECK(has(refused.failure().message, "is refused without TLS"));
    options.insecure = true;
    const auto opened = server::Server::open(*leader, options);
    REQUIRE(opened.ok());
    CHECK(opened.value()->endpoint().empty());
    CHECK_FALSE(opened.value()->sentinel_endpoint().ends_with(":0"));
  }
}

}  // namespace anabranch::sentinel_port_test
