// Bytes for people: text unchanged, all other bytes escaped, on one line. And sizes and times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "leader/health/amounts.h"

namespace anabranch::server::cli {

// Keeps UTF-8 text unchanged. Control characters and invalid UTF-8 become \n, \r, \t or \xNN, so
// the result cannot move a terminal's cursor.
std::string printable(std::string_view bytes);

// The same in double quotes, with \" and \\ for quotes and backslashes: different byte strings look
// different.
std::string in_quotes(std::string_view bytes);

// "2026-01-31 23:59:58.123" in UTC.
std::string utc_time(std::int64_t time_ms);

using leader::byte_size;
using leader::time_span;

// Returns the number of columns of a line of UTF-8: its characters.
std::size_t columns_of(std::string_view text);

}  // namespace anabranch::server::cli
