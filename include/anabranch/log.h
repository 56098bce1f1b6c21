// The log of the process: lines about its stores, on standard error unless the application takes
// them.
//
//   anabranch::set_log_sink([](anabranch::LogLevel level, std::string_view region,
//                              std::string_view message) { syslog(...); },
//                           anabranch::LogLevel::kInfo);
#pragma once

#include <functional>
#include <string_view>

namespace anabranch {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// Returns "debug", "info", "warning", "error" or "off".
std::string_view to_string(LogLevel level);

// Gets each line: the region of the store that it is about, empty for lines about the process, and
// one line of text without control characters. Called on the thread that logs, any of the store's
// or one of the application's, one call at a time; it delays that thread, and may neither use a
// store nor set a sink. Lines that it causes itself, and an exception of it, go to standard error.
using LogSink =
    std::function<void(LogLevel level, std::string_view region, std::string_view message)>;

// Sends the lines of all stores of the process from now on to a function; an empty one brings
// standard error back. Lines below `level` are dropped: by default what an operator need not see.
// Returns when no former function is running any more. In a sink: Error{kInvalid}. Thread-safe.
void set_log_sink(LogSink sink, LogLevel level = LogLevel::kWarning);
// Changes the level alone. Thread-safe.
void set_log_level(LogLevel level);

}  // namespace anabranch
