#include "core/log.h"

#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/temp_dir.h"

namespace anabranch::core {
namespace {

TEST_SUITE_BEGIN("core: log");

// What `write` prints on standard error.
template <typename Write>
std::string printed(const Write& write) {
  const test::TempDir dir;
  const std::string name = (dir.path() / "stderr").string();
  const int file = ::open(name.c_str(), O_CREAT | O_WRONLY, 0600);
  const int kept = ::dup(STDERR_FILENO);
  REQUIRE(file >= 0);
  REQUIRE(kept >= 0);
  ::dup2(file, STDERR_FILENO);
  write();
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  ::close(file);
  std::ostringstream text;
  text << std::ifstream(name).rdbuf();
  return text.str();
}

TEST_CASE("a line has the time in UTC, the level and the message") {
  const std::string text = printed([] { log_warning("eu: the disk is slow"); });
  const std::regex line(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning eu: the disk is slow\n)");
  CAPTURE(text);
  CHECK(std::regex_match(text, line));
}

TEST_CASE("lines below the level are dropped, and by default only warnings and errors pass") {
  CHECK(printed([] { log_info("x"); }).empty());
  set_log_level(LogLevel::kDebug);
  CHECK_FALSE(printed([] { log_debug("x"); }).empty());
  set_log_level(LogLevel::kOff);
  CHECK(printed([] { log_error("x"); }).empty());
  set_log_level(LogLevel::kWarning);
  CHECK_FALSE(printed([] { log_error("x"); }).empty());
}

TEST_CASE("foreign bytes in a message cannot forge a second line") {
  const std::string text = printed([] { log_error("peer a\nb\x1B[2J {} %v"); });
  CAPTURE(text);
  CHECK(text.find("peer a\\x0ab\\x1b[2J {} %v\n") != std::string::npos);
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core
