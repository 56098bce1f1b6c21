#include "core/log.h"

#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "tests/printed.h"

namespace anabranch::core {
namespace {

using test::printed;

TEST_SUITE_BEGIN("core: log");

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
