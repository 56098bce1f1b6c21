// ANABRANCH PLUGIN: modules are listed in pages, so that no client holds up the others.

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/plugins/guests.h"
#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::plugins_test {

using nlohmann::json;
using test::bulk;
using test::RespClient;
using test::RunningServer;

namespace {

constexpr int kLarge = 12;  // Pieces of 50,000 bytes.

// A module that declines, with so many pieces of the letter in its memory.
std::string module_with(char letter, int pieces) {
  const std::string piece = "(data (i32.const 2000) \"" + std::string(50'000, letter) + "\")\n";
  std::string data;
  for (int i = 0; i < pieces; ++i) data += piece;
  return test::resolver("(i64.const -1)", data);
}

json page(RespClient& client, test::Words more = {}) {
  more.insert(more.begin(), {"ANABRANCH", "PLUGIN", "LIST"});
  return json::parse(bulk(client.ask(more)));
}

std::string added(RespClient& client, const std::string& module) {
  return bulk(client.ask({"ANABRANCH", "PLUGIN", "ADD", module}));
}

std::vector<std::string> names(const json& page) {
  std::vector<std::string> names;
  for (const json& each : page["plugins"]) names.push_back(each["name"]);
  return names;
}

}  // namespace

TEST_SUITE("server: plugins") {
  TEST_CASE("modules of over 1 MiB come in several pages, in the order of their names") {
    const RunningServer server;
    RespClient client = server.client();
    CHECK(page(client) == json{{"plugins", json::array()}, {"after", nullptr}});
    std::vector<std::string> all;
    for (const char letter : {'a', 'b', 'c', 'd', 'e'}) {
      all.push_back(added(client, module_with(letter, kLarge)));
    }
    std::ranges::sort(all);
    const json first = page(client);
    CHECK(names(first) == std::vector(all.begin(), all.begin() + 2));
    CHECK(first["after"] == all[1]);
    CHECK(first["plugins"][0]["bytes"] > 600'000);
    CHECK(first["plugins"][0]["refused"] == "");
    const json second = page(client, {"after", all[1]});
    CHECK(names(second) == std::vector(all.begin() + 2, all.begin() + 4));
    const json third = page(client, {"AFTER", all[3]});
    CHECK(names(third) == std::vector{all[4]});
    CHECK(third["after"].is_null());
    CHECK(names(page(client, {"AFTER", all[4]})).empty());
  }

  TEST_CASE("a page begins behind a name that is there no more") {
    const RunningServer server;
    RespClient client = server.client();
    std::vector<std::string> all;
    for (const char letter : {'a', 'b', 'c'}) all.push_back(added(client, module_with(letter, 1)));
    std::ranges::sort(all);
    CHECK(client.ask({"ANABRANCH", "PLUGIN", "REMOVE", all[1]}) == "+OK\r\n");
    CHECK(names(page(client, {"AFTER", all[1]})) == std::vector{all[2]});
    CHECK(names(page(client)) == std::vector{all[0], all[2]});
  }

  TEST_CASE("other words behind LIST are refused") {
    const RunningServer server;
    RespClient client = server.client();
    const auto list = [&](test::Words more) {
      more.insert(more.begin(), {"ANABRANCH", "PLUGIN", "LIST"});
      return client.ask(more);
    };
    CHECK(list({"AFTER"}) == "-ERR syntax error\r\n");
    CHECK(list({"BEFORE", std::string(64, 'a')}) == "-ERR syntax error\r\n");
    CHECK(list({"AFTER", std::string(64, 'a'), "more"}) == "-ERR syntax error\r\n");
    CHECK(list({"AFTER", "name"}) == "-ERR the name of a module is 64 hexadecimal digits\r\n");
  }
}

}  // namespace anabranch::plugins_test
