// How far a leader is with giving way, for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace anabranch::server::cli {

// A line of what status says under `rejoin`; empty when it does not give way.
std::string rejoin_text(const nlohmann::json& rejoin);

}  // namespace anabranch::server::cli
