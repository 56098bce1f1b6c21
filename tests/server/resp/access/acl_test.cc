// Users, passwords and rights at the port: with the replies of Redis, and beyond.

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <anabranch/log.h>
#include "server/resp/access/password.h"
#include "server/resp/access/user_file.h"
#include "tests/leader/store_world.h"
#include "tests/server/reply_json.h"
#include "tests/server/server_pair.h"

namespace anabranch::acl_test {

using nlohmann::json;
using test::RedisProcess;
using test::RespClient;
using test::RunningServer;
using test::ServerPair;
using test::Words;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kNoAuth = "-NOAUTH Authentication required.\r\n";
constexpr std::string_view kWrongPassword =
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

Words words_of(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    words.emplace_back(word == "\"\"" ? "" : word);
    line.remove_prefix(std::min(word.size() + 1, line.size()));
  }
  return words;
}

std::string ask(RespClient& client, std::string_view line) { return client.ask(words_of(line)); }

// Requests to which Redis gives the same replies, one a line.
constexpr std::string_view kRequests[] = {
    "ACL WHOAMI",
    "ACL LIST",
    "ACL USERS",
    "ACL SETUSER alice",
    "ACL LIST",
    "ACL GETUSER alice",
    "ACL SETUSER alice on >pw ~a:* %R~r:* %W~w:* %rw~x &ch +get",
    "ACL GETUSER alice",
    "ACL LIST",
    "ACL SETUSER alice >pw #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4",
    "ACL GETUSER alice",
    "ACL SETUSER alice <pw",
    "ACL SETUSER alice <pw",
    "ACL SETUSER alice reset",
    "ACL LIST",
    "ACL SETUSER alice +@read -@read",
    "ACL LIST",
    "ACL SETUSER alice +@all -@dangerous",
    "ACL LIST",
    "ACL SETUSER alice -@all +select|0",
    "ACL GETUSER alice",
    "ACL SETUSER alice +nope",
    "ACL SETUSER alice +@nope",
    "ACL SETUSER alice -nope",
    "ACL SETUSER alice ~* ~a",
    "ACL SETUSER alice allkeys %R~a",
    "ACL SETUSER alice allchannels &a",
    "ACL SETUSER alice #x",
    "ACL SETUSER alice !x",
    "ACL SETUSER alice %~x",
    "ACL SETUSER alice %RR~x",
    "ACL SETUSER alice %X~x",
    "ACL SETUSER alice foo",
    "ACL SETUSER alice (+get",
    "ACL SETUSER alice +config|get|x",
    "ACL SETUSER alice +config|nope",
    "ACL SETUSER alice -config|nope",
    "ACL SETUSER alice +get|",
    "ACL SETUSER alice -select|0",
    "ACL SETUSER alice \"\"",
    "ACL SETUSER alice NOPASS RESETKEYS ALLKEYS ALLCOMMANDS ON",
    "ACL LIST",
    "ACL SETUSER",
    "ACL GETUSER nope",
    "ACL GETUSER",
    "ACL DELUSER",
    "ACL DELUSER default",
    "ACL DELUSER nope",
    "ACL DELUSER alice default",
    "ACL SETUSER bob on nopass +get ~a",
    "ACL DRYRUN nope get x",
    "ACL DRYRUN bob nope x",
    "ACL DRYRUN bob get",
    "ACL DRYRUN bob",
    "ACL DRYRUN bob get a",
    "ACL DRYRUN bob get b",
    "ACL DRYRUN bob GET b",
    "ACL DRYRUN bob set a b",
    "ACL DRYRUN bob config get",
    "ACL DRYRUN bob config nope",
    "ACL DRYRUN bob client",
    "ACL DRYRUN bob mset a 1 b",
    "ACL DRYRUN bob auth x",
    "ACL CAT nope",
    "ACL CAT x y",
    "ACL GENPASS 0",
    "ACL GENPASS 4097",
    "ACL GENPASS x",
    "ACL GENPASS 1 2",
    "ACL LOAD",
    "ACL SAVE",
    "ACL LOG",
    "ACL LOG x",
    "ACL LOG -1",
    "ACL LOG reset",
    "ACL LOG 1 2",
    "ACL NOPE",
    "ACL",
    // A user with some rights.
    "ACL SETUSER carl on >c +@all -flushall -config|set -acl ~a:* %R~r:* %W~w:*",
    "SET a:1 1",
    "SET r:1 1",
    "AUTH carl c",
    "ACL WHOAMI",
    "GET a:1",
    "GET b",
    "MGET a:1 r:1",
    "MGET a:1 b",
    "SET r:1 x",
    "SET w:1 x",
    "SET w:1 x GET",
    "SET w:1 x KEEPTTL",
    "GET w:1",
    "EXISTS w:1",
    "TYPE w:1",
    "STRLEN w:1",
    "APPEND w:1 x",
    "GETSET w:1 x",
    "GETDEL w:1",
    "GETEX r:1",
    "TTL r:1",
    "TTL w:1",
    "EXPIRE r:1 100",
    "EXPIRE w:1 100",
    "DEL a:1 b",
    "DEL w:1",
    "RENAME a:1 a:2",
    "RENAME a:2 b",
    "COPY r:1 a:3",
    "COPY a:3 r:1",
    "SUNIONSTORE a:4 r:1 b",
    "SINTERCARD 2 a:1 b",
    "OBJECT REFCOUNT b",
    "WATCH b",
    "WATCH r:1 w:1",
    "FLUSHALL",
    "CONFIG SET a b",
    "CONFIG NOPE",
    "NOPE",
    "GET",
    "MULTI",
    "GET b",
    "SET a:1 1",
    "EXEC",
    "MULTI",
    "SET a:1 1",
    "GET a:1",
    "EXEC",
    "AUTH carl d",
    "AUTH nobody d",
    "AUTH default x",
    "AUTH carl c d",
    "HELLO 2 AUTH carl d",
    "RESET",
    "ACL WHOAMI",
    "ACL SETUSER carl off",
    "AUTH carl c",
    "ACL WHOAMI",
    "ACL DELUSER carl",
    "AUTH carl c",
    // A default user with a password.
    "CLIENT SETNAME me",
    "ACL SETUSER default resetpass >pw",
    "GET a:1",
    "AUTH x",
    "AUTH pw",
    "RESET",
    "GET a:1",
    "HELLO",
    "HELLO 3",
    "HELLO 9",
    "HELLO 3 AUTH default x",
    "GET a:1",
    "AUTH x y z",
    "AUTH default pw",
    "CLIENT GETNAME",
    "GET a:1",
};

}  // namespace

TEST_SUITE("server: users") {
  TEST_CASE("users, passwords and rights get the replies of Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    for (const char* protocol : {"2", "3"}) {
      CAPTURE(protocol);
      ServerPair pair;
      pair.ours.ask({"HELLO", protocol});
      pair.theirs.ask({"HELLO", protocol});
      for (const std::string_view line : kRequests) pair.compare(words_of(line));
    }
  }

  TEST_CASE("rights that have changed between MULTI and EXEC count as they are, as in Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    ServerPair pair;
    RespClient ours = pair.ours_server.client();
    RespClient theirs = pair.theirs_server.client();
    for (const std::string_view line :
         {"ACL SETUSER u on nopass +@all ~*", "AUTH u x", "MULTI", "SET a 1", "GET a", "INCR b"}) {
      ServerPair::compare(words_of(line), ours, theirs);
    }
    pair.compare(words_of("ACL SETUSER u -get resetkeys ~a"));
    ServerPair::compare({"EXEC"}, ours, theirs);
    pair.compare(words_of("ACL SETUSER u -exec"));
    ServerPair::compare({"MULTI"}, ours, theirs);
    ServerPair::compare({"EXEC"}, ours, theirs);
  }

  TEST_CASE("before a password a client learns nothing, and is given little") {
    RunningServer server;
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER default resetpass >pw") == kOk);
    for (const std::string_view line :
         {"NOPE", "GET", "GET a", "PING", "INFO", "COMMAND", "CLIENT ID", "MULTI", "SELECT 1",
          "ECHO x", "ACL WHOAMI", "ANABRANCH STATUS", "MONITOR", "EXEC x"}) {
      CAPTURE(line);
      RespClient stranger = server.client();
      CHECK(ask(stranger, line) == kNoAuth);
    }
    RespClient stranger = server.client();
    CHECK(ask(stranger, "HELLO").starts_with("-NOAUTH HELLO must be called"));
    CHECK(ask(stranger, "AUTH default pw") == kOk);
    CHECK(ask(stranger, "PING") == "+PONG\r\n");
  }

  TEST_CASE("the requests of a client that has not logged in are limited as in Redis") {
    RunningServer server;
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER default resetpass >pw") == kOk);
    RespClient words = server.client();
    words.send("*11\r\n");
    CHECK(words.receive() == "-ERR Protocol error: unauthenticated multibulk length\r\n");
    CHECK(words.closed());
    RespClient bytes = server.client();
    bytes.send("*2\r\n$3\r\nGET\r\n$16385\r\n");
    CHECK(bytes.receive() == "-ERR Protocol error: unauthenticated bulk length\r\n");
    CHECK(bytes.closed());
    RespClient sum = server.client();
    CHECK(sum.ask({"GET", std::string(10'000, 'x'), std::string(10'000, 'x')}) ==
          "-ERR the request is over the limit of 16384 bytes\r\n");
    CHECK(sum.ask({"AUTH", "pw"}) == kOk);
    CHECK(sum.ask({"SET", "a", std::string(100'000, 'x')}) == kOk);
    // With the password in front of it, a large request may follow at once.
    RespClient both = server.client();
    both.send(test::request({"AUTH", "pw"}) +
              test::request({"SET", "a", std::string(100'000, 'y')}));
    CHECK(both.receive() == kOk);
    CHECK(both.receive() == kOk);
  }

  TEST_CASE("a client that does not log in is closed after a while") {
    RunningServer server({}, {.login_time_max = 200ms});
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER default resetpass >pw") == kOk);
    RespClient known = server.client();
    CHECK(ask(known, "AUTH pw") == kOk);
    RespClient stranger = server.client();
    CHECK(stranger.closed());
    CHECK(ask(known, "PING") == "+PONG\r\n");
    CHECK(test::figure(admin, "strangers_cut") == 1);
  }

  TEST_CASE("wrong passwords wait, and right ones neither wait nor are refused for them") {
    RunningServer server;
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER default resetpass >pw") == kOk);
    const auto begin = std::chrono::steady_clock::now();
    RespClient wrong = server.client();
    CHECK(ask(wrong, "AUTH x") == kWrongPassword);
    CHECK(ask(wrong, "AUTH x") == kWrongPassword);
    CHECK(std::chrono::steady_clock::now() - begin >= 150ms);
    std::vector<RespClient> crowd;
    for (int i = 0; i < 40; ++i) {
      crowd.push_back(server.client());
      crowd.back().send(test::request({"AUTH", "x"}));
    }
    REQUIRE(test::eventually([&] { return test::figure(admin, "wrong_passwords") == 42; }));
    CHECK(test::figure(admin, "logins_with_wrong_passwords") == 1);
    for (int i = 0; i < 40; ++i) {
      RespClient right = server.client();
      CHECK(ask(right, "AUTH pw") == kOk);
      CHECK(ask(right, "HELLO 3 AUTH default pw").starts_with("%7"));
    }
    for (RespClient& each : crowd) CHECK(each.receive() == kWrongPassword);
  }

  TEST_CASE("passwords may not be tried within a transaction, where answers cannot wait") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(ask(client, "MULTI") == kOk);
    CHECK(ask(client, "AUTH default x") == "-ERR Command not allowed inside a transaction\r\n");
  }

  TEST_CASE("a user who is removed can do nothing more, and is closed") {
    RunningServer server;
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER u on nopass +@all ~*") == kOk);
    RespClient user = server.client();
    CHECK(ask(user, "AUTH u x") == kOk);
    CHECK(ask(user, "MULTI") == kOk);
    CHECK(ask(admin, "ACL DELUSER u") == ":1\r\n");
    CHECK(user.closed());
    CHECK(ask(admin, "PING") == "+PONG\r\n");
    // Of itself it gets the answer first.
    CHECK(ask(admin, "ACL SETUSER u on nopass +@all ~*") == kOk);
    RespClient self = server.client();
    CHECK(ask(self, "AUTH u x") == kOk);
    CHECK(ask(self, "ACL DELUSER u") == ":1\r\n");
    CHECK(self.closed());
    CHECK(test::figure(admin, "clients_expelled") == 2);
  }

  TEST_CASE("a monitor that loses its right is closed") {
    RunningServer server;
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER u on nopass +@all ~*") == kOk);
    RespClient monitor = server.client();
    CHECK(ask(monitor, "AUTH u x") == kOk);
    CHECK(ask(monitor, "MONITOR") == kOk);
    CHECK(ask(admin, "ACL SETUSER u -monitor") == kOk);
    CHECK(monitor.closed());
  }

  TEST_CASE("a file of users is read at the start, saved and loaded") {
    const test::TempDir folder;
    const std::string path = (folder.path() / "users").string();
    REQUIRE(server::write_user_file(path,
                                    "user default on >pw ~* &* +@all\n"
                                    "user u on >x ~u:* +@all -@dangerous\n")
                .ok());
    RunningServer server({}, {.acl_file = path});
    RespClient admin = server.client();
    CHECK(ask(admin, "PING") == kNoAuth);
    CHECK(ask(admin, "AUTH pw") == kOk);
    CHECK(ask(admin, "CONFIG GET aclfile").find(path) != std::string::npos);
    CHECK(ask(admin, "ACL SAVE") == kOk);
    const std::string saved = server::read_user_file(path).value();
    CHECK(saved == "user default on #" + server::hash_of("pw") + " ~* &* +@all\nuser u on #" +
                       server::hash_of("x") + " ~u:* resetchannels +@all -@dangerous\n");
    RespClient user = server.client();
    CHECK(ask(user, "AUTH u x") == kOk);
    // A mistake changes nothing.
    REQUIRE(server::write_user_file(path, "user u on >x +nope\n").ok());
    CHECK(ask(admin, "ACL LOAD") ==
          "-ERR " + path +
              ":1: Unknown command or category name in ACL. WARNING: ACL errors detected, no "
              "change to the previously active ACL rules was performed\r\n");
    CHECK(ask(user, "GET u:1") == "$-1\r\n");
    REQUIRE(server::write_user_file(path, saved + "user v on nopass\n").ok());
    CHECK(ask(admin, "ACL LOAD") == kOk);
    CHECK(ask(user, "GET u:1") == "$-1\r\n");  // Unchanged.
    REQUIRE(server::write_user_file(path, "user default on >pw ~* &* +@all\n").ok());
    CHECK(ask(admin, "ACL LOAD") == kOk);
    CHECK(user.closed());
    // What others can read is refused.
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    CHECK(ask(admin, "ACL LOAD").starts_with("-ERR " + path + ": others can read it"));
    CHECK(ask(admin, "ACL USERS") == "*1\r\n$7\r\ndefault\r\n");
  }

  TEST_CASE("many keys against many patterns keep no other client waiting for all of it") {
    RunningServer server;
    RespClient admin = server.client();
    Words rules{"ACL", "SETUSER", "u", "on", "nopass", "+@all"};
    for (int i = 0; i < 1000; ++i) rules.push_back("~*" + std::to_string(10'000 + i));
    REQUIRE(admin.ask(rules) == kOk);
    RespClient user = server.client();
    REQUIRE(ask(user, "AUTH u x") == kOk);
    Words keys{"EXISTS"};
    for (int i = 0; i < 4'000; ++i) keys.push_back("user:" + std::to_string(i) + ":10999");
    for (const bool queued : {false, true}) {
      CAPTURE(queued);
      if (queued) REQUIRE(ask(user, "MULTI") == kOk);
      const auto begun = std::chrono::steady_clock::now();
      std::atomic<bool> over = false;
      std::thread asks([&] {
        CHECK(user.ask(keys) == (queued ? "+QUEUED\r\n" : ":0\r\n"));
        if (queued) CHECK(ask(user, "EXEC") == "*1\r\n:0\r\n");
        over = true;
      });
      std::chrono::steady_clock::duration longest{};
      while (!over) {
        const auto asked = std::chrono::steady_clock::now();
        CHECK(ask(admin, "PING") == "+PONG\r\n");
        longest = std::max(longest, std::chrono::steady_clock::now() - asked);
      }
      asks.join();
      CHECK(longest < (std::chrono::steady_clock::now() - begun) / 2);
    }
    keys.push_back("other");
    CHECK(user.ask(keys).starts_with("-NOPERM this user has no permissions to access one of"));
  }

  TEST_CASE("denials and failed logins are in ACL LOG, INFO and CLIENT LIST tell the user") {
    RunningServer server;
    RespClient admin = server.client();
    CHECK(ask(admin, "ACL SETUSER u on >x +get +client|info ~a") == kOk);
    RespClient user = server.client();
    CHECK(ask(user, "AUTH u x") == kOk);
    CHECK(ask(user, "GET b").starts_with("-NOPERM"));
    CHECK(ask(user, "GET b").starts_with("-NOPERM"));
    CHECK(ask(user, "SET a b").starts_with("-NOPERM"));
    CHECK(ask(user, "AUTH nobody y") == kWrongPassword);
    CHECK(ask(user, "CLIENT INFO").find(" user=u ") != std::string::npos);
    admin.ask({"HELLO", "3"});
    const json log = test::to_json(ask(admin, "ACL LOG"));
    REQUIRE(log.size() == 3);
    CHECK(log[0]["reason"] == "auth");
    CHECK(log[0]["username"] == "nobody");
    CHECK(log[1]["reason"] == "command");
    CHECK(log[1]["object"] == "set");
    CHECK(log[1]["username"] == "u");
    CHECK(log[2]["reason"] == "key");
    CHECK(log[2]["object"] == "b");
    CHECK(log[2]["count"] == 2);
    CHECK(log[2]["client-info"].get<std::string>().find("user=u") != std::string::npos);
    CHECK(test::figure(admin, "requests_denied") == 3);
    CHECK(ask(admin, "ACL LOG RESET") == kOk);
    CHECK(ask(admin, "ACL LOG") == "*0\r\n");
  }

  TEST_CASE("commands that change the leader leave a line with user and address, and no password") {
    std::vector<std::string> lines;
    set_log_sink(
        [&](LogLevel, std::string_view, std::string_view message) { lines.emplace_back(message); },
        LogLevel::kInfo);
    {
      RunningServer server;
      RespClient admin = server.client();
      CHECK(ask(admin, "ACL SETUSER op on >geheim allkeys +@all") == kOk);
      RespClient op = server.client();
      CHECK(ask(op, "AUTH op geheim") == kOk);
      ask(op, "ANABRANCH PEER PAUSE us");
      ask(op, "ANABRANCH STATUS");
      ask(op, "FLUSHALL");
      ask(op, "MULTI");
      ask(op, "FLUSHDB");
      ask(op, "EXEC");
      ask(op, "ACL DELUSER op");
    }
    set_log_sink({});
    const auto count = [&](std::string_view begin, std::string_view part) {
      return std::ranges::count_if(lines, [&](const std::string& line) {
        return line.starts_with(begin) && line.find(part) != line.npos;
      });
    };
    CHECK(count("ACL SETUSER op ..., by the user default from 127.0.0.1:", "") == 1);
    CHECK(count("ANABRANCH PEER PAUSE us, by the user op from 127.0.0.1:",
                "refused: ERR there is no peer 'us'") == 1);
    CHECK(count("FLUSHALL, by the user op from", "") == 1);
    CHECK(count("FLUSHDB, by the user op from", "") == 1);
    CHECK(count("ACL DELUSER op, by the user op from", "") == 1);
    CHECK(count("ANABRANCH STATUS", "") == 0);
    CHECK(count("", "geheim") == 0);
  }
}

}  // namespace anabranch::acl_test
