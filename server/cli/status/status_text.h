// A leader's status as text for people.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace anabranch::server::cli {

// Return a status, and every region of the mesh as that leader knows it, a line each. Throw
// nlohmann::json::exception if it is no status.
std::string status_text(const nlohmann::json& status);
std::string mesh_text(const nlohmann::json& status);

}  // namespace anabranch::server::cli
