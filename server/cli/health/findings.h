// What `anabranch doctor` finds: sentences with a remedy each.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "server/config.h"

namespace anabranch::server::cli {

struct Finding {
  bool wrong = true;  // False: worth knowing, and no harm as it is.
  std::string what;
  std::string todo;      // What to do; empty if nothing has to be done.
  std::string see = {};  // The section of docs about its kind; empty if there is none.
};

using Findings = std::vector<Finding>;

// Findings in the status of a leader: its warnings, and what is no fault. Throws
// nlohmann::json::exception if it is none.
Findings findings_in_status(const nlohmann::json& status);
// Tries the addresses that the members of its region announce, from this machine: at most 16 of
// them, for a second each where nobody answers. Older leaders know no members.
Findings findings_at_announced_places(const nlohmann::json& status);
// Findings in several of them, of leaders that are one mesh.
Findings findings_in_mesh(const std::vector<nlohmann::json>& statuses);
// Findings where a configuration says otherwise than the leader that has its directory.
Findings findings_between(const Config& config, const nlohmann::json& status);
// Findings about the folder of a data directory: who may read it, its disk and file system, the
// path of its socket. Reads no data.
Findings findings_in_directory(const std::string& directory, std::uint64_t reserve_bytes);
// Findings in a file of settings, which `config` then has; uses the network (config_doubts.h).
Findings findings_in_file(const std::string& path, Config& config);

}  // namespace anabranch::server::cli
