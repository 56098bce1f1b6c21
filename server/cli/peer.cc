// `anabranch peer pause NAME` and `anabranch peer resume NAME`: stop and resume the exchange with
// another leader in both directions, to demonstrate or test a partition. A pause lasts until resume
// or until the process of the asked leader ends.

#include <iostream>

#include "server/cli/ask.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kName{"NAME", Argument::Kind::kPositional, "",
                         "the peer's region, or the address that is dialled"};

ExitCode change(const Arguments& arguments, const char* verb, const char* done) {
  const std::string name = arguments.text(kName.name);
  const core::Result<std::string> answer = ask(arguments, {"PEER", verb, name});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << name << ' ' << done << '\n';
  return kClean;
}

ExitCode pause(const Arguments& arguments) {
  return change(arguments, "PAUSE", "paused, until it is resumed or the leader starts again");
}

ExitCode resume(const Arguments& arguments) { return change(arguments, "RESUME", "resumed"); }

}  // namespace

Command peer_pause_command() {
  return {"peer pause", "stop the exchange with a peer, both ways", asking({kName}), pause};
}

Command peer_resume_command() {
  return {"peer resume", "take the exchange with a peer up again", asking({kName}), resume};
}

}  // namespace anabranch::server::cli
