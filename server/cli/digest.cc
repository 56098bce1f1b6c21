// `anabranch digest`: prints a hash over all rows of a leader, to compare regions.

#include <iostream>

#include "server/cli/ask.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {
namespace {

ExitCode run_digest(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"DIGEST"});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << answer.value() << '\n';
  return kClean;
}

}  // namespace

Command digest_command() {
  return {"digest", "a hash over all rows: regions that have applied the same print the same",
          asking({}), run_digest};
}

}  // namespace anabranch::server::cli
