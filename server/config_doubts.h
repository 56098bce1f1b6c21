// Doubts about a well-formed configuration: peers that do not exist,
// limits that a leader refuses, keys that do not match. For `anabranch config check` and `new`.
#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace anabranch::server {

// Returns why a leader would refuse these settings at its start, as far as that can be told without
// files and network; empty if it would not. Region and data directory may still be missing.
std::string why_refused(const Config& config);

// Returns a sentence for each error that a leader would report at its start, the files that the
// settings name included, whatever else it would meet, such as a port in use.
std::vector<std::string> refusals(const Config& config);

// Returns a sentence for each doubt, refusals first; empty if a leader would start and could join
// its mesh. Looks up the names of peers, and dials them if the region listens nowhere: some seconds
// for each peer that does not answer. Region and data directory may still be missing.
std::vector<std::string> doubts(const Config& config);

// Returns a sentence for each thing that is worth knowing, and no harm: the leader itself among the
// peers, since one list may serve all leaders.
std::vector<std::string> notes(const Config& config);

}  // namespace anabranch::server
