// Pairs of features that meet in one connection: transactions, rights, silence, pauses, waits,
// ends.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/certificates.h"
#include "tests/server/running_server.h"
#include "tests/server/tls_client.h"

namespace anabranch::pairs_test {

using test::figure;
using test::RespClient;
using test::RunningServer;
using test::Words;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kOk = "+OK\r\n";

// Waits until a figure of INFO is this.
bool becomes(RespClient& client, const std::string& name, std::size_t value) {
  for (int i = 0; i < 1000; ++i) {
    if (figure(client, name) == value) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

std::string id_of(RespClient& client) {
  const std::string reply = client.ask({"CLIENT", "ID"});
  return reply.substr(1, reply.size() - 3);
}

void send_all(RespClient& client, const std::vector<Words>& requests) {
  std::string bytes;
  for (const Words& each : requests) bytes += test::request(each);
  client.send(bytes);
}

}  // namespace

TEST_SUITE("server: pairs") {
  TEST_CASE("a monitor that is not allowed any more is shown nothing, not even in the same turn") {
    const std::vector<Words> ends{{"ACL", "DELUSER", "u"},
                                  {"ACL", "SETUSER", "u", "-monitor"},
                                  {"CLIENT", "KILL", "USER", "u"}};
    for (const Words& end : ends) {
      CAPTURE(end.back());
      RunningServer server;
      RespClient admin = server.client();
      admin.ask({"ACL", "SETUSER", "u", "on", ">x", "+@all", "~*"});
      RespClient monitor = server.client();
      REQUIRE(monitor.ask({"AUTH", "u", "x"}) == kOk);
      REQUIRE(monitor.ask({"MONITOR"}) == kOk);
      send_all(admin, {end, {"SET", "secret", "value"}});
      admin.receive();
      CHECK(admin.receive() == kOk);
      CHECK(monitor.closed());
      CHECK(figure(admin, "monitors") == 0);
    }
  }

  TEST_CASE("a user who is removed within its own transaction runs nothing more of it") {
    RunningServer server;
    RespClient admin = server.client();
    admin.ask({"ACL", "SETUSER", "u", "on", ">x", "+@all", "~*"});
    RespClient client = server.client();
    REQUIRE(client.ask({"AUTH", "u", "x"}) == kOk);
    send_all(client, {{"MULTI"},
                      {"SET", "before", "1"},
                      {"ACL", "DELUSER", "u"},
                      {"SET", "behind", "1"},
                      {"EXEC"},
                      {"SET", "later", "1"}});
    CHECK(client.receive() == kOk);
    for (int i = 0; i < 3; ++i) CHECK(client.receive() == "+QUEUED\r\n");
    const std::string exec = client.receive();
    CHECK(exec.starts_with("*3\r\n+OK\r\n:1\r\n-NOAUTH"));
    CHECK(client.receive().starts_with("-NOAUTH"));
    CHECK(client.closed());
    CHECK(admin.ask({"EXISTS", "before", "behind", "later"}) == ":1\r\n");
  }

  TEST_CASE("RESET within MULTI leaves the transaction, the silence, the watch and the user") {
    RunningServer server;
    RespClient admin = server.client();
    admin.ask({"ACL", "SETUSER", "u", "on", ">x", "+@all", "~*"});
    RespClient client = server.client();
    send_all(client, {{"AUTH", "u", "x"},
                      {"SELECT", "3"},
                      {"WATCH", "w"},
                      {"CLIENT", "REPLY", "OFF"},
                      {"MULTI"},
                      {"SET", "k", "v"},
                      {"RESET"},
                      {"EXEC"},
                      {"ACL", "WHOAMI"},
                      {"SET", "w", "1"},
                      {"MULTI"},
                      {"GET", "w"},
                      {"EXEC"}});
    for (int i = 0; i < 3; ++i) CHECK(client.receive() == kOk);
    CHECK(client.receive() == "+RESET\r\n");
    CHECK(client.receive() == "-ERR EXEC without MULTI\r\n");
    CHECK(client.receive() == "$7\r\ndefault\r\n");
    CHECK(client.receive() == kOk);
    CHECK(client.receive() == kOk);
    CHECK(client.receive() == "+QUEUED\r\n");
    CHECK(client.receive() == "*1\r\n$1\r\n1\r\n");
    CHECK(admin.ask({"EXISTS", "k"}) == ":0\r\n");
    CHECK(admin.ask({"EXISTS", "w"}) == ":1\r\n");
  }

  TEST_CASE("HELLO and AUTH within MULTI are refused, and undo the transaction") {
    RunningServer server;
    RespClient client = server.client();
    for (const Words& words :
         {Words{"HELLO", "3"}, Words{"HELLO", "3", "AUTH", "default", "x"}, Words{"AUTH", "x"}}) {
      send_all(client, {{"MULTI"}, {"SET", "k", "v"}, words, {"EXEC"}});
      CHECK(client.receive() == kOk);
      CHECK(client.receive() == "+QUEUED\r\n");
      CHECK(client.receive() == "-ERR Command not allowed inside a transaction\r\n");
      CHECK(client.receive().starts_with("-EXECABORT"));
    }
    CHECK(client.ask({"EXISTS", "k"}) == ":0\r\n");
  }

  TEST_CASE("a login of a silent client counts, right or wrong, and has no answer") {
    RunningServer server;
    RespClient admin = server.client();
    admin.ask({"ACL", "SETUSER", "u", "on", ">x", "+@all", "~*"});
    RespClient client = server.client();
    send_all(client, {{"CLIENT", "REPLY", "OFF"},
                      {"AUTH", "u", "wrong"},
                      {"SET", "k", "1"},
                      {"AUTH", "u", "x"},
                      {"CLIENT", "REPLY", "ON"},
                      {"ACL", "WHOAMI"}});
    CHECK(client.receive() == kOk);
    CHECK(client.receive() == "$1\r\nu\r\n");
    CHECK(admin.ask({"GET", "k"}) == "$1\r\n1\r\n");
    // The wait of a wrong password does not use up the silence of the request behind it.
    send_all(client, {{"CLIENT", "REPLY", "SKIP"}, {"AUTH", "u", "wrong"}, {"PING"}});
    CHECK(client.receive() == "+PONG\r\n");
  }

  TEST_CASE("clients that wait, are paused or read in slices can be killed") {
    RunningServer server;
    RespClient admin = server.client();
    admin.ask({"ACL", "SETUSER", "u", "on", ">x"});
    const auto kill = [&](RespClient& client, const std::string& id) {
      CHECK(admin.ask({"CLIENT", "KILL", "ID", id}) == ":1\r\n");
      (void)client.rest();  // Throws if it stays open. The first answer may have come before.
    };
    const std::vector<Words> waits{{"WAIT", "1", "0"}, {"AUTH", "u", "wrong"}};
    for (const Words& words : waits) {
      RespClient client = server.client();
      const std::string id = id_of(client);
      for (int i = 0; i < 3 && words[0] == "AUTH"; ++i) client.ask(words);  // The next waits long.
      client.send(test::request(words) + test::request({"SET", "behind", "1"}));
      REQUIRE(becomes(admin, "blocked_clients", 1));
      kill(client, id);
      REQUIRE(becomes(admin, "blocked_clients", 0));
    }
    RespClient paused = server.client();
    const std::string id = id_of(paused);
    CHECK(admin.ask({"CLIENT", "PAUSE", "100000"}) == kOk);
    paused.send(test::request({"SET", "behind", "1"}));
    admin.ask({"CLIENT", "LIST"});  // A turn that hears of it has heard that, too.
    kill(paused, id);
    CHECK(admin.ask({"CLIENT", "UNPAUSE"}) == kOk);
    CHECK(admin.ask({"EXISTS", "behind"}) == ":0\r\n");
    RespClient many = server.client();
    const std::string of_many = id_of(many);
    Words set{"MSET"};
    Words del{"DEL"};
    for (int i = 0; i < 20'000; ++i) {
      set.insert(set.end(), {"k" + std::to_string(i), "v"});
      del.push_back("k" + std::to_string(i));
    }
    CHECK(many.ask(set) == kOk);
    many.send(test::request({"KEYS", "*"}) + test::request(del));
    kill(many, of_many);
    CHECK(admin.ask({"PING"}) == "+PONG\r\n");
    // A DEL that has begun goes to its end without its client.
    const std::string left = admin.ask({"DBSIZE"});
    CHECK((left == ":0\r\n" || left == ":20000\r\n"));
  }

  TEST_CASE("times that the clock cannot count are no times at all") {
    RunningServer server({}, {.idle_time_max = std::chrono::seconds::max(),
                              .output_stall = std::chrono::milliseconds::max()});
    RespClient idle = server.client();
    RespClient other = server.client();
    // The server looks for idle clients once a second.
    for (int i = 0; i < 13; ++i) {
      CHECK(other.ask({"PING"}) == "+PONG\r\n");
      std::this_thread::sleep_for(100ms);
    }
    CHECK(idle.ask({"PING"}) == "+PONG\r\n");
    CHECK(figure(other, "idlers_cut") == 0);
  }

  TEST_CASE(
      "handshakes that are open when certificates are renewed go on or end, and harm nobody") {
    const test::TempDir folder;
    const test::Root root(folder.path(), "root");
    const test::Certificate own = root.sign("server");
    RunningServer server({}, {.tls_address = "127.0.0.1:0",
                              .tls = {.certificate = own.certificate, .key = own.key}});
    const std::string hello = test::client_hello(0);
    std::vector<RespClient> open;
    for (int i = 0; i < 20; ++i) {
      open.emplace_back(server.tls_endpoint());
      open.back().send(hello.substr(0, hello.size() * static_cast<std::size_t>(i) / 20));
    }
    RespClient admin = server.client();
    REQUIRE(becomes(admin, "connected_clients", 21));
    const test::Certificate renewed = root.sign("renewed");
    std::filesystem::rename(renewed.certificate, own.certificate);
    std::filesystem::rename(renewed.key, own.key);
    server.reload();
    const auto name = [&] {
      return test::TlsClient(server.tls_endpoint(), {.root = root.certificate()}).server_name();
    };
    for (int i = 0; i < 1000 && name() != "renewed"; ++i) std::this_thread::sleep_for(10ms);
    CHECK(name() == "renewed");
    // The rest of each hello gets the answer of a server: a handshake goes on with what it began.
    for (int i = 0; i < 20; ++i) {
      open[static_cast<std::size_t>(i)].send(
          hello.substr(hello.size() * static_cast<std::size_t>(i) / 20));
      open[static_cast<std::size_t>(i)].skip(100);
    }
    CHECK(admin.ask({"PING"}) == "+PONG\r\n");
    open.clear();
    REQUIRE(becomes(admin, "connected_clients", 1));
  }
}

}  // namespace anabranch::pairs_test
