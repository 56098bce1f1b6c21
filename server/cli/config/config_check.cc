// `anabranch config check FILE`: prints every error in a configuration file, one per line, and
// well-formed settings that cannot work (config_doubts.h). Root looks with the rights of the
// service.

#include <iostream>
#include <string>
#include <vector>

#include "server/cli/command.h"
#include "server/cli/config/service_user.h"
#include "server/cli/printable.h"
#include "server/config.h"
#include "server/config_doubts.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kFile{"FILE", Argument::Kind::kPositional, "", "the TOML file to check"};

ExitCode run_config_check(const Arguments& arguments) {
  const std::string path = arguments.text(kFile.name);
  Config config;
  const std::vector<std::string> problems = apply_file(path, config);
  for (const std::string& problem : problems) print_error(problem);
  if (!problems.empty()) return kMisconfigured;
  const ServiceUser user(config.store.path);
  const std::vector<std::string> doubtful = doubts(config);
  for (const std::string& doubt : doubtful)
    print_error(std::string(path).append(": ").append(doubt));
  if (!doubtful.empty() && !user.who().empty()) {
    print_error(path + ": its files were read as " + user.who());
  }
  if (!doubtful.empty()) return kMisconfigured;
  if (!ServiceUser::may_read(path)) {
    std::cout << "note: " << printable(user.who()) << ", may not read it\n";
  }
  for (const std::string& note : notes(config)) std::cout << "note: " << printable(note) << '\n';
  std::cout << path << " is fine\n";
  const core::Result<void> complete = check_complete(config);
  if (!complete.ok()) std::cout << "still to be given: " << complete.failure().message << '\n';
  return kClean;
}

}  // namespace

Command config_check_command() {
  return {"config check", "what is wrong with a configuration file", {kFile}, run_config_check};
}

}  // namespace anabranch::server::cli
