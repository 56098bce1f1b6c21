// The process's log: one line per event on standard error, "time level region message".
// Thread-safe. Only log.cc includes the library behind it.
#pragma once

#include <string_view>

namespace anabranch::core {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// Lines below `level` are dropped. The default is kWarning: a library that is embedded stays quiet.
void set_log_level(LogLevel level);

void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace anabranch::core
