// The table of commands: its rows, what is derived from them, and the page made of them.

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/table/categories.h"
#include "server/resp/table/keys.h"
#include "server/resp/table/page.h"
#include "server/resp/table/usage.h"
#include "tests/server/reply_json.h"
#include "tests/server/server_pair.h"

namespace anabranch::table_test {

using namespace server;
using nlohmann::json;
using test::RedisProcess;
using test::RespClient;
using test::RunningServer;
using test::ServerPair;
using test::to_json;
using test::Words;

namespace {

// "key, value, [NX|XX]": the tree of a usage, with its types.
std::string text_of(const std::vector<Argument>& arguments);

std::string text_of(const Argument& argument) {
  std::string text = argument.type == "pure-token" ? "" : argument.type + ":" + argument.name;
  if (argument.type == "oneof" || argument.type == "block") {
    text = argument.type + "(" + text_of(argument.parts) + ")";
  }
  if (!argument.token.empty()) text = argument.token + (text.empty() ? "" : " ") + text;
  if (argument.multiple) text += "...";
  return argument.optional ? "[" + text + "]" : text;
}

std::string text_of(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& each : arguments) text += (text.empty() ? "" : ", ") + text_of(each);
  return text;
}

std::string tree_of(std::string_view usage) { return text_of(parse_usage(usage)); }

std::vector<std::string> keys_of(const Words& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  std::vector<std::string> keys;
  const bool known =
      for_each_key(*find_command(words[0]), views,
                   [&](std::string_view name, const KeySpec&) { keys.emplace_back(name); });
  if (!known) return {"unknown"};
  return keys;
}

// What COMMAND INFO and COMMAND DOCS say, in a form in which both servers can be compared.
json comparable_info(const json& info) {
  static const std::set<std::string> kFlags{"write", "readonly", "admin",
                                            "fast",  "no_auth",  "movablekeys"};
  json flags = json::array();
  for (const json& flag : info[2]) {
    if (kFlags.contains(flag.get<std::string>())) flags.push_back(flag);
  }
  json specs = info[8];
  for (json& spec : specs) spec.erase("notes");
  return {{"name", info[0]}, {"arity", info[1]}, {"flags", flags},        {"first", info[3]},
          {"last", info[4]}, {"step", info[5]},  {"categories", info[6]}, {"keys", specs}};
}

json comparable_arguments(const json& arguments) {
  json found = json::array();
  for (json each : arguments) {
    const bool named = each["type"] != "oneof" && each["type"] != "block";
    if (!named) each.erase("name");
    each.erase("since");
    each.erase("summary");
    if (each.contains("arguments")) each["arguments"] = comparable_arguments(each["arguments"]);
    found.push_back(each);
  }
  return found;
}

json comparable_docs(const json& docs) {
  json found = {{"since", docs["since"]}, {"group", docs["group"]}};
  if (docs.contains("arguments")) found["arguments"] = comparable_arguments(docs["arguments"]);
  for (const char* name : {"doc_flags", "deprecated_since"}) {
    if (docs.contains(name)) found[name] = docs[name];
  }
  return found;
}

// Rows in which we differ on purpose from Redis 7.0.
bool is_ours(std::string_view name) {
  // A server of Redis that is no Sentinel lacks the second.
  return name.starts_with("anabranch") || name.starts_with("sentinel") ||
         // Redis 7.2.
         name == "client|setinfo" ||
         // The filters of CLIENT LIST are not there.
         name == "client|list" ||
         // Its filters are one after the other, and so are those of ours.
         name == "client|kill" ||
         // Redis names the arguments of its two verbs by a word, and ours take no block.
         name == "command|getkeys" || name == "command|getkeysandflags" || name == "config|get" ||
         name == "psubscribe";
}

}  // namespace

TEST_SUITE("server: table") {
  TEST_CASE("a usage is a tree of arguments") {
    CHECK(tree_of("").empty());
    CHECK(tree_of("key value") == "key:key, string:value");
    CHECK(tree_of("key [key ...]") == "key:key...");
    CHECK(tree_of("[section ...]") == "[string:section...]");
    CHECK(tree_of("key field value [field value ...]") ==
          "key:key, block(string:field, string:value)...");
    CHECK(tree_of("key [NX | XX] [GET] [EX seconds | KEEPTTL]") ==
          "key:key, [oneof(NX, XX)], [GET], [oneof(EX integer:seconds, KEEPTTL)]");
    CHECK(tree_of("key increment:double") == "key:key, double:increment");
    CHECK(tree_of("<LIB-NAME libname | LIB-VER libver>") ==
          "oneof(LIB-NAME string:libname, LIB-VER string:libver)");
    CHECK(tree_of("[protover [AUTH username password] [SETNAME clientname]]") ==
          "[block(integer:protover, [AUTH block(string:username, string:password)], "
          "[SETNAME string:clientname])]");
    CHECK(tree_of("[FILTERBY <MODULE module-name | PATTERN pattern>]") ==
          "[FILTERBY oneof(MODULE string:module-name, PATTERN pattern:pattern)]");
    CHECK(plain_usage("key increment:double [a:key ...]") == "key increment [a ...]");
    CHECK_THROWS_AS(parse_usage("key [value"), std::invalid_argument);
    CHECK_THROWS_AS(parse_usage("[]"), std::invalid_argument);
    CHECK_THROWS_AS(parse_usage("..."), std::invalid_argument);
  }

  TEST_CASE("the keys of a request are found by the row of its command") {
    using Names = std::vector<std::string>;
    CHECK(keys_of({"get", "k"}) == Names{"k"});
    CHECK(keys_of({"mset", "a", "1", "b", "2"}) == Names{"a", "b"});
    CHECK(keys_of({"del", "a", "b"}) == Names{"a", "b"});
    CHECK(keys_of({"copy", "a", "b", "DB", "3"}) == Names{"a", "b"});
    CHECK(keys_of({"sinterstore", "d", "a", "b"}) == Names{"d", "a", "b"});
    CHECK(keys_of({"sintercard", "2", "a", "b", "LIMIT", "1"}) == Names{"a", "b"});
    CHECK(keys_of({"sintercard", "3", "a", "b"}) == Names{"unknown"});
    CHECK(keys_of({"sintercard", "x", "a", "b"}) == Names{"unknown"});
    CHECK(keys_of({"ping"}).empty());
  }

  TEST_CASE("each row has its documentation, and each command that writes what merging means") {
    for (const Command& row : all_rows()) {
      CAPTURE(full_name(row));
      CHECK(!row.help.empty());
      CHECK(!row.since.empty());
      CHECK(!row.complexity.empty());
      CHECK(row.group != Group::kOfFamily);
      CHECK((row.run != nullptr || !row.verbs.empty()));
      CHECK(find_row(full_name(row)) == &row);
      CHECK(row.id == &row - all_rows().data());
      if (row.has(kWrites)) CHECK(!row.merging.empty());
      CHECK_NOTHROW(parse_usage(row.usage));
    }
  }

  TEST_CASE("docs/commands.md is made from the table") {
    const auto page = std::filesystem::path(ANABRANCH_ROOT) / "docs" / "commands.md";
    const std::string made = commands_page(all_commands(), full_name);
    std::stringstream stored;
    stored << std::ifstream(page).rdbuf();
    if (stored.str() != made) std::ofstream("commands.md") << made;
    const bool is_made_from_table = stored.str() == made;
    CHECK_MESSAGE(is_made_from_table, "copy ",
                  (std::filesystem::current_path() / "commands.md").string(), " to ",
                  page.string());
  }

  TEST_CASE("COMMAND INFO and DOCS say of each command what Redis says") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    ServerPair pair;
    pair.ours.ask({"HELLO", "3"});
    pair.theirs.ask({"HELLO", "3"});
    for (const Command& row : all_rows()) {
      const std::string name(full_name(row));
      if (is_ours(name)) continue;
      CAPTURE(name);
      const json mine = to_json(pair.ours.ask({"COMMAND", "INFO", name}))[0];
      const json redis = to_json(pair.theirs.ask({"COMMAND", "INFO", name}))[0];
      CHECK(comparable_info(mine) == comparable_info(redis));
      const json my_docs = to_json(pair.ours.ask({"COMMAND", "DOCS", name}))[name];
      const json their_docs = to_json(pair.theirs.ask({"COMMAND", "DOCS", name}))[name];
      CHECK(comparable_docs(my_docs) == comparable_docs(their_docs));
    }
  }

  TEST_CASE("COMMAND GETKEYS and LIST reply as Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    ServerPair pair;
    for (const Words& words :
         {Words{"GETKEYS", "get", "a"}, Words{"GETKEYS", "ping", "a"}, Words{"GETKEYS", "get"},
          Words{"GETKEYS", "nope", "a"}, Words{"GETKEYS", "mset", "a", "b", "c", "d"},
          Words{"GETKEYS", "get", "a", "b"}, Words{"GETKEYS", "sintercard", "5", "b", "c"},
          Words{"GETKEYS", "sintercard", "2", "b", "c"}, Words{"GETKEYS", "object", "nope", "b"},
          Words{"GETKEYS", "object", "encoding", "b"}, Words{"GETKEYSANDFLAGS", "copy", "a", "b"},
          Words{"GETKEYSANDFLAGS", "sunionstore", "a", "b", "c"},
          Words{"LIST", "FILTERBY", "ACLCAT", "nope"}, Words{"LIST", "FILTERBY", "MODULE", "x"},
          Words{"LIST", "FILTERBY", "PATTERN", "ge?"}, Words{"LIST", "FILTERBY"},
          Words{"LIST", "FILTERBY", "NOPE", "x"}, Words{"LIST", "x"}, Words{"DOCS", "nope"}}) {
      Words request{"COMMAND"};
      request.insert(request.end(), words.begin(), words.end());
      pair.compare(request);
    }
    CHECK(test::sorted_lines(
              pair.ours.ask({"COMMAND", "LIST", "FILTERBY", "ACLCAT", "transaction"})) ==
          test::sorted_lines(
              pair.theirs.ask({"COMMAND", "LIST", "FILTERBY", "ACLCAT", "transaction"})));
  }

  TEST_CASE("the documentation of a command begins with what regions cannot promise") {
    RunningServer server;
    RespClient client = server.client();
    const auto summary = [&](const std::string& name) {
      client.ask({"HELLO", "3"});
      const json docs = to_json(client.ask({"COMMAND", "DOCS", name}));
      return docs[name]["summary"].get<std::string>();
    };
    CHECK(summary("spop").starts_with("Not exclusive across regions"));
    CHECK(summary("setnx").starts_with("Not exclusive across regions"));
    CHECK(summary("del").starts_with("Concurrent writes of other regions stay"));
    CHECK(summary("incr").starts_with("The number in the reply is this region's"));
    CHECK(summary("get") == "The string at a key.");
  }
}

}  // namespace anabranch::table_test
