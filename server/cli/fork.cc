// `anabranch fork list`: lists origins under which two leaders have written, and the leaders of
// each history. `anabranch fork resolve ORIGIN`: makes the asked leader give way to the other
// history.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/rejoin_text.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

// Returns the names in one cell; "-" if there are none.
std::string names_of(const json& names) {
  std::string text;
  for (const json& name : names) {
    text += (text.empty() ? "" : ", ") + printable(name.get<std::string>());
  }
  return text.empty() ? "-" : text;
}

std::string forks_text(const json& forks) {
  if (forks.empty()) return "no forks\n";
  Rows rows{{"region", "origin", "same up to", "differs from", "here", "as here", "otherwise",
             "waiting"}};
  for (const json& fork : forks) {
    rows.push_back({printable(fork.at("region").get<std::string>()), fork.at("origin"),
                    fork.at("common").dump(), fork.at("differs").dump(), fork.at("here").dump(),
                    names_of(fork.at("same")), names_of(fork.at("others")),
                    names_of(fork.at("waiting"))});
  }
  return table_of(rows);
}

constexpr Argument kOrigin{"ORIGIN", Argument::Kind::kPositional, "", "as fork list names it"};
constexpr Argument kAdopt{"--adopt", Argument::Kind::kSwitch, "",
                          "take over what another region wrote in the history that is here"};

ExitCode list_forks(const Arguments& arguments) {
  const ExitCode listed = print_answer(arguments, {"FORK", "LIST"}, forks_text);
  if (listed != kClean || arguments.has(kJson.name)) return listed;
  return print_answer(arguments, {"STATUS"},
                      [](const json& status) { return rejoin_text(status.at("rejoin")); });
}

ExitCode resolve(const Arguments& arguments) {
  std::vector<std::string> words{"FORK", "RESOLVE", arguments.text(kOrigin.name)};
  if (arguments.has(kAdopt.name)) words.emplace_back("ADOPT");
  const core::Result<std::string> answer = ask(arguments, std::move(words));
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "this leader gives way; fork list and the log say how far it is\n";
  return kClean;
}

}  // namespace

Command fork_resolve_command() {
  return {"fork resolve", "give way to the other history, and write again what only this side has",
          asking({kOrigin, kAdopt}), resolve};
}

std::string rejoin_text(const nlohmann::json& rejoin) {
  const auto stage = rejoin.at("stage").get<std::string>();
  const auto failed = rejoin.at("failed").get<std::string>();
  if (stage.empty()) {
    return failed.empty() ? "" : "this leader does not give way: " + printable(failed) + '\n';
  }
  return "this leader gives way, " + printable(stage) + ": " + rejoin.at("renamed").dump() +
         " ops written again as new, " + rejoin.at("taken").dump() + " taken over, " +
         rejoin.at("left").dump() + " batches to be logged\n";
}

Command fork_list_command() {
  return {"fork list", "origins with two histories, and who has which", asking({kJson}),
          list_forks};
}

}  // namespace anabranch::server::cli
