// The names and versions under which the server presents itself.
#pragma once

#include <string_view>

namespace anabranch::server {

// The version of Redis with the same commands, errors and reply types; clients choose features by
// it.
inline constexpr std::string_view kRedisVersion = "7.0.15";
inline constexpr std::string_view kAnabranchVersion = "0.1.0";

}  // namespace anabranch::server
