// The server's only clock for durations: it never goes back, and has no relation to the time of
// day.
#pragma once

#include <chrono>

namespace anabranch::server {

using SteadyTime = std::chrono::steady_clock::time_point;

inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace anabranch::server
