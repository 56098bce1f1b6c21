#include "core/log.h"

#include <atomic>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/printed.h"

namespace anabranch::core::log_test {
namespace {

using test::printed;

TEST_SUITE_BEGIN("core: log");

TEST_CASE("a line has the time in UTC, the level and the message") {
  const std::string text = printed([] { log_warning("eu", "the disk is slow"); });
  const std::regex line(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning eu: the disk is slow\n)");
  CAPTURE(text);
  CHECK(std::regex_match(text, line));
}

TEST_CASE("lines below the level are dropped, and by default only warnings and errors pass") {
  CHECK(printed([] { log_info({}, "x"); }).empty());
  set_log_level(LogLevel::kDebug);
  CHECK_FALSE(printed([] { log_debug({}, "x"); }).empty());
  set_log_level(LogLevel::kOff);
  CHECK(printed([] { log_error({}, "x"); }).empty());
  set_log_level(LogLevel::kWarning);
  CHECK_FALSE(printed([] { log_error({}, "x"); }).empty());
}

TEST_CASE("foreign bytes in a message cannot forge a second line") {
  const std::string text = printed([] { log_error({}, "peer a\nb\x1B[2J {} %v"); });
  CAPTURE(text);
  CHECK(text.find("peer a\\x0ab\\x1b[2J {} %v\n") != std::string::npos);
  CHECK(text.find('\n') == text.size() - 1);
}

// Puts standard error back at the end.
struct Sink {
  std::vector<std::string> lines;
  explicit Sink(LogLevel level = LogLevel::kWarning) {
    set_log_sink(
        [this](LogLevel of, std::string_view region, std::string_view message) {
          lines.push_back(std::string(to_string(of)) + "|" + std::string(region) + "|" +
                          std::string(message));
        },
        level);
  }
  ~Sink() { set_log_sink({}); }
};

TEST_CASE("a sink gets level, region and text instead of standard error") {
  std::vector<std::string> lines;
  const std::string text = printed([&] {
    const Sink sink(LogLevel::kInfo);
    log_info("eu", "caught up");
    log_error({}, "two\nlines");
    log_debug("eu", "dropped");
    lines = sink.lines;
  });
  CHECK(text.empty());
  CHECK(lines == std::vector<std::string>{"info|eu|caught up", "error||two\\x0alines"});
  CHECK(printed([] {
          log_warning("eu", "again on standard error");
        }).ends_with("warning eu: again on standard error\n"));
}

TEST_CASE("what a sink logs itself, and a line for which it throws, is on standard error") {
  const std::string text = printed([] {
    set_log_sink([](LogLevel, std::string_view, std::string_view message) {
      log_warning("sink", "inside");
      if (message == "bad") throw std::runtime_error("no room");
      if (message == "again") set_log_sink({});
    });
    log_warning("eu", "good");
    log_warning("eu", "bad");
    log_warning("eu", "again");
    set_log_sink({});
  });
  CAPTURE(text);
  CHECK(text.find("warning sink: inside\n") != std::string::npos);
  CHECK(text.find("eu: good") == std::string::npos);
  CHECK(text.find("error the sink of the log has thrown: no room\n") != std::string::npos);
  CHECK(text.find("warning eu: bad\n") != std::string::npos);
  CHECK(text.find("has thrown: a sink of the log cannot set another one\n") != std::string::npos);
}

TEST_CASE("a sink is called by one thread at a time, and not any more once it is replaced") {
  std::atomic<int> inside = 0;
  std::atomic<int> overlaps = 0;
  std::atomic<int> calls = 0;
  std::atomic<bool> stop = false;
  set_log_sink([&](LogLevel, std::string_view, std::string_view) {
    if (inside.fetch_add(1) != 0) ++overlaps;
    ++calls;
    --inside;
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) log_warning("eu", "line");
    });
  }
  while (calls < 1000) std::this_thread::yield();
  (void)printed([&] {  // What comes behind the sink is dropped here.
    set_log_sink({}, LogLevel::kOff);
    const int last = calls;
    std::this_thread::yield();
    CHECK(calls == last);
    stop = true;
    for (std::thread& each : threads) each.join();
    CHECK(calls == last);
  });
  set_log_level(LogLevel::kWarning);
  CHECK(overlaps == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::log_test
