// `anabranch policy list`, `policy set KIND PREFIX` and `policy remove PREFIX`: the rules between
// concurrent values. A change at one leader reaches all of them.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr Argument kKind{"KIND", Argument::Kind::kPositional, "",
                         "lww, siblings, max, min, native:FUNCTION or wasm1:MODULE"};
constexpr Argument kPrefix{"PREFIX", Argument::Kind::kPositional, "",
                           "the beginning of the keys; '' for all"};
constexpr Argument kBase{"--base", Argument::Kind::kSwitch, "",
                         "each put stores the value that it replaces, for functions"};
constexpr Argument kDb{"--db", Argument::Kind::kValue, "N", "the database, 0 to 15 (0)", "0"};

std::string text_of(const json& value) { return printable(bytes_of(value)); }

std::string policies_table(const json& policies) {
  if (policies.empty()) return "no policies: of concurrent values the last written is shown\n";
  std::vector<std::vector<std::string>> rows{{"db", "prefix", "policy", "by", "decides", ""}};
  for (const json& each : policies) {
    const std::string region = text_of(each.at("region"));
    rows.push_back({each.at("database").dump(), in_quotes(bytes_of(each.at("prefix"))),
                    text_of(each.at("policy")), region.empty() ? "set" : "proposed by " + region,
                    each.at("in_force").get<bool>() ? "yes" : "no", text_of(each.at("note"))});
  }
  return table_of(rows);
}

ExitCode list_policies(const Arguments& arguments) {
  return print_answer(arguments, {"POLICY", "LIST"}, policies_table);
}

ExitCode change(const Arguments& arguments, std::vector<std::string> words, const char* done) {
  words.emplace_back("DB");
  words.push_back(arguments.text(kDb.name));
  const core::Result<std::string> answer = ask(arguments, std::move(words));
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "the policy for " << in_quotes(arguments.text(kPrefix.name)) << ' ' << done << '\n';
  return kClean;
}

ExitCode set(const Arguments& arguments) {
  std::vector<std::string> words{"POLICY", "SET", arguments.text(kKind.name),
                                 arguments.text(kPrefix.name)};
  if (arguments.has(kBase.name)) words.emplace_back("BASE");
  return change(arguments, std::move(words), "is set");
}

ExitCode remove(const Arguments& arguments) {
  return change(arguments, {"POLICY", "REMOVE", arguments.text(kPrefix.name)}, "is removed");
}

}  // namespace

Command policy_list_command() {
  return {"policy list", "the rules between concurrent values, and which decide", asking({kJson}),
          list_policies};
}

Command policy_set_command() {
  return {"policy set", "sets the rule for the keys with a prefix, in all regions",
          asking({kKind, kPrefix, kBase, kDb}), set};
}

Command policy_remove_command() {
  return {"policy remove", "removes the rule of a prefix: the next shorter one decides",
          asking({kPrefix, kDb}), remove};
}

}  // namespace anabranch::server::cli
