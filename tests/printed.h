// Captures the lines that this process prints on standard error: those of the log.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "core/system/standard_error.h"
#include "tests/temp_dir.h"

namespace anabranch::test {

// The text that `write` prints on standard error.
template <typename Write>
std::string printed(const Write& write) {
  const TempDir dir;
  const std::string name = (dir.path() / "stderr").string();
  const int file = ::open(name.c_str(), O_CREAT | O_WRONLY, 0600);
  const int kept = ::dup(STDERR_FILENO);
  REQUIRE(file >= 0);
  REQUIRE(kept >= 0);
  (void)core::StandardError::flush();
  ::dup2(file, STDERR_FILENO);
  write();
  REQUIRE(core::StandardError::flush());
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  ::close(file);
  std::ostringstream text;
  text << std::ifstream(name).rdbuf();
  return text.str();
}

}  // namespace anabranch::test
