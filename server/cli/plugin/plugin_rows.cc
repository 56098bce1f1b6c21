// `anabranch plugin add FILE`, `plugin list` and `plugin remove NAME`: the modules in the rows that
// all regions share. A change at one leader reaches all of them.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/plugin/file_contents.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr Argument kFile{"FILE", Argument::Kind::kPositional, "", "the module, a .wasm file"};
constexpr Argument kName{"NAME", Argument::Kind::kPositional, "", "of the module: 64 digits"};

ExitCode add(const Arguments& arguments) {
  const core::Result<std::string> module = file_contents(arguments.text(kFile.name));
  if (!module.ok()) return print_error(module.failure().message, kUsage);
  const core::Result<std::string> name = ask(arguments, {"PLUGIN", "ADD", module.value()});
  if (!name.ok()) return print_unanswered(name.failure());
  std::cout << printable(name.value()) << '\n';
  std::cerr << "anabranch: next: anabranch policy set wasm1:" << printable(name.value())
            << " PREFIX\n";
  return kClean;
}

std::string plain(const json& value) { return printable(bytes_of(value)); }

std::string plugins_table(const json& plugins) {
  if (plugins.empty()) return "no plugins\n";
  std::vector<std::vector<std::string>> rows{{"name", "bytes", "policies", ""}};
  for (const json& each : plugins) {
    std::string uses;
    for (const json& use : each.at("used_by")) {
      uses += (uses.empty() ? "" : ", ") + use.at("database").dump() + ' ' +
              in_quotes(bytes_of(use.at("prefix")));
    }
    const std::string refused = plain(each.at("refused"));
    rows.push_back({plain(each.at("name")), each.at("bytes").dump(), uses,
                    refused.empty() ? "" : "refused: it " + refused});
  }
  return table_of(rows);
}

// Asks for pages until all modules have come.
core::Result<json> all_plugins(const Arguments& arguments) {
  json plugins = json::array();
  std::vector<std::string> words{"PLUGIN", "LIST"};
  while (true) {
    const core::Result<std::string> answer = ask(arguments, words);
    if (!answer.ok()) return answer.failure();
    const json page = json::parse(answer.value());
    for (const json& each : page.at("plugins")) plugins.push_back(each);
    if (page.at("after").is_null()) return plugins;
    words = {"PLUGIN", "LIST", "AFTER", page.at("after").get<std::string>()};
  }
}

ExitCode list_plugins(const Arguments& arguments) {
  try {
    const core::Result<json> plugins = all_plugins(arguments);
    if (!plugins.ok()) return print_unanswered(plugins.failure());
    const json& all = plugins.value();
    std::cout << (arguments.has(kJson.name) ? all.dump(2) + '\n' : plugins_table(all));
  } catch (const json::exception& error) {
    return print_error("the server's answer cannot be read: " + std::string(error.what()));
  }
  return kClean;
}

ExitCode remove(const Arguments& arguments) {
  const std::string name = arguments.text(kName.name);
  const core::Result<std::string> answer = ask(arguments, {"PLUGIN", "REMOVE", name});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "the module is removed\n";
  return kClean;
}

}  // namespace

Command plugin_add_command() {
  return {"plugin add", "store a conflict resolver in all regions", asking({kFile}), add};
}

Command plugin_list_command() {
  return {"plugin list", "the stored conflict resolvers", asking({kJson}), list_plugins};
}

Command plugin_remove_command() {
  return {"plugin remove", "remove a conflict resolver that no policy names", asking({kName}),
          remove};
}

}  // namespace anabranch::server::cli
