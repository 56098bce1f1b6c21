// What the server calls itself.
#pragma once

#include <string_view>

namespace anabranch::server {

// The Redis whose commands, errors and reply types these are; clients choose by it what they use.
inline constexpr std::string_view kRedisVersion = "7.0.15";
inline constexpr std::string_view kAnabranchVersion = "0.1.0";

}  // namespace anabranch::server
