// The progress of a leader that gives way, for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace anabranch::server::cli {

// Returns a line for the field `rejoin` of a status; empty if the leader does not give way.
std::string rejoin_text(const nlohmann::json& rejoin);

}  // namespace anabranch::server::cli
