// The program `anabranch`: the server and every command that talks to one.

#include <exception>
#include <iostream>

#include "core/system/standard_descriptors.h"
#include "core/system/standard_error.h"
#include "server/cli/command_line.h"
#include "server/commit.h"
#include "server/resp/identity.h"

namespace {

// Returns the code to exit with: an answer that could not be written, since a disk is full or its
// reader has gone, is none.
int ended(int code) {
  std::cout.flush();
  if (!std::cout) {
    const int failed = anabranch::server::cli::print_error("the output cannot be written");
    if (code == 0) code = failed;
  }
  // The last lines of the log; a reader that does not read is not waited for.
  (void)anabranch::core::StandardError::flush();
  return code;
}

}  // namespace

int main(int argc, char** argv) try {
  const anabranch::core::Result<void> filled = anabranch::core::fill_standard_descriptors();
  if (!filled.ok()) return anabranch::server::cli::print_error(filled.failure().message);
  return ended(anabranch::server::cli::run_command_line(
      argc, argv, anabranch::server::kAnabranchVersion, anabranch::server::commit()));
} catch (const std::exception& error) {
  return anabranch::server::cli::print_error(error.what());
}
