// Whether a leader is well, and whether it has caught up enough to serve, as its status says.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace anabranch::http {

// Returns why a leader that gave this status is not well; empty if it is.
std::string why_unwell(const nlohmann::ordered_json& status);

// Returns why such a leader is not ready to serve: it is not well, is closed for writes, cannot
// even remove, is drained, takes a state over, or has lacked writes of connected peers for longer
// than this. Empty if it is ready: also while writes that add are refused, since reads and removes
// are the cure.
std::string why_unready(const nlohmann::ordered_json& status, std::int64_t lag_ms_max);

// Returns why writes are to go to another member of the region: it follows, gives the lead away, or
// is not fit. Empty at a leader that takes them.
std::string why_not_leading(const nlohmann::ordered_json& status);

// Returns the line that a ready leader answers.
std::string readiness(const nlohmann::ordered_json& status);

}  // namespace anabranch::http
