// ANABRANCH POLICY, and policies as words.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control/verbs/policy_words.h"
#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::policy_test {

using test::bulk;
using test::RespClient;
using test::RunningServer;

namespace {

nlohmann::json list(RespClient& client) {
  return nlohmann::json::parse(bulk(client.ask({"ANABRANCH", "POLICY", "LIST"})));
}

std::string policy_in(std::string_view text) {
  const auto parsed = control::parse_prefix_policy(text);
  if (!parsed.ok()) return parsed.failure().message;
  const PrefixPolicy& each = parsed.value();
  return to_string(each.policy) + "|" + std::to_string(each.database) + "|" + each.prefix;
}

}  // namespace

TEST_SUITE("server: policies") {
  TEST_CASE("a policy is set, listed and removed, in the selected database or another one") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"ANABRANCH", "POLICY", "SET", "max", "bids/"}) == "+OK\r\n");
    CHECK(client.ask({"SELECT", "3"}) == "+OK\r\n");
    CHECK(client.ask({"ANABRANCH", "POLICY", "SET", "LWW", "doc/", "BASE"}) == "+OK\r\n");
    CHECK(client.ask({"anabranch", "policy", "set", "min", "", "db", "15"}) == "+OK\r\n");
    const nlohmann::json all = list(client);
    REQUIRE(all.size() == 3);
    CHECK(all[0] == nlohmann::json{{"database", 0},
                                   {"prefix", "bids/"},
                                   {"policy", "max"},
                                   {"region", ""},
                                   {"in_force", true},
                                   {"note", ""}});
    CHECK(all[1]["database"] == 3);
    CHECK(all[1]["policy"] == "lww+base");
    CHECK(all[2]["database"] == 15);
    CHECK(all[2]["prefix"] == "");
    CHECK(client.ask({"ANABRANCH", "POLICY", "REMOVE", "doc/"}) == "+OK\r\n");
    CHECK(client.ask({"ANABRANCH", "POLICY", "REMOVE", "", "DB", "15"}) == "+OK\r\n");
    CHECK(list(client)[1]["policy"] == "removed");
    CHECK(list(client)[1]["in_force"] == false);
    const auto status = nlohmann::json::parse(bulk(client.ask({"ANABRANCH", "STATUS"})));
    CHECK(status.at("policies") == 1);
    CHECK(status.at("policy_troubles").empty());
    CHECK(status.at("absent_functions") == 0);
  }

  TEST_CASE("what cannot be is refused with the remedy") {
    RunningServer server;
    RespClient client = server.client();
    const auto ask = [&](const test::Words& words) {
      test::Words all{"ANABRANCH", "POLICY"};
      all.insert(all.end(), words.begin(), words.end());
      return client.ask(all);
    };
    CHECK(ask({"SET", "most", "k"})
              .find("lww, siblings, max, min, native:FUNCTION or wasm1:MODULE") !=
          std::string::npos);
    CHECK(ask({"SET", "native:nearest", "k"}).find("Options::functions") != std::string::npos);
    CHECK(ask({"SET", "max", "k", "DB", "16"}).find("no database '16': 0 to 15") !=
          std::string::npos);
    CHECK(ask({"SET", "max", "k", "DB"}).find("syntax error") != std::string::npos);
    CHECK(ask({"REMOVE", "k", "BASE"}).find("syntax error") != std::string::npos);
    CHECK(ask({"REMOVE", "k"}).find("there is no policy of database 0 \"k\"") != std::string::npos);
    CHECK(ask({"SET", "max", std::string(1025, 'p')}).find("at most 1024 bytes") !=
          std::string::npos);
    CHECK(list(client).empty());
    CHECK(client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(ask({"SET", "max", "k"}).starts_with("-"));
  }

  TEST_CASE("removals of keys do not touch policies") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"ANABRANCH", "POLICY", "SET", "max", "k"}) == "+OK\r\n");
    CHECK(client.ask({"SET", "k", "v"}) == "+OK\r\n");
    CHECK(client.ask({"DEL", "k"}) == ":1\r\n");
    CHECK(client.ask({"FLUSHALL"}) == "+OK\r\n");
    CHECK(list(client).size() == 1);
  }

  TEST_CASE("a proposal is a kind, a database and the prefix, to the end") {
    CHECK(policy_in("max 0 bids/") == "max|0|bids/");
    CHECK(policy_in("lww+base 15 with blanks, and all") == "lww+base|15|with blanks, and all");
    CHECK(policy_in("Native:Nearest+BASE 0 geo/") == "native:Nearest+base|0|geo/");
    CHECK(policy_in("siblings 2 \"\"") == "siblings|2|");
    CHECK(policy_in("siblings 2") == "siblings|2|");
    CHECK(policy_in("most 0 k").find("there is no kind of policy 'most'") == 0);
    CHECK(policy_in("max bids/").find("there is no database 'bids/'") == 0);
    CHECK(policy_in("max 16 k").find("KIND DATABASE PREFIX") != std::string::npos);
    CHECK(policy_in("").find("there is no kind of policy ''") == 0);
  }
}

}  // namespace anabranch::policy_test
