// Connections closed, paused, spared and silent: CLIENT KILL and its kin, idle time, limits by
// class of client, clients_bytes_max.

#include <doctest/doctest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/resp/monitors.h"
#include "tests/server/reply_json.h"
#include "tests/server/server_pair.h"

namespace anabranch::clients_test {

using test::RedisProcess;
using test::RespClient;
using test::RunningServer;
using test::ServerPair;
using test::Words;
using namespace std::chrono_literals;

namespace {

std::string field(const std::string& line, const std::string& name) {
  const std::size_t at = line.find(name + "=") + name.size() + 1;
  return line.substr(at, line.find(' ', at) - at);
}

std::string info(RespClient& client) { return test::bulk(client.ask({"CLIENT", "INFO"})); }

// Waits until a figure of INFO is this.
bool becomes(RespClient& client, const std::string& name, std::size_t value) {
  for (int i = 0; i < 1000; ++i) {
    if (test::figure(client, name) == value) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

TEST_SUITE("server: clients") {
  TEST_CASE("CLIENT LIST names all clients, those of a type, or those with some ids") {
    RunningServer server;
    RespClient one = server.client();
    RespClient two = server.client();
    const std::string first = field(info(one), "id");
    const std::string second = field(info(two), "id");
    const auto ids = [&](Words words) {
      words.insert(words.begin(), {"CLIENT", "LIST"});
      std::string found;
      std::istringstream lines(test::bulk(one.ask(words)));
      for (std::string line; std::getline(lines, line);) found += field(line, "id") + " ";
      return found;
    };
    CHECK(ids({}) == first + " " + second + " ");
    CHECK(ids({"TYPE", "Normal"}) == first + " " + second + " ");
    CHECK(ids({"TYPE", "pubsub"}).empty());
    CHECK(ids({"TYPE", "replica"}).empty());
    CHECK(ids({"ID", second, first, "999999", second}) ==
          second + " " + first + " " + second + " ");
    CHECK(ids({"ID", "999999"}).empty());
  }

  TEST_CASE("CLIENT LIST ends where answers end, however often an id is named") {
    RunningServer server({}, {.output_bytes_max = std::size_t{64} << 10U});
    RespClient client = server.client();
    Words words{"CLIENT", "LIST", "ID"};
    words.resize(1'000, field(info(client), "id"));
    CHECK(client.ask(words).find("the answer is over the limit of 65536") != std::string::npos);
  }

  TEST_CASE("CLIENT KILL, PAUSE, UNBLOCK and their kin get the replies of Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    const std::vector<Words> requests{
        {"KILL"},
        {"KILL", "1.2.3.4:5"},
        {"KILL", "ID", "x"},
        {"KILL", "ID", "0"},
        {"KILL", "ID", "99"},
        {"KILL", "TYPE", "nope"},
        {"KILL", "TYPE", "master"},
        {"KILL", "USER", "nope"},
        {"KILL", "SKIPME", "maybe"},
        {"KILL", "ADDR", "x", "LADDR", "y"},
        {"KILL", "NOPE", "x"},
        {"KILL", "ID", "5", "TYPE"},
        {"NO-EVICT"},
        {"NO-EVICT", "x"},
        {"NO-EVICT", "on"},
        {"NO-EVICT", "OFF"},
        {"TRACKINGINFO"},
        {"REPLY"},
        {"REPLY", "nope"},
        {"REPLY", "ON"},
        {"GETREDIR"},
        {"UNBLOCK", "x"},
        {"UNBLOCK", "99"},
        {"UNBLOCK", "99", "nope"},
        {"UNBLOCK", "99", "error"},
        {"PAUSE", "x"},
        {"PAUSE", "-1"},
        {"PAUSE", "0", "nope"},
        {"PAUSE", "0", "write"},
        {"UNPAUSE"},
        {"UNPAUSE", "x"},
    };
    for (const char* protocol : {"2", "3"}) {
      ServerPair pair;
      pair.ours.ask({"HELLO", protocol});
      pair.theirs.ask({"HELLO", protocol});
      for (Words words : requests) {
        words.insert(words.begin(), "CLIENT");
        pair.compare(words);
      }
      for (const Words& words :
           {Words{"CONFIG", "GET", "timeout"}, Words{"CONFIG", "SET", "timeout", "x"},
            Words{"CONFIG", "SET", "timeout", "-1"}, Words{"CONFIG", "GET", "maxmemory-clients"}}) {
        pair.compare(words);
      }
    }
  }

  TEST_CASE("CLIENT INFO has every field that clients read as a number") {
    RunningServer server;
    RespClient client = server.client();
    const std::string line = " " + info(client);
    for (const char* name : {"id", "age", "idle", "db", "sub", "psub", "multi", "qbuf", "qbuf-free",
                             "obl", "argv-mem", "oll", "omem", "tot-mem"}) {
      CAPTURE(name);
      REQUIRE(line.find(" " + std::string(name) + "=") != std::string::npos);
      CHECK(field(line, " " + std::string(name)).find_first_not_of("-0123456789") ==
            std::string::npos);
    }
    CHECK(std::stoul(field(line, " qbuf")) > 0);  // This very request.
    CHECK(std::stoul(field(line, " tot-mem")) > 0);
  }

  TEST_CASE("CLIENT KILL closes the connections that it names, and no others") {
    RunningServer server;
    RespClient admin = server.client();
    RespClient first = server.client();
    RespClient second = server.client();
    RespClient third = server.client();
    const std::string address = field(info(first), "addr");
    const std::string id = field(info(second), "id");
    CHECK(admin.ask({"CLIENT", "KILL", address}) == "+OK\r\n");
    CHECK(first.closed());
    CHECK(admin.ask({"CLIENT", "KILL", "ID", id, "ADDR", address}) == ":0\r\n");
    CHECK(admin.ask({"CLIENT", "KILL", "ID", id}) == ":1\r\n");
    CHECK(second.closed());
    CHECK(third.ask({"PING"}) == "+PONG\r\n");
    RespClient fourth = server.client();
    const Words kill{"CLIENT", "KILL", "ID", field(info(fourth), "id")};
    admin.send(test::request({"MULTI"}) + test::request(kill) + test::request(kill) +
               test::request({"EXEC"}));
    CHECK(admin.receive() == "+OK\r\n");
    CHECK(admin.receive() == "+QUEUED\r\n");
    CHECK(admin.receive() == "+QUEUED\r\n");
    CHECK(admin.receive() == "*2\r\n:1\r\n:0\r\n");
    CHECK(fourth.closed());
    CHECK(admin.ask({"CLIENT", "KILL", "USER", "default", "SKIPME", "no"}) == ":2\r\n");
    CHECK(third.closed());
    CHECK(admin.closed());
  }

  TEST_CASE("while clients are paused their commands wait, those of operators do not") {
    RunningServer server;
    RespClient admin = server.client();
    RespClient client = server.client();
    CHECK(admin.ask({"CLIENT", "PAUSE", "100000", "WRITE"}) == "+OK\r\n");
    CHECK(client.ask({"GET", "a"}) == "$-1\r\n");
    CHECK(client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(client.ask({"SET", "a", "1"}) == "+QUEUED\r\n");
    client.send(test::request({"EXEC"}));
    RespClient other = server.client();
    other.send(test::request({"SET", "b", "1"}));
    CHECK(admin.ask({"GET", "a"}) == "$-1\r\n");
    CHECK(admin.ask({"CLIENT", "UNPAUSE"}) == "+OK\r\n");
    CHECK(client.receive() == "*1\r\n+OK\r\n");
    CHECK(other.receive() == "+OK\r\n");
    const auto begin = std::chrono::steady_clock::now();
    CHECK(admin.ask({"CLIENT", "PAUSE", "200"}) == "+OK\r\n");
    CHECK(client.ask({"GET", "a"}) == "$1\r\n1\r\n");
    CHECK(std::chrono::steady_clock::now() - begin >= 190ms);
  }

  TEST_CASE("CLIENT UNBLOCK ends a wait for other regions, and no other wait") {
    RunningServer server;
    RespClient admin = server.client();
    RespClient waits = server.client();
    const std::string id = field(info(waits), "id");
    CHECK(admin.ask({"CLIENT", "UNBLOCK", id}) == ":0\r\n");
    waits.send(test::request({"WAIT", "1", "0"}));
    REQUIRE(becomes(admin, "blocked_clients", 1));
    CHECK(admin.ask({"CLIENT", "UNBLOCK", id}) == ":1\r\n");
    CHECK(waits.receive() == ":0\r\n");
    waits.send(test::request({"WAIT", "1", "0"}));
    REQUIRE(becomes(admin, "blocked_clients", 1));
    CHECK(admin.ask({"CLIENT", "UNBLOCK", id, "ERROR"}) == ":1\r\n");
    CHECK(waits.receive() == "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    // Nobody is spared the wait of a wrong password.
    CHECK(admin.ask({"ACL", "SETUSER", "u", "on", ">x"}) == "+OK\r\n");
    for (int i = 0; i < 3; ++i) waits.ask({"AUTH", "u", "y"});
    waits.send(test::request({"AUTH", "u", "y"}));
    REQUIRE(becomes(admin, "blocked_clients", 1));
    CHECK(admin.ask({"CLIENT", "UNBLOCK", id}) == ":0\r\n");
    CHECK(waits.receive().starts_with("-WRONGPASS"));
  }

  TEST_CASE("CLIENT REPLY drops the answers that Redis drops, within MULTI, waits and errors too") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    ServerPair pair;
    const std::vector<std::vector<Words>> sequences{
        {{"CLIENT", "REPLY", "OFF"},
         {"SET", "a", "1"},
         {"NOPE"},
         {"GET"},
         {"CLIENT", "REPLY", "ON"}},
        {{"CLIENT", "REPLY", "SKIP"}, {"INCR", "a"}, {"INCR", "a"}},
        {{"CLIENT", "REPLY", "SKIP"}, {"NOPE"}, {"GET", "a"}},
        {{"CLIENT", "REPLY", "SKIP"}, {"CLIENT", "REPLY", "SKIP"}, {"INCR", "a"}, {"INCR", "a"}},
        {{"CLIENT", "REPLY", "SKIP"}, {"CLIENT", "REPLY", "ON"}, {"GET", "a"}},
        {{"CLIENT", "REPLY", "SKIP"},
         {"CLIENT", "REPLY", "OFF"},
         {"INCR", "a"},
         {"INCR", "a"},
         {"CLIENT", "REPLY", "SKIP"},
         {"CLIENT", "REPLY", "ON"},
         {"GET", "a"}},
        {{"CLIENT", "REPLY", "OFF"}, {"MULTI"}, {"INCR", "a"}, {"EXEC"}, {"CLIENT", "REPLY", "ON"}},
        {{"CLIENT", "REPLY", "SKIP"}, {"WAIT", "1", "50"}, {"GET", "a"}},
        {{"CLIENT", "REPLY", "OFF"}, {"RESET"}, {"GET", "a"}},
    };
    for (const std::vector<Words>& sequence : sequences) {
      std::string bytes;
      for (const Words& words : sequence) bytes += test::request(words);
      bytes += test::request({"ECHO", "the end"});
      const auto replies = [&](RespClient& client) {
        client.send(bytes);
        std::string all;
        while (!all.ends_with("the end\r\n")) all += client.receive();
        return all;
      };
      const std::string ours = replies(pair.ours);
      CHECK(ours == replies(pair.theirs));
    }
  }

  TEST_CASE("a DEL in slices and a long read are silent for a client that wants no answers") {
    RunningServer server;
    RespClient client = server.client();
    Words add{"SADD", "set"};
    Words remove{"DEL"};
    for (int i = 0; i < 2000; ++i) {
      add.push_back("member" + std::to_string(i));
      remove.push_back("key" + std::to_string(i));
    }
    REQUIRE(client.ask(add) == ":2000\r\n");
    client.send(test::request({"CLIENT", "REPLY", "OFF"}) + test::request(remove) +
                test::request({"SMEMBERS", "set"}) + test::request({"CLIENT", "REPLY", "ON"}));
    CHECK(client.receive() == "+OK\r\n");
  }

  TEST_CASE("a server has 32 monitors, and others are refused") {
    RunningServer server;
    std::vector<RespClient> monitors;
    for (std::size_t i = 0; i < server::Monitors::kMax; ++i) {
      monitors.push_back(server.client());
      CHECK(monitors.back().ask({"MONITOR"}) == "+OK\r\n");
    }
    RespClient other = server.client();
    CHECK(other.ask({"MONITOR"}).starts_with("-ERR this server has 32 clients in MONITOR"));
    CHECK(other.ask({"PING"}) == "+PONG\r\n");
    monitors.pop_back();
    while (other.ask({"MONITOR"}) != "+OK\r\n") {
    }
  }

  TEST_CASE("a monitor beyond its limit is closed, and CONFIG GET names the limit of answers") {
    RunningServer server({}, {.output_bytes_max = 50'000'000, .monitor_output_bytes_max = 100'000});
    RespClient admin = server.client();
    CHECK(admin.ask({"CONFIG", "GET", "client-output-buffer-limit"})
              .find("normal 50000000 0 0 slave 0 0 0 pubsub 0 0 0") != std::string::npos);
    RespClient monitor = server.client();
    CHECK(monitor.ask({"MONITOR"}) == "+OK\r\n");
    for (int i = 0; i < 100'000 && test::figure(admin, "monitors") == 1; ++i) {
      admin.ask({"ECHO", std::string(1000, 'x')});
    }
    CHECK(test::figure(admin, "monitors") == 0);
  }

  TEST_CASE("clients that send nothing are closed after the idle time, but not those that wait") {
    RunningServer server({}, {.idle_time_max = 1s});
    RespClient waits = server.client();
    RespClient monitor = server.client();
    RespClient idle = server.client();
    waits.send(test::request({"WAIT", "1", "0"}));
    CHECK(monitor.ask({"MONITOR"}) == "+OK\r\n");
    CHECK(idle.closed());
    RespClient admin = server.client();
    CHECK(test::figure(admin, "idlers_cut") == 1);
    CHECK(test::figure(admin, "blocked_clients") == 1);
    CHECK(test::figure(admin, "monitors") == 1);
    CHECK(admin.ask({"CONFIG", "SET", "timeout", "0"}) == "+OK\r\n");
  }

  TEST_CASE("clients that hold the most are closed first, and spared ones last") {
    RunningServer server({}, {.clients_bytes_max = std::size_t{4} << 20U});
    RespClient admin = server.client();
    RespClient small = server.client();
    RespClient large = server.client();
    RespClient spared = server.client();
    CHECK(spared.ask({"CLIENT", "NO-EVICT", "ON"}) == "+OK\r\n");
    // Requests without an end.
    const auto begin = [](RespClient& client, std::size_t bytes) {
      client.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$20000000\r\n" + std::string(bytes, 'x'));
    };
    begin(small, 500'000);
    begin(spared, 2'000'000);
    begin(large, 1'500'000);
    CHECK(test::figure(admin, "clients_evicted") == 0);
    large.send(std::string(2'500'000, 'x'));
    CHECK(large.closed());
    CHECK(becomes(admin, "clients_evicted", 1));
    CHECK(admin.ask({"CLIENT", "LIST"}).find("id=2 ") != std::string::npos);
    CHECK(admin.ask({"CLIENT", "LIST"}).find("id=4 ") != std::string::npos);
  }
}

}  // namespace anabranch::clients_test
