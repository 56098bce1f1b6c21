// The log of a server whose standard error is the journal of systemd: priorities as numbers in
// front of the lines (sd-daemon(3)), and no time, since the journal has its own.
#pragma once

#include <string>
#include <string_view>

#include <anabranch/log.h>

namespace anabranch::server {

// Returns whether standard error is the journal. `stream` is the variable JOURNAL_STREAM, which
// names its device and inode (systemd.exec(5)); it may be null.
bool is_journal(const char* stream);

// Returns "<6>", as the lines of a level begin.
std::string journal_priority(LogLevel level);

// Returns "<6>eu: ready\n". The region may be empty.
std::string journal_line(LogLevel level, std::string_view region, std::string_view message);

// Writes the log in this form to standard error from now on.
void log_to_journal(LogLevel level);

}  // namespace anabranch::server
