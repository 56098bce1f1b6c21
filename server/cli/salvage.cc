// `anabranch salvage`: what the log of a leader has lost, and the end of that condition.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr Argument kForget{
    "--forget", Argument::Kind::kSwitch, "",
    "what is missing is lost: end the condition, remove the files set aside"};

ExitCode forget(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"SALVAGE", "FORGET"});
  if (!answer.ok()) return print_error(answer.failure().message);
  std::cout << "what its log had lost is forgotten\n";
  return kClean;
}

ExitCode run_salvage(const Arguments& arguments) try {
  if (arguments.has(kForget.name)) return forget(arguments);
  const core::Result<std::string> answer = ask(arguments, {"STATUS"});
  if (!answer.ok()) return print_error(answer.failure().message);
  const json lost = json::parse(answer.value()).at("log_lost");
  for (const json& each : lost) std::cout << printable(each.get<std::string>()) << '\n';
  if (lost.empty()) std::cout << "its log has lost nothing\n";
  return lost.empty() ? kClean : kFailed;
} catch (const json::exception& error) {
  return print_error("the leader's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command salvage_command() {
  return {"salvage", "what the log of a leader has lost", asking({kForget}), run_salvage};
}

}  // namespace anabranch::server::cli
