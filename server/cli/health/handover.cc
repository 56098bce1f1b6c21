// `anabranch handover`: a leader gives the lead of its region to another member; returns when that
// leads.

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/health/health_commands.h"
#include "server/cli/printable.h"
#include "server/steady_clock.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kBetweenAsks{50};
// Longer than a handover takes, also if it fails.
constexpr std::chrono::seconds kLongest{30};

constexpr Argument kMember{"MEMBER", Argument::Kind::kPositionals, "",
                           "its name or node; without it the first that can take the lead"};

core::Result<std::string> wait(const Arguments& arguments) {
  const SteadyTime begun = steady_now();
  while (steady_now() - begun < kLongest) {
    const core::Result<std::string> answer = ask(arguments, {"HANDOVER", "RESULT"});
    if (!answer.ok()) return answer.failure();
    const json status = json::parse(answer.value());
    const std::string state = status.at("state");
    const std::string member = printable(status.at("member").get<std::string>());
    if (state == "done") return member;
    if (state == "failed") {
      return core::invalid("the lead was not handed over to " + member + ": " +
                           printable(status.at("why").get<std::string>()));
    }
    if (state == "none") return core::invalid("the leader was started anew meanwhile");
    std::this_thread::sleep_for(kBetweenAsks);
  }
  return core::invalid("no end of the handover is told: look at anabranch status");
}

ExitCode run_handover(const Arguments& arguments) try {
  std::vector<std::string> words{"HANDOVER", "START"};
  const std::vector<std::string> members = arguments.texts(kMember.name);
  if (members.size() > 1) return print_error("one member can take the lead", kUsage);
  words.insert(words.end(), members.begin(), members.end());
  const core::Result<std::string> begun = ask(arguments, std::move(words));
  if (!begun.ok()) return print_unanswered(begun.failure());
  const core::Result<std::string> done = wait(arguments);
  if (!done.ok()) return print_unanswered(done.failure());
  std::cout << done.value() << " leads the region now, and this member follows\n";
  return kClean;
} catch (const json::exception& error) {
  return print_error("the server's answer cannot be read: " + std::string(error.what()));
}

}  // namespace

Command handover_command() {
  return {"handover", "give the lead of the region to another member", asking({kMember}),
          run_handover};
}

}  // namespace anabranch::server::cli
