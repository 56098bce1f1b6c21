// From the words of the command line to the row of the table that runs.
#pragma once

#include <string_view>

#include "server/cli/command.h"

namespace anabranch::server::cli {

// Runs the command that the words name and returns how the process ends. Help and version go to
// standard output; a mistake is one line on standard error.
ExitCode run_command_line(int argc, const char* const* argv, std::string_view version);

}  // namespace anabranch::server::cli
