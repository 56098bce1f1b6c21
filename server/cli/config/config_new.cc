// `anabranch config new`: prints a commented configuration, with the settings that are given as
// flags already in it.

#include <iostream>

#include "server/cli/config/config_commands.h"
#include "server/cli/config/configure.h"
#include "server/cli/config/page.h"
#include "server/config_doubts.h"

namespace anabranch::server::cli {
namespace {

ExitCode run_config_new(const Arguments& arguments) {
  Config config;
  const core::Result<void> flags = apply_flags(arguments, config);
  if (!flags.ok()) return print_error(flags.failure().message, kMisconfigured);
  if (const std::string why = why_refused(config); !why.empty())
    return print_error(why, kMisconfigured);
  std::cout << config_page(config);
  return kClean;
}

}  // namespace

Command config_new_command() {
  return {"config new", "print a configuration with every setting explained", setting_arguments(),
          run_config_new};
}

}  // namespace anabranch::server::cli
