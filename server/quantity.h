// Sizes and times as people write them: 64MiB, 7d, 500ms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::server {

// Returns the bytes of "1048576", "64MiB" or "1 GiB": units of 1024, B to TiB. Fails with a
// sentence that says what is accepted.
core::Result<std::int64_t> parse_size(std::string_view text);
// Returns the milliseconds of "500ms", "30s", "5min", "24h", "7d" or "2w"; of "500" as well.
core::Result<std::int64_t> parse_time(std::string_view text);

// Return the same quantity in its greatest unit without a fraction: "64MiB", "7d". They parse to
// what they were made of.
std::string size_text(std::int64_t bytes);
std::string time_text(std::int64_t ms);

}  // namespace anabranch::server
