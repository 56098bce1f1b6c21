// The program `anabranch`: the server and every command that talks to one.

#include <exception>

#include "server/cli/command_line.h"
#include "server/commit.h"
#include "server/resp/identity.h"

int main(int argc, char** argv) try {
  return anabranch::server::cli::run_command_line(argc, argv, anabranch::server::kAnabranchVersion,
                                                  anabranch::server::commit());
} catch (const std::exception& error) {
  return anabranch::server::cli::print_error(error.what());
}
