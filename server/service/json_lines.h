// The log as JSON, an object a line, for programs that collect logs:
//
//   {"time":"2026-11-23T10:00:00.123Z","level":"info","region":"eu","peer":"us","text":"..."}
//
// Lines are ASCII: other characters are \uXXXX, bytes that are no UTF-8 are \xNN in the text. In
// the journal of systemd the priority stands in front of the object, which systemd takes away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <anabranch/log.h>

namespace anabranch::server {

struct LogLine {
  std::int64_t time_ms = 0;  // Since 1970.
  LogLevel level = LogLevel::kInfo;
  std::string_view region = {};
  std::string_view peer = {};  // Left out when it is empty.
  std::string_view text = {};
};

// Returns the object and the end of its line.
std::string json_line(const LogLine& line);

// Writes the log in this form to standard error from now on. Lines about the process are told as
// those of `region`, the region that it leads.
void log_as_json(std::string region, LogLevel level, bool to_journal);

}  // namespace anabranch::server
