// The program `anabranch`: the server and every command that talks to one.

#include <exception>

#include "core/system/standard_descriptors.h"
#include "server/cli/command_line.h"
#include "server/commit.h"
#include "server/resp/identity.h"

int main(int argc, char** argv) try {
  const anabranch::core::Result<void> filled = anabranch::core::fill_standard_descriptors();
  if (!filled.ok()) return anabranch::server::cli::print_error(filled.failure().message);
  return anabranch::server::cli::run_command_line(argc, argv, anabranch::server::kAnabranchVersion,
                                                  anabranch::server::commit());
} catch (const std::exception& error) {
  return anabranch::server::cli::print_error(error.what());
}
