// Whether a leader is well, and whether it has caught up enough to serve, as its status says.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace anabranch::http {

// Returns why a leader that gave this status is not well; empty if it is.
std::string why_unwell(const nlohmann::ordered_json& status);

// Returns why such a leader is not ready to serve: it is not well, is drained, takes a state over,
// or has lacked writes of connected peers for longer than this. Empty if it is ready.
std::string why_unready(const nlohmann::ordered_json& status, std::int64_t lag_ms_max);

}  // namespace anabranch::http
