// The configuration that a command line asks for: of `serve`, and of the commands that explain it.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "server/cli/command.h"
#include "server/config.h"

namespace anabranch::server::cli {

constexpr Argument kConfig{"--config", Argument::Kind::kValue, "FILE",
                           "a TOML file with any of these settings (ANABRANCH_CONFIG)"};

// The arguments of all settings.
std::vector<Argument> setting_arguments();

// Returns the configuration from file, environment and flags: later ones win. Settings may be
// missing. Fails with the first mistake and its place.
core::Result<Config> configure(const Arguments& arguments);

// Applies the flags among the arguments alone.
core::Result<void> apply_flags(const Arguments& arguments, Config& config);

// The names of all environment variables.
std::vector<std::string> names_in_environment();

}  // namespace anabranch::server::cli
