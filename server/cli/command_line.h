// Maps the words of the command line to a row of the table and runs it.
#pragma once

#include <string_view>

#include "server/cli/command.h"

namespace anabranch::server::cli {

// Runs the command named by the words and returns the exit code. Help and version, with the commit
// in brackets, are printed on standard output; a mistake is one line on standard error.
ExitCode run_command_line(int argc, const char* const* argv, std::string_view version,
                          std::string_view commit);

}  // namespace anabranch::server::cli
