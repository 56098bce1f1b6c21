#include "core/log.h"

#include <array>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <anabranch/error.h>

#include "core/system/standard_error.h"
#include "core/text.h"

namespace anabranch {
namespace core {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";

class Sink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    StandardError::write(std::string(text.data(), text.size()));
  }
  void flush_() override {}
};

void say_dropped(std::uint64_t lines) {
  log_warning({}, std::to_string(lines) +
                      " lines of the log were dropped: nobody has read standard error for a while");
}

spdlog::logger make_logger() {
  StandardError::tell_dropped(say_dropped);
  spdlog::logger made("anabranch", std::make_shared<Sink>());
  made.set_formatter(
      std::make_unique<spdlog::pattern_formatter>(kPattern, spdlog::pattern_time_type::utc));
  made.set_level(spdlog::level::trace);
  return made;
}

struct Log {
  std::atomic<LogLevel> level = LogLevel::kWarning;
  spdlog::logger standard_error = make_logger();
  std::mutex mutex;  // Held while the sink is called.
  LogSink sink;      // Empty: standard error.
};

// Never destroyed, so that threads may log until the very end of the process.
Log& log() {
  static auto* const kept = new Log;
  return *kept;
}

thread_local bool in_sink = false;  // This thread is calling the sink.

spdlog::level::level_enum level_of(LogLevel level) {
  static constexpr std::array kLevels{spdlog::level::debug, spdlog::level::info,
                                      spdlog::level::warn, spdlog::level::err, spdlog::level::off};
  return kLevels.at(static_cast<std::size_t>(level));
}

// Escapes control characters as \xNN: from foreign bytes they would forge lines.
std::string one_line(std::string_view message) {
  std::string line;
  line.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      line.push_back(c);
    } else {
      line += escaped(c);
    }
  }
  return line;
}

void write_to_standard_error(LogLevel level, std::string_view region, const std::string& line) {
  const std::string prefix = region.empty() ? "" : one_line(region) + ": ";
  log().standard_error.log(level_of(level), prefix + line);
}

// Returns whether there is a sink, which then has the line.
bool give_to_sink(LogLevel level, std::string_view region, const std::string& line) {
  if (in_sink) return false;
  struct Mark {
    Mark() { in_sink = true; }
    ~Mark() { in_sink = false; }
  };
  const std::lock_guard lock(log().mutex);
  if (!log().sink) return false;
  const Mark mark;
  try {
    log().sink(level, region, line);
    return true;
  } catch (const std::exception& error) {
    write_to_standard_error(LogLevel::kError, {},
                            "the sink of the log has thrown: " + one_line(error.what()));
  } catch (...) {
    write_to_standard_error(LogLevel::kError, {}, "the sink of the log has thrown something");
  }
  return false;
}

void write(LogLevel level, std::string_view region, std::string_view message) {
  if (level < log().level.load(std::memory_order_relaxed)) return;
  const std::string line = one_line(message);
  if (!give_to_sink(level, region, line)) write_to_standard_error(level, region, line);
}

}  // namespace

void log_debug(std::string_view region, std::string_view message) {
  write(LogLevel::kDebug, region, message);
}
void log_info(std::string_view region, std::string_view message) {
  write(LogLevel::kInfo, region, message);
}
void log_warning(std::string_view region, std::string_view message) {
  write(LogLevel::kWarning, region, message);
}
void log_error(std::string_view region, std::string_view message) {
  write(LogLevel::kError, region, message);
}

}  // namespace core

std::string_view to_string(LogLevel level) {
  static constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warning", "error",
                                                          "off"};
  return kNames.at(static_cast<std::size_t>(level));
}

void set_log_sink(LogSink sink, LogLevel level) {
  if (core::in_sink) throw Error(ErrorCode::kInvalid, "a sink of the log cannot set another one");
  set_log_level(level);
  const std::lock_guard lock(core::log().mutex);
  std::swap(core::log().sink, sink);
}

void set_log_level(LogLevel level) { core::log().level = level; }

}  // namespace anabranch
