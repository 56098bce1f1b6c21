// Every command by a user with some rights, made from the table: what the user may not use makes no
// difference to any reply.
//
// Two servers hold the same keys of the user, "mine:...". One also holds keys of others,
// "their:...", of all types. Each request is sent to both by the same user. If all replies are
// equal, the user has learnt nothing about the others' keys: no name, no count, no size, not
// whether they are there.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/table/keys.h"
#include "tests/server/running_server.h"

namespace anabranch::rights_test {

using namespace server;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

constexpr std::string_view kUser = "u";
// A word that most commands take: far off as a time.
constexpr std::string_view kNumber = "7000000000";

Words words_of(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    words.emplace_back(word);
    line.remove_prefix(std::min(word.size() + 1, line.size()));
  }
  return words;
}

std::string ask(RespClient& client, std::string_view line) { return client.ask(words_of(line)); }

void fill(RespClient& client, const std::string& prefix, int times) {
  for (int i = 0; i < times; ++i) {
    const std::string number = std::to_string(i);
    client.ask({"SET", prefix + "text" + number, prefix + "value"});
    client.ask({"SADD", prefix + "set" + number, "a", prefix + "member"});
    client.ask({"HSET", prefix + "hash" + number, "f", prefix + "value"});
    client.ask({"SET", prefix + "number" + number, "7", "EXAT", std::string(kNumber)});
  }
}

// Commands whose replies show time, chance or the machine: nothing can be compared.
bool is_free(const Command& row) {
  static const std::set<std::string_view> kFree{"time",           "wait",
                                                "acl|genpass",    "hello",
                                                "client|info",    "client|id",
                                                "info",           "scan",
                                                "quit",           "auth",
                                                "shutdown",       "monitor",
                                                "anabranch|wait", "anabranch|token",
                                                "memory|doctor"};
  return kFree.contains(full_name(row));
}

// The same where they find a key that the user may use.
bool is_free_of_mine(const Command& row) {
  static const std::set<std::string_view> kFree{"ttl", "pttl", "srandmember", "hrandfield", "spop"};
  return kFree.contains(full_name(row));
}

// A request of a row, with this key wherever it takes one.
Words request_of(const Command& row, const std::string& key, const std::string& other,
                 std::size_t more) {
  Words words;
  for (std::string_view rest = full_name(row); !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('|'));
    words.emplace_back(name);
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  const std::size_t least = static_cast<std::size_t>(row.arity < 0 ? -row.arity : row.arity);
  const std::size_t size = row.arity < 0 ? std::max(least, words.size()) + more : least;
  while (words.size() < size) words.emplace_back(kNumber);
  for (const KeySpec& spec : row.keys) {
    if (spec.counted) words[static_cast<std::size_t>(spec.first)] = "1";
  }
  const std::vector<std::string_view> views(words.begin(), words.end());
  std::size_t found = 0;
  std::vector<std::size_t> at;
  for (const KeySpec& spec : row.keys) {
    if (!spec.any()) break;
    const auto places = key_words(spec, views);
    if (!places) continue;
    for (std::size_t i = places->first; i <= places->last; i += places->step) at.push_back(i);
  }
  for (const std::size_t i : at) words[i] = found++ % 2 == 0 ? key : other;
  return words;
}

struct Servers {
  RunningServer with;
  RunningServer without;
  RespClient with_user = with.client();
  RespClient without_user = without.client();

  explicit Servers(std::string_view rules) {
    RespClient a = with.client();
    RespClient b = without.client();
    fill(a, "their:", 40);
    for (RespClient* each : {&a, &b}) {
      fill(*each, "mine:", 3);
      Words words =
          words_of("ACL SETUSER " + std::string(kUser) + " on nopass " + std::string(rules));
      REQUIRE(each->ask(words) == "+OK\r\n");
    }
    log_in();
  }

  void log_in() {
    for (RespClient* each : {&with_user, &without_user}) {
      REQUIRE(each->ask({"AUTH", std::string(kUser), "x"}) == "+OK\r\n");
    }
  }

  void compare(const Words& words) {
    std::string request;
    for (const std::string& word : words) request += word + " ";
    CAPTURE(request);
    const std::string reply = with_user.ask(words);
    CHECK(reply == without_user.ask(words));
    CHECK(reply.find("their:value") == std::string::npos);
    CHECK(reply.find("their:member") == std::string::npos);
  }

  // What others have, as they see it.
  std::string theirs() {
    RespClient admin = with.client();
    std::string all;
    for (const char* line : {"GET their:text0", "SMEMBERS their:set0", "GET their:number0",
                             "HGETALL their:hash0", "EXISTS their:set39 their:text39"}) {
      all += ask(admin, line);
    }
    return all;
  }
};

// Requests with options, within others, or whose reply is by chance.
constexpr std::string_view kRequests[] = {"KEYS *",
                                          "KEYS their:*",
                                          "COPY their:text0 mine:x",
                                          "COPY mine:text0 their:x DB 1",
                                          "RENAME their:text0 mine:x",
                                          "RENAMENX mine:text1 their:text0",
                                          "WATCH their:text0",
                                          "SINTERCARD 2 mine:set0 their:set0 LIMIT 5",
                                          "SINTERCARD x their:set0",
                                          "SINTERCARD 100 their:set0",
                                          "SUNIONSTORE mine:x their:set0",
                                          "SMOVE their:set0 mine:set0 a",
                                          "MSETNX mine:y 1 their:text0 2",
                                          "ANABRANCH ONCE one SET their:text0 x",
                                          "ANABRANCH ONCE two INCR their:number0",
                                          "ANABRANCH SHOW their:text0",
                                          "ANABRANCH CONFLICTS LIST",
                                          "ANABRANCH STATUS",
                                          "COMMAND GETKEYS GET their:text0",
                                          "OBJECT ENCODING their:text0",
                                          "RANDOMKEY",
                                          "DBSIZE",
                                          "MEMORY USAGE their:text0",
                                          "MEMORY DOCTOR",
                                          "SRANDMEMBER their:set0",
                                          "SPOP their:set0",
                                          "HRANDFIELD their:hash0",
                                          "INFO keyspace",
                                          "INFO stats",
                                          "INFO memory",
                                          "INFO commandstats",
                                          "INFO anabranch",
                                          "INFO replication",
                                          "SET their:text0 x GET",
                                          "SET their:new x NX",
                                          "GETEX their:number0 PERSIST",
                                          "SSCAN their:set0 0",
                                          "MONITOR",
                                          "SLOWLOG GET",
                                          "CLIENT LIST",
                                          "CONFIG GET *",
                                          "LATENCY DOCTOR",
                                          "ACL LIST",
                                          "ACL LOG",
                                          "SHUTDOWN",
                                          "FLUSHALL",
                                          "FLUSHDB",
                                          "SWAPDB 0 1",
                                          "SELECT 1",
                                          "KEYS *",
                                          "SELECT 0"};

// The names of all pages of a scan.
std::vector<std::string> scan(RespClient& client, const std::string& options, std::size_t& calls) {
  std::vector<std::string> names;
  std::string cursor = "0";
  calls = 0;
  do {
    const std::string reply = ask(client, "SCAN " + cursor + options);
    std::size_t at = reply.find("\r\n", 4) + 2;  // Behind the heads of both arrays.
    cursor = reply.substr(at, reply.find("\r\n", at) - at);
    ++calls;
    for (at = reply.find("\r\n$", at); at != reply.npos; at = reply.find("\r\n$", at + 1)) {
      const std::size_t begin = reply.find("\r\n", at + 3) + 2;
      names.push_back(reply.substr(begin, reply.find("\r\n", begin) - begin));
    }
  } while (cursor != "0");
  return names;
}

}  // namespace

TEST_SUITE("server: rights") {
  TEST_CASE("keys of others make no difference to any reply, of any command") {
    Servers servers("+@all -@admin -@dangerous +keys +flushall +flushdb ~mine:*");
    const std::string before = servers.theirs();
    std::size_t requests = 0;
    for (const Command& row : all_rows()) {
      if (row.run == nullptr || is_free(row)) continue;
      for (const std::string type : {"text0", "set0", "hash0", "number0", "absent"}) {
        for (std::size_t more = 0; more < 4; ++more) {
          const std::string their = "their:" + type;
          const std::string mine = "mine:" + type;
          servers.compare(request_of(row, their, their, more));
          ++requests;
          if (is_free_of_mine(row)) continue;
          servers.compare(request_of(row, mine, their, more));
          servers.compare(request_of(row, their, mine, more));
          requests += 2;
        }
      }
      servers.compare({"RESET"});
      servers.log_in();
    }
    CHECK(requests > 5000);
    CHECK(servers.theirs() == before);
  }

  TEST_CASE("nor within transactions") {
    Servers servers("+@all -@admin -@dangerous +keys ~mine:*");
    const std::string before = servers.theirs();
    for (const Command& row : all_rows()) {
      const bool ends = row.has(kExecutes) || row.name == "discard" || row.name == "reset";
      if (row.run == nullptr || is_free(row) || ends) continue;
      for (const std::string key : {"their:text0", "their:set0", "their:absent"}) {
        servers.compare({"MULTI"});
        servers.compare(request_of(row, key, "mine:text0", 1));
        servers.compare({"GET", "mine:text0"});
        servers.compare({"EXEC"});
      }
    }
    CHECK(servers.theirs() == before);
  }

  TEST_CASE("nor by requests with options, within others, or by chance") {
    Servers servers("+@all -@admin -@dangerous +keys +info ~mine:*");
    const std::string before = servers.theirs();
    for (const std::string_view line : kRequests) {
      if (line.starts_with("INFO repl")) {
        // It has the number of the start.
        CHECK(servers.with_user.ask(words_of(line)).find("master_repl_offset:0") !=
              std::string::npos);
        servers.without_user.ask(words_of(line));
      } else {
        servers.compare(words_of(line));
      }
    }
    CHECK(servers.theirs() == before);
  }

  TEST_CASE("SCAN shows a user its own keys, in as many calls as if there were no others") {
    Servers servers("+scan ~mine:*");
    for (const std::string options : {"", " COUNT 1", " COUNT 5", " COUNT 100", " TYPE set",
                                      " MATCH their:*", " COUNT 3 MATCH *1"}) {
      CAPTURE(options);
      std::size_t calls = 0;
      std::size_t calls_without = 0;
      const std::vector<std::string> names = scan(servers.with_user, options, calls);
      CHECK(names == scan(servers.without_user, options, calls_without));
      CHECK(calls == calls_without);
      CHECK(std::ranges::all_of(names, [](const auto& name) { return name.starts_with("mine:"); }));
    }
    std::size_t calls = 0;
    CHECK(scan(servers.with_user, " COUNT 1", calls).size() == 12);
    CHECK(calls == 12);
  }

  TEST_CASE("a user without a command's right cannot run it, whatever its words") {
    RunningServer server;
    RespClient admin = server.client();
    REQUIRE(ask(admin, "ACL SETUSER u on nopass ~*") == "+OK\r\n");
    fill(admin, "a:", 1);
    const std::string before = ask(admin, "DBSIZE");
    RespClient user = server.client();
    REQUIRE(ask(user, "AUTH u x") == "+OK\r\n");
    for (const Command& row : all_rows()) {
      if (row.run == nullptr || row.has(kStranger)) continue;
      CAPTURE(full_name(row));
      const std::string reply = user.ask(request_of(row, "a:text0", "a:text0", 0));
      const std::string begin =
          row.has(kExecutes) ? "-EXECABORT Transaction discarded because of: " : "-";
      CHECK(reply == begin + "NOPERM this user has no permissions to run the '" +
                         std::string(full_name(row)) + "' command\r\n");
    }
    CHECK(ask(admin, "DBSIZE") == before);
  }

  TEST_CASE("each right gives its command, and no other one") {
    RunningServer server;
    RespClient admin = server.client();
    for (const Command& row : all_rows()) {
      if (row.run == nullptr || row.has(kStranger)) continue;
      const std::string name(full_name(row));
      CAPTURE(name);
      REQUIRE(admin.ask({"ACL", "SETUSER", "u", "reset", "allkeys", "+" + name}) == "+OK\r\n");
      for (const Command& other : all_rows()) {
        if (other.run == nullptr || other.has(kStranger)) continue;
        Words words{"ACL", "DRYRUN", "u"};
        const Words request = request_of(other, "a", "b", 0);
        words.insert(words.end(), request.begin(), request.end());
        const bool allowed = admin.ask(words) == "+OK\r\n";
        const bool below = full_name(other) == name || full_name(other).starts_with(name + "|");
        if (allowed != below) {
          CAPTURE(full_name(other));
          CHECK(allowed == below);
        }
      }
    }
  }
}

}  // namespace anabranch::rights_test
