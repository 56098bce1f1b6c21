// `anabranch promote`: makes a follower a leader of its region.

#include <iostream>

#include "server/cli/ask.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {
namespace {

ExitCode run_promote(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"PROMOTE"});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "it leads its region now\n";
  return kClean;
}

}  // namespace

Command promote_command() {
  return {"promote", "make a follower a leader of its region", asking({}), run_promote};
}

}  // namespace anabranch::server::cli
